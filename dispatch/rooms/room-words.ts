// The words by which rooms are called: a name or an alias is one room's, and never a group's. The database decides between two that take
// one at the same moment; here it is said which word is taken, and by whom.

import type { RoomId } from "../contract/ids.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { Refusal } from "../kernel/refusal.ts";

type Taken = { readonly word: string; readonly is_group: number; readonly room_id: RoomId; readonly room: string };

const selectTaken = statement<Taken>(
  "room_words_taken",
  `SELECT word, is_group, room_id, rooms.name AS room FROM room_words JOIN rooms ON rooms.id = room_id WHERE word = ANY ($1)`,
);
const deleteWords = statement("room_words_delete", `DELETE FROM room_words WHERE room_id = $1`);
const insertWords = statement(
  "room_words_insert",
  `INSERT INTO room_words (word, room_id, is_group)
   SELECT word, $1::uuid, 0 FROM unnest($2::text[]) AS word UNION ALL SELECT word, $1::uuid, 1 FROM unnest($3::text[]) AS word`,
);

type Words = { readonly name: string; readonly aliases: readonly string[]; readonly groups: readonly string[] };

export const wordsOf = ({ name, aliases = [], groups = [] }: Partial<Words> & Pick<Words, "name">): string[] => [
  name,
  ...aliases,
  ...groups,
];

export const readTaken = (tx: Session, words: readonly string[]): Promise<Taken[]> => tx.rows(selectTaken, [words]);

/**
 * @param own the room that is changed; null: it is new
 * @throws Refusal ROOM_NAME_TAKEN
 */
export function requireFree({ name, aliases, groups }: Words, own: RoomId | null, taken: readonly Taken[]): void {
  const called = [name, ...aliases];
  const repeated = [...called, ...groups].find((word, at, all) => all.indexOf(word) !== at);
  if (repeated !== undefined)
    throw new Refusal("ROOM_NAME_TAKEN", { word: repeated, taken: { room: name, as: "the room's own words" } });
  for (const { word, is_group, room_id, room } of taken) {
    const clashes = called.includes(word) || (groups.includes(word) && is_group === 0);
    if (room_id !== own && clashes)
      throw new Refusal("ROOM_NAME_TAKEN", {
        word,
        taken: { room, as: is_group === 1 ? "a group" : "a name or alias" },
      });
  }
}

/** Queues a room's words in place of those it had. */
export const writeWords = (tx: Session, id: RoomId, { name, aliases, groups }: Words): Promise<unknown>[] => [
  tx.row(deleteWords, [id]),
  tx.row(insertWords, [id, [name, ...aliases], groups]),
];
