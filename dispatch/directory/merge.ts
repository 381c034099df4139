// site.merge, account.merge: of two entries that are one the first gives the second all that hangs on it, and points to it from then
// on. Each row that moves has an event of its own; the commands lock all of them.

import type { AccountId, SiteId } from "../contract/ids.ts";
import type { BodyOf, IdsOf, InputOf } from "../contract/index.ts";
import type { Session } from "../db/pool.ts";
import { statement, type Statement } from "../db/statement.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Aggregate } from "../kernel/aggregate.ts";
import { requireScope } from "../kernel/authorize.ts";
import { newId } from "../kernel/clock.ts";
import type { RowCall, RowCommand } from "../kernel/command.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import type { RelatedChange } from "../kernel/related-change.ts";
import { relatedTicket } from "../ticket/related-ticket.ts";
import { writeTicketWords } from "../ticket/ticket-details.ts";
import { ticketColumns, type TicketRow } from "../ticket/ticket-row.ts";
import { accountAggregate, accountBody, accountColumns, type AccountChange, type AccountRow } from "./account-row.ts";
import { assetAggregate, assetColumns, type AssetRow } from "./asset-row.ts";
import { contactAggregate, contactColumns, type ContactRow } from "./contact-row.ts";
import { archived } from "./directory-upsert.ts";
import { requireNotMerged, type KeptRow, type Kind } from "./kept-row.ts";
import { keepFromNewWork } from "./open-work.ts";
import { siteAggregate, siteBody, siteColumns, type SiteChange, type SiteRow } from "./site-row.ts";

/** Each is a row with an event, and all of them are one transaction. */
const mostRows = 10_000;

const lock = "FOR NO KEY UPDATE";
const lockAccounts = statement<AccountRow>(
  "merge_lock_accounts",
  `SELECT ${accountColumns} FROM accounts WHERE id = $1 OR merged_into = $2 ORDER BY accounts.id ${lock}`,
);
const lockSites = statement<SiteRow>(
  "merge_lock_sites",
  `SELECT ${siteColumns} FROM sites WHERE id = $1 OR merged_into = $2 ORDER BY sites.id ${lock}`,
);
const lockSitesOfAccount = statement<SiteRow>(
  "merge_lock_sites_of_account",
  `SELECT ${siteColumns} FROM sites WHERE account_id = $1 ORDER BY sites.id LIMIT ${mostRows + 1} ${lock}`,
);
const lockContactsOfAccount = statement<ContactRow>(
  "merge_lock_contacts_of_account",
  `SELECT ${contactColumns} FROM contacts WHERE account_id = $1 ORDER BY contacts.id LIMIT ${mostRows + 1} ${lock}`,
);
const lockAssetsOfAccount = statement<AssetRow>(
  "merge_lock_assets_of_account",
  `SELECT ${assetColumns} FROM assets WHERE account_id = $1 ORDER BY assets.id LIMIT ${mostRows + 1} ${lock}`,
);
const lockTicketsOfAccount = statement<TicketRow>(
  "merge_lock_tickets_of_account",
  `SELECT ${ticketColumns("t")} FROM tickets t WHERE t.account_id = $1 ORDER BY t.id LIMIT ${mostRows + 1} ${lock}`,
);
const lockContactsOfSite = statement<ContactRow>(
  "merge_lock_contacts_of_site",
  `SELECT ${contactColumns} FROM contacts WHERE site_id = $1 ORDER BY contacts.id LIMIT ${mostRows + 1} ${lock}`,
);
const lockAssetsOfSite = statement<AssetRow>(
  "merge_lock_assets_of_site",
  `SELECT ${assetColumns} FROM assets WHERE site_id = $1 ORDER BY assets.id LIMIT ${mostRows + 1} ${lock}`,
);
const lockTicketsOfSite = statement<TicketRow>(
  "merge_lock_tickets_of_site",
  `SELECT ${ticketColumns("t")} FROM tickets t JOIN sites s ON s.id = $1 AND s.account_id = t.account_id
   WHERE t.site_id = $1 ORDER BY t.id LIMIT ${mostRows + 1} FOR NO KEY UPDATE OF t`,
);
// While sites have their new account and tickets have theirs not yet.
const deferPlaces = statement("merge_defer_places", `SET CONSTRAINTS tickets_site_id_account_id_fkey DEFERRED`);
const movePlaces = statement(
  "merge_move_tickets",
  `UPDATE tickets SET account_id = coalesce($2, account_id), site_id = coalesce($3, site_id) WHERE id = ANY ($1)`,
);

