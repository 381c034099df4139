// An asset: a thing at a site that is serviced. Its row, the statements that lock, insert and update it, and
// the body clients see. Only the pipeline writes it.

import type { AssetBody } from "../contract/directory-responses.ts";
import type { AccountId, SiteId } from "../contract/ids.ts";
import { insertRows } from "../db/insert-rows.ts";
import { selectRows } from "../db/select-rows.ts";
import { statement } from "../db/statement.ts";
import { updateRows } from "../db/update-rows.ts";
import type { Aggregate, KnownHead } from "../kernel/aggregate.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { Found } from "./directory-upsert.ts";
import {
  changedRow,
  headColumns,
  keptBody,
  keptChanging,
  newKept,
  ofKept,
  withHead,
  type KeptRow,
} from "./kept-row.ts";

/** What commands say of one. */
export type AssetFields = {
  readonly account_id: AccountId;
  readonly site_id: SiteId;
  readonly name: string;
  readonly kind: string | null;
  readonly make: string | null;
  readonly model: string | null;
  readonly serial_number: string | null;
  readonly installed_on: string | null;
  readonly warranty_until: string | null;
  readonly notes: string | null;
};
export type AssetRow = KeptRow<string> & AssetFields;
export type AssetChange = Partial<Omit<AssetRow, "id" | "version" | "created_at" | "updated_at">>;

/** The columns an update writes, with their types. */
const changing = {
  account_id: "uuid",
  site_id: "uuid",
  name: "text",
  kind: "text",
  make: "text",
  model: "text",
  serial_number: "text",
  installed_on: "date",
  warranty_until: "date",
  notes: "text",
  ...keptChanging,
} as const;

/** Every column a row is written by. */
const columnNames = [
  "id",
  "account_id",
  "site_id",
  "name",
  "kind",
  "make",
  "model",
  "serial_number",
  "installed_on",
  "warranty_until",
  "notes",
  "external_source",
  "external_id",
  "archived_at",
  "archived_reason",
  "merged_into",
  "version",
  "created_at",
  "updated_at",
  "audit_seq",
  "audit_hash",
  "audit_at",
] as const satisfies readonly (keyof AssetRow)[];

/** The same as they are read. */
export const assetColumns = `id, account_id, site_id, name, kind, make, model, serial_number, installed_on::text AS installed_on,
  warranty_until::text AS warranty_until, notes, external_source, external_id, archived_at,
  archived_reason, merged_into, version, created_at, updated_at, audit_seq, audit_hash, audit_at`;

export const selectAsset = statement<AssetRow>("asset_select", `SELECT ${assetColumns} FROM assets WHERE id = $1`);
const selectAssets = statement<AssetRow>("assets_select", `SELECT ${assetColumns} FROM assets WHERE id = ANY ($1)`);
const lockAsset = statement<AssetRow>(
  "asset_lock",
  `SELECT ${assetColumns} FROM assets WHERE id = $1 FOR NO KEY UPDATE`,
);
const lockFreeAssets = selectRows<AssetRow>(
  "asset_lock_free",
  (ids) => `SELECT ${assetColumns} FROM assets WHERE id IN (${ids}) FOR NO KEY UPDATE SKIP LOCKED`,
);
/** Those of an id, or of a reference: one, none, or two that are not the same. */
export const lockAssetNamed = statement<Found<AssetRow>>(
  "asset_lock_named",
  `SELECT ${assetColumns},
          (SELECT r.id FROM assets r WHERE r.external_source = $2 AND r.external_id = $3)::text AS ref_holder
   FROM assets WHERE id = $1 OR (external_source = $2 AND external_id = $3) ORDER BY assets.id FOR NO KEY UPDATE`,
);
// What no command has touched has no chain.
const selectHeads = statement<KnownHead>(
  "asset_heads",
  `SELECT id::text AS id, audit_seq AS seq, audit_hash AS hash, NULL AS state FROM assets
   WHERE id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') AND audit_seq > 0 ORDER BY assets.id LIMIT $2`,
);

const insertStored = insertRows<AssetRow>("asset_insert", "assets", columnNames);
const updateStored = updateRows<AssetRow>("asset_update", "assets", {
  key: ["id", "uuid"],
  set: { ...changing, ...headColumns },
});
const advanceHeads = updateRows<AssetRow>("asset_advance_audit", "assets", { key: ["id", "uuid"], set: headColumns });

/** The columns that its events vouch for, by version; a further one makes a further version. */
const covered: Readonly<Record<number, readonly (keyof AssetRow)[]>> = {
  1: [
    "id",
    "account_id",
    "site_id",
    "name",
    "kind",
    "make",
    "model",
    "serial_number",
    "installed_on",
    "warranty_until",
    "notes",
    "external_source",
    "external_id",
    "archived_at",
    "archived_reason",
    "merged_into",
    "version",
    "created_at",
    "updated_at",
  ],
};

export const assetAggregate: Aggregate<AssetRow, AssetChange, AssetChange & AssetFields, AssetBody, string, string> = {
  ...ofKept("asset"),
  idIn: "assetId",
  lock: lockAsset,
  lockFree: lockFreeAssets,
  select: selectAsset,
  selectMany: selectAssets,
  covers: { version: 1, values: (row, version) => covered[version]?.map((column) => row[column]) ?? null },
  heads: selectHeads,
  races: ["assets_external_ref", "assets_pkey"],
  notFound: (id) => new Refusal("ASSET_NOT_FOUND", { asset_id: id }),
  idOf: ({ id }) => id,
  placeOf: ({ account_id, site_id }) => ({ account_id, site_id }),
  created: (_desk, { id, fields, at }) => ({ ...newKept(id, at), ...fields }),
  changed: (_desk, row, change, _path, at) => changedRow<AssetRow>(row, change, at),
  withHead,
  insert: insertStored,
  update: updateStored,
  advanceHead: advanceHeads,
  body: assetBody,
  subject: (id, event) => `directory.asset.${id}.${event}`,
};

export function assetBody(row: AssetRow): AssetBody {
  return {
    id: row.id,
    account_id: row.account_id,
    site_id: row.site_id,
    name: row.name,
    kind: row.kind,
    make: row.make,
    model: row.model,
    serial: row.serial_number,
    installed_on: row.installed_on,
    warranty_until: row.warranty_until,
    notes: row.notes,
    ...keptBody(row),
  };
}
