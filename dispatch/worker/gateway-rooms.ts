// Rooms that are sessions of an OpenClaw gateway: pushes go there, what the gateway tells of a session is heard of its room, and while the
// gateway answers for it its agent counts as alive, since nobody in it sends heartbeats.

import type { PushId, RoomId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import { Refusal } from "../kernel/refusal.ts";
import { noteAlive } from "../rooms/heartbeat.ts";
import { openclawTransport } from "../rooms/transports/openclaw/transport.ts";
import { NotDelivered, type Transport } from "../rooms/transports/transport.ts";
import { heartbeatEveryMs } from "../workforce/presence.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { awayPart } from "./trouble.ts";

type GatewayRoom = { readonly id: RoomId; readonly session: string; readonly slug: string | null };

const ofAgents = `SELECT rooms.id, coalesce(session_key, address) AS session, agents.slug
  FROM rooms LEFT JOIN agents ON slug = worker_slug WHERE transport = 'openclaw'`;
const selectRooms = statement<GatewayRoom>("gateway_rooms", `${ofAgents} ORDER BY rooms.id`);
const selectRoom = statement<GatewayRoom>("gateway_room", `${ofAgents} AND coalesce(session_key, address) = $1`);

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
        await run("room.heard", { ids: { roomId: room.id }, input: { at, status: state, ...reason } });
        if (state !== "error") await alive(room, state === "working");
        onNews();
      }),
    say: (sentence) => log.info({ gateway: sentence }, "worker.gateway"),
  });
  /** A refusal is somebody else's success; what a desk that is away misses the next look finds. */
  const noted = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Refusal) || awayPart(error) !== null)
        log.warn({ what, err: error }, "worker.gateway_not_noted");
    }
  };
  /** A session that is not there yet the first push makes. */
  const beat = async (room: GatewayRoom): Promise<void> => {
    if (room.slug !== null) await alive(room, (await transport.describeSession(room.session))?.works ?? false);
  };
  const alive = async ({ slug }: GatewayRoom, works: boolean): Promise<void> => {
    if (slug === null) return;
    const activity = works ? ("working" as const) : ("idle" as const);
    const known = await noteAlive(desk.db, { slug, activity, tokens: 0, at: desk.clock.now().toISOString() });
    if (!known) await run("worker.report", { ids: { slug }, input: { activity } });
  };
  let next = 0;
  return {
    transport: {
      ...transport,
      deliver: async (delivery, signal) => ({ ...(await transport.deliver(delivery, signal)), patienceMs }),
    },
    duty: {
      name: "hear gateway sessions",
      async round() {
        if (performance.now() < next) return { more: false };
        next = performance.now() + heartbeatEveryMs;
        for (const room of await desk.db.rows(selectRooms)) {
          try {
            await beat(room);
          } catch (error) {
            // Without the gateway nobody is heard of, and the next look is soon.
            if (error instanceof NotDelivered) next = 0;
            if (error instanceof NotDelivered) return { more: false };
            if (!(error instanceof Refusal) || awayPart(error) !== null) throw error;
          }
        }
        return { more: false };
      },
    },
  };
}