type Moving = {
  readonly sites: readonly SiteRow[];
  readonly contacts: readonly ContactRow[];
  readonly assets: readonly AssetRow[];
  readonly tickets: readonly TicketRow[];
};
type Loaded<Row> = Moving & {
  /** What it is merged into, and those that point to it. */
  readonly named: readonly Row[];
};

const movingOf = async (
  tx: Session,
  id: string,
  of: {
    readonly sites: Statement<SiteRow> | null;
    readonly contacts: Statement<ContactRow>;
    readonly assets: Statement<AssetRow>;
    readonly tickets: Statement<TicketRow>;
  },
): Promise<Moving> => {
  const [sites, contacts, assets, tickets] = await Promise.all([
    of.sites ? tx.rows(of.sites, [id]) : [],
    tx.rows(of.contacts, [id]),
    tx.rows(of.assets, [id]),
    tx.rows(of.tickets, [id]),
  ]);
  return { sites, contacts, assets, tickets };
};

/** @throws Refusal INVALID_REQUEST where more moves than one transaction takes */
function requireFew({ sites, contacts, assets, tickets }: Moving): void {
  const rows = sites.length + contacts.length + assets.length + tickets.length;
  if (rows > mostRows)
    throw invalidField("into", "size", `more than ${mostRows} rows would move; merge the other one into this instead`);
}

/** @throws Refusal what keeps it from being the one that stays */
function targetOf<Row extends KeptRow>(named: readonly Row[], row: Row, into: string, notFound: () => Refusal): Row {
  if (into === row.id) throw invalidField("into", "other", "is the one that is to be merged; name the one that stays");
  const target = named.find(({ id }) => id === into);
  if (!target) throw notFound();
  return target;
}

/** @throws Refusal MERGED, ARCHIVED */
function requireInUse(actor: Actor, kind: Kind, target: KeptRow): void {
  requireNotMerged(actor, kind, target);
  if (target.archived_at !== null) throw archived(kind, target.id, target.archived_at);
}

type Change<Row extends KeptRow, C> = RelatedChange<Row, C>;

function changeOf<Row extends KeptRow, C>(
  aggregate: Aggregate<Row, C>,
  row: Row,
  change: C,
  { now, reason, from, into }: Told,
): Change<Row, C> {
  const payload = { merged: { from, into }, reason };
  return { aggregate, row, eventId: newId(Date.parse(now)), path: [], change, payload };
}
type Told = { readonly now: string; readonly reason: string; readonly from: string; readonly into: string };

/** All that moves, to the account and the site that are given. */
function moved(moving: Moving, to: { account_id?: AccountId; site_id?: SiteId }, told: Told) {
  const { account_id } = to;
  const { now, reason, from, into } = told;
  const payload = { merged: { from, into }, reason };
  return [
    ...(account_id ? moving.sites.map((row) => changeOf(siteAggregate, row, { account_id }, told)) : []),
    ...moving.contacts.map((row) => changeOf(contactAggregate, row, to, told)),
    ...moving.assets.map((row) => changeOf(assetAggregate, row, to, told)),
    ...moving.tickets.map((ticket) => relatedTicket({ ticket, path: [], change: to, payload }, now)),
  ];
}

const writeTickets = (tx: Session, tickets: readonly TicketRow[], account: AccountId | null, site: SiteId | null) =>
  tickets.length === 0
    ? []
    : [
        tx.row(movePlaces, [tickets.map(({ id }) => id), account, site]),
        ...(site ? tickets.map((ticket) => writeTicketWords(tx, { ...ticket, site_id: site })) : []),
      ];

type SiteCall = RowCall<InputOf<"site.merge">, IdsOf<"site.merge">, SiteRow, SiteId>;

