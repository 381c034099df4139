// Rooms from a file into the desk: what is not there is added, what is there by other fields is changed, the rest is left alone.

import type { RoomBody } from "../../contract/room-responses.ts";
import { DeskRefused } from "../../agent/desk-client.ts";
import { askAsAdmin, postAsAdmin } from "../../agent/register.ts";
import { CommandFailure } from "../../process/command-line.ts";
import type { AskedDesk } from "./board.ts";

type Written = { readonly [field: string]: unknown };
export type Outcome = {
  readonly name: string;
  readonly outcome: "added" | "changed" | "unchanged" | "refused";
  /** The fields that were changed, or why the room was refused. */
  readonly why?: string;
};

/** The rooms that a file holds. @throws CommandFailure */
export function roomsIn(content: unknown, file: string): readonly Written[] {
  const list = isRecord(content) ? content["rooms"] : content;
  if (!Array.isArray(list)) throw new CommandFailure(`${file} must hold a list of rooms, or rooms: with one below it`);
  return list.map((room: unknown, at) => {
    if (!isRecord(room)) throw new CommandFailure(`${file}: room ${at + 1} must have fields, such as name: clerk`);
    return room;
  });
}

/** One after the other: an alias may move from one room of the file to the next. @throws DeskRefused where the desk is away */
export async function importRooms(desk: AskedDesk, rooms: readonly Written[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [at, room] of rooms.entries()) {
    const name = typeof room["name"] === "string" ? room["name"] : `room ${at + 1}`;
    try {
      outcomes.push({ name, ...(await importRoom(desk, room)) });
    } catch (error) {
      if (!(error instanceof DeskRefused) || error.passes || error.status === 401 || error.status === 403) throw error;
      outcomes.push({ name, outcome: "refused", why: `${error.code}: ${error.message}` });
    }
  }
  return outcomes;
}

async function importRoom(desk: AskedDesk, room: Written): Promise<Omit<Outcome, "name">> {
  const there = typeof room["name"] === "string" ? await roomNamed(desk, room["name"]) : null;
  const changed = there && Object.keys(room).filter((field) => differs(field, room[field], there));
  if (changed?.length === 0) return { outcome: "unchanged" };
  await postAsAdmin(desk.url, "/rooms", room, desk);
  return changed ? { outcome: "changed", why: changed.join(", ") } : { outcome: "added" };
}

/** Null where none has this very name: of an alias it is another room. @throws DeskRefused */
async function roomNamed(desk: AskedDesk, name: string): Promise<RoomBody | null> {
  try {
    const { room } = await askAsAdmin<{ room: RoomBody }>(desk.url, `/rooms/${encodeURIComponent(name)}`, desk);
    return room.name === name.toLowerCase() ? room : null;
  } catch (error) {
    if (error instanceof DeskRefused && error.status === 404) return null;
    throw error;
  }
}

/** Whether the desk has something else; a secret, which it does not tell, is always set. */
function differs(field: string, wanted: unknown, there: RoomBody): boolean {
  if (field === "name") return false;
  const has: unknown = Object.entries(there).find(([key]) => key === field)?.[1];
  if (field === "aliases" || field === "groups") return wordsOf(wanted) !== wordsOf(has);
  return field === "worker_id" ? String(wanted).toLowerCase() !== has : wanted !== has;
}

const wordsOf = (words: unknown): string =>
  JSON.stringify(Array.isArray(words) ? [...new Set(words.map((word) => String(word).toLowerCase()))].sort() : words);

const isRecord = (value: unknown): value is Written =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function summaryText(outcomes: readonly Outcome[]): string {
  const lines = outcomes
    .filter(({ outcome }) => outcome !== "unchanged")
    .map(({ name, outcome, why }) => `${name}: ${outcome}${why === undefined ? "" : `, ${why}`}`);
  const counts = (["added", "changed", "unchanged", "refused"] as const).map(
    (one) => `${outcomes.filter(({ outcome }) => outcome === one).length} ${one}`,
  );
  return [...lines, counts.join(", ")].join("\n");
}
