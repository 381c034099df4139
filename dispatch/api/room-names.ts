// Puts a room's id in place of its name or alias in a path, as ticket-numbers.ts does for tickets: nothing behind this knows names.

import type { AnyEntry } from "../contract/index.ts";
import { uuidPattern, type RoomId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { PathIds } from "./routes.ts";

// By its id before any name: a room may be called like another's id.
const selectId = statement<{ id: RoomId }>(
  "room_id_by_name",
  `SELECT id FROM rooms
   WHERE id::text = $1 OR id IN (SELECT room_id FROM room_words WHERE word = $1 AND is_group = 0) OR lower(name) = $1
   ORDER BY id::text <> $1 LIMIT 1`,
);

const uuid = new RegExp(uuidPattern);

/** A control room's name has letters that no path holds as they are. */
function decoded(sent: string): string {
  try {
    return decodeURIComponent(sent).toLowerCase();
  } catch {
    return sent;
  }
}
const find = (db: Session, sent: string) => db.row(selectId, [decoded(sent)]);

/** @throws Refusal ROOM_NOT_FOUND */
export async function roomIdOf(db: Session, named: string): Promise<RoomId> {
  const found = await find(db, named);
  if (!found) throw unknown(named);
  return found.id;
}

const unknown = (named: string): Refusal => new Refusal("ROOM_NOT_FOUND", { room: [...named].slice(0, 100).join("") });

/**
 * Whether there is a room of an id is asked behind the fields, as of everything that has one.
 * @throws Refusal ROOM_NOT_FOUND for a name that no room has
 */
export async function withRoomId(db: Session, { ids: kinds }: Pick<AnyEntry, "ids">, ids: PathIds): Promise<PathIds> {
  const { roomId } = ids;
  if (roomId === undefined || kinds?.["roomId"] !== "room") return ids;
  const found = await find(db, roomId);
  if (!found && !uuid.test(roomId)) throw unknown(roomId);
  return { ...ids, roomId: found?.id ?? roomId };
}
