// The best times for a given order of stops: among all schedules that keep every window, break and shift, one with the
// shortest time between departure and return. Exact for any number of windows, and slower than the solver's constant-time
// tests; it serves where those do not hold, and for the times of the finished plan.

import { int, num } from "./arrays.ts";
import { arrivalAfter, departureBefore, earliestStart, latestStart } from "./calendar.ts";
import type { Compiled } from "./compiled.ts";

export class Timetable {
  /** By position in the order last given: arrival and start of service. */
  readonly arrive: Float64Array;
  readonly start: Float64Array;
  readonly #c: Compiled;

  constructor(compiled: Compiled) {
    this.#c = compiled;
    this.arrive = new Float64Array(compiled.visits + 3);
    this.start = new Float64Array(compiled.visits + 3);
  }

  /**
   * The shortest duration of the route through order[from] … order[from + length - 1], homes included, in the problem's time
   * unit; infinity when no schedule keeps the rules. Arrivals and starts of that schedule are left in `arrive` and `start`.
   *
   * The return, as a function of the departure, is a staircase with sloping steps: waiting keeps it level, a window that
   * closes lets it jump. On each level stretch the latest departure is best, so it is enough to visit each stretch once.
   */
  shortest(technician: number, order: Int32Array, from: number, length: number): number {
    const c = this.#c;
    let best = Number.POSITIVE_INFINITY;
    let bestDeparture = num(c.shiftFrom, technician);
    let departure = bestDeparture;
    for (;;) {
      const back = this.#forward(technician, order, from, length, departure);
      if (back > num(c.shiftTo, technician) + c.slack) break;
      const latest = Math.max(departure, this.#backward(technician, order, from, length, back));
      if (back - latest < best - c.slack) {
        best = back - latest;
        bestDeparture = latest;
      }
      if (c.plainTime) break;
      this.#forward(technician, order, from, length, latest);
      departure = latest + this.#roomBeforeJump(technician, order, from, length, latest) + 4 * c.slack;
    }
    if (best < Number.POSITIVE_INFINITY) this.#forward(technician, order, from, length, bestDeparture);
    return best;
  }

  #leg(technician: number, order: Int32Array, at: number): number {
    const times = this.#c.times[technician];
    return times === undefined ? 0 : num(times.to, int(order, at - 1) * this.#c.nodes + int(order, at));
  }

  #forward(technician: number, order: Int32Array, from: number, length: number, departure: number): number {
    const c = this.#c;
    let leave = departure;
    for (let i = 1; i < length; i++) {
      const node = int(order, from + i);
      const arrive = arrivalAfter(c, technician, leave, this.#leg(technician, order, from + i));
      this.arrive[i] = arrive;
      if (i === length - 1) return arrive;
      const start = earliestStart(c, technician, node, arrive);
      if (start === Number.POSITIVE_INFINITY) return start;
      this.start[i] = start;
      leave = start + num(c.service, node);
    }
    return leave;
  }

  #backward(technician: number, order: Int32Array, from: number, length: number, back: number): number {
    const c = this.#c;
    let bound = back;
    for (let i = length - 1; i > 0; i--) {
      const leave = departureBefore(c, technician, bound, this.#leg(technician, order, from + i));
      if (i === 1) return Math.min(leave, num(c.shiftTo, technician));
      const node = int(order, from + i - 1);
      bound = latestStart(c, technician, node, leave - num(c.service, node));
    }
    return bound;
  }

  /** By how much the schedule in `arrive` and `start` can move before a window closes or a break comes in between. */
  #roomBeforeJump(technician: number, order: Int32Array, from: number, length: number, departure: number): number {
    const c = this.#c;
    let room = Number.POSITIVE_INFINITY;
    let leave = departure;
    for (let i = 1; i < length; i++) {
      const arrive = num(this.arrive, i);
      room = Math.min(room, this.#roomBeforeBreak(technician, leave), this.#roomBeforeBreak(technician, arrive));
      if (i === length - 1) break;
      const node = int(order, from + i);
      const start = num(this.start, i);
      for (let w = int(c.windowsAt, node); w < int(c.windowsAt, node + 1); w++) {
        if (num(c.windowFrom, w) <= start + c.slack && num(c.windowTo, w) >= start - c.slack)
          room = Math.min(room, num(c.windowTo, w) - start);
      }
      leave = start + num(c.service, node);
    }
    return Math.max(0, Math.min(room, num(c.shiftTo, technician) - departure));
  }

  #roomBeforeBreak(technician: number, time: number): number {
    const breaks = this.#c.breaks[technician];
    for (let b = 0; breaks !== undefined && b < breaks.length; b += 2)
      if (num(breaks, b) >= time - this.#c.slack) return num(breaks, b) - time;
    return Number.POSITIVE_INFINITY;
  }
}
