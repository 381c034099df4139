// Rooms that are sessions of an OpenClaw gateway: pushes go there, what the gateway tells of a session is heard of its room, and while the
// gateway answers for it its agent counts as alive, since nobody in it sends heartbeats.

import type { PushId, RoomId } from "../contract/ids.ts";
import type { RoomStatus } from "../contract/room-states.ts";
import { statement } from "../db/statement.ts";
import { plusMs } from "../kernel/clock.ts";
import { noteAlive } from "../rooms/heartbeat.ts";
import { openclawTransport } from "../rooms/transports/openclaw/transport.ts";
import { NotDelivered, type Transport } from "../rooms/transports/transport.ts";
import { heartbeatEveryMs } from "../workforce/presence.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { obeyed, patiently } from "./obeyed.ts";

type GatewayRoom = {
  readonly id: RoomId;
  readonly session: string;
  readonly slug: string | null;
  /** Whether its session was seen here, or the desk began it. */
  readonly known: boolean;
};

const ofAgents = `SELECT rooms.id, coalesce(session_key, address) AS session, agents.slug, session_known_at IS NOT NULL AS known
  FROM rooms LEFT JOIN agents ON slug = worker_slug WHERE transport = 'openclaw'`;
const selectRooms = statement<GatewayRoom>(
  "gateway_rooms",
  `${ofAgents} AND session_known_at IS NOT NULL ORDER BY rooms.id`,
);
const selectRoom = statement<GatewayRoom>("gateway_room", `${ofAgents} AND coalesce(session_key, address) = $1`);

// Whose session nobody has seen: it may be named wrongly, and a push would make one that no agent of theirs looks at.
type UnseenRoom = {
  readonly id: RoomId;
  readonly session: string;
  readonly agent_status: RoomStatus;
  readonly status_xact: string;
};
const unseen = `SELECT id, coalesce(session_key, address) AS session, agent_status, status_xact::text AS status_xact FROM rooms
  WHERE transport = 'openclaw' AND session_known_at IS NULL`;
const selectUnseen = statement<UnseenRoom>("gateway_rooms_unseen", `${unseen} ORDER BY created_at, id LIMIT 1000`);
const selectUnseenRoom = statement<UnseenRoom>("gateway_room_unseen", `${unseen} AND id = $1`);
const whyUnseen = (session: string): string =>
  `the gateway has no session ${session}: begin it there, or name another with room_create, or let room_reset begin one`;

// Of these another process may have sent the push, or missed the end of a turn, and then died.
const selectUnheard = statement<{ id: PushId; attempts: number; session: string }>(
  "gateway_pushes_unheard",
  `SELECT pushes.id, attempts, coalesce(session_key, address) AS session FROM pushes JOIN rooms ON rooms.id = room_id
   WHERE pushes.status = 'sent' AND lead_id IS NULL AND transport = 'openclaw' AND accepted_at < $1 ORDER BY accepted_at LIMIT 50`,
);
const selectAtWork = statement<{ id: RoomId; session: string; status_xact: string }>(
  "gateway_rooms_at_work",
  `SELECT id, coalesce(session_key, address) AS session, status_xact::text AS status_xact FROM rooms
   WHERE transport = 'openclaw' AND agent_status = 'working' AND status_since < $1
     AND NOT EXISTS (SELECT FROM pushes WHERE room_id = rooms.id AND status = 'sent') ORDER BY status_since LIMIT 50`,
);
/** What the gateway tells by itself it tells within this. */
const lookAfterMs = 10_000;
const lookEveryMs = 5_000;

/** A push waits in the gateway for as long as its session is busy, and is no less heard of for that. */
const patienceMs = 600_000;

export type GatewayRooms = { readonly transport: Transport; readonly duty: Duty };

type Gateway = { readonly url: string; readonly token: string | null };

