/**
 * Work that is longer than any shift has room for, laid in parts of one technician's days: one after the other, as few as
 * possible, each within a shift, the site's hours and between breaks as availability.ts has it. Pure. What fits into a shift is
 * never parted.
 *
 * Between its parts the technician goes home and is free for other work; no working day between the first and the last is
 * left out. A break that floats is laid beside what is booked before anything else, as the planner does.
 */
import type { Place } from "../travel/estimate.ts";
import type { Job } from "./ability.ts";
import { gapsWithin, minuteMs, type AvailabilityRules, type CalendarTechnician, type Gap } from "./availability.ts";
import { withBreaksLaid } from "./floating-breaks.ts";
import { workingRanges, type Shift, type TimeRange } from "./shift-ranges.ts";
import { ceilTo, gridMinutes, startsIn } from "./slot-starts.ts";

/** How much work there is, and how long a piece of it may be at most, whatever a shift has room for. */
export type Work = { readonly minutes: number; readonly longestMinutes: number };

export type Part = TimeRange & {
  /** Driving there and on; none between two parts with nothing but a break between them. */
  readonly travelBefore: number | null;
  readonly travelAfter: number | null;
  readonly from: Place | null;
  readonly next: Place | null;
};

/** The parts in order of time, and the driving that all of them add. */
export type Chain = { readonly parts: readonly Part[]; readonly addedTravel: number };

/** A part as people are told of it. */
export type NumberedPart = {
  readonly part: number;
  readonly of: number;
  readonly start: string;
  readonly end: string;
  /** Null when a place is unknown. */
  readonly travel_before_minutes: number | null;
};

export const numbered = (parts: readonly Part[]): NumberedPart[] =>
  parts.map(({ start, end, travelBefore }, at) => ({
    part: at + 1,
    of: parts.length,
    start: new Date(start).toISOString(),
    end: new Date(end).toISOString(),
    travel_before_minutes: travelBefore,
  }));

/** More than this nobody promises a customer in one go. */
export const mostParts = 10;
/** For less nobody drives there. */
export const shortestPartMinutes = 60;
const shortestMs = shortestPartMinutes * minuteMs;

/** Whether one shift of this technician has room for all of the work when nothing is booked, whatever time off and the site's hours. */
export function fitsIntoShift(
  technician: CalendarTechnician,
  job: Job,
  { minutes, longestMinutes }: Work,
  rules: AvailabilityRules,
): boolean {
  if (minutes > longestMinutes) return false;
  if (technician.shifts === null) return true;
  return technician.shifts.some((shift) => {
    const pauses = shift.pauses.filter(({ kind }) => kind === "break");
    const empty = { ...technician, busy: [], shifts: [{ ...shift, pauses }] };
    const atAnyHour = { ...job, hoursWaived: true };
    return gapsWithin(empty, atAnyHour, shift, rules).some((gap) => startsIn(gap, minutes, shift).length > 0);
  });
}

/** The chains within a span, one for each stretch in which a first part could begin, by the time at which it begins. */
export function chainsIn(
  technician: CalendarTechnician,
  job: Job,
  span: TimeRange,
  work: Work,
  rules: AvailabilityRules,
): Chain[] {
  const days = daysIn(technician, job, span, rules);
  return days.flatMap((day, at) =>
    day.stretches.flatMap((stretch, i) => {
      const first = startingAt(stretch, stretch.isAnchored ? stretch.start : ceilTo(stretch.start, gridMinutes));
      return (first && chainFrom(first, day.stretches.slice(i + 1), days.slice(at + 1), work, job)) ?? [];
    }),
  );
}

/** The chain that begins exactly with the span, and ends in it; null when there is none. */
export function chainAt(
  technician: CalendarTechnician,
  job: Job,
  span: TimeRange,
  work: Work,
  rules: AvailabilityRules,
): Chain | null {
  const days = daysIn(technician, job, span, rules);
  const at = days.findIndex(({ stretches }) => stretches.length > 0);
  const [first, ...sameDay] = days[at]?.stretches ?? [];
  return first?.start === span.start ? chainFrom(first, sameDay, days.slice(at + 1), work, job) : null;
}

/** Time in which the technician can be at work on the site without a pause. */
type Stretch = TimeRange & { readonly gap: Gap; readonly isAnchored: boolean };
/** A shift with what is left of it for this job. */
type Day = { readonly stretches: readonly Stretch[]; readonly isWorked: boolean };

function daysIn(technician: CalendarTechnician, job: Job, span: TimeRange, rules: AvailabilityRules): Day[] {
  return (technician.shifts ?? []).map((shift) => {
    const laid = withBreaksLaid(shift, technician.busy);
    const gaps = gapsWithin({ ...technician, shifts: [laid] }, job, span, rules);
    const stretches = gaps.flatMap((gap) => stretchesOf(gap, span));
    return { stretches, isWorked: isWorked(laid) };
  });
}

