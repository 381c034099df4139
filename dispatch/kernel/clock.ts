// Time and identity come from here and are injected, so that a test may hold both.

import { randomFillSync } from "node:crypto";

export type Clock = { now(): Date };

export const systemClock: Clock = { now: () => new Date() };

/**
 * The time of the next event of a chain whose last event was at `last`: now, or the first millisecond after that event,
 * so that times rise with seq when clocks jump back or differ, and when two events fall into one millisecond.
 */
export const timeAfter = (last: string, now: string): string =>
  now > last ? now : new Date(Date.parse(last) + 1).toISOString();

/** ISO 8601 time `ms` milliseconds after another. */
export const plusMs = (time: string, ms: number): string => new Date(Date.parse(time) + ms).toISOString();

/** ISO 8601 time `minutes` after another. */
export const plusMinutes = (time: string, minutes: number): string =>
  new Date(Date.parse(time) + minutes * 60_000).toISOString();

const random = Buffer.alloc(16 * 256);
let used = random.length;

/**
 * A uuid of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, then random bits. Ids made one after the
 * other lie side by side in an index. Whose it will be, `I` says.
 */
export function newId<I extends string = string>(now: number = Date.now()): I {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const tail = random.subarray(used, (used += 16));
  const hex = tail.toString("hex");
  const time = Math.trunc(now).toString(16).padStart(12, "0");
  const variant = (8 | (parseInt(hex[3] ?? "0", 16) & 3)).toString(16);
  const id = `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`;
  return id as I;
}

/** The smallest id that newId may make at a time: where a range of ids begins that holds all from then on. */
export const firstIdAt = (time: number): string => {
  const hex = Math.trunc(time).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
};
