// Of a pane whose worker nobody has heard of for two minutes, and which says by a fixed last line when nothing is done there: whether it
// shows that line. A look at a screen never speaks against what was heard.

import type { RoomId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import { plusMs } from "../kernel/clock.ts";
import { Refusal } from "../kernel/refusal.ts";
import { NotDelivered } from "../rooms/transports/transport.ts";
import type { TmuxTransport } from "../rooms/transports/tmux/transport.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { awayPart } from "./trouble.ts";

const unheardOfMs = 120_000;
const lookMs = 5_000;

const selectUnheardOf = statement<{ id: RoomId; address: string; idle_text: string; status_xact: string }>(
  "panes_unheard_of",
  `SELECT id, address, idle_text, status_xact::text AS status_xact FROM rooms
   WHERE transport = 'tmux' AND idle_text IS NOT NULL AND agent_status = 'working' AND status_since < $1 AND last_activity_at < $1
     AND NOT EXISTS (SELECT FROM pushes WHERE room_id = rooms.id AND status = 'sent')
   ORDER BY status_since LIMIT 50`,
);

export const lookAtPanes = ({ desk, run }: DutyParts, tmux: Pick<TmuxTransport, "lastLine">): Duty => ({
  name: "look at panes",
  async round() {
    const now = desk.clock.now().toISOString();
    for (const room of await desk.db.rows(selectUnheardOf, [plusMs(now, -unheardOfMs)])) {
      try {
        const shown = await tmux.lastLine(room, AbortSignal.timeout(lookMs));
        if (shown.trim() !== room.idle_text.trim()) continue;
        // As of the word it had when it was looked at: a newer one holds.
        const input = {
          at: now,
          xact: room.status_xact,
          status: "idle" as const,
          reason: "its pane shows that nothing is done",
        };
        await run("room.heard", { ids: { roomId: room.id }, input });
      } catch (error) {
        if (!(error instanceof NotDelivered) && (!(error instanceof Refusal) || awayPart(error) !== null)) throw error;
      }
    }
    return { more: false };
  },
});
