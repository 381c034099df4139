// The ticket as the database holds it: its row, the statements that lock, insert and update it, and the body clients see.
// Only the pipeline writes it.

import { insertRows, type InsertRows } from "../db/insert-rows.ts";
import { selectRows } from "../db/select-rows.ts";
import { statement } from "../db/statement.ts";
import { updateRows, type UpdateRows } from "../db/update-rows.ts";
import type { Policy } from "../policy/policy.ts";
import type { Actor } from "../kernel/actor.ts";
import type { AttentionCode } from "../contract/attention.ts";
import type { TicketId } from "../contract/ids.ts";
import type { Priority } from "../contract/fields.ts";
import type { TicketBody } from "../contract/responses.ts";
import type { TicketState } from "../contract/states.ts";
import { arrivalAfter } from "./arrive-by.ts";
import { attentionAfter } from "./attention-after.ts";
import { clocksAfter } from "./sla-clock.ts";

export type Window = { readonly start: string; readonly end: string };

/** What an answer alone has: it follows from the site, or from two columns. */
type OfSite = "scheduled_start_local" | "scheduled_end_local" | "timezone" | "arrival_window";

export type TicketRow = Omit<TicketBody, OfSite> & {
  /** What the customer was promised, where that is more than the visit's own time. */
  readonly arrival_start: string | null;
  readonly arrival_end: string | null;
  readonly proposed_windows: readonly Window[];
  /** Of the policy it opened with, and is judged by to the end; null where nothing had been activated. */
  readonly policy_version: number | null;
  readonly sla_target_minutes: number;
  readonly sla_deadline_at: string;
  readonly last_transition_at: string;
  /** Why work that is ON_HOLD is held. */
  readonly hold_reason: string | null;
  readonly sla_stopped_at: string | null;
  readonly response_deadline_at: string | null;
  /** Somebody's first arrival on site. */
  readonly arrived_at: string | null;
  /** What somebody was told to look at; it is over once state, time or technician change. */
  readonly attention_code: AttentionCode | null;
  readonly attention_since: string | null;
  /** How many of the crew are still to be found, beside those who are booked. */
  readonly helpers_missing: number;
  /** How much work lies in parts in the ticket's time; null where the visit is of one piece. */
  readonly parted_minutes: number | null;
  readonly audit_seq: number;
  readonly audit_hash: string;
  /** When the last event was; unlike updated_at it moves with events that leave the ticket alone. */
  readonly audit_at: string;
};

/** The fields a command may change; the rest is set at creation or kept by the pipeline. */
export type TicketChange = Partial<
  Pick<
    TicketRow,
    | "priority"
    | "incident_type"
    | "nte_cents"
    | "scheduled_start"
    | "scheduled_end"
    | "arrival_start"
    | "arrival_end"
    | "proposed_windows"
    | "sop_handoff_required"
    | "sop_handoff_acknowledged"
    | "sop_handoff_prompt"
    | "assigned_provider_id"
    | "assigned_tech_id"
    | "pending_approval_id"
    | "not_technicians"
    | "hold_reason"
    | "arrived_at"
    | "attention_code"
    | "helpers_missing"
    | "parted_minutes"
    // Written by account.merge alone.
    | "account_id"
    // Written by ticket.update (updateTicketDetails) and by merges alone.
    | "site_id"
    | "asset_id"
    | "contact_id"
    | "summary"
    | "description"
    | "customer_name"
    | "customer_phone"
    | "customer_email"
    // Written by ticket.follow_up alone (updateFollowUps).
    | "follow_ups"
  >
>;

/** What a creating command decides; ids, times and audit come from the pipeline. */
export type NewTicket = Pick<TicketRow, "number" | "account_id" | "site_id" | "summary" | "currency"> &
  TicketChange &
  Partial<
    Pick<
      TicketRow,
      | "asset_id"
      | "description"
      | "customer_name"
      | "customer_phone"
      | "customer_email"
      | "identity_signature"
      | "identity_confidence"
      | "classification_confidence"
      | "follows"
    >
  >;