const isWorked = (shift: Shift): boolean =>
  workingRanges([shift], shift).some(({ start, end }) => end - start >= shortestMs);

function stretchesOf(gap: Gap, span: TimeRange): Stretch[] {
  const stretches: Stretch[] = [];
  const until = Math.min(Math.floor(gap.mustLeaveBy / minuteMs) * minuteMs, span.end);
  let from = Math.max(ceilTo(gap.reachableAt, 1), span.start);
  let isAnchored = gap.afterBooking && from > span.start;
  const push = (end: number): void => {
    if (end - from >= shortestMs) stretches.push({ start: from, end, gap, isAnchored });
  };
  for (const pause of [...gap.pauses, ...gap.closed].toSorted((a, b) => a.start - b.start)) {
    if (pause.end <= from) continue;
    push(Math.min(pause.start, until));
    from = Math.max(from, ceilTo(pause.end, 1));
    isAnchored = true;
  }
  push(until);
  return stretches;
}

const startingAt = (stretch: Stretch, start: number): Stretch | null =>
  stretch.end - start >= shortestMs ? { ...stretch, start } : null;

/**
 * The fewest stretches that hold the work, the first of them and one of each working day after it among them; of as few the
 * ones that end soonest.
 * @param sameDay what else the first day has, behind the first stretch
 */
function chainFrom(
  first: Stretch,
  sameDay: readonly Stretch[],
  later: readonly Day[],
  { minutes, longestMinutes }: Work,
  job: Job,
): Chain | null {
  const total = minutes * minuteMs;
  const room = ({ start, end }: Stretch): number => Math.min(end - start, longestMinutes * minuteMs);
  const byRoom = (a: Stretch, b: Stretch): number => room(b) - room(a) || a.start - b.start;
  let best: Chain | null = null;
  const consider = (needed: readonly Stretch[], others: readonly Stretch[]): void => {
    const chosen = [...needed];
    let left = total - sum(needed.map(room));
    for (const one of others.toSorted(byRoom)) {
      if (left <= 0) break;
      chosen.push(one);
      left -= room(one);
    }
    const chain = left <= 0 && chosen.length <= mostParts ? laidIn(chosen, total, room, job) : null;
    if (chain && (!best || isBetter(chain, best))) best = chain;
  };
  const needed = [first];
  const others: Stretch[] = [];
  /** With each of a day's stretches as the last of all: what lies behind it does not count. */
  const endOn = (day: readonly Stretch[]): void =>
    day.forEach((last, i) => consider([...needed, last], [...others, ...day.slice(0, i)]));
  consider(needed, others);
  endOn(sameDay);
  others.push(...sameDay);
  for (const { stretches, isWorked: worked } of later) {
    if (needed.length >= (best ? partsOf(best) - 1 : mostParts) || (stretches.length === 0 && worked)) break;
    endOn(stretches);
    const [largest, ...rest] = stretches.toSorted(byRoom);
    if (largest) needed.push(largest);
    others.push(...rest);
  }
  return best;
}

const partsOf = ({ parts }: Chain): number => parts.length;
const endOf = ({ parts }: Chain): number => parts.at(-1)?.end ?? 0;
const isBetter = (a: Chain, b: Chain): boolean =>
  partsOf(a) - partsOf(b) < 0 || (partsOf(a) === partsOf(b) && endOf(a) < endOf(b));

/** Each part as long as its stretch allows, but what comes after it has an hour at least. */
function laidIn(
  chosen: readonly Stretch[],
  total: number,
  room: (stretch: Stretch) => number,
  { place }: Job,
): Chain | null {
  if (total < chosen.length * shortestMs) return null;
  const inOrder = chosen.toSorted((a, b) => a.start - b.start);
  let left = total;
  const pieces = inOrder.map((stretch, i) => {
    const takes = Math.min(room(stretch), left - (inOrder.length - 1 - i) * shortestMs);
    left -= takes;
    return { start: stretch.start, end: stretch.start + takes, gap: stretch.gap };
  });
  const parts = pieces.map(({ gap, ...range }, i): Part => {
    const [staysFrom, staysOn] = [pieces[i - 1]?.gap === gap, pieces[i + 1]?.gap === gap];
    return {
      ...range,
      travelBefore: staysFrom ? 0 : gap.travelBefore,
      travelAfter: staysOn ? 0 : gap.travelAfter,
      from: staysFrom ? place : gap.from,
      next: staysOn ? place : gap.next,
    };
  });
  return { parts, addedTravel: sum([...new Set(pieces.map(({ gap }) => gap))].map(({ addedTravel }) => addedTravel)) };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
