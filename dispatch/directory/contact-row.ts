// A contact: a person of an account, or of one of its sites. Its row, the statements that lock, insert and update it, and
// the body clients see. Only the pipeline writes it.

import type { ContactBody } from "../contract/directory-responses.ts";
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
export type ContactFields = {
  readonly account_id: AccountId;
  readonly site_id: SiteId | null;
  readonly name: string;
  readonly phone: string | null;
  readonly phone_e164: string | null;
  readonly phone_extension: string | null;
  readonly email: string | null;
  readonly role: string | null;
  readonly is_authorized_requester: boolean;
  readonly is_authorized_approver: boolean;
  readonly escalation_level: number | null;
  readonly notify_sms: boolean;
  readonly notify_email: boolean;
};
export type ContactRow = KeptRow<string> & ContactFields;
export type ContactChange = Partial<Omit<ContactRow, "id" | "version" | "created_at" | "updated_at">>;

/** The columns an update writes, with their types. */
const changing = {
  account_id: "uuid",
  site_id: "uuid",
  name: "text",
  phone: "text",
  phone_e164: "text",
  phone_extension: "text",
  email: "text",
  role: "text",
  is_authorized_requester: "boolean",
  is_authorized_approver: "boolean",
  escalation_level: "integer",
  notify_sms: "boolean",
  notify_email: "boolean",
  ...keptChanging,
} as const;

/** Every column a row is written by. */
const columnNames = [
  "id",
  "account_id",
  "site_id",
  "name",
  "phone",
  "phone_e164",
  "phone_extension",
  "email",
  "role",
  "is_authorized_requester",
  "is_authorized_approver",
  "escalation_level",
  "notify_sms",
  "notify_email",
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
] as const satisfies readonly (keyof ContactRow)[];

/** The same as they are read. */
export const contactColumns = `id, account_id, site_id, name, phone, phone_e164, phone_extension, email, role,
  is_authorized_requester, is_authorized_approver, escalation_level, notify_sms, notify_email,
  external_source, external_id, archived_at, archived_reason, merged_into, version, created_at,
  updated_at, audit_seq, audit_hash, audit_at`;

export const selectContact = statement<ContactRow>(
  "contact_select",
  `SELECT ${contactColumns} FROM contacts WHERE id = $1`,
);
const selectContacts = statement<ContactRow>(
  "contacts_select",
  `SELECT ${contactColumns} FROM contacts WHERE id = ANY ($1)`,
);
const lockContact = statement<ContactRow>(
  "contact_lock",
  `SELECT ${contactColumns} FROM contacts WHERE id = $1 FOR NO KEY UPDATE`,
);
const lockFreeContacts = selectRows<ContactRow>(
  "contact_lock_free",
  (ids) => `SELECT ${contactColumns} FROM contacts WHERE id IN (${ids}) FOR NO KEY UPDATE SKIP LOCKED`,
);
/** Those of an id, or of a reference: one, none, or two that are not the same. */
export const lockContactNamed = statement<Found<ContactRow>>(
  "contact_lock_named",
  `SELECT ${contactColumns},
          (SELECT r.id FROM contacts r WHERE r.external_source = $2 AND r.external_id = $3)::text AS ref_holder
   FROM contacts WHERE id = $1 OR (external_source = $2 AND external_id = $3) ORDER BY contacts.id FOR NO KEY UPDATE`,
);
// What no command has touched has no chain.
const selectHeads = statement<KnownHead>(
  "contact_heads",
  `SELECT id::text AS id, audit_seq AS seq, audit_hash AS hash, NULL AS state FROM contacts
   WHERE id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') AND audit_seq > 0 ORDER BY contacts.id LIMIT $2`,
);

const insertStored = insertRows<ContactRow>("contact_insert", "contacts", columnNames);
const updateStored = updateRows<ContactRow>("contact_update", "contacts", {
  key: ["id", "uuid"],
  set: { ...changing, ...headColumns },
});
const advanceHeads = updateRows<ContactRow>("contact_advance_audit", "contacts", {
  key: ["id", "uuid"],
  set: headColumns,
});

/** The columns that its events vouch for, by version; a further one makes a further version. */
const covered: Readonly<Record<number, readonly (keyof ContactRow)[]>> = {
  1: [
    "id",
    "account_id",
    "site_id",
    "name",
    "phone",
    "phone_e164",
    "phone_extension",
    "email",
    "role",
    "is_authorized_requester",
    "is_authorized_approver",
    "escalation_level",
    "notify_sms",
    "notify_email",
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

export const contactAggregate: Aggregate<
  ContactRow,
  ContactChange,
  ContactChange & ContactFields,
  ContactBody,
  string,
  string
> = {
  ...ofKept("contact"),
  idIn: "contactId",
  lock: lockContact,
  lockFree: lockFreeContacts,
  select: selectContact,
  selectMany: selectContacts,
  covers: { version: 1, values: (row, version) => covered[version]?.map((column) => row[column]) ?? null },
  heads: selectHeads,
  races: ["contacts_external_ref", "contacts_pkey"],
  notFound: (id) => new Refusal("CONTACT_NOT_FOUND", { contact_id: id }),
  idOf: ({ id }) => id,
  placeOf: ({ account_id, site_id }) => ({ account_id, site_id }),
  created: (_desk, { id, fields, at }) => ({ ...newKept(id, at), ...fields }),
  changed: (_desk, row, change, _path, at) => changedRow<ContactRow>(row, change, at),
  withHead,
  insert: insertStored,
  update: updateStored,
  advanceHead: advanceHeads,
  body: contactBody,
  subject: (id, event) => `directory.contact.${id}.${event}`,
};

export function contactBody(row: ContactRow): ContactBody {
  return {
    id: row.id,
    account_id: row.account_id,
    site_id: row.site_id,
    name: row.name,
    phone: row.phone,
    phone_e164: row.phone_e164,
    phone_extension: row.phone_extension,
    email: row.email,
    role: row.role,
    is_authorized_requester: row.is_authorized_requester,
    is_authorized_approver: row.is_authorized_approver,
    escalation_level: row.escalation_level,
    notify: { sms: row.notify_sms, email: row.notify_email },
    ...keptBody(row),
  };
}
