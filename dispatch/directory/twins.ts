// Likely twins of something of the directory: what has its phone number, address, tax or serial number, or nearly its name. Which of
// them are one, a person decides.

import type { AccountId, SiteId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import { reachParameter, type Actor } from "../kernel/actor.ts";
import { requireScope } from "../kernel/authorize.ts";
import type { Desk } from "../kernel/desk.ts";
import { Refusal } from "../kernel/refusal.ts";

type Twin = {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly detail: string | null;
  readonly account_id: AccountId | null;
  readonly matched: string[];
};
type Known = { readonly kind: string; readonly account_id: AccountId; readonly site_id: SiteId | null };

const selectKind = statement<Known>(
  "twins_kind",
  `SELECT 'account' AS kind, id AS account_id, NULL::uuid AS site_id FROM accounts WHERE id = $1
   UNION ALL SELECT 'site', account_id, id FROM sites WHERE id = $1
   UNION ALL SELECT 'contact', account_id, site_id FROM contacts WHERE id = $1
   UNION ALL SELECT 'asset', account_id, site_id FROM assets WHERE id = $1`,
);

// Two of three triplets of letters in common is about what a typing error leaves.
const alike = (one: string, other: string): string => `(${one} % ${other} AND similarity(${one}, ${other}) >= 0.6)`;
const matched = (...ways: readonly (readonly [string, string])[]): string =>
  `array_remove(ARRAY[${ways.map(([name, when]) => `CASE WHEN ${when} THEN '${name}' END`).join(", ")}], NULL)`;

// $1 the id, $2 account scope, $3 site scope, $4 limit.
const ofAccount = statement<Twin>(
  "twins_of_account",
  `SELECT 'account' AS kind, a.id::text AS id, a.name, NULL::text AS detail, a.id AS account_id,
          ${matched(
            ["name", alike("a.name", "m.name")],
            ["tax_id", "a.tax_id = m.tax_id"],
            ["email", "lower(a.billing_email) = lower(m.billing_email)"],
          )} AS matched
   FROM accounts m JOIN accounts a ON a.id <> m.id
     AND (${alike("a.name", "m.name")} OR a.tax_id = m.tax_id OR lower(a.billing_email) = lower(m.billing_email))
   WHERE m.id = $1 AND a.archived_at IS NULL AND ($2::uuid[] IS NULL OR a.id = ANY ($2))
     AND ($3::uuid[] IS NULL OR EXISTS (SELECT FROM sites WHERE account_id = a.id AND id = ANY ($3)))
   ORDER BY similarity(a.name, m.name) DESC, a.id LIMIT $4`,
);
const sameStreet = `(${alike("s.address1", "m.address1")}
  AND coalesce(upper(replace(s.postal_code, ' ', '')) = upper(replace(m.postal_code, ' ', '')), lower(s.city) = lower(m.city), false))`;
const ofSite = statement<Twin>(
  "twins_of_site",
  `SELECT 'site' AS kind, s.id::text AS id, s.name, concat_ws(', ', s.address1, s.city, s.region) AS detail, s.account_id,
          ${matched(["name", `(s.account_id = m.account_id AND ${alike("s.name", "m.name")})`], ["address", sameStreet])} AS matched
   FROM sites m JOIN sites s ON s.id <> m.id
     AND ((s.account_id = m.account_id AND ${alike("s.name", "m.name")}) OR ${sameStreet})
   WHERE m.id = $1 AND s.archived_at IS NULL AND ($2::uuid[] IS NULL OR s.account_id = ANY ($2))
     AND ($3::uuid[] IS NULL OR s.id = ANY ($3))
   ORDER BY similarity(s.name, m.name) DESC, s.id LIMIT $4`,
);
// A person of another account with the number of a switchboard is no twin; with one's name as well they are.
const ofContact = statement<Twin>(
  "twins_of_contact",
  `SELECT 'contact' AS kind, c.id::text AS id, c.name, c.role AS detail, c.account_id,
          ${matched(
            ["name", alike("c.name", "m.name")],
            ["phone", "reverse(phone_key(c.phone_e164, c.phone)) = reverse(phone_key(m.phone_e164, m.phone))"],
            ["email", "lower(c.email) = lower(m.email)"],
          )} AS matched
   FROM contacts m JOIN contacts c ON c.id <> m.id
     AND (lower(c.email) = lower(m.email)
          OR (c.account_id = m.account_id AND ${alike("c.name", "m.name")})
          OR (reverse(phone_key(c.phone_e164, c.phone)) = reverse(phone_key(m.phone_e164, m.phone))
              AND c.phone_extension IS NOT DISTINCT FROM m.phone_extension
              AND (c.account_id = m.account_id OR ${alike("c.name", "m.name")})))
   WHERE m.id = $1 AND c.archived_at IS NULL AND ($2::uuid[] IS NULL OR c.account_id = ANY ($2))
     AND ($3::uuid[] IS NULL OR c.site_id = ANY ($3))
   ORDER BY similarity(c.name, m.name) DESC, c.id LIMIT $4`,
);
const ofAsset = statement<Twin>(
  "twins_of_asset",
  `SELECT 'asset' AS kind, e.id::text AS id, e.name, e.kind AS detail, e.account_id,
          ${matched(
            ["name", `(e.site_id = m.site_id AND ${alike("e.name", "m.name")})`],
            ["serial", "lower(e.serial_number) = lower(m.serial_number)"],
          )} AS matched
   FROM assets m JOIN assets e ON e.id <> m.id
     AND (lower(e.serial_number) = lower(m.serial_number) OR (e.site_id = m.site_id AND ${alike("e.name", "m.name")}))
   WHERE m.id = $1 AND e.archived_at IS NULL AND ($2::uuid[] IS NULL OR e.account_id = ANY ($2))
     AND ($3::uuid[] IS NULL OR e.site_id = ANY ($3))
   ORDER BY similarity(e.name, m.name) DESC, e.id LIMIT $4`,
);
const statements = new Map([
  ["account", ofAccount],
  ["site", ofSite],
  ["contact", ofContact],
  ["asset", ofAsset],
]);

/**
 * Of the one with this id, most alike first.
 * @throws Refusal NOT_FOUND, FORBIDDEN_SCOPE
 */
export async function twinsOf(
  { desk: { db }, actor }: { readonly desk: Pick<Desk, "db">; readonly actor: Actor },
  id: string,
  limit: number,
): Promise<Twin[]> {
  const known = await db.row(selectKind, [id]);
  const select = known && statements.get(known.kind);
  if (!known || !select)
    throw new Refusal("NOT_FOUND", {}, { message: "No account, site, contact or asset has the id in duplicates_of." });
  requireScope(actor, known);
  return db.rows(select, [id, reachParameter(actor.accounts), reachParameter(actor.sites), limit]);
}
