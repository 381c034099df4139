// account.get, site.get, contact.get, asset.get: one thing of the directory with what hangs on it. A technician sees what belongs to
// places of their work, and nothing of the bill; what was merged says where it went.

import type { QueryBodyOf, QueryIdsOf, QueryInputOf } from "../contract/index.ts";
import type { TechnicianId, TicketId } from "../contract/ids.ts";
import type { TicketState } from "../contract/states.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Aggregate } from "../kernel/aggregate.ts";
import type { QueryCall, RowQuery } from "../kernel/answer-query.ts";
import type { Desk } from "../kernel/desk.ts";
import { Refusal } from "../kernel/refusal.ts";
import { accountAggregate, accountBody, accountOnSite, type AccountRow } from "./account-row.ts";
import { assetAggregate, assetBody, assetColumns, type AssetRow } from "./asset-row.ts";
import { contactAggregate, contactBody, contactColumns, type ContactRow } from "./contact-row.ts";
import { requireNotMerged, type KeptRow } from "./kept-row.ts";
import { siteAggregate, siteBody, siteColumns, type SiteRow } from "./site-row.ts";

/** As many as one answer lists. */
const most = 200;

type GetName = "account.get" | "site.get" | "contact.get" | "asset.get";
type Get<N extends GetName, Row> = QueryCall<QueryInputOf<N>, QueryIdsOf<N>> & { readonly row: Row };

const get = <N extends GetName, Row extends KeptRow>(
  name: N,
  aggregate: Aggregate,
  place: (row: Row) => { readonly account: string; readonly site: string | null },
  read: (call: Get<N, Row>) => Promise<QueryBodyOf<N> & object>,
): RowQuery<QueryInputOf<N>, QueryIdsOf<N>, Row, QueryBodyOf<N> & object> => ({
  name,
  on: "row",
  aggregate,
  async read(call) {
    const { desk, actor, row } = call;
    requireNotMerged(actor, aggregate.name, row);
    await requireWorkThere(desk, actor, place(row));
    return read(call);
  },
});

/** Whether a technician has or had work at such a place, as SQL. */
const worksAt = (technician: string, place: string): string => `EXISTS (
  SELECT FROM tickets t
  WHERE ${place}
    AND (t.assigned_tech_id = ${technician}
         OR EXISTS (SELECT FROM bookings b
                    WHERE b.ticket_id = t.id AND b.technician_id = ${technician} AND b.state <> 'released')))`;

const selectWorkThere = statement<{ there: boolean }>(
  "directory_work_of_technician",
  `SELECT ${worksAt("$1", "t.account_id = $2 AND ($3::uuid IS NULL OR t.site_id = $3)")} AS there`,
);

/** @throws Refusal NOT_ASSIGNED_TECH for a technician who has and had no work there */
async function requireWorkThere(
  { db }: Pick<Desk, "db">,
  { role, techId }: Actor,
  { account, site }: { readonly account: string; readonly site: string | null },
): Promise<void> {
  if (role !== "tech" || techId === null) return;
  const found = await db.row(selectWorkThere, [techId, account, site]);
  if (found?.there !== true)
    throw new Refusal(
      "NOT_ASSIGNED_TECH",
      { assigned_tech_id: null },
      { message: "A technician reads what belongs to places of their own work." },
    );
}

// $2 the technician whose places are told alone; null for everybody else.
const selectSitesOf = statement<SiteRow>(
  "account_sites",
  `SELECT ${siteColumns} FROM sites
   WHERE account_id = $1 AND archived_at IS NULL
     AND ($2::uuid IS NULL OR ${worksAt("$2", "t.account_id = $1 AND t.site_id = sites.id")})
   ORDER BY name, sites.id LIMIT ${most}`,
);
const selectContactsOf = statement<ContactRow>(
  "account_contacts",
  `SELECT ${contactColumns} FROM contacts
   WHERE account_id = $1 AND site_id IS NULL AND archived_at IS NULL ORDER BY escalation_level, name, contacts.id LIMIT ${most}`,
);
const selectContactsAt = statement<ContactRow>(
  "site_contacts",
  `SELECT ${contactColumns} FROM contacts
   WHERE account_id = $2 AND (site_id = $1 OR site_id IS NULL) AND archived_at IS NULL
   ORDER BY site_id IS NULL, escalation_level, name, contacts.id LIMIT ${most}`,
);
const selectAssetsAt = statement<AssetRow>(
  "site_assets",
  `SELECT ${assetColumns} FROM assets WHERE site_id = $1 AND archived_at IS NULL ORDER BY name, assets.id LIMIT ${most}`,
);

