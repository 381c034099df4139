// Clears what went wrong in a room: a new conversation, and whoever sits there counts as idle until they say otherwise.

import { randomBytes } from "node:crypto";
import { Refusal } from "../kernel/refusal.ts";
import { roomCommand } from "./room-command.ts";
import { xactOf, type RoomRow } from "./room-row.ts";

export const roomReset = roomCommand({
  name: "room.reset",
  load: xactOf,
  decide({ row, now }, status_xact) {
    requireNoControlRoom(row);
    const session_key = newSessionKey(row);
    return {
      change: {
        session_key,
        agent_status: "idle",
        status_since: now,
        status_reason: null,
        status_xact,
        question_id: null,
        // Its first push begins it.
        session_known_at: now,
        last_activity_at: now,
      },
      payload: { session_key, was: row.agent_status, reason: row.status_reason },
      told: [{ event: "reset", data: { session_key, was: row.agent_status } }],
      body: (body) => body,
    };
  },
});

/** Of a gateway's session one beside it, of the same agent. */
function newSessionKey({ transport, address, id }: RoomRow): string {
  const fresh = randomBytes(4).toString("hex");
  return transport === "openclaw" ? `${address}:${fresh}` : `${id}:${fresh}`;
}

/** @throws Refusal CONTROL_ROOM_REFUSED */
export function requireNoControlRoom({ kind, name }: Pick<RoomRow, "kind" | "name">): void {
  if (kind === "control") throw new Refusal("CONTROL_ROOM_REFUSED", { room: name });
}
