// Where a page ended, as a text the caller hands back: opaque to them, checked here.

import { Refusal } from "../kernel/refusal.ts";

export const cursorOf = (position: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(position)).toString("base64url");

/**
 * The position a cursor stands for, if its parts have the given kinds.
 * @throws Refusal INVALID_QUERY
 */
export function positionFrom(cursor: string, kinds: readonly ("string" | "number")[]): (string | number)[] {
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (Array.isArray(position) && position.length === kinds.length && position.every((part, i) => typeof part === kinds[i] && isPlain(part))) {
      return position;
    }
  } catch {
    // Not one of ours; refused below like any other.
  }
  const violation = { path: "cursor", rule: "format", message: "is not a cursor of this query; start without one" };
  throw new Refusal("INVALID_QUERY", { validation_errors: [violation] });
}

/** Texts of a position are ids and times, so that no crafted cursor reaches Postgres as a malformed value. */
const isPlain = (part: unknown): boolean =>
  typeof part === "number"
    ? Number.isSafeInteger(part)
    : typeof part === "string" && /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/.test(part) && !(part.includes("T") && Number.isNaN(Date.parse(part)));