export const siteMerge: RowCommand<
  InputOf<"site.merge">,
  IdsOf<"site.merge">,
  SiteRow,
  SiteChange,
  ReturnType<typeof siteBody>,
  BodyOf<"site.merge"> & object,
  Loaded<SiteRow>,
  unknown,
  SiteId
> = {
  name: "site.merge",
  on: "row",
  aggregate: siteAggregate,
  alone: true,
  async load(tx, { id, input: { into } }) {
    const [, named, moving] = await Promise.all([
      tx.row(keepFromNewWork.site, [id]),
      tx.rows(lockSites, [into, id]),
      movingOf(tx, id, {
        sites: null,
        contacts: lockContactsOfSite,
        assets: lockAssetsOfSite,
        tickets: lockTicketsOfSite,
      }),
    ]);
    return { named, ...moving };
  },
  decide({ row, actor, input: { into, reason }, now }: SiteCall, { named, ...moving }) {
    requireScope(actor, { account_id: row.account_id, site_id: into });
    const target = targetOf(named, row, into, () => new Refusal("SITE_NOT_FOUND", { site_id: into }));
    if (target.account_id !== row.account_id)
      throw invalidField("into", "account", "is a site of another account; merge the accounts first");
    requireInUse(actor, "site", target);
    requireFew(moving);
    const told = { now, reason, from: row.id, into };
    const pointing = named.filter(({ merged_into }) => merged_into === row.id);
    return {
      change: { merged_into: into, archived_at: now, archived_reason: reason },
      payload: { into, reason, ...countsOf(moving) },
      related: [
        changeOf(siteAggregate, target, {}, told),
        ...pointing.map((one) => changeOf(siteAggregate, one, { merged_into: into }, told)),
        ...moved(moving, { site_id: into }, told),
      ],
      write: (tx) => writeTickets(tx, moving.tickets, null, into),
      body: () => ({
        site: siteBody({ ...target, version: target.version + 1, updated_at: now }),
        moved: countsOf(moving),
      }),
    };
  },
};

type AccountCall = RowCall<InputOf<"account.merge">, IdsOf<"account.merge">, AccountRow, AccountId>;

export const accountMerge: RowCommand<
  InputOf<"account.merge">,
  IdsOf<"account.merge">,
  AccountRow,
  AccountChange,
  ReturnType<typeof accountBody>,
  BodyOf<"account.merge"> & object,
  Loaded<AccountRow>,
  unknown,
  AccountId
> = {
  name: "account.merge",
  on: "row",
  aggregate: accountAggregate,
  alone: true,
  async load(tx, { id, input: { into } }) {
    const [, , named, moving] = await Promise.all([
      tx.row(deferPlaces),
      tx.row(keepFromNewWork.account, [id]),
      tx.rows(lockAccounts, [into, id]),
      movingOf(tx, id, {
        sites: lockSitesOfAccount,
        contacts: lockContactsOfAccount,
        assets: lockAssetsOfAccount,
        tickets: lockTicketsOfAccount,
      }),
    ]);
    return { named, ...moving };
  },
  decide({ row, actor, input: { into, reason }, now }: AccountCall, { named, ...moving }) {
    requireScope(actor, { account_id: into, site_id: null });
    const target = targetOf(named, row, into, () => new Refusal("ACCOUNT_NOT_FOUND", { account_id: into }));
    requireInUse(actor, "account", target);
    requireFew(moving);
    const told = { now, reason, from: row.id, into };
    const pointing = named.filter(({ merged_into }) => merged_into === row.id);
    return {
      change: { merged_into: into, archived_at: now, archived_reason: reason },
      payload: { into, reason, ...countsOf(moving) },
      related: [
        changeOf(accountAggregate, target, {}, told),
        ...pointing.map((one) => changeOf(accountAggregate, one, { merged_into: into }, told)),
        ...moved(moving, { account_id: into }, told),
      ],
      write: (tx) => writeTickets(tx, moving.tickets, into, null),
      body: () => ({
        account: accountBody({ ...target, version: target.version + 1, updated_at: now }),
        moved: countsOf(moving),
      }),
    };
  },
};

const countsOf = ({ sites, contacts, assets, tickets }: Moving) => ({
  sites: sites.length,
  contacts: contacts.length,
  assets: assets.length,
  tickets: tickets.length,
});
