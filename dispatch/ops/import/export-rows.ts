// The directory's rows page by page, with the names that imports have for their fields.

import type { ImportKind } from "../../directory/import/import-fields.ts";
import { accountColumns, type AccountRow } from "../../directory/account-row.ts";
import { assetColumns, type AssetRow } from "../../directory/asset-row.ts";
import { contactColumns, type ContactRow } from "../../directory/contact-row.ts";
import { siteColumns, type SiteRow } from "../../directory/site-row.ts";
import type { Session } from "../../db/pool.ts";
import { statement } from "../../db/statement.ts";

// In the order of ids, those behind one ($1, null for the first page), at most so many ($2).
const selectAccounts = statement<AccountRow>(
  "export_accounts",
  `SELECT ${accountColumns} FROM accounts
   WHERE archived_at IS NULL AND merged_into IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY accounts.id LIMIT $2`,
);
const selectSites = statement<SiteRow>(
  "export_sites",
  `SELECT ${siteColumns} FROM sites
   WHERE archived_at IS NULL AND merged_into IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY sites.id LIMIT $2`,
);
const selectContacts = statement<ContactRow>(
  "export_contacts",
  `SELECT ${contactColumns} FROM contacts
   WHERE archived_at IS NULL AND merged_into IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY contacts.id LIMIT $2`,
);
const selectAssets = statement<AssetRow>(
  "export_assets",
  `SELECT ${assetColumns} FROM assets
   WHERE archived_at IS NULL AND merged_into IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY assets.id LIMIT $2`,
);
const selectNames = statement<{ id: string; name: string }>(
  "export_names",
  `SELECT id::text AS id, name FROM accounts WHERE id = ANY ($1::uuid[])
   UNION ALL SELECT id::text, name FROM sites WHERE id = ANY ($1::uuid[])`,
);

const pageSize = 2_000;

type ExportRow = Readonly<Record<string, unknown>>;
type AnyRow = AccountRow | SiteRow | ContactRow | AssetRow;

/** Rows by the names of importFields. */
export async function* exportPages(db: Session, kind: ImportKind): AsyncGenerator<ExportRow[], void, undefined> {
  const statements = { account: selectAccounts, site: selectSites, contact: selectContacts, asset: selectAssets };
  let after: string | null = null;
  for (;;) {
    const rows: readonly AnyRow[] = await db.rows<AnyRow>(statements[kind], [after, pageSize]);
    const last = rows.at(-1);
    if (!last) return;
    const parents = [...new Set(rows.flatMap((row) => [...parentIds(row)]))];
    const names = new Map((await db.rows(selectNames, [parents])).map(({ id, name }) => [id, name]));
    yield rows.map((row) => exportRow(kind, row, names));
    after = last.id;
  }
}

function parentIds(row: AnyRow): string[] {
  const ids: string[] = [];
  if ("account_id" in row) ids.push(row.account_id);
  if ("site_id" in row && row.site_id !== null) ids.push(row.site_id);
  return ids;
}

function exportRow(kind: ImportKind, row: AnyRow, names: ReadonlyMap<string, string>): ExportRow {
  const own = Object.entries(row).map(([column, value]) => [`${kind}.${nameOf(column)}`, value] as const);
  const account = "account_id" in row ? row.account_id : null;
  const site = "site_id" in row ? row.site_id : null;
  return {
    ...Object.fromEntries(own),
    ...(account && { "account.id": account, "account.name": names.get(account) }),
    ...(site && { "site.id": site, "site.name": names.get(site) }),
  };
}

const nameOf = (column: string): string => (column === "serial_number" ? "serial" : column);
