// When a service may start and how long driving takes, with several windows per visit and breaks per technician. All four
// functions are monotone in time, which is what makes earliest and latest times along a route exact.

import { int, num } from "./arrays.ts";
import type { Compiled } from "./compiled.ts";

/** The first moment from `time` on at which service of the node may start; infinity when there is none. */
export function earliestStart(c: Compiled, technician: number, node: number, time: number): number {
  const service = num(c.service, node);
  const end = int(c.windowsAt, node + 1);
  let start = time;
  for (let w = int(c.windowsAt, node); w < end; w++) {
    if (start > num(c.windowTo, w) + c.slack) continue;
    if (start < num(c.windowFrom, w)) start = num(c.windowFrom, w);
    start = afterBreaks(c, technician, start, service);
    if (start <= num(c.windowTo, w) + c.slack) return start;
  }
  return Number.POSITIVE_INFINITY;
}

/** The last moment up to `bound` at which service of the node may start; minus infinity when there is none. */
export function latestStart(c: Compiled, technician: number, node: number, bound: number): number {
  const service = num(c.service, node);
  const first = int(c.windowsAt, node);
  let start = bound;
  for (let w = int(c.windowsAt, node + 1) - 1; w >= first; w--) {
    if (start < num(c.windowFrom, w) - c.slack) continue;
    if (start > num(c.windowTo, w)) start = num(c.windowTo, w);
    start = beforeBreaks(c, technician, start, service);
    if (start >= num(c.windowFrom, w) - c.slack) return start;
  }
  return Number.NEGATIVE_INFINITY;
}

/** When driving of this length ends that begins at `leave`. */
export function arrivalAfter(c: Compiled, technician: number, leave: number, driving: number): number {
  const breaks = c.breaks[technician];
  if (breaks === undefined || breaks.length === 0) return leave + driving;
  let at = leave;
  let left = driving;
  for (let b = 0; b < breaks.length; b += 2) {
    const from = num(breaks, b);
    const to = num(breaks, b + 1);
    if (to <= at) continue;
    if (at + left <= from + c.slack) break;
    left -= Math.max(0, from - at);
    at = to;
  }
  return at + left;
}

/** When driving of this length must begin at the latest that ends by `arrive`. */
export function departureBefore(c: Compiled, technician: number, arrive: number, driving: number): number {
  const breaks = c.breaks[technician];
  if (breaks === undefined || breaks.length === 0) return arrive - driving;
  let at = arrive;
  let left = driving;
  for (let b = breaks.length - 2; b >= 0; b -= 2) {
    const from = num(breaks, b);
    const to = num(breaks, b + 1);
    if (from >= at) continue;
    if (at - left >= to - c.slack) break;
    left -= Math.max(0, at - to);
    at = from;
  }
  return at - left;
}

function afterBreaks(c: Compiled, technician: number, time: number, service: number): number {
  const breaks = c.breaks[technician];
  let start = time;
  for (let b = 0; breaks !== undefined && b < breaks.length; b += 2) {
    const inside = start < num(breaks, b + 1) - c.slack && start + service > num(breaks, b) + c.slack;
    if (inside) start = num(breaks, b + 1);
  }
  return start;
}

function beforeBreaks(c: Compiled, technician: number, time: number, service: number): number {
  const breaks = c.breaks[technician];
  if (breaks === undefined) return time;
  let start = time;
  for (let b = breaks.length - 2; b >= 0; b -= 2) {
    const inside = start < num(breaks, b + 1) - c.slack && start + service > num(breaks, b) + c.slack;
    if (inside) start = num(breaks, b) - service;
  }
  return start;
}