type TicketLine = QueryBodyOf<"site.get">["open_tickets"][number];
const ticketLine = "t.id, t.number, t.state, t.priority, t.incident_type, t.summary, t.scheduled_start, t.created_at";
const selectOpenAt = statement<TicketLine>(
  "site_tickets_open",
  `SELECT ${ticketLine} FROM tickets t
   WHERE t.account_id = $2 AND t.site_id = $1 AND t.state NOT IN ('CLOSED', 'CANCELLED') ORDER BY t.id DESC LIMIT ${most}`,
);
const selectLastAt = statement<TicketLine>(
  "site_tickets_last",
  `SELECT ${ticketLine} FROM tickets t WHERE t.account_id = $2 AND t.site_id = $1 ORDER BY t.id DESC LIMIT 20`,
);

type Visit = {
  readonly ticket_id: TicketId;
  readonly number: string;
  readonly state: TicketState;
  readonly incident_type: string | null;
  readonly summary: string;
  readonly created_at: string;
  readonly technician_id: TechnicianId | null;
  readonly technician_name: string | null;
  readonly arrived_at: string | null;
  readonly completed_at: string | null;
  readonly no_work: string | null;
};
// One row for each completion of a ticket, with who led that visit and when they came, and one for a ticket without any.
const selectVisits = statement<Visit>(
  "asset_visits",
  `SELECT t.id AS ticket_id, t.number, t.state, t.incident_type, t.summary, t.created_at, r.id AS technician_id,
          r.name AS technician_name, coalesce(came.at, t.arrived_at) AS arrived_at, c.created_at AS completed_at, c.no_work
   FROM tickets t
   LEFT JOIN completions c ON c.ticket_id = t.id
   LEFT JOIN LATERAL (
     SELECT b.technician_id FROM bookings b
     WHERE b.ticket_id = t.id AND b.role = 'lead' AND b.state = 'done' AND b.created_at <= c.created_at
     ORDER BY b.created_at DESC LIMIT 1
   ) led ON true
   LEFT JOIN LATERAL (
     SELECT a.created_at AS at FROM audit_events a
     WHERE a.aggregate = 'ticket' AND a.aggregate_id = t.id::text AND a.seq < c.seq
       AND a.tool_name = 'tech.check_in' AND a.before_state <> a.after_state
     ORDER BY a.seq DESC LIMIT 1
   ) came ON true
   LEFT JOIN technicians r ON r.id = coalesce(led.technician_id, t.assigned_tech_id)
   WHERE t.account_id = $2 AND t.asset_id = $1
   ORDER BY coalesce(c.created_at, t.created_at) DESC, t.id DESC, c.seq DESC LIMIT ${most}`,
);

export const directoryGets = {
  "account.get": get<"account.get", AccountRow>(
    "account.get",
    accountAggregate,
    ({ id }) => ({ account: id, site: null }),
    async ({ desk: { db }, actor: { role, techId }, row }) => {
      const isTech = role === "tech";
      const [sites, contacts] = await Promise.all([
        db.rows(selectSitesOf, [row.id, isTech ? techId : null]),
        db.rows(selectContactsOf, [row.id]),
      ]);
      return {
        account: isTech ? accountOnSite(row) : accountBody(row),
        sites: sites.map(siteBody),
        contacts: contacts.map(contactBody),
      };
    },
  ),
  "site.get": get<"site.get", SiteRow>(
    "site.get",
    siteAggregate,
    ({ id, account_id }) => ({ account: account_id, site: id }),
    async ({ desk: { db }, row }) => {
      const values = [row.id, row.account_id];
      const [contacts, assets, open, last] = await Promise.all([
        db.rows(selectContactsAt, values),
        db.rows(selectAssetsAt, [row.id]),
        db.rows(selectOpenAt, values),
        db.rows(selectLastAt, values),
      ]);
      return {
        site: siteBody(row),
        contacts: contacts.map(contactBody),
        assets: assets.map(assetBody),
        open_tickets: open,
        last_tickets: last,
      };
    },
  ),
  "contact.get": get<"contact.get", ContactRow>(
    "contact.get",
    contactAggregate,
    ({ account_id, site_id }) => ({ account: account_id, site: site_id }),
    ({ row }) => Promise.resolve({ contact: contactBody(row) }),
  ),
  "asset.get": get<"asset.get", AssetRow>(
    "asset.get",
    assetAggregate,
    ({ account_id, site_id }) => ({ account: account_id, site: site_id }),
    async ({ desk: { db }, row }) => {
      const visits = await db.rows(selectVisits, [row.id, row.account_id]);
      return {
        asset: assetBody(row),
        visits: visits.map(({ technician_id: id, technician_name: name, ...visit }) => ({
          ...visit,
          technician: id !== null && name !== null ? { id, name } : null,
        })),
      };
    },
  ),
};
