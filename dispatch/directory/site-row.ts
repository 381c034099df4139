// A site: a place where work is done. Its row, the statements that lock, insert and update it, and
// the body clients see. Only the pipeline writes it.

import type { SiteBody } from "../contract/directory-responses.ts";
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

export type WeeklyHours = NonNullable<SiteBody["hours"]>;

/** What commands say of one. */
export type SiteFields = {
  readonly account_id: AccountId;
  readonly name: string;
  readonly address1: string | null;
  readonly address2: string | null;
  readonly city: string | null;
  readonly region: string | null;
  readonly postal_code: string | null;
  readonly country: string | null;
  readonly timezone: string;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly zone: string | null;
  readonly tax_region: string | null;
  readonly access_instructions: string | null;
  readonly hours: WeeklyHours | null;
  readonly holiday_calendar: string | null;
};
export type SiteRow = KeptRow<SiteId> & SiteFields;
export type SiteChange = Partial<Omit<SiteRow, "id" | "version" | "created_at" | "updated_at">>;

/** The columns an update writes, with their types. */
const changing = {
  account_id: "uuid",
  name: "text",
  address1: "text",
  address2: "text",
  city: "text",
  region: "text",
  postal_code: "text",
  country: "text",
  timezone: "text",
  lat: "float8",
  lon: "float8",
  zone: "text",
  tax_region: "text",
  access_instructions: "text",
  hours: "jsonb",
  holiday_calendar: "text",
  ...keptChanging,
} as const;

/** Every column a row is written by. */
const columnNames = [
  "id",
  "account_id",
  "name",
  "address1",
  "address2",
  "city",
  "region",
  "postal_code",
  "country",
  "timezone",
  "lat",
  "lon",
  "zone",
  "tax_region",
  "access_instructions",
  "hours",
  "holiday_calendar",
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
] as const satisfies readonly (keyof SiteRow)[];

/** The same as they are read. */
export const siteColumns = `id, account_id, name, address1, address2, city, region, postal_code, country, timezone, lat, lon,
  zone, tax_region, access_instructions, hours, holiday_calendar, external_source, external_id,
  archived_at, archived_reason, merged_into, version, created_at, updated_at, audit_seq, audit_hash,
  audit_at`;

export const selectSite = statement<SiteRow>("site_select", `SELECT ${siteColumns} FROM sites WHERE id = $1`);
const selectSites = statement<SiteRow>("sites_select", `SELECT ${siteColumns} FROM sites WHERE id = ANY ($1)`);
const lockSite = statement<SiteRow>("site_lock", `SELECT ${siteColumns} FROM sites WHERE id = $1 FOR NO KEY UPDATE`);
const lockFreeSites = selectRows<SiteRow>(
  "site_lock_free",
  (ids) => `SELECT ${siteColumns} FROM sites WHERE id IN (${ids}) FOR NO KEY UPDATE SKIP LOCKED`,
);
/** Those of an id, or of a reference: one, none, or two that are not the same. */
export const lockSiteNamed = statement<Found<SiteRow>>(
  "site_lock_named",
  `SELECT ${siteColumns},
          (SELECT r.id FROM sites r WHERE r.external_source = $2 AND r.external_id = $3)::text AS ref_holder
   FROM sites WHERE id = $1 OR (external_source = $2 AND external_id = $3) ORDER BY sites.id FOR NO KEY UPDATE`,
);
// What no command has touched has no chain.
const selectHeads = statement<KnownHead>(
  "site_heads",
  `SELECT id::text AS id, audit_seq AS seq, audit_hash AS hash, NULL AS state FROM sites
   WHERE id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') AND audit_seq > 0 ORDER BY sites.id LIMIT $2`,
);

/** A row as its statements take it. */
type StoredSite = Omit<SiteRow, "hours"> & { readonly hours: string | null };
const stored = (row: SiteRow): StoredSite => ({ ...row, hours: row.hours && JSON.stringify(row.hours) });

const insertStored = insertRows<StoredSite>("site_insert", "sites", columnNames);
const updateStored = updateRows<StoredSite>("site_update", "sites", {
  key: ["id", "uuid"],
  set: { ...changing, ...headColumns },
});
const advanceHeads = updateRows<StoredSite>("site_advance_audit", "sites", { key: ["id", "uuid"], set: headColumns });

/** The columns that its events vouch for, by version; a further one makes a further version. */
const covered: Readonly<Record<number, readonly (keyof SiteRow)[]>> = {
  1: [
    "id",
    "account_id",
    "name",
    "address1",
    "address2",
    "city",
    "region",
    "postal_code",
    "country",
    "timezone",
    "lat",
    "lon",
    "zone",
    "tax_region",
    "access_instructions",
    "hours",
    "holiday_calendar",
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

export const siteAggregate: Aggregate<SiteRow, SiteChange, SiteChange & SiteFields, SiteBody, string, SiteId> = {
  ...ofKept("site"),
  idIn: "siteId",
  lock: lockSite,
  lockFree: lockFreeSites,
  select: selectSite,
  selectMany: selectSites,
  covers: { version: 1, values: (row, version) => covered[version]?.map((column) => row[column]) ?? null },
  heads: selectHeads,
  races: ["sites_external_ref", "sites_pkey"],
  notFound: (id) => new Refusal("SITE_NOT_FOUND", { site_id: id }),
  idOf: ({ id }) => id,
  placeOf: ({ id, account_id }) => ({ account_id, site_id: id }),
  created: (_desk, { id, fields, at }) => ({ ...newKept(id, at), ...fields }),
  changed: (_desk, row, change, _path, at) => changedRow<SiteRow>(row, change, at),
  withHead,
  insert: (tx, rows) => insertStored(tx, rows.map(stored)),
  update: (tx, rows) => updateStored(tx, rows.map(stored)),
  advanceHead: (tx, rows) => advanceHeads(tx, rows.map(stored)),
  body: siteBody,
  subject: (id, event) => `directory.site.${id}.${event}`,
};

export function siteBody(row: SiteRow): SiteBody {
  return {
    id: row.id,
    account_id: row.account_id,
    name: row.name,
    address1: row.address1,
    address2: row.address2,
    city: row.city,
    region: row.region,
    postal_code: row.postal_code,
    country: row.country,
    timezone: row.timezone,
    lat: row.lat,
    lon: row.lon,
    zone: row.zone ?? row.region,
    tax_region: row.tax_region ?? row.region,
    access_instructions: row.access_instructions,
    hours: row.hours && [...row.hours],
    holiday_calendar: row.holiday_calendar,
    ...keptBody(row),
  };
}
