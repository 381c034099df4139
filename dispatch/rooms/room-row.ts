// A room as the database holds it: its row, the statements that lock, insert and update it, and the body clients see. Only the pipeline
// writes it.

import type { RoomId } from "../contract/ids.ts";
import type { RoomBody, RoomLine } from "../contract/room-responses.ts";
import type { RoomStatus, TransportName } from "../contract/room-states.ts";
import { insertRows } from "../db/insert-rows.ts";
import { selectRows } from "../db/select-rows.ts";
import { statement } from "../db/statement.ts";
import { updateRows } from "../db/update-rows.ts";
import type { Session } from "../db/pool.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Aggregate, KnownHead } from "../kernel/aggregate.ts";
import { Refusal } from "../kernel/refusal.ts";
import { reachesAll } from "./reach.ts";

export type RoomFields = {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly groups: readonly string[];
  readonly kind: "control" | "desk" | "field";
  readonly transport: TransportName;
  readonly address: string;
  readonly program: string | null;
  readonly idle_text: string | null;
  readonly secret: string | null;
  readonly owner: string | null;
  /** Who sits there. */
  readonly worker_slug: string | null;
  readonly workspace_path: string;
  readonly session_key: string | null;
};

type Heard = {
  readonly agent_status: RoomStatus;
  readonly status_since: string;
  readonly status_reason: string | null;
  /** The transaction of that word, a whole number: of two words the later one's counts, whatever the clocks of those who wrote them say. */
  readonly status_xact: string;
  /** The event of the question that waits for an answer. */
  readonly question_id: string | null;
  /** When a gateway's session was known to be there, or the desk began it; null: nobody has seen it yet. */
  readonly session_known_at: string | null;
  readonly last_activity_at: string;
};

export type RoomRow = RoomFields &
  Heard & {
    readonly id: RoomId;
    readonly version: number;
    readonly created_at: string;
    readonly updated_at: string;
    readonly audit_seq: number;
    readonly audit_hash: string;
    readonly audit_at: string;
  };

export type RoomChange = Partial<RoomFields & Heard>;

const changing = {
  name: "text",
  aliases: "text[]",
  groups: "text[]",
  kind: "text",
  transport: "text",
  address: "text",
  program: "text",
  idle_text: "text",
  secret: "text",
  owner: "text",
  worker_slug: "text",
  workspace_path: "text",
  session_key: "text",
  agent_status: "text",
  status_since: "timestamptz",
  status_reason: "text",
  status_xact: "xid8",
  question_id: "uuid",
  session_known_at: "timestamptz",
  last_activity_at: "timestamptz",
  version: "integer",
  updated_at: "timestamptz",
} as const;
const headColumns = { audit_seq: "integer", audit_hash: "text", audit_at: "timestamptz" } as const;

const columnNames = [
  "id",
  "name",
  "aliases",
  "groups",
  "kind",
  "transport",
  "address",
  "program",
  "idle_text",
  "secret",
  "owner",
  "worker_slug",
  "workspace_path",
  "session_key",
  "agent_status",
  "status_since",
  "status_reason",
  "status_xact",
  "question_id",
  "session_known_at",
  "last_activity_at",
  "version",
  "created_at",
  "updated_at",
  "audit_seq",
  "audit_hash",
  "audit_at",
] as const satisfies readonly (keyof RoomRow)[];

// A restore knows transactions by their type.
export const roomColumns = columnNames
  .map((column) => (column === "status_xact" ? "status_xact::text AS status_xact" : column))
  .join(", ");

const selectRoom = statement<RoomRow>("room_select", `SELECT ${roomColumns} FROM rooms WHERE id = $1`);
const selectRooms = statement<RoomRow>("rooms_select", `SELECT ${roomColumns} FROM rooms WHERE id = ANY ($1)`);
const lockRoom = statement<RoomRow>("room_lock", `SELECT ${roomColumns} FROM rooms WHERE id = $1 FOR NO KEY UPDATE`);
const lockFreeRooms = selectRows<RoomRow>(
  "room_lock_free",
  (ids) => `SELECT ${roomColumns} FROM rooms WHERE id IN (${ids}) FOR NO KEY UPDATE SKIP LOCKED`,
);
export const lockRoomNamed = statement<RoomRow>(
  "room_lock_named",
  `SELECT ${roomColumns} FROM rooms WHERE name = $1 AND kind <> 'control' FOR NO KEY UPDATE`,
);
export const lockControlRoom = statement<RoomRow>(
  "room_lock_control",
  `SELECT ${roomColumns} FROM rooms WHERE owner = $1 AND kind = 'control' FOR NO KEY UPDATE`,
);
const selectHeads = statement<KnownHead>(
  "room_heads",
  `SELECT id::text AS id, audit_seq AS seq, audit_hash AS hash, NULL AS state
   FROM rooms WHERE id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY rooms.id LIMIT $2`,
);

