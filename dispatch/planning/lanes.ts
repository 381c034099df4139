/**
 * A technician's day as stretches that can be planned: from one place to another, with pauses, and with work that stands
 * fast in between. Pure. It keeps to the gaps of availability.ts: what a lane has room for, that rule allows.
 *
 * Work whose drive fits is a pin, so that a stop on its way costs what it really costs. Where a person has sent
 * somebody against the calendar's rules (outside hours, into a break, too far in too short a time) the stretch ends before
 * that work and a new one begins behind it: a pin nobody can keep would be dropped, and its time taken for free.
 *
 * A break that floats is laid beside the fixed work before anything else is planned.
 */
import type { TicketId } from "../contract/ids.ts";
import { minuteMs, type AvailabilityRules, type CalendarTechnician } from "../workforce/availability.ts";
import { headStartMs } from "../workforce/first-drive.ts";
import { withBreaksLaid } from "../workforce/floating-breaks.ts";
import { driveForward, pausesWithin } from "../workforce/pauses.ts";
import type { Shift, TimeRange } from "../workforce/shift-ranges.ts";
import { estimateTravelMinutes, type Place, type TravelEstimate } from "../travel/estimate.ts";

/** Work that stays where it is. */
export type FixedWork = TimeRange & {
  readonly ticketId: TicketId;
  /** Of a visit in parts, of which a day may hold several. */
  readonly part: number | null;
  readonly place: Place | null;
};

export type Lane = TimeRange & {
  readonly from: Place | null;
  readonly to: Place | null;
  /** What of the first drive lies before the lane. */
  readonly headStartMs: number;
  /** Sorted and apart. */
  readonly pauses: readonly TimeRange[];
  /** Sorted; each can be kept with those before it, and the end be reached. */
  readonly pins: readonly FixedWork[];
};

/** The lanes of every shift that overlaps `span`; work that begins before it or behind it only bounds them. */
export function lanesOf(
  technician: CalendarTechnician,
  fixed: readonly FixedWork[],
  span: TimeRange,
  { travel = estimateTravelMinutes, firstDrive }: Pick<AvailabilityRules, "travel" | "firstDrive">,
): Lane[] {
  const shifts = (technician.shifts ?? []).filter((shift) => shift.start < span.end && shift.end > span.start);
  const work = fixed.toSorted((a, b) => a.start - b.start || a.end - b.end);
  return shifts.flatMap((shift) =>
    new ShiftLanes(withBreaksLaid(shift, work), technician.home, headStartMs(shift, work, firstDrive), travel).cut(
      work,
      span,
    ),
  );
}

type Open = { start: number; from: Place | null; headStartMs: number; pins: FixedWork[] };

class ShiftLanes {
  readonly #shift: Shift;
  readonly #pauses: readonly TimeRange[];
  readonly #home: Place | null;
  readonly #travel: TravelEstimate;
  readonly #lanes: Lane[] = [];
  #open: Open;
  /** Of all work so far that which ends last: what began later may have ended before. */
  #longest: FixedWork | null = null;

  constructor(shift: Shift, home: Place | null, headStart: number, travel: TravelEstimate) {
    this.#shift = shift;
    this.#home = home;
    this.#travel = travel;
    this.#pauses = pausesWithin(shift, shift.pauses);
    this.#open = { start: shift.start, from: home, headStartMs: headStart, pins: [] };
  }

  cut(work: readonly FixedWork[], span: TimeRange): Lane[] {
    for (const one of work) {
      if (one.end <= this.#shift.start || one.start >= this.#shift.end) continue;
      if (this.#longest === null || one.end > this.#longest.end) this.#longest = one;
      if (one.start < span.start) this.#begin(one);
      else if (one.start >= span.end) {
        this.#end(one.start, one.place);
        return this.#lanes;
      } else if (this.#fits(one)) this.#open.pins.push(one);
      else {
        this.#end(one.start, one.place);
        this.#begin(one);
      }
    }
    this.#end(this.#shift.end, this.#home);
    return this.#lanes;
  }

  /** A new stretch behind this work, and behind any that still goes on then. */
  #begin(one: FixedWork): void {
    const { end, place } = this.#longest !== null && this.#longest.end > one.end ? this.#longest : one;
    this.#open = { start: end, from: place, headStartMs: 0, pins: [] };
  }

  #fits(one: FixedWork): boolean {
    const inPause = this.#pauses.some((pause) => pause.start < one.end && one.start < pause.end);
    return !inPause && one.end <= this.#shift.end && this.#arrival(one.place) <= one.start;
  }

  /** When somebody who leaves the last stop at once is at a place. */
  #arrival(place: Place | null): number {
    const { start, from, headStartMs: ahead, pins } = this.#open;
    const last = pins.at(-1);
    const [leave, at] = last ? [last.end, last.place] : [start, from];
    const drive = Math.max(0, (this.#travel(at, place) ?? 0) * minuteMs - (last ? 0 : ahead));
    return driveForward(leave, drive, pausesWithin({ start: leave, end: this.#shift.end }, this.#pauses));
  }

  /** Ends the stretch at a place; pins from which that place cannot be reached in time become its end themselves. */
  #end(at: number, place: Place | null): void {
    const { start, from, headStartMs: ahead, pins } = this.#open;
    const late = this.#arrival(place) > at;
    const last = late ? pins.pop() : undefined;
    if (late && !last) return;
    const [end, to] = last ? [last.start, last.place] : [at, place];
    if (start < end)
      this.#lanes.push({
        start,
        end,
        from,
        to,
        headStartMs: ahead,
        pauses: pausesWithin({ start, end }, this.#pauses),
        pins,
      });
  }
}
