// What is heard of whoever sits in a room: what they are at, and what they said, for the control rooms. The worker process says it, from
// what tasks and agents did.

import { statement } from "../db/statement.ts";
import { insertRoomEvent, newRoomEvent, toldOf } from "./room-event.ts";
import { roomCommand } from "./room-command.ts";
import { afterWord, xactOf } from "./room-row.ts";

const countBegun = statement<{ begun: number }>(
  "room_begun",
  `SELECT count(*)::integer AS begun FROM tasks
   WHERE assignee = (SELECT worker_slug FROM rooms WHERE id = $1) AND status = 'in_progress'`,
);

export const roomHeard = roomCommand({
  name: "room.heard",
  async load(tx, { id, input }) {
    const [begun, xact] = await Promise.all([
      input.unless_busy === true ? tx.row(countBegun, [id]) : null,
      input.xact ?? xactOf(tx),
    ]);
    return { isBusy: (begun?.begun ?? 0) > 0, xact };
  },
  decide({ row, input, now }, { isBusy, xact }) {
    const { at, reason = null } = input;
    const status = isBusy && input.status === "idle" ? "working" : input.status;
    const said = input.event;
    const event = said
      ? newRoomEvent(
          row.id,
          {
            id: said.id,
            type: said.type,
            task_id: said.task_id ?? null,
            text: said.text,
            percent: said.percent ?? null,
            fatal: said.fatal ?? false,
            reported_by: said.reported_by,
          },
          now,
        )
      : null;
    const change = status === undefined ? { last_activity_at: now } : afterWord(row, { status, at, xact, reason });
    const asks = event?.type === "waiting_for_input" && change.agent_status === "waiting_input";
    return {
      change: {
        ...change,
        ...(asks && { question_id: event.id }),
        ...(input.session_known === true && { session_known_at: now }),
      },
      payload: { status: status ?? null, at, reason, event_id: event?.id ?? null },
      told: event ? [toldOf(event, row.name)] : [],
      ...(event && { write: (tx) => [insertRoomEvent(tx, event)] }),
      body: (body) => body,
    };
  },
});

/** A control room hears what workers said: at once, or as a digest. The rows are the truth; this is for whoever listens. */
export const controlTell = roomCommand({
  name: "control.tell",
  decide({ input: { digest, events } }) {
    return {
      payload: { digest, events: events.length },
      told: [{ event: "event", data: { type: digest ? "digest" : "news", events } }],
      body: (body) => body,
    };
  },
});
