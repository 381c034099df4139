// A push as the database holds it: its row, the statements that lock, insert and update it, and the body clients see. Only the pipeline
// writes it.

import type { PushId, RoomId, TaskId, TicketId } from "../contract/ids.ts";
import type { PushBody } from "../contract/room-responses.ts";
import { pushEdges, type PushState } from "../contract/room-states.ts";
import { insertRows } from "../db/insert-rows.ts";
import { selectRows } from "../db/select-rows.ts";
import { statement } from "../db/statement.ts";
import { updateRows } from "../db/update-rows.ts";
import type { Aggregate, KnownHead } from "../kernel/aggregate.ts";
import { Refusal } from "../kernel/refusal.ts";

export type NewPush = {
  readonly room_id: RoomId;
  readonly command: string;
  /** A longer text beside the command. */
  readonly prompt: string | null;
  /** Whether nobody asked for it but an assignment. */
  readonly automatic: boolean;
  /** What it is about, and which time that was given: told once. */
  readonly subject: string | null;
  readonly assignment: number | null;
  readonly task_id: TaskId | null;
  readonly ticket_id: TicketId | null;
  readonly reply_to: string | null;
  readonly capture: boolean;
  readonly requested_by: string;
};

export type PushRow = NewPush & {
  readonly id: PushId;
  readonly status: PushState;
  /** The very text that goes out, from the first try on. */
  readonly message: string | null;
  readonly lead_id: PushId | null;
  readonly attempts: number;
  readonly next_at: string | null;
  readonly due_at: string | null;
  readonly reason: string | null;
  readonly captured: string | null;
  readonly deliverable_at: string | null;
  readonly sent_at: string | null;
  readonly accepted_at: string | null;
  readonly acked_at: string | null;
  readonly wait_ms: number | null;
  readonly latency_ms: number | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly audit_seq: number;
  readonly audit_hash: string;
  readonly audit_at: string;
};

export type PushChange = Partial<
  Pick<
    PushRow,
    | "prompt"
    | "message"
    | "lead_id"
    | "attempts"
    | "next_at"
    | "due_at"
    | "reason"
    | "captured"
    | "deliverable_at"
    | "sent_at"
    | "accepted_at"
    | "acked_at"
    | "wait_ms"
    | "latency_ms"
  >
>;

const changing = {
  status: "text",
  prompt: "text",
  message: "text",
  lead_id: "uuid",
  attempts: "smallint",
  next_at: "timestamptz",
  due_at: "timestamptz",
  reason: "text",
  captured: "text",
  deliverable_at: "timestamptz",
  sent_at: "timestamptz",
  accepted_at: "timestamptz",
  acked_at: "timestamptz",
  wait_ms: "integer",
  latency_ms: "integer",
  version: "integer",
  updated_at: "timestamptz",
} as const;
const headColumns = { audit_seq: "integer", audit_hash: "text", audit_at: "timestamptz" } as const;

const columnNames = [
  "id",
  "room_id",
  "status",
  "command",
  "prompt",
  "automatic",
  "subject",
  "assignment",
  "task_id",
  "ticket_id",
  "reply_to",
  "capture",
  "requested_by",
  "message",
  "lead_id",
  "attempts",
  "next_at",
  "due_at",
  "reason",
  "captured",
  "deliverable_at",
  "sent_at",
  "accepted_at",
  "acked_at",
  "wait_ms",
  "latency_ms",
  "version",
  "created_at",
  "updated_at",
  "audit_seq",
  "audit_hash",
  "audit_at",
] as const satisfies readonly (keyof PushRow)[];

export const pushColumns = columnNames.join(", ");

export const selectPush = statement<PushRow>("push_select", `SELECT ${pushColumns} FROM pushes WHERE id = $1`);
const selectPushes = statement<PushRow>("pushes_select", `SELECT ${pushColumns} FROM pushes WHERE id = ANY ($1)`);
const lockPush = statement<PushRow>("push_lock", `SELECT ${pushColumns} FROM pushes WHERE id = $1 FOR NO KEY UPDATE`);
const lockFreePushes = selectRows<PushRow>(
  "push_lock_free",
  (ids) => `SELECT ${pushColumns} FROM pushes WHERE id IN (${ids}) FOR NO KEY UPDATE SKIP LOCKED`,
);
const selectHeads = statement<KnownHead>(
  "push_heads",
  `SELECT id::text AS id, audit_seq AS seq, audit_hash AS hash, status AS state
   FROM pushes WHERE id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY pushes.id LIMIT $2`,
);

