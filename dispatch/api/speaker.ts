// What token claims and development headers have in common: the caller as they name themselves, and the rules each
// part must obey. A speaker becomes an actor once the role is known.

import { idFrom, type Id } from "../contract/ids.ts";
import { actorTypes, type ActorType } from "../contract/roles.ts";
import type { Actor, Reach } from "../kernel/actor.ts";

/** A caller whose role is still as it was spelled. */
export type Speaker = Omit<Actor, "role"> & { readonly role: string };

const maxIdLength = 200;
// oxlint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;

/** What is wrong with an actor id; null when nothing is. */
export function actorIdProblem(id: string): string | null {
  if (id.length === 0) return "must not be empty";
  if (id.length > maxIdLength) return `must have at most ${maxIdLength} characters`;
  return controlCharacter.test(id) || !id.isWellFormed() ? "must not hold control characters" : null;
}

export const actorTypeFrom = (text: string): ActorType | null => actorTypes.find((type) => type === text) ?? null;

/** Ids of a scope: an array of uuids or `*`, one of them, or a comma list; null when an entry is neither. */
export function reachFrom<I extends Id>(value: unknown): Reach<I> | null {
  const entries =
    typeof value === "string"
      ? value
          .split(",")
          .map((entry) => entry.trim())
          .filter(Boolean)
      : value;
  if (!Array.isArray(entries)) return null;
  const ids = new Set<I>();
  let everything = false;
  for (const entry of entries) {
    const id = typeof entry === "string" ? idFrom<I>(entry.trim()) : null;
    if (id !== null) ids.add(id);
    else if (entry === "*") everything = true;
    else return null;
  }
  return everything ? "*" : ids;
}
