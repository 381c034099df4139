// What whoever sits in a room asks of it and is no tool: what was told to them, waiting for news where there is none, and that they heard
// it. Who waits holds no connection of the database.

import { roomInternalCommands } from "../contract/room-internal.ts";
import type { PushId, RoomId } from "../contract/ids.ts";
import type { InboxBody } from "../contract/room-responses.ts";
import { pathWith } from "../contract/index.ts";
import type { Role } from "../contract/roles.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Desk } from "../kernel/desk.ts";
import { execute } from "../kernel/execute.ts";
import { parseBody } from "../kernel/json.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { invalidFields, Refusal } from "../kernel/refusal.ts";
import { Shares } from "../kernel/shares.ts";
import { agentSurface, type AgentCredentials } from "./agent-credentials.ts";
import type { BodyReader } from "./body-reader.ts";
import type { News } from "./news.ts";
import type { Exchange } from "./exchange.ts";
import { keyIfAny } from "./idempotency-key.ts";
import { decodedParameters } from "./query-string.ts";
import { roomIdOf } from "./room-names.ts";
import type { PathIds, RouteEntry } from "./routes.ts";

type Parts = {
  readonly desk: Desk;
  readonly kernel: Kernel;
  readonly agents: AgentCredentials;
  readonly bodies: BodyReader;
  readonly news: News;
};

export const inboxPath = `${agentSurface}rooms/{roomId}/inbox`;
export const inboxAckPath = `${inboxPath}/{pushId}/ack`;
const ids = { roomId: "room" } as const;
const readers: readonly Role[] = ["agent", "tech", "admin"];

/** Seconds that a reader may wait for news. */
const longestWait = 25;
/** Readers who wait, of all rooms and of one caller. */
const waiting = { most: 500, each: 5 };
const retryAfterSeconds = 5;

// What went out as one lies there as one.
const selectInbox = statement<InboxBody[number]>(
  "room_inbox",
  `SELECT id AS push_id, coalesce(message, command) AS command, prompt, task_id, ticket_id, attempts AS attempt, sent_at
   FROM pushes WHERE room_id = $1 AND status = 'sent' AND lead_id IS NULL AND sent_at IS NOT NULL ORDER BY sent_at, id LIMIT 100`,
);
const selectWorker = statement<{ worker_slug: string | null; name: string }>(
  "room_inbox_worker",
  `SELECT worker_slug, name FROM rooms WHERE id = $1`,
);
const selectState = statement<{ status: string; room_id: RoomId }>(
  "room_push_state",
  `SELECT status, room_id FROM pushes WHERE id = $1`,
);

export function roomRoutes(parts: Parts): RouteEntry[] {
  const shares = new Shares(waiting);
  return [
    { method: "GET", path: inboxPath, ids, handler: (exchange, sent) => readInbox(parts, shares, exchange, sent) },
    { method: "POST", path: inboxAckPath, ids, handler: (exchange, sent) => ackPush(parts, exchange, sent) },
  ];
}

async function readInbox(
  { desk, agents, news }: Parts,
  shares: Shares,
  exchange: Exchange,
  sent: PathIds,
): Promise<void> {
  const actor = (exchange.actor = await agents.callerOf(exchange, readers));
  requireReader(actor);
  const wait = secondsIn(exchange.query);
  const room = await ownRoom(desk.db, actor, sent["roomId"] ?? "");
  const read = () => desk.db.rows(selectInbox, [room]);
  const found = await read();
  if (found.length > 0 || wait === 0) return exchange.json(200, JSON.stringify(found));
  const taken = shares.take(actor.id);
  if (taken !== "taken") throw shares.refusal(taken, "readers who wait at inboxes", retryAfterSeconds);
  try {
    exchange.json(200, JSON.stringify(await waitFor(read, news, wait * 1_000, exchange)));
  } finally {
    shares.give(actor.id);
  }
}

/** Looks again with every news, until something is there, the time is over or nobody waits any more. */
async function waitFor<T>(read: () => Promise<T[]>, news: News, ms: number, { response }: Exchange): Promise<T[]> {
  const over = new AbortController();
  const end = () => over.abort();
  const timer = setTimeout(end, ms).unref();
  response.on("close", end);
  try {
    for (;;) {
      const next = news.next(over.signal);
      const found = await read();
      if (found.length > 0 || over.signal.aborted) return found;
      await next;
    }
  } finally {
    clearTimeout(timer);
    over.abort();
    response.off("close", end);
  }
}

async function ackPush({ desk, kernel, agents, bodies }: Parts, exchange: Exchange, sent: PathIds): Promise<void> {
  const actor = (exchange.actor = await agents.callerOf(exchange, readers));
  const body = parseBody(await bodies.read(exchange, actor.id));
  const requestId = keyIfAny(exchange);
  requireReader(actor);
  const room = await ownRoom(desk.db, actor, sent["roomId"] ?? "");
  const pushId = (sent["pushId"] ?? "").toLowerCase() as PushId;
  const known = await desk.db.row(selectState, [pushId]);
  if (!known || known.room_id !== room) throw new Refusal("PUSH_NOT_FOUND", { push_id: pushId });
  // Said twice is said.
  if (known.status !== "acked")
    await execute(kernel, {
      name: "push.ack",
      path: pathWith(roomInternalCommands["push.ack"].path, { pushId }),
      ids: { pushId },
      body,
      requestId,
      actor,
      trace: exchange.trace,
    });
  exchange.json(200, JSON.stringify({ status: "ok", push_id: pushId, deduplicated: known.status === "acked" }));
}

/** @throws Refusal FORBIDDEN for whoever does not sit there, ROOM_NOT_FOUND */
async function ownRoom(db: Session, actor: Actor, named: string): Promise<RoomId> {
  const id = await roomIdOf(db, named);
  const room = await db.row(selectWorker, [id]);
  if (actor.role === "admin" || (room !== null && room?.worker_slug === actor.id)) return id;
  throw new Refusal(
    "FORBIDDEN",
    { actor_role: actor.role, allowed_roles: ["the worker of this room", "admin"] },
    { message: `Only whoever sits in ${room?.name ?? named} reads what was told there.` },
  );
}

/** @throws Refusal FORBIDDEN */
function requireReader({ role }: Actor): void {
  if (!readers.includes(role)) throw new Refusal("FORBIDDEN", { actor_role: role, allowed_roles: readers });
}

/** @throws Refusal INVALID_QUERY */
function secondsIn(query: string): number {
  const [text = "0", ...others] = decodedParameters(query, ["wait"]).get("wait") ?? [];
  if (others.length > 0 || !/^\d{1,3}$/.test(text) || Number(text) > longestWait)
    throw invalidFields(
      [{ path: "wait", rule: "maximum", message: `must be whole seconds from 0 to ${longestWait}, given once` }],
      "INVALID_QUERY",
    );
  return Number(text);
}
