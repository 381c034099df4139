// What is read of rooms: lists, one room, its history, what workers said, and the board.

import type { QueryBodyOf, QueryIdsOf, QueryInputOf, QueryName } from "../contract/index.ts";
import type { PushId, TaskId } from "../contract/ids.ts";
import { immediateTypes, type PushState } from "../contract/room-states.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../kernel/actor.ts";
import { deskQuery, type QueryCall, type RowQuery } from "../kernel/answer-query.ts";
import { plusMs } from "../kernel/clock.ts";
import { agentBody, selectAgent } from "../tasks/agent-row.ts";
import { taskColumns, taskLine, type TaskRow } from "../tasks/task-row.ts";
import { readTechnicianBodies } from "../tasks/technician-worker.ts";
import { pushBody, pushColumns, type PushRow } from "./push-row.ts";
import { aboutIn, inReach, ofTaskIn, reachesAll, reachOf } from "./reach.ts";
import { roomEventBody, roomEventColumns, type RoomEventRow } from "./room-event.ts";
import { requireNoControlRoom } from "./room-reset.ts";
import { roomAggregate, roomBody, roomColumns, roomLine, type RoomRow } from "./room-row.ts";

const roomQuery = <N extends QueryName>(
  name: N,
  read: (
    call: QueryCall<QueryInputOf<N>, QueryIdsOf<N>> & { readonly row: RoomRow },
  ) => Promise<QueryBodyOf<N> & object>,
): RowQuery<QueryInputOf<N>, QueryIdsOf<N>, RoomRow, QueryBodyOf<N> & object> => ({
  name,
  on: "row",
  aggregate: roomAggregate,
  read,
});

type Listed = RoomRow & { readonly depth: number };

const selectRooms = statement<Listed>(
  "rooms_listed",
  `SELECT ${roomColumns}, (SELECT count(*) FROM pushes WHERE room_id = rooms.id AND status = 'queued')::integer AS depth
   FROM rooms WHERE $1::text IS NULL OR kind = $1 ORDER BY name LIMIT 1000`,
);

export const roomList = deskQuery("room.list", async ({ desk, input }) =>
  (await desk.db.rows(selectRooms, [input.kind ?? null])).map((row) => roomLine(row, row.depth)),
);

// One room ----------------------------------------------------------------------------------------------------------

const selectLastPush = statement<PushRow>(
  "room_last_push",
  `SELECT ${pushColumns} FROM pushes WHERE room_id = $1 AND ${aboutIn("pushes", 2)} ORDER BY created_at DESC, id DESC LIMIT 1`,
);
const selectDepth = statement<{ depth: number }>(
  "room_depth",
  `SELECT count(*)::integer AS depth FROM pushes WHERE room_id = $1 AND status = 'queued'`,
);
const selectOpenTasks = statement<TaskRow>(
  "room_tasks",
  `SELECT ${taskColumns} FROM tasks
   WHERE assignee = $1 AND status NOT IN ('completed', 'cancelled', 'failed', 'timed_out') AND ${inReach("tasks", 2)}
   ORDER BY priority, created_at, id LIMIT 100`,
);

export const roomStatus = roomQuery("room.status", async ({ desk, row, now, actor }) => {
  requireNoControlRoom(row);
  const slug = row.worker_slug;
  const [agent, technicians, tasks, last, depth] = await Promise.all([
    slug === null ? null : desk.db.row(selectAgent, [slug]),
    slug === null ? [] : readTechnicianBodies(desk.db, { now, rules: desk.policy }),
    slug === null ? [] : desk.db.rows(selectOpenTasks, [slug, ...reachOf(actor)]),
    desk.db.row(selectLastPush, [row.id, ...reachOf(actor)]),
    desk.db.row(selectDepth, [row.id]),
  ]);
  return {
    room: roomBody(row, actor),
    worker: agent ? agentBody(agent, Date.parse(now)) : (technicians.find((one) => one.slug === slug) ?? null),
    tasks: tasks.map(taskLine),
    // What a screen showed may be about anybody.
    last_push: last ? pushBody(reachesAll(actor) ? last : { ...last, captured: null }, row.name) : null,
    queue_depth: depth?.depth ?? 0,
  };
});