const insertStored = insertRows<RoomRow>("room_insert", "rooms", columnNames);
const updateStored = updateRows<RoomRow>("room_update", "rooms", {
  key: ["id", "uuid"],
  set: { ...changing, ...headColumns },
});
const advanceHeads = updateRows<RoomRow>("room_advance_audit", "rooms", { key: ["id", "uuid"], set: headColumns });

const coveredFirst = [
  "id",
  "name",
  "aliases",
  "groups",
  "kind",
  "transport",
  "address",
  "program",
  "idle_text",
  "secret",
  "owner",
  "worker_slug",
  "workspace_path",
  "session_key",
  "agent_status",
  "status_since",
  "status_reason",
  "question_id",
  "last_activity_at",
  "version",
  "created_at",
  "updated_at",
] as const satisfies readonly (keyof RoomRow)[];

/** The columns that its events vouch for, by version; a further one makes a further version. A secret is hashed with the rest. */
const covered: Readonly<Record<number, readonly (keyof RoomRow)[]>> = {
  1: coveredFirst,
  2: [...coveredFirst, "session_known_at"],
};

export const roomAggregate: Aggregate<RoomRow, RoomChange, RoomFields, RoomBody, string, RoomId> = {
  name: "room",
  idIn: "roomId",
  edges: new Map(),
  lock: lockRoom,
  lockFree: lockFreeRooms,
  select: selectRoom,
  selectMany: selectRooms,
  covers: { version: 2, values: (row, version) => covered[version]?.map((column) => row[column]) ?? null },
  heads: selectHeads,
  races: ["rooms_address", "rooms_worker", "rooms_owner", "room_words_apart", "room_words_one"],
  notFound: (id) => new Refusal("ROOM_NOT_FOUND", { room: id }),
  idOf: ({ id }) => id,
  stateOf: () => null,
  placeOf: () => null,
  partiesOf: ({ worker_slug }) => (worker_slug === null ? [] : [worker_slug]),
  headOf: ({ audit_seq, audit_hash, audit_at }) => ({ seq: audit_seq, hash: audit_hash, at: audit_at }),
  versionOf: ({ version }) => version,
  guard: () => undefined,
  created: (_desk, { id, fields, at }) => ({
    ...fields,
    id,
    agent_status: "idle",
    status_since: at,
    status_reason: null,
    status_xact: "0",
    question_id: null,
    session_known_at: null,
    last_activity_at: at,
    version: 0,
    created_at: at,
    updated_at: at,
    audit_seq: 0,
    audit_hash: "",
    audit_at: at,
  }),
  changed: (_desk, row, change, _path, at) => ({ ...row, ...change, version: row.version + 1, updated_at: at }),
  withHead: (row, { seq, hash, at }) => ({ ...row, audit_seq: seq, audit_hash: hash, audit_at: at }),
  insert: insertStored,
  update: updateStored,
  advanceHead: advanceHeads,
  body: roomBody,
  subject: (id, event) => `room.${id}.${event}`,
};

/** Why it stands as it does may be the words of a task: for whoever sees all of those. */
export function roomBody(row: RoomRow, actor: Actor): RoomBody {
  const body = wholeBody(row);
  return reachesAll(actor) ? body : { ...body, status_reason: null };
}

function wholeBody({
  secret: _secret,
  worker_slug,
  question_id: _question,
  session_known_at: _known,
  status_xact: _xact,
  ...row
}: RoomRow): RoomBody {
  const { audit_seq: _seq, audit_hash: _hash, audit_at: _at, aliases, groups, ...rest } = row;
  return { ...rest, aliases: [...aliases], groups: [...groups], worker_id: worker_slug };
}

/** A room as lists show it. */
export const roomLine = (row: RoomRow, depth: number): RoomLine => ({
  id: row.id,
  name: row.name,
  aliases: [...row.aliases],
  groups: [...row.groups],
  kind: row.kind,
  transport: row.transport,
  agent_status: row.agent_status,
  worker_id: row.worker_slug,
  workspace_path: row.workspace_path,
  owner: row.owner,
  session_key: row.session_key,
  last_activity_at: row.last_activity_at,
  queue_depth: depth,
});

/** Of the transaction that a command runs in. */
const selectXact = statement<{ xact: string }>("room_xact", `SELECT pg_current_xact_id()::text AS xact`);
export const xactOf = async (tx: Session): Promise<string> => (await tx.row(selectXact))?.xact ?? "0";

/** What is heard of whoever sits in a room. */
export type Word = {
  readonly status: RoomStatus;
  /** When it was said, and by which transaction. */
  readonly at: string;
  readonly xact: string;
  readonly reason?: string | null;
};

/** What a word makes of a room: an older one than it has changes nothing. */
export function afterWord(row: RoomRow, { status, at, xact, reason = null }: Word): RoomChange {
  const last = { last_activity_at: row.last_activity_at > at ? row.last_activity_at : at };
  if (BigInt(xact) < BigInt(row.status_xact)) return last;
  if (status === row.agent_status && reason === row.status_reason) return { ...last, status_xact: xact };
  return {
    ...last,
    agent_status: status,
    status_since: at,
    status_reason: reason,
    status_xact: xact,
    ...(status !== "waiting_input" && { question_id: null }),
  };
}
