// Earliest and latest times and durations along a row, where every visit has one window and nobody has breaks. Each begins at
// the position where something changed. When the rest of the row is `known`, times stop being worked out as soon as one comes
// to what it was.

import { int, num } from "./arrays.ts";
import { allKept, type RowTimes } from "./row-times.ts";

/** Earliest departures from position `from` on. Answers allKept, or the first position whose time cannot be kept. */
export function forwardPlain(
  { compiled: c, stride, node: nodes, leave: leaves, length }: RowTimes,
  row: number,
  technician: number,
  from: number,
  known: boolean,
): number {
  const base = row * stride;
  const last = int(length, row) - 1;
  const times = (c.times[technician] ?? c.distance).to;
  let previous = int(nodes, base + from - 1);
  if (from === 1) leaves[base] = num(c.shiftFrom, technician);
  let leave = num(leaves, base + from - 1);
  for (let i = from; i < last; i++) {
    const node = int(nodes, base + i);
    const arrive = leave + num(times, previous * c.nodes + node);
    const ready = num(c.ready, node);
    if (arrive > num(c.due, node) + c.slack) return i;
    leave = (arrive > ready ? arrive : ready) + num(c.service, node);
    if (known && i > from && leave === num(leaves, base + i)) return allKept;
    leaves[base + i] = leave;
    previous = node;
  }
  leave += num(times, previous * c.nodes + int(nodes, base + last));
  leaves[base + last] = leave;
  return last > 1 && leave > num(c.shiftTo, technician) + c.slack ? last : allKept;
}

/** Latest arrivals from position `from` back to the first stop. */
export function backwardPlain(
  { compiled: c, stride, node: nodes, latest: latests, length }: RowTimes,
  row: number,
  technician: number,
  from: number,
  known: boolean,
): void {
  const base = row * stride;
  const last = int(length, row) - 1;
  const times = (c.times[technician] ?? c.distance).to;
  let next = int(nodes, base + from + 1);
  if (from === last - 1) latests[base + last] = num(c.shiftTo, technician);
  let latest = num(latests, base + from + 1);
  for (let i = from; i > 0; i--) {
    const node = int(nodes, base + i);
    const due = num(c.due, node);
    latest -= num(times, node * c.nodes + next) + num(c.service, node);
    if (latest > due) latest = due;
    if (known && i < from && latest === num(latests, base + i)) return;
    latests[base + i] = latest;
    next = node;
  }
}

/** Shortest durations up to each position from `from` on, and the latest departures that have them. */
export function durationsBefore(
  { compiled: c, stride, node: nodes, before, beforeLatest, length }: RowTimes,
  row: number,
  technician: number,
  from: number,
): void {
  const base = row * stride;
  const last = int(length, row) - 1;
  const times = (c.times[technician] ?? c.distance).to;
  if (from === 1) {
    before[base] = 0;
    beforeLatest[base] = num(c.shiftTo, technician);
  }
  let duration = num(before, base + from - 1);
  let latest = num(beforeLatest, base + from - 1);
  for (let i = from; i <= last; i++) {
    const node = int(nodes, base + i);
    duration += num(times, int(nodes, base + i - 1) * c.nodes + node);
    if (i === last) latest = Math.min(latest, num(c.shiftTo, technician) - duration);
    else {
      const wait = Math.max(0, num(c.ready, node) - duration - latest);
      latest = Math.min(latest, num(c.due, node) - duration);
      duration += wait + num(c.service, node);
    }
    before[base + i] = duration;
    beforeLatest[base + i] = latest;
  }
}

/** Shortest durations from each position on, from `from` back to the first stop, and the earliest arrivals that have them. */
export function durationsAfter(
  { compiled: c, stride, node: nodes, after, afterEarliest, length }: RowTimes,
  row: number,
  technician: number,
  from: number,
): void {
  const base = row * stride;
  const last = int(length, row) - 1;
  const times = (c.times[technician] ?? c.distance).to;
  if (from === last - 1) {
    after[base + last] = 0;
    afterEarliest[base + last] = num(c.shiftFrom, technician);
  }
  let duration = num(after, base + from + 1);
  let earliest = num(afterEarliest, base + from + 1);
  for (let i = from; i > 0; i--) {
    const node = int(nodes, base + i);
    const own = num(c.service, node) + num(times, node * c.nodes + int(nodes, base + i + 1));
    const wait = Math.max(0, earliest - own - num(c.due, node));
    earliest = Math.max(earliest - own, num(c.ready, node)) - wait;
    duration += own + wait;
    after[base + i] = duration;
    afterEarliest[base + i] = earliest;
  }
}