type Line = {
  readonly at: string;
  readonly direction: "in" | "out";
  readonly kind: string;
  readonly text: string;
  readonly by: string;
  readonly push_id: PushId | null;
  readonly event_id: string | null;
  readonly task_id: TaskId | null;
  readonly state: PushState | null;
};

const selectHistory = statement<Line>(
  "room_history",
  `SELECT * FROM (
     (SELECT created_at AS at, 'in' AS direction, 'push' AS kind,
             CASE WHEN $3::uuid[] IS NULL AND $4::uuid[] IS NULL THEN coalesce(message, command) ELSE command END AS text,
             requested_by AS by, id AS push_id, NULL::uuid AS event_id, task_id, status AS state
      FROM pushes WHERE room_id = $1 AND ${aboutIn("pushes", 3)} ORDER BY created_at DESC, id DESC LIMIT $2)
     UNION ALL
     (SELECT created_at, 'out', type, text, reported_by, NULL, id, task_id, NULL
      FROM room_events WHERE room_id = $1 AND ${ofTaskIn("room_events", 3)} ORDER BY created_at DESC, id DESC LIMIT $2)
   ) AS said ORDER BY at DESC, push_id, event_id LIMIT $2`,
);

export const roomHistory = roomQuery("room.history", async ({ desk, row, input, actor }) => {
  requireNoControlRoom(row);
  return (await desk.db.rows(selectHistory, [row.id, input.limit ?? 50, ...reachOf(actor)])).toReversed();
});

// What workers said -------------------------------------------------------------------------------------------------

type NamedEvent = RoomEventRow & { readonly room: string };

// Failures and questions first, then the oldest; read ones too are the newest first.
const selectEvents = statement<NamedEvent>(
  "room_events_listed",
  `SELECT e.*, rooms.name AS room FROM (SELECT ${roomEventColumns} FROM room_events) AS e JOIN rooms ON rooms.id = e.room_id
   WHERE ($1 OR e.acked_at IS NULL) AND ($2::text IS NULL OR rooms.name = $2 OR rooms.id::text = $2) AND ${ofTaskIn("e", 5)}
   ORDER BY CASE WHEN $1 THEN 0 WHEN e.type = ANY ($4) THEN 0 ELSE 1 END,
            CASE WHEN $1 THEN e.created_at END DESC, CASE WHEN NOT $1 THEN e.created_at END, e.id LIMIT $3`,
);
const countUnread = statement<{ unread: number }>(
  "room_events_unread",
  `SELECT count(*)::integer AS unread FROM room_events WHERE acked_at IS NULL AND ${ofTaskIn("room_events", 1)}`,
);
// Each part from the front of an index of its own, however many there are.
const unreadPart = (isPressing: boolean) =>
  `(SELECT ${roomEventColumns}, ${isPressing ? 0 : 1} AS place FROM room_events
    WHERE acked_at IS NULL AND type ${isPressing ? "IN" : "NOT IN"} (${immediateTypes.map((type) => `'${type}'`).join(", ")})
      AND ${ofTaskIn("room_events", 2)} ORDER BY created_at, id LIMIT $1)`;
const eventColumnsOf = (from: string): string => roomEventColumns.replace(/\w+/g, (column) => `${from}.${column}`);
const selectUnread = statement<NamedEvent>(
  "room_events_pressing",
  `SELECT ${eventColumnsOf("e")}, rooms.name AS room
   FROM (${unreadPart(true)} UNION ALL ${unreadPart(false)}) AS e JOIN rooms ON rooms.id = e.room_id
   ORDER BY e.place, e.created_at, e.id LIMIT $1`,
);