/** Every column a row is read and written by: the statements below follow from this. */
const columnNames = [
  "id",
  "number",
  "account_id",
  "site_id",
  "asset_id",
  "contact_id",
  "state",
  "priority",
  "incident_type",
  "summary",
  "description",
  "customer_name",
  "customer_phone",
  "customer_email",
  "nte_cents",
  "scheduled_start",
  "scheduled_end",
  "arrival_start",
  "arrival_end",
  "proposed_windows",
  "identity_signature",
  "identity_confidence",
  "classification_confidence",
  "sop_handoff_required",
  "sop_handoff_acknowledged",
  "sop_handoff_prompt",
  "assigned_provider_id",
  "assigned_tech_id",
  "pending_approval_id",
  "not_technicians",
  "follows",
  "follow_ups",
  "version",
  "sla_target_minutes",
  "sla_deadline_at",
  "created_at",
  "updated_at",
  "last_transition_at",
  "hold_reason",
  "sla_stopped_at",
  "response_deadline_at",
  "arrived_at",
  "attention_code",
  "attention_since",
  "helpers_missing",
  "parted_minutes",
  "policy_version",
  "currency",
  "audit_seq",
  "audit_hash",
  "audit_at",
] as const satisfies readonly (keyof TicketRow)[];
type ColumnName = (typeof columnNames)[number];

const columns = columnNames.join(", ");

/** The columns an update writes, with their types; those that never change would only cost. */
const changing = {
  state: "text",
  priority: "text",
  incident_type: "text",
  nte_cents: "bigint",
  scheduled_start: "timestamptz",
  scheduled_end: "timestamptz",
  arrival_start: "timestamptz",
  arrival_end: "timestamptz",
  proposed_windows: "jsonb",
  sop_handoff_required: "boolean",
  sop_handoff_acknowledged: "boolean",
  sop_handoff_prompt: "text",
  assigned_provider_id: "uuid",
  assigned_tech_id: "uuid",
  pending_approval_id: "uuid",
  not_technicians: "jsonb",
  version: "integer",
  sla_target_minutes: "integer",
  sla_deadline_at: "timestamptz",
  updated_at: "timestamptz",
  last_transition_at: "timestamptz",
  hold_reason: "text",
  sla_stopped_at: "timestamptz",
  response_deadline_at: "timestamptz",
  arrived_at: "timestamptz",
  attention_code: "text",
  attention_since: "timestamptz",
  helpers_missing: "smallint",
  parted_minutes: "integer",
} as const;
const head = { audit_seq: "integer", audit_hash: "text", audit_at: "timestamptz" } as const;

/** The columns of a ticket row for a query that joins, under the table's alias. */
export const ticketColumns = (alias: string): string => columnNames.map((name) => `${alias}.${name}`).join(", ");

/**
 * The columns that a ticket's events vouch for, by version; a further one makes a further version. Not among them is what the worker
 * notes for itself, what was told to somebody, what a trigger derives of these, and last_transition_at, which the moves tell.
 */
const coveredFirst = [
  "id",
  "number",
  "account_id",
  "site_id",
  "asset_id",
  "contact_id",
  "state",
  "priority",
  "incident_type",
  "summary",
  "description",
  "customer_name",
  "customer_phone",
  "customer_email",
  "nte_cents",
  "scheduled_start",
  "scheduled_end",
  "arrival_start",
  "arrival_end",
  "proposed_windows",
  "identity_signature",
  "identity_confidence",
  "classification_confidence",
  "sop_handoff_required",
  "sop_handoff_acknowledged",
  "sop_handoff_prompt",
  "assigned_provider_id",
  "assigned_tech_id",
  "pending_approval_id",
  "not_technicians",
  "follows",
  "follow_ups",
  "version",
  "sla_target_minutes",
  "sla_deadline_at",
  "created_at",
  "updated_at",
  "hold_reason",
  "sla_stopped_at",
  "response_deadline_at",
  "arrived_at",
  "helpers_missing",
  "parted_minutes",
] as const satisfies readonly ColumnName[];
const covered: Readonly<Record<number, readonly ColumnName[]>> = {
  1: coveredFirst,
  2: [...coveredFirst, "policy_version"],
  3: [...coveredFirst, "policy_version", "currency"],
};