export function gatewayRooms(parts: DutyParts, { url, token }: Gateway, onNews: () => void): GatewayRooms {
  const { desk, run, log } = parts;
  const transport = openclawTransport({
    url,
    // A gateway on this machine's loopback may want none.
    token: token ?? "",
    onHeard: (pushId: PushId) =>
      void noted("ack", async () => {
        await run("push.ack", { ids: { pushId }, input: { by: "openclaw" } });
        onNews();
      }),
    onSession: (session, state) =>
      void noted("session", async () => {
        const room = await desk.db.row(selectRoom, [session]);
        if (!room) return;
        const at = desk.clock.now().toISOString();
        const reason = state === "error" ? { reason: "a turn of its session failed" } : {};
        const seen = !room.known && { session_known: true };
        await run("room.heard", { ids: { roomId: room.id }, input: { at, status: state, ...reason, ...seen } });
        if (state !== "error") await alive(room, state === "working");
        onNews();
      }),
    say: (sentence) => log.info({ gateway: sentence }, "worker.gateway"),
  });
  /** What a desk that is away misses the next look finds. */
  const noted = async (what: string, work: () => Promise<void>): Promise<void> => {
    await patiently(work).catch((error: unknown) => log.warn({ what, err: error }, "worker.gateway_not_noted"));
  };
  const beat = async (room: GatewayRoom): Promise<void> => {
    if (room.slug !== null) await alive(room, (await transport.describeSession(room.session))?.works ?? false);
  };
  const alive = async ({ slug }: GatewayRoom, works: boolean): Promise<void> => {
    if (slug === null) return;
    const activity = works ? ("working" as const) : ("idle" as const);
    const known = await noteAlive(desk.db, {
      slug,
      activity,
      tokens: 0,
      key: null,
      at: desk.clock.now().toISOString(),
    });
    if (!known) await run("worker.report", { ids: { slug }, input: { activity } });
  };
  /** Asks the gateway for what no event told. @throws NotDelivered while it cannot be asked */
  const look = async (): Promise<void> => {
    const at = desk.clock.now().toISOString();
    const before = plusMs(at, -lookAfterMs);
    for (const { id: pushId, attempts: attempt, session } of await desk.db.rows(selectUnheard, [before])) {
      const is = await transport.whereabouts(pushId, { address: session });
      if (is === "queued") continue;
      const reason = "its session does not have it";
      await noted("look", async () => {
        if (is === "unknown") await run("push.failed", { ids: { pushId }, input: { attempt, reason } });
        else await run("push.ack", { ids: { pushId }, input: { by: "openclaw" } });
        onNews();
      });
    }
    for (const { id: roomId, session, status_xact: xact } of await desk.db.rows(selectAtWork, [before])) {
      if ((await transport.describeSession(session))?.works) continue;
      // As of the word it had when it was looked at: a newer one holds.
      await noted("look", async () => {
        await run("room.heard", { ids: { roomId }, input: { at, xact, status: "idle" } });
        onNews();
      });
    }
  };
  /** @throws NotDelivered while the gateway cannot be asked */
  const lookForSession = async ({
    id: roomId,
    session,
    agent_status,
    status_xact: xact,
  }: UnseenRoom): Promise<void> => {
    const isThere = (await transport.describeSession(session)) !== null;
    if (!isThere && agent_status === "error") return;
    const found = agent_status === "error" ? { session_known: true, status: "idle" as const } : { session_known: true };
    const missing = { status: "error" as const, reason: whyUnseen(session) };
    const at = desk.clock.now().toISOString();
    await noted("look", async () => {
      await run("room.heard", { ids: { roomId }, input: { at, xact, ...(isThere ? found : missing) } });
      if (isThere) next = 0;
      onNews();
    });
  };
  /** @throws NotDelivered for a session that nobody has seen and that is not there */
  const requireSession = async (roomId: RoomId): Promise<void> => {
    const room = await desk.db.row(selectUnseenRoom, [roomId]);
    if (room && (await transport.describeSession(room.session)) === null)
      throw new NotDelivered(whyUnseen(room.session), { roomBroken: true });
  };
  let next = 0;
  let nextLook = 0;
  return {
    transport: {
      ...transport,
      deliver: async (delivery, signal) => {
        await requireSession(delivery.room.id);
        return { ...(await transport.deliver(delivery, signal)), patienceMs };
      },
    },
    duty: {
      name: "hear gateway sessions",
      async round() {
        try {
          for (const room of await desk.db.rows(selectUnseen)) await lookForSession(room);
          if (performance.now() >= nextLook) {
            nextLook = performance.now() + lookEveryMs;
            await look();
          }
        } catch (error) {
          if (!(error instanceof NotDelivered)) throw error;
        }
        if (performance.now() < next) return { more: false };
        next = performance.now() + heartbeatEveryMs;
        for (const room of await desk.db.rows(selectRooms)) {
          try {
            await obeyed(() => beat(room));
          } catch (error) {
            if (!(error instanceof NotDelivered)) throw error;
            // Without the gateway nobody is heard of, and the next look is soon.
            next = 0;
            return { more: false };
          }
        }
        return { more: false };
      },
    },
  };
}