/** What nobody has read, the most pressing first. */
export const readUnread = (db: Session, actor: Actor, most: number): Promise<NamedEvent[]> =>
  db.rows(selectUnread, [most, ...reachOf(actor)]);
export const countUnreadEvents = async (db: Session, actor: Actor): Promise<number> =>
  (await db.row(countUnread, reachOf(actor)))?.unread ?? 0;
export const namedEventBody = ({ room, ...event }: NamedEvent) => roomEventBody(event, room);

export const eventList = deskQuery("event.list", async ({ desk, actor, input: { room, all = false, limit = 50 } }) =>
  (await desk.db.rows(selectEvents, [all, room?.toLowerCase() ?? null, limit, immediateTypes, ...reachOf(actor)])).map(
    namedEventBody,
  ),
);

// The board -----------------------------------------------------------------------------------------------------------

/** Rooms that a board shows. */
const mostOnBoard = 200;
const silentAfterMs = 24 * 3_600_000;
/** More than so many tasks that nobody has are a reason to look. */
const manyUnassigned = 5;

type BoardRow = RoomRow & { readonly depth: number; readonly done: number; readonly p95: number | null };
const selectBoard = statement<BoardRow>(
  "room_board",
  `SELECT ${roomColumns},
     (SELECT count(*) FROM pushes WHERE room_id = rooms.id AND status = 'queued')::integer AS depth,
     (SELECT count(*) FROM tasks WHERE assignee = worker_slug AND status = 'completed' AND completed_at >= $1)::integer AS done,
     (SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_ms) FROM pushes
      WHERE room_id = rooms.id AND latency_ms IS NOT NULL AND created_at >= $1)::float8 AS p95
   FROM rooms WHERE kind <> 'control' ORDER BY agent_status <> 'error', name LIMIT ${mostOnBoard + 1}`,
);
const countWork = statement<{ unassigned: number; blocked: number }>(
  "room_board_work",
  `SELECT count(*) FILTER (WHERE status IN ('pending', 'unassigned'))::integer AS unassigned,
          count(*) FILTER (WHERE status = 'blocked')::integer AS blocked
   FROM tasks WHERE status IN ('pending', 'unassigned', 'blocked') AND ${inReach("tasks", 1)}`,
);

export const roomBoard = deskQuery("room.board", async ({ desk, now, actor }) => {
  const today = `${now.slice(0, 10)}T00:00:00.000Z`;
  const [rows, work] = await Promise.all([desk.db.rows(selectBoard, [today]), desk.db.row(countWork, reachOf(actor))]);
  const { unassigned = 0, blocked = 0 } = work ?? {};
  const broken = rows.filter(({ agent_status }) => agent_status === "error").map(({ name }) => name);
  const silent = rows
    .filter(({ last_activity_at }) => last_activity_at < plusMs(now, -silentAfterMs))
    .map(({ name }) => name);
  const degraded = [
    ...(broken.length > 0 ? [`in error: ${some(broken)}`] : []),
    ...(blocked > 0 ? [`blocked tasks: ${blocked}`] : []),
  ];
  const warned = [
    ...(unassigned > manyUnassigned ? [`tasks that nobody has: ${unassigned}`] : []),
    ...(silent.length > 0 ? [`silent for a day: ${some(silent)}`] : []),
  ];
  return {
    health: degraded.length > 0 ? ("degraded" as const) : warned.length > 0 ? ("warn" as const) : ("healthy" as const),
    reasons: [...degraded, ...warned],
    rooms: rows
      .slice(0, mostOnBoard)
      .map((row) => ({
        id: row.id,
        name: row.name,
        kind: row.kind,
        transport: row.transport,
        agent_status: row.agent_status,
        worker_id: row.worker_slug,
        depth: row.depth,
        done_today: row.done,
        p95_latency_ms: row.p95 === null ? null : Math.round(row.p95),
        last_activity_at: row.last_activity_at,
      })),
    rooms_left_out: Math.max(0, rows.length - mostOnBoard),
    unassigned,
    blocked,
  };
});

const some = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