/** The columns that its events vouch for, by version; a further one makes a further version. */
const covered: Readonly<Record<number, readonly (keyof PushRow)[]>> = {
  1: [
    "id",
    "room_id",
    "status",
    "command",
    "prompt",
    "automatic",
    "subject",
    "assignment",
    "task_id",
    "ticket_id",
    "reply_to",
    "capture",
    "requested_by",
    "message",
    "lead_id",
    "attempts",
    "next_at",
    "due_at",
    "reason",
    "captured",
    "deliverable_at",
    "sent_at",
    "accepted_at",
    "acked_at",
    "wait_ms",
    "latency_ms",
    "version",
    "created_at",
    "updated_at",
  ],
};

export const pushAggregate: Aggregate<PushRow, PushChange, NewPush, PushBody, PushState, PushId> = {
  name: "push",
  idIn: "pushId",
  edges: pushEdges,
  lock: lockPush,
  lockFree: lockFreePushes,
  select: selectPush,
  selectMany: selectPushes,
  covers: { version: 1, values: (row, version) => covered[version]?.map((column) => row[column]) ?? null },
  heads: selectHeads,
  races: ["pushes_one_sent", "pushes_once"],
  notFound: (id) => new Refusal("PUSH_NOT_FOUND", { push_id: id }),
  idOf: ({ id }) => id,
  stateOf: ({ status }) => status,
  placeOf: () => null,
  headOf: ({ audit_seq, audit_hash, audit_at }) => ({ seq: audit_seq, hash: audit_hash, at: audit_at }),
  versionOf: ({ version }) => version,
  guard: () => undefined,
  created: (_desk, { id, fields, at }) => newPush(id, fields, at),
  changed: (_desk, row, change, path, at) => ({
    ...row,
    ...change,
    status: path.at(-1) ?? row.status,
    version: row.version + 1,
    updated_at: at,
  }),
  withHead: (row, { seq, hash, at }) => ({ ...row, audit_seq: seq, audit_hash: hash, audit_at: at }),
  insert: insertRows<PushRow>("push_insert", "pushes", columnNames),
  update: updateRows<PushRow>("push_update", "pushes", { key: ["id", "uuid"], set: { ...changing, ...headColumns } }),
  advanceHead: updateRows<PushRow>("push_advance_audit", "pushes", { key: ["id", "uuid"], set: headColumns }),
  body: (row) => pushBody(row, ""),
  subject: (id, event) => `push.${id}.${event}`,
};

export const newPush = (id: PushId, fields: NewPush, at: string): PushRow => ({
  ...fields,
  id,
  status: "queued",
  message: null,
  lead_id: null,
  attempts: 0,
  next_at: null,
  due_at: null,
  reason: null,
  captured: null,
  deliverable_at: null,
  sent_at: null,
  accepted_at: null,
  acked_at: null,
  wait_ms: null,
  latency_ms: null,
  version: 0,
  created_at: at,
  updated_at: at,
  audit_seq: 0,
  audit_hash: "",
  audit_at: at,
});

/** @param room its room's name */
export const pushBody = (row: PushRow, room: string): PushBody => ({
  push_id: row.id,
  room,
  room_id: row.room_id,
  state: row.status,
  command: row.command,
  prompt: row.prompt,
  task_id: row.task_id,
  ticket_id: row.ticket_id,
  reply_to: row.reply_to,
  requested_by: row.requested_by,
  automatic: row.automatic,
  sent_with: row.lead_id,
  attempts: row.attempts,
  reason: row.reason,
  captured: row.captured,
  created_at: row.created_at,
  sent_at: row.sent_at,
  accepted_at: row.accepted_at,
  acked_at: row.acked_at,
  wait_ms: row.wait_ms,
  latency_ms: row.latency_ms,
});
