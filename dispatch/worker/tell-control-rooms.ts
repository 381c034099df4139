// Tells every control room what workers said: failures and questions at once, the rest gathered. What was told twice has one id.

import type { JsonObject } from "../kernel/json.ts";
import { plusMs } from "../kernel/clock.ts";
import { immediateTypes } from "../contract/room-states.ts";
import { noteTold, readControlRooms, readUntold, type Untold } from "../rooms/untold-events.ts";
import type { Duty, DutyParts } from "./duty.ts";

const batch = 500;

export const tellControlRooms = ({ desk, run }: DutyParts): Duty => ({
  name: "tell control rooms",
  async round() {
    const now = desk.clock.now().toISOString();
    const [urgent, waiting] = await Promise.all([
      readUntold(desk.db, immediateTypes, true, batch),
      readUntold(desk.db, immediateTypes, false, batch),
    ]);
    const [first] = waiting;
    const isDue = first !== undefined && first.created_at <= plusMs(now, -desk.settings.eventDigestMs);
    const news = [
      ...(urgent.length > 0 ? [{ digest: false, told: urgent, events: urgent.map(asTold) }] : []),
      ...(isDue ? [{ digest: true, told: waiting, events: digestOf(waiting).map(asTold) }] : []),
    ];
    if (news.length === 0) return { more: false };
    const rooms = await readControlRooms(desk.db);
    for (const { digest, told, events } of news) {
      for (const roomId of rooms) await run("control.tell", { ids: { roomId }, input: { digest, events } });
      await noteTold(
        desk.db,
        told.map(({ id }) => id),
        now,
      );
    }
    return { more: urgent.length === batch || waiting.length === batch };
  },
});

/** All that was completed, and of each task's progress the newest. */
export function digestOf<Event extends Pick<Untold, "id" | "type" | "task_id">>(events: readonly Event[]): Event[] {
  const newest = new Map(events.filter(({ type }) => type === "progress_update").map((one) => [one.task_id, one.id]));
  return events.filter(({ id, type, task_id }) => type !== "progress_update" || newest.get(task_id) === id);
}

const asTold = ({ id, ...event }: Untold): JsonObject => ({ event_id: id, ...event });
