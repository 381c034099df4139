// Earliest and latest times along a row with any windows and breaks; plain-times.ts does the same for the common case.

import { int, num } from "./arrays.ts";
import { arrivalAfter, departureBefore, earliestStart, latestStart } from "./calendar.ts";
import { allKept, type RowTimes } from "./row-times.ts";

/** Earliest departures. Answers allKept, or the first position whose time cannot be kept. */
export function forwardByCalendar(
  { compiled: c, stride, node: nodes, leave: leaves, length }: RowTimes,
  row: number,
  technician: number,
): number {
  const base = row * stride;
  const last = int(length, row) - 1;
  const times = (c.times[technician] ?? c.distance).to;
  let leave = num(c.shiftFrom, technician);
  leaves[base] = leave;
  for (let i = 1; i <= last; i++) {
    const node = int(nodes, base + i);
    const arrive = arrivalAfter(c, technician, leave, num(times, int(nodes, base + i - 1) * c.nodes + node));
    if (i === last) {
      leaves[base + i] = arrive;
      return last > 1 && arrive > num(c.shiftTo, technician) + c.slack ? last : allKept;
    }
    const start = earliestStart(c, technician, node, arrive);
    if (start === Number.POSITIVE_INFINITY) return i;
    leave = start + num(c.service, node);
    leaves[base + i] = leave;
  }
  return allKept;
}

/** Latest arrivals. */
export function backwardByCalendar(
  { compiled: c, stride, node: nodes, latest: latests, length }: RowTimes,
  row: number,
  technician: number,
): void {
  const base = row * stride;
  const last = int(length, row) - 1;
  const times = (c.times[technician] ?? c.distance).to;
  let latest = num(c.shiftTo, technician);
  latests[base + last] = latest;
  for (let i = last - 1; i > 0; i--) {
    const node = int(nodes, base + i);
    const leave = departureBefore(c, technician, latest, num(times, node * c.nodes + int(nodes, base + i + 1)));
    latest = latestStart(c, technician, node, leave - num(c.service, node));
    latests[base + i] = latest;
  }
}
