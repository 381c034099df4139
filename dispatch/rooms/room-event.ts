// What a worker said, as the control rooms read it: its row, which the commands that hear of it insert, and its body.

import type { RoomId, TaskId } from "../contract/ids.ts";
import type { RoomEventBody } from "../contract/room-responses.ts";
import { immediateTypes, type RoomEventType } from "../contract/room-states.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { Told } from "../kernel/outbox.ts";

export type RoomEventRow = {
  readonly id: string;
  readonly room_id: RoomId;
  readonly type: RoomEventType;
  readonly task_id: TaskId | null;
  readonly text: string;
  readonly percent: number | null;
  readonly fatal: boolean;
  readonly reported_by: string;
  readonly created_at: string;
  readonly acked_at: string | null;
  readonly acked_by: string | null;
};

export const roomEventColumns =
  "id, room_id, type, task_id, text, percent, fatal, reported_by, created_at, acked_at, acked_by";

// Whoever follows events may come to one twice.
const insertEvent = statement(
  "room_event_insert",
  `INSERT INTO room_events (id, room_id, type, task_id, text, percent, fatal, reported_by, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
);

export const insertRoomEvent = (tx: Session, e: RoomEventRow): Promise<unknown> =>
  tx.row(insertEvent, [e.id, e.room_id, e.type, e.task_id, e.text, e.percent, e.fatal, e.reported_by, e.created_at]);

export type NewRoomEvent = Omit<RoomEventRow, "room_id" | "created_at" | "acked_at" | "acked_by">;

export const newRoomEvent = (room_id: RoomId, said: NewRoomEvent, created_at: string): RoomEventRow => ({
  ...said,
  room_id,
  created_at,
  acked_at: null,
  acked_by: null,
});

/** @param room its room's name */
export const roomEventBody = ({ id, ...event }: RoomEventRow, room: string): RoomEventBody => ({
  event_id: id,
  room,
  ...event,
});

/** How listeners hear of it, at once; the control rooms hear of what can wait by a digest too. */
export const toldOf = (event: RoomEventRow, room: string): Told => ({
  event: "event",
  data: { ...roomEventBody(event, room), delivery: immediateTypes.includes(event.type) ? "immediate" : "batched" },
});
