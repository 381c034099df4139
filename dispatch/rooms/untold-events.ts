// What workers said and the control rooms were not told yet, and which those are: what their teller reads and notes.

import type { RoomId, TaskId } from "../contract/ids.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";

export type Untold = {
  readonly id: string;
  readonly type: string;
  readonly room: string;
  readonly task_id: TaskId | null;
  readonly text: string;
  readonly percent: number | null;
  readonly fatal: boolean;
  readonly created_at: string;
};

const selectUntold = statement<Untold>(
  "room_events_to_tell",
  `SELECT e.id, type, rooms.name AS room, task_id, text, percent, fatal, e.created_at
   FROM room_events AS e JOIN rooms ON rooms.id = room_id
   WHERE told_at IS NULL AND (type = ANY ($1)) = $2 ORDER BY e.created_at, e.id LIMIT $3`,
);

/** @param immediate whether of those that are told at once, or of the others */
export const readUntold = (
  db: Session,
  types: readonly string[],
  immediate: boolean,
  most: number,
): Promise<Untold[]> => db.rows(selectUntold, [types, immediate, most]);

const selectControlRooms = statement<{ id: RoomId }>(
  "rooms_of_control",
  `SELECT id FROM rooms WHERE kind = 'control' ORDER BY id`,
);
export const readControlRooms = async (db: Session): Promise<RoomId[]> =>
  (await db.rows(selectControlRooms)).map(({ id }) => id);

const markTold = statement(
  "room_events_told",
  `UPDATE room_events SET told_at = $2 WHERE id = ANY ($1) AND told_at IS NULL`,
);
export const noteTold = (db: Session, ids: readonly string[], at: string): Promise<unknown> =>
  db.row(markTold, [ids, at]);
