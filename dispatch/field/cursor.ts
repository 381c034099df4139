// Where a page ended, as a text the caller hands back: opaque to them, checked here.

import { Refusal } from "../kernel/refusal.ts";

export const cursorOf = (position: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(position)).toString("base64url");

/** What a part of a position is, so that no crafted cursor reaches Postgres as a value it cannot read or reckon with. */
export type CursorPart = "id" | "time" | "minutes" | "count";

const whole = (minimum: number, maximum: number) => (part: unknown) =>
  Number.isInteger(part) && Number(part) >= minimum && Number(part) <= maximum;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const isoTime = /^(19[7-9]|2\d\d)\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const isOf: Record<CursorPart, (part: unknown) => boolean> = {
  id: (part) => typeof part === "string" && uuid.test(part),
  // A time of our own clock; one that does not survive the way through Date is no day of the calendar.
  time: (part) =>
    typeof part === "string" &&
    isoTime.test(part) &&
    !Number.isNaN(Date.parse(part)) &&
    new Date(part).toISOString() === part,
  // From such a time to any deadline: work may be scheduled from 1900 to 9000, and is put 20,000 years on when it is done.
  minutes: whole(-600_000_000, 16_000_000_000),
  count: whole(0, 2_147_483_647),
};

/**
 * The position a cursor stands for, if its parts are of these kinds.
 * @throws Refusal INVALID_QUERY
 */
export function positionFrom(cursor: string, kinds: readonly CursorPart[]): (string | number)[] {
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (
      Array.isArray(position) &&
      position.length === kinds.length &&
      kinds.every((kind, i) => isOf[kind](position[i]))
    )
      return position;
  } catch {
    // Not one of ours; refused below like any other.
  }
  const violation = { path: "cursor", rule: "format", message: "is not a cursor of this query; start without one" };
  throw new Refusal("INVALID_QUERY", { validation_errors: [violation] });
}
