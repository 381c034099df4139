// Where new work is: the account, site, asset and contact a ticket names must exist and belong together.

import type { AccountId, SiteId, TicketId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Place } from "../kernel/aggregate.ts";
import { requireScope } from "../kernel/authorize.ts";
import { requireNotMerged } from "../directory/kept-row.ts";
import { archived } from "../directory/directory-upsert.ts";
import type { Desk } from "../kernel/desk.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { bookFor, type PricedAccount } from "../policy/price-books.ts";

/** Where a contact is known; an account's own where it has no site. */
export type ContactFacts = { readonly contact_account: AccountId | null; readonly contact_site: SiteId | null };
/** Of what is named, the first that is no longer in use; null when all of it is. */
export type OutOfUse = {
  readonly kind: string;
  readonly id: string;
  readonly archived_at: string;
  readonly merged_into: string | null;
};
/** What an account has agreed on for its tickets. */
type AccountTerms = PricedAccount & { readonly default_nte_cents: number | null };
export type PlaceFacts = ContactFacts & {
  /** Null where the account is not known. */
  readonly account_terms: AccountTerms | null;
  readonly out_of_use: OutOfUse | null;
  readonly account_known: boolean;
  readonly site_account: AccountId | null;
  readonly site_country: string | null;
  readonly asset_site: SiteId | null;
};

/**
 * The account, site, asset and contact by these parameters, as held_account and so on: locked by their keys and read as they are once
 * an archive or a merge beside it has ended, so that none of them goes out of use while new work comes to it. Changes of their other
 * fields go on meanwhile.
 * @param account null: none is asked for
 */
export const heldPlace = (account: string | null, site: string, asset: string, contact: string): string => `
  WITH held_account AS MATERIALIZED (
         SELECT id, external_source, external_id, currency, default_nte_cents, archived_at, merged_into
         FROM accounts WHERE id = ${account ?? "NULL"} FOR KEY SHARE),
       held_site AS MATERIALIZED (
         SELECT id, account_id, country, archived_at, merged_into FROM sites WHERE id = ${site} FOR KEY SHARE),
       held_asset AS MATERIALIZED (
         SELECT id, site_id, archived_at, merged_into FROM assets WHERE id = ${asset} FOR KEY SHARE),
       held_contact AS MATERIALIZED (
         SELECT id, account_id, site_id, archived_at, merged_into FROM contacts WHERE id = ${contact} FOR KEY SHARE)`;

/** Of what heldPlace holds, the first that takes no new work: merged_into has an archived_at as well. */
export const outOfUse = `(
  SELECT to_json(o) FROM (${["account", "site", "asset", "contact"]
    .map(
      (kind, at) => `
    SELECT ${at} AS at, '${kind}' AS kind, id, archived_at, merged_into FROM held_${kind} WHERE archived_at IS NOT NULL`,
    )
    .join(" UNION ALL ")} ORDER BY at LIMIT 1) AS o)`;

/** @throws Refusal MERGED, ARCHIVED */
export function requireInUse(actor: Actor, out: OutOfUse | null): void {
  if (!out) return;
  requireNotMerged(actor, out.kind, out);
  throw archived(out.kind, out.id, new Date(out.archived_at).toISOString());
}

// $5 a ticket whose account and site are meant where none is named.
const selectPlace = statement<PlaceFacts>(
  "intake_place",
  `${heldPlace(
    "coalesce($1, (SELECT t.account_id FROM tickets t WHERE t.id = $5))",
    "coalesce($2, (SELECT t.site_id FROM tickets t WHERE t.id = $5))",
    "$3",
    "$4",
  )}
   SELECT EXISTS (SELECT FROM held_account) AS account_known,
          (SELECT json_build_object('id', id, 'external_source', external_source, 'external_id', external_id,
                    'currency', currency, 'default_nte_cents', default_nte_cents) FROM held_account) AS account_terms,
          (SELECT account_id FROM held_site) AS site_account,
          (SELECT country FROM held_site) AS site_country,
          (SELECT site_id FROM held_asset) AS asset_site,
          (SELECT account_id FROM held_contact) AS contact_account,
          (SELECT site_id FROM held_contact) AS contact_site,
          ${outOfUse} AS out_of_use`,
);

type Named = { readonly asset_id?: string | null | undefined; readonly contact_id?: string | null | undefined };
type PlaceInput = Place & Named;

/**
 * What is known of the things named.
 * @param ticketId whose account and site are meant where none is named
 */
export async function loadPlace(
  tx: Session,
  input: Partial<Place> & Named,
  ticketId: TicketId | null = null,
): Promise<PlaceFacts> {
  const { account_id = null, site_id = null, asset_id = null, contact_id = null } = input;
  const facts = await tx.row(selectPlace, [account_id, site_id, asset_id, contact_id, ticketId]);
  if (!facts) throw new Error("a row of facts is always there");
  return facts;
}

/**
 * Scope comes first: outside it, a caller does not learn what exists.
 * @throws Refusal FORBIDDEN_SCOPE, MERGED, ARCHIVED, ACCOUNT_NOT_FOUND, SITE_NOT_FOUND, ASSET_NOT_FOUND, INVALID_REQUEST
 */
export function requirePlace(actor: Actor, input: PlaceInput, facts: PlaceFacts): void {
  requireScope(actor, input);
  // Of what lies elsewhere nothing is told, whether it is in use or not: first that it is here, then that it is in use.
  const { out_of_use: out } = facts;
  if (out?.kind === "account") requireInUse(actor, out);
  if (!facts.account_known) throw new Refusal("ACCOUNT_NOT_FOUND", { account_id: input.account_id });
  if (facts.site_account !== input.account_id) throw new Refusal("SITE_NOT_FOUND", { site_id: input.site_id });
  if (out?.kind === "site") requireInUse(actor, out);
  if (input.asset_id && facts.asset_site !== input.site_id) {
    throw new Refusal("ASSET_NOT_FOUND", { asset_id: input.asset_id });
  }
  if (out?.kind === "asset") requireInUse(actor, out);
  if (input.contact_id) requireContact(input, facts);
  requireInUse(actor, out);
}

/** What a ticket that opens there now has of its account: the currency of its price book, and the usual limit where none is named. */
export function agreedTerms({ policies }: Desk, { account_terms: terms }: PlaceFacts, nte_cents: number | undefined) {
  const currency = terms && bookFor(policies.live, terms).book.currency;
  return { currency, nte_cents: nte_cents ?? terms?.default_nte_cents ?? 0 };
}

/** @throws Refusal INVALID_REQUEST for a contact who is not the place's own */
export function requireContact({ account_id, site_id }: Place, { contact_account, contact_site }: ContactFacts): void {
  if (contact_account !== account_id || (contact_site !== null && contact_site !== site_id))
    throw invalidField("contact_id", "known", "is no contact of this ticket's account and site");
}
