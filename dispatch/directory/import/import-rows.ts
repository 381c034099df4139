// The rows of the desk that an import may be about, found and locked for a whole set of rows at once, one statement to a kind.

import type { AccountId, SiteId } from "../../contract/ids.ts";
import type { Session } from "../../db/pool.ts";
import { statement } from "../../db/statement.ts";
import { zonesOf } from "../../workforce/zones-of-technician.ts";
import { accountColumns, type AccountRow } from "../account-row.ts";
import { assetColumns, type AssetRow } from "../asset-row.ts";
import { contactColumns, type ContactRow } from "../contact-row.ts";
import { siteColumns, type SiteRow } from "../site-row.ts";

// In the order of ids, so that two who lock several do not wait for each other. $1 ids, $2 and $3 references, $4 names in small
// letters; of sites and what lies in them those of a customer who is named by $1 to $4 too.
const lockAccounts = statement<AccountRow>(
  "import_accounts",
  `SELECT ${accountColumns} FROM accounts
   WHERE id IN (SELECT unnest($1::uuid[])
                UNION SELECT a.id FROM accounts a JOIN unnest($2::text[], $3::text[]) AS r (source, id)
                        ON a.external_source = r.source AND a.external_id = r.id
                UNION SELECT a.id FROM accounts a
                      WHERE lower(a.name) = ANY ($4::text[]) AND a.archived_at IS NULL AND a.merged_into IS NULL)
   ORDER BY accounts.id FOR NO KEY UPDATE`,
);
const lockSites = statement<SiteRow>(
  "import_sites",
  `SELECT ${siteColumns} FROM sites
   WHERE id IN (SELECT unnest($1::uuid[])
                UNION SELECT s.id FROM sites s JOIN unnest($2::text[], $3::text[]) AS r (source, id)
                        ON s.external_source = r.source AND s.external_id = r.id
                UNION SELECT s.id FROM sites s
                      WHERE s.account_id = ANY ($4::uuid[]) AND lower(s.name) = ANY ($5::text[])
                        AND s.archived_at IS NULL AND s.merged_into IS NULL)
   ORDER BY sites.id FOR NO KEY UPDATE`,
);
const lockContacts = statement<ContactRow>(
  "import_contacts",
  `SELECT ${contactColumns} FROM contacts
   WHERE id IN (SELECT unnest($1::uuid[])
                UNION SELECT c.id FROM contacts c JOIN unnest($2::text[], $3::text[]) AS r (source, id)
                        ON c.external_source = r.source AND c.external_id = r.id)
   ORDER BY contacts.id FOR NO KEY UPDATE`,
);
const lockAssets = statement<AssetRow>(
  "import_assets",
  `SELECT ${assetColumns} FROM assets
   WHERE id IN (SELECT unnest($1::uuid[])
                UNION SELECT e.id FROM assets e JOIN unnest($2::text[], $3::text[]) AS r (source, id)
                        ON e.external_source = r.source AND e.external_id = r.id)
   ORDER BY assets.id FOR NO KEY UPDATE`,
);

// What technicians of each zone go by, most of them first; else what its other sites do. $1 zones in capitals.
const selectZoneTimes = statement<{ zone: string; timezone: string }>(
  "import_zone_times",
  `SELECT DISTINCT ON (known.zone) known.zone, known.timezone FROM (
     SELECT upper(trim(worked.zone)) AS zone, h.timezone, 0 AS rank, count(*) AS times
     FROM technician_shifts h JOIN technicians t ON t.id = h.technician_id
       CROSS JOIN LATERAL unnest(${zonesOf("t")}) AS worked (zone)
     WHERE t.active AND upper(trim(worked.zone)) = ANY ($1::text[]) GROUP BY 1, 2
     UNION ALL
     SELECT upper(coalesce(s.zone, s.region)), s.timezone, 1, count(*)
     FROM sites s WHERE upper(coalesce(s.zone, s.region)) = ANY ($1::text[]) GROUP BY 1, 2
   ) AS known
   ORDER BY known.zone, known.rank, known.times DESC, known.timezone`,
);

/** By what rows are looked for. */
export type Wanted = {
  readonly ids: readonly string[];
  readonly refs: readonly { readonly source: string; readonly id: string }[];
  readonly names: readonly string[];
};

export type FoundRows = {
  readonly accounts: readonly AccountRow[];
  readonly sites: readonly SiteRow[];
  readonly contacts: readonly ContactRow[];
  readonly assets: readonly AssetRow[];
  /** By the zone in capitals. */
  readonly zoneTimes: ReadonlyMap<string, string>;
};

export const nothingFound: FoundRows = { accounts: [], sites: [], contacts: [], assets: [], zoneTimes: new Map() };

const keysOf = ({ ids, refs }: Wanted): [readonly string[], string[], string[]] => [
  ids,
  refs.map(({ source }) => source),
  refs.map(({ id }) => id),
];

export async function lockFound(
  tx: Session,
  wanted: Readonly<Record<"account" | "site" | "contact" | "asset", Wanted>>,
  zones: readonly string[],
): Promise<FoundRows> {
  const accounts = await tx.rows(lockAccounts, [...keysOf(wanted.account), wanted.account.names]);
  const accountIds: AccountId[] = accounts.map(({ id }) => id);
  const [sites, contacts, assets, times] = await Promise.all([
    tx.rows(lockSites, [...keysOf(wanted.site), accountIds, wanted.site.names]),
    tx.rows(lockContacts, keysOf(wanted.contact)),
    tx.rows(lockAssets, keysOf(wanted.asset)),
    tx.rows(selectZoneTimes, [zones]),
  ]);
  return { accounts, sites, contacts, assets, zoneTimes: new Map(times.map(({ zone, timezone }) => [zone, timezone])) };
}

export type Twin = {
  readonly kind: "account" | "site" | "contact";
  /** What is the same: a name in small letters, an address, a phone number, an e-mail address. */
  readonly same: string;
  readonly id: string;
  readonly name: string;
  readonly account_id: AccountId;
  readonly site_id: SiteId | null;
};

// Rows that look like new ones. $1 names of accounts, $2 addresses of sites, $3 phone numbers, $4 e-mail addresses; each in the form
// that `same` says.
export const selectTwins = statement<Twin>(
  "import_twins",
  `SELECT kind, same, id, name, account_id, site_id FROM (
     SELECT 'account' AS kind, lower(a.name) AS same, a.id::text AS id, a.name, a.id AS account_id, NULL::uuid AS site_id
     FROM accounts a WHERE lower(a.name) = ANY ($1::text[]) AND a.archived_at IS NULL AND a.merged_into IS NULL
     UNION ALL
     SELECT 'site', lower(concat_ws('|', s.address1, s.postal_code)), s.id::text, s.name, s.account_id, s.id
     FROM sites s WHERE lower(concat_ws('|', s.address1, s.postal_code)) = ANY ($2::text[])
       AND s.archived_at IS NULL AND s.merged_into IS NULL
     UNION ALL
     SELECT 'contact', c.phone_e164, c.id::text, c.name, c.account_id, c.site_id
     FROM contacts c WHERE c.phone_e164 = ANY ($3::text[]) AND c.archived_at IS NULL AND c.merged_into IS NULL
     UNION ALL
     SELECT 'contact', lower(c.email), c.id::text, c.name, c.account_id, c.site_id
     FROM contacts c WHERE lower(c.email) = ANY ($4::text[]) AND c.archived_at IS NULL AND c.merged_into IS NULL
   ) AS alike ORDER BY kind, same, id LIMIT 1000`,
);
