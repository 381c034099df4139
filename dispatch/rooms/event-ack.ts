// What workers said counts as read, for every control room at once: of what whoever says so can read.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import { deskCommand } from "../kernel/desk-chain.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { ofTaskIn, reachOf } from "./reach.ts";

// Locked, so that of two who read the same one counts it.
const lockUnread = statement<{ id: string }>(
  "room_events_lock_unread",
  `SELECT id FROM room_events
   WHERE acked_at IS NULL AND (id = $1::uuid OR (created_at, id) <= (SELECT created_at, id FROM room_events WHERE id = $2::uuid))
     AND ${ofTaskIn("room_events", 3)}
   ORDER BY created_at, id FOR UPDATE`,
);
const selectEvent = statement<{ id: string }>(
  "room_event_known",
  `SELECT id FROM room_events WHERE id = $1 AND ${ofTaskIn("room_events", 2)}`,
);
const markRead = statement(
  "room_events_read",
  `UPDATE room_events SET acked_at = $2, acked_by = $3 WHERE id = ANY ($1) AND acked_at IS NULL`,
);

export const ackEvents = (tx: Session, ids: readonly string[], at: string, by: string): Promise<unknown> =>
  tx.row(markRead, [ids, at, by]);

export const eventAck = deskCommand({
  name: "event.ack",
  async load(tx, { input: { event_id = null, up_to = null }, actor }) {
    const reach = reachOf(actor);
    const [known, unread] = await Promise.all([
      tx.row(selectEvent, [event_id ?? up_to, ...reach]),
      tx.rows(lockUnread, [event_id, up_to, ...reach]),
    ]);
    return { known, unread };
  },
  decide({ input: { event_id, up_to }, actor, now }, { known, unread }) {
    if ((event_id === undefined) === (up_to === undefined))
      throw invalidField("event_id", "oneOf", "must be given, or up_to in its place: exactly one of the two");
    if (!known) throw new Refusal("EVENT_NOT_FOUND", { event_id: event_id ?? up_to });
    const ids = unread.map(({ id }) => id);
    return {
      payload: { events: ids.length, event_id: event_id ?? null, up_to: up_to ?? null },
      told: [{ event: "events_read", data: { events: ids } }],
      write: (tx) => [ackEvents(tx, ids, now, actor.id)],
      body: () => ({ count: ids.length }),
    };
  },
});