export const ticketCover = {
  version: 3,
  values: (row: TicketRow, version: number): readonly unknown[] | null =>
    covered[version]?.map((column) => row[column]) ?? null,
  /** What those values are called. */
  columns: (version: number): readonly string[] | null => covered[version] ?? null,
};

/** A ticket that is only read, with the time zone its site is in. */
export type ReadTicket = TicketRow & { readonly timezone: string };

/** As that, with the names of its site. */
export type ShownTicket = ReadTicket & {
  readonly site_name: string;
  readonly site_city: string | null;
  readonly site_region: string | null;
};

export const selectTicket = statement<ShownTicket>(
  "ticket_select",
  `SELECT ${ticketColumns("t")}, s.timezone, s.name AS site_name, s.city AS site_city, s.region AS site_region
   FROM tickets t JOIN sites s ON s.id = t.site_id WHERE t.id = $1`,
);

export const selectTickets = statement<TicketRow>(
  "tickets_select",
  `SELECT ${columns} FROM tickets WHERE id = ANY ($1)`,
);

export const lockTicket = statement<TicketRow>(
  "ticket_lock",
  `SELECT ${columns} FROM tickets WHERE id = $1 FOR NO KEY UPDATE`,
);

export const lockFreeTickets = selectRows<TicketRow>(
  "ticket_lock_free",
  (ids) => `SELECT ${columns} FROM tickets WHERE id IN (${ids}) FOR NO KEY UPDATE SKIP LOCKED`,
);

/** A row as its statements take it. */
type StoredTicket = Record<ColumnName, unknown>;

const insertStored = insertRows<StoredTicket>("ticket_insert", "tickets", columnNames);

// A changed ticket is a new case for the worker: what it knew of trying to assign it, and of warning about another
// deadline, is over.
const updateStored = updateRows<StoredTicket>("ticket_update", "tickets", {
  key: ["id", "uuid"],
  set: { ...changing, ...head },
  also: `assign_after = NULL, assign_attempts = 0, assign_reason = NULL, assign_unable = false,
         sla_level = CASE WHEN tickets.sla_deadline_at = new.sla_deadline_at THEN sla_level ELSE 0 END`,
});

export const advanceTicketAudits = updateRows<TicketRow>("ticket_advance_audit", "tickets", {
  key: ["id", "uuid"],
  set: head,
});

const stored = (row: TicketRow): StoredTicket => ({
  ...row,
  proposed_windows: JSON.stringify(row.proposed_windows),
  not_technicians: JSON.stringify(row.not_technicians),
  follows: row.follows && JSON.stringify(row.follows),
  follow_ups: JSON.stringify(row.follow_ups),
});

export const insertTickets: InsertRows<TicketRow> = (tx, rows) => insertStored(tx, rows.map(stored));
export const updateTickets: UpdateRows<TicketRow> = (tx, rows) => updateStored(tx, rows.map(stored));

/** The ticket as its reader sees it: what the desk says of its technicians is no customer's to read. */
export function ticketBody(t: TicketRow, reader: Pick<Actor, "role">): TicketBody {
  return {
    id: t.id,
    number: t.number,
    account_id: t.account_id,
    site_id: t.site_id,
    asset_id: t.asset_id,
    contact_id: t.contact_id,
    state: t.state,
    priority: t.priority,
    incident_type: t.incident_type,
    summary: t.summary,
    description: t.description,
    customer_name: t.customer_name,
    customer_phone: t.customer_phone,
    customer_email: t.customer_email,
    nte_cents: t.nte_cents,
    currency: t.currency,
    scheduled_start: t.scheduled_start,
    scheduled_end: t.scheduled_end,
    arrival_window:
      t.arrival_start !== null && t.arrival_end !== null ? { start: t.arrival_start, end: t.arrival_end } : null,
    identity_signature: t.identity_signature,
    identity_confidence: t.identity_confidence,
    classification_confidence: t.classification_confidence,
    sop_handoff_required: t.sop_handoff_required,
    sop_handoff_acknowledged: t.sop_handoff_acknowledged,
    sop_handoff_prompt: t.sop_handoff_prompt,
    assigned_provider_id: t.assigned_provider_id,
    assigned_tech_id: t.assigned_tech_id,
    policy_version: t.policy_version,
    version: t.version,
    created_at: t.created_at,
    updated_at: t.updated_at,
    not_technicians: reader.role === "customer" ? [] : t.not_technicians,
    follows: t.follows,
    follow_ups: t.follow_ups,
    pending_approval_id: t.pending_approval_id,
  };
}

