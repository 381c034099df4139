// An account: the customer that pays. Its row, the statements that lock, insert and update it, and
// the body clients see. Only the pipeline writes it.

import type { AccountBody } from "../contract/directory-responses.ts";
import type { AccountId } from "../contract/ids.ts";
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
export type AccountFields = {
  readonly name: string;
  readonly billing_name: string | null;
  readonly billing_email: string | null;
  readonly billing_address: string | null;
  readonly purchase_order_required: boolean;
  readonly payment_terms_days: number | null;
  readonly tax_exempt: boolean;
  readonly tax_id: string | null;
  readonly currency: string | null;
  readonly default_nte_cents: number | null;
  readonly sla: string | null;
  readonly notes: string | null;
};
export type AccountRow = KeptRow<AccountId> & AccountFields;
export type AccountChange = Partial<Omit<AccountRow, "id" | "version" | "created_at" | "updated_at">>;

/** The columns an update writes, with their types. */
const changing = {
  name: "text",
  billing_name: "text",
  billing_email: "text",
  billing_address: "text",
  purchase_order_required: "boolean",
  payment_terms_days: "integer",
  tax_exempt: "boolean",
  tax_id: "text",
  currency: "text",
  default_nte_cents: "bigint",
  sla: "text",
  notes: "text",
  ...keptChanging,
} as const;

/** Every column a row is written by. */
const columnNames = [
  "id",
  "name",
  "billing_name",
  "billing_email",
  "billing_address",
  "purchase_order_required",
  "payment_terms_days",
  "tax_exempt",
  "tax_id",
  "currency",
  "default_nte_cents",
  "sla",
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
] as const satisfies readonly (keyof AccountRow)[];

/** The same as they are read. */
export const accountColumns = `id, name, billing_name, billing_email, billing_address, purchase_order_required, payment_terms_days,
  tax_exempt, tax_id, currency, default_nte_cents, sla, notes, external_source, external_id,
  archived_at, archived_reason, merged_into, version, created_at, updated_at, audit_seq, audit_hash,
  audit_at`;

export const selectAccount = statement<AccountRow>(
  "account_select",
  `SELECT ${accountColumns} FROM accounts WHERE id = $1`,
);
const selectAccounts = statement<AccountRow>(
  "accounts_select",
  `SELECT ${accountColumns} FROM accounts WHERE id = ANY ($1)`,
);
const lockAccount = statement<AccountRow>(
  "account_lock",
  `SELECT ${accountColumns} FROM accounts WHERE id = $1 FOR NO KEY UPDATE`,
);
const lockFreeAccounts = selectRows<AccountRow>(
  "account_lock_free",
  (ids) => `SELECT ${accountColumns} FROM accounts WHERE id IN (${ids}) FOR NO KEY UPDATE SKIP LOCKED`,
);
/** Those of an id, or of a reference: one, none, or two that are not the same. */
export const lockAccountNamed = statement<Found<AccountRow>>(
  "account_lock_named",
  `SELECT ${accountColumns},
          (SELECT r.id FROM accounts r WHERE r.external_source = $2 AND r.external_id = $3)::text AS ref_holder
   FROM accounts WHERE id = $1 OR (external_source = $2 AND external_id = $3) ORDER BY accounts.id FOR NO KEY UPDATE`,
);
// What no command has touched has no chain.
const selectHeads = statement<KnownHead>(
  "account_heads",
  `SELECT id::text AS id, audit_seq AS seq, audit_hash AS hash, NULL AS state FROM accounts
   WHERE id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') AND audit_seq > 0 ORDER BY accounts.id LIMIT $2`,
);

const insertStored = insertRows<AccountRow>("account_insert", "accounts", columnNames);
const updateStored = updateRows<AccountRow>("account_update", "accounts", {
  key: ["id", "uuid"],
  set: { ...changing, ...headColumns },
});
const advanceHeads = updateRows<AccountRow>("account_advance_audit", "accounts", {
  key: ["id", "uuid"],
  set: headColumns,
});

/** The columns that its events vouch for, by version; a further one makes a further version. */
const covered: Readonly<Record<number, readonly (keyof AccountRow)[]>> = {
  1: [
    "id",
    "name",
    "billing_name",
    "billing_email",
    "billing_address",
    "purchase_order_required",
    "payment_terms_days",
    "tax_exempt",
    "tax_id",
    "currency",
    "default_nte_cents",
    "sla",
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

export const accountAggregate: Aggregate<
  AccountRow,
  AccountChange,
  AccountChange & AccountFields,
  AccountBody,
  string,
  AccountId
> = {
  ...ofKept("account"),
  idIn: "accountId",
  lock: lockAccount,
  lockFree: lockFreeAccounts,
  select: selectAccount,
  selectMany: selectAccounts,
  covers: { version: 1, values: (row, version) => covered[version]?.map((column) => row[column]) ?? null },
  heads: selectHeads,
  races: ["accounts_external_ref", "accounts_pkey"],
  notFound: (id) => new Refusal("ACCOUNT_NOT_FOUND", { account_id: id }),
  idOf: ({ id }) => id,
  placeOf: ({ id }) => ({ account_id: id, site_id: null }),
  created: (_desk, { id, fields, at }) => ({ ...newKept(id, at), ...fields }),
  changed: (_desk, row, change, _path, at) => changedRow<AccountRow>(row, change, at),
  withHead,
  insert: insertStored,
  update: updateStored,
  advanceHead: advanceHeads,
  body: accountBody,
  subject: (id, event) => `directory.account.${id}.${event}`,
};

export function accountBody(row: AccountRow): AccountBody {
  return {
    id: row.id,
    name: row.name,
    billing: {
      name: row.billing_name,
      email: row.billing_email,
      address: row.billing_address,
      purchase_order_required: row.purchase_order_required,
    },
    payment_terms_days: row.payment_terms_days,
    tax_exempt: row.tax_exempt,
    tax_id: row.tax_id,
    currency: row.currency,
    default_nte_cents: row.default_nte_cents,
    sla: row.sla,
    notes: row.notes,
    ...keptBody(row),
  };
}

/** What whoever goes there needs to know of it: who it is, not what it pays and how. */
export const accountOnSite = (row: AccountRow) => ({ id: row.id, name: row.name, ...keptBody(row) });