/** How urgent work is, in minutes from its base time, by priority; the profile's data. */
export type SlaTargets = Readonly<Record<Priority, number>>;

/** States in which somebody may be booked for the visit; with it the search for who is missing ends as well. */
const hasCrew: ReadonlySet<TicketState> = new Set([
  "SCHEDULED",
  "PENDING_CUSTOMER_CONFIRMATION",
  "DISPATCHED",
  "ON_SITE",
  "IN_PROGRESS",
  "ON_HOLD",
  "APPROVAL_REQUIRED",
]);

/**
 * The ticket after a change: new fields, the last state of the path, one version on, deadlines kept in step.
 * @param targetOf the minutes from its base time that work of a priority may take
 */
export function changedTicket(
  before: TicketRow,
  change: TicketChange,
  path: readonly TicketState[],
  at: string,
  targetOf: (priority: Priority) => number,
): TicketRow {
  const state = path.at(-1) ?? before.state;
  const wanted = { ...before, ...change, state };
  const changed = { ...wanted, ...arrivalAfter(wanted) };
  const after = {
    ...changed,
    hold_reason: state === "ON_HOLD" ? changed.hold_reason : null,
    helpers_missing: hasCrew.has(state) ? changed.helpers_missing : 0,
    sla_target_minutes: targetOf(changed.priority),
    parted_minutes: partedAfter(before, changed, change),
  };
  return {
    ...after,
    ...clocksAfter(before, after, at),
    ...attentionAfter(before, after, change.attention_code, at),
    version: before.version + 1,
    updated_at: at,
    last_transition_at: path.length > 0 ? at : before.last_transition_at,
  };
}

/** What a change says; else parts stand as long as the time does that they lie in. */
function partedAfter(before: TicketRow, after: TicketRow, { parted_minutes: said }: TicketChange): number | null {
  if (said !== undefined) return said;
  const stands = before.scheduled_start === after.scheduled_start && before.scheduled_end === after.scheduled_end;
  return stands ? before.parted_minutes : null;
}

/** A ticket that does not exist yet, in the state its creation leads to. */
export function newTicket(
  id: TicketId,
  fields: NewTicket,
  state: TicketState,
  at: string,
  { version, sla }: Pick<Policy, "version" | "sla">,
): TicketRow {
  const blank: TicketRow = {
    id,
    number: fields.number,
    account_id: fields.account_id,
    site_id: fields.site_id,
    summary: fields.summary,
    currency: fields.currency,
    asset_id: null,
    contact_id: null,
    state,
    priority: "ROUTINE",
    incident_type: null,
    description: null,
    customer_name: null,
    customer_phone: null,
    customer_email: null,
    nte_cents: 0,
    scheduled_start: null,
    scheduled_end: null,
    arrival_start: null,
    arrival_end: null,
    proposed_windows: [],
    identity_signature: null,
    identity_confidence: 0,
    classification_confidence: 0,
    sop_handoff_required: false,
    sop_handoff_acknowledged: false,
    sop_handoff_prompt: null,
    assigned_provider_id: null,
    assigned_tech_id: null,
    pending_approval_id: null,
    not_technicians: [],
    follows: null,
    follow_ups: [],
    version: -1,
    sla_target_minutes: 0,
    sla_deadline_at: fields.scheduled_start ?? at,
    created_at: at,
    updated_at: at,
    last_transition_at: at,
    hold_reason: null,
    sla_stopped_at: null,
    response_deadline_at: null,
    arrived_at: null,
    attention_code: null,
    attention_since: null,
    helpers_missing: 0,
    parted_minutes: null,
    policy_version: version,
    audit_seq: 0,
    audit_hash: "",
    audit_at: at,
  };
  return changedTicket({ ...blank, ...fields }, {}, [state], at, (priority) => sla.targetMinutes[priority]);
}
