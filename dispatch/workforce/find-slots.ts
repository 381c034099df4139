/**
 * Finds when a job could be done and by whom, and says of everyone left out why.
 * Pure: nothing is reserved here, so what is found may be gone when it is booked.
 */
import type { TechnicianId } from "../contract/ids.ts";
import { findInability, matchesZone, type Exclusion, type IneligibleReason, type Job } from "./ability.ts";
import {
  explainNoRoom,
  fits,
  gapsWithin,
  minuteMs,
  noTravel,
  siteClosed,
  type AvailabilityRules,
  type CalendarTechnician,
  type Gap,
} from "./availability.ts";
import { compareText } from "./compare-text.ts";
import { helperJob } from "./crew.ts";
import { chainsIn, fitsIntoShift, numbered, type Chain, type NumberedPart } from "./parts.ts";
import { startsIn } from "./slot-starts.ts";
import { travelSourceOf, type TravelSource } from "../travel/estimate.ts";

export type SlotStrategy = "earliest" | "least_travel" | "best";

export type SlotRequest = Job & {
  /** Epoch milliseconds; a slot starts at or after this and ends at or before `latest`. */
  readonly earliest: number;
  readonly latest: number;
  readonly durationMinutes: number;
  /** Only this technician is asked, and only this one can appear in `rejected`. */
  readonly techId?: TechnicianId | undefined;
  readonly strategy: SlotStrategy;
  readonly limit: number;
  /**
   * No longer in one piece; then, or where no shift has room for it, the work is laid in parts, if one alone does it. Absent: never.
   */
  readonly longestMinutes?: number;
  /** How many come at once; absent: one. */
  readonly people?: number;
};

/** Who goes along in a slot. */
export type SlotHelper = {
  readonly tech_id: TechnicianId;
  readonly tech_name: string;
  readonly travel_before_minutes: number | null;
};

/** One term of a slot's score: contribution = weight · value. Weight 0 is something to know, not to count. */
export type SlotFactor = {
  readonly factor: "added_travel_minutes" | "delay_minutes" | "zone" | "TRAVEL_UNKNOWN" | "NO_SHIFT" | "SITE_CLOSED";
  readonly value: number;
  readonly weight: number;
  readonly contribution: number;
};

export type Slot = {
  /** ISO 8601 in UTC. */
  readonly start: string;
  readonly end: string;
  readonly tech_id: TechnicianId;
  readonly tech_name: string;
  /** Null when a place is unknown: then no driving time is reserved, and a factor says so. */
  readonly travel_before_minutes: number | null;
  readonly travel_after_minutes: number | null;
  readonly travel_source: TravelSource | null;
  /** Where the work lies between start and end, when that is not all of it. */
  readonly parts?: NumberedPart[];
  readonly score: number;
  readonly factors: readonly SlotFactor[];
  /** Where more than one comes: who goes along. */
  readonly helpers?: readonly SlotHelper[];
};

export type SlotRejection = {
  readonly tech_id: TechnicianId;
  readonly tech_name: string;
  readonly reason: IneligibleReason;
  readonly detail: string;
};

export type SlotSearch = {
  readonly slots: readonly Slot[];
  /** Sorted by tech_id. */
  readonly rejected: readonly SlotRejection[];
  /** The most who are free at once when one of them may lead. */
  readonly free: number;
};

// The desk's judgement, in one unit: a minute later costs 1. An hour's wait is worth five minutes of driving,
// a zone of the technician's own twenty minutes of driving.
const delayWeight = -1;
const travelWeight = -12;
const zoneWeight = 240;

const dayMs = 86_400_000;

type Candidate = {
  readonly start: number;
  readonly technician: CalendarTechnician;
  /** What there is room in: a gap for all of it, or a chain of parts. */
  readonly room: Gap | Chain;
  readonly addedTravel: number;
  readonly inZone: boolean;
  readonly score: number;
  readonly helpers: readonly Helping[];
};

/**
 * All feasible starts on the grid, and as soon after each booking or pause as the technician can be there;
 * the first `limit` of them in the strategy's order. Technicians whose hours are known come before those
 * without shifts, whatever the strategy. Equal input gives equal output in any order of technicians and bookings.
 * Time: linear in technicians × (bookings + starts in the window); the caller bounds the window.
 */
export function findSlots(
  technicians: readonly CalendarTechnician[],
  request: SlotRequest,
  rules: AvailabilityRules,
): SlotSearch {
  const best = new BestCandidates(request.limit, comparatorOf(request.strategy));
  const rejected: SlotRejection[] = [];
  const { people = 1 } = request;
  const hands = people === 1 ? null : new Hands(technicians, request, rules);
  let free = 0;
  for (const technician of technicians) {
    if (request.techId !== undefined && technician.techId !== request.techId) continue;
    const unable = findInability(technician, request, rules);
    if (unable !== null) {
      rejected.push({ tech_id: technician.techId, tech_name: technician.techName, ...unable });
      continue;
    }
    const inZone = matchesZone(technician.zones, request.region);
    let found = false;
    let most = 0;
    const inParts = people === 1 && isParted(technician, request, rules);
    for (const { start, room } of placesFor(technician, request, rules, inParts)) {
      const helpers = hands?.beside(technician, start) ?? [];
      most = Math.max(most, 1 + helpers.length);
      if (most < people || helpers.length < people - 1) continue;
      found = true;
      const { addedTravel } = room;
      const score = scoreOf(start, addedTravel, inZone, request);
      best.add({ start, technician, room, addedTravel, inZone, score, helpers: helpers.slice(0, people - 1) });
    }
    free = Math.max(free, most);
    if (found) continue;
    if (most > 0) {
      const detail = `is free, but never with more than ${most - 1} of the ${people - 1} others it takes`;
      rejected.push({ tech_id: technician.techId, tech_name: technician.techName, reason: "CREW_INCOMPLETE", detail });
      continue;
    }
    const window = { start: request.earliest, end: request.latest };
    const isClosed = inParts ? null : siteClosed(request, window, request.durationMinutes * minuteMs);
    const isTooLong = people > 1 && isParted(technician, request, rules);
    const why = isTooLong ? tooLongForCrew(request) : (isClosed ?? whyNoRoom(technician, request, rules, inParts));
    rejected.push({ tech_id: technician.techId, tech_name: technician.techName, ...why });
  }
  return {
    slots: best.take().map((candidate) => toSlot(candidate, request, rules)),
    rejected: rejected.sort((a, b) => compareText(a.tech_id, b.tech_id)),
    free,
  };
}

/** Parts are one technician's alone. */
const tooLongForCrew = ({ durationMinutes: minutes }: SlotRequest): Exclusion => ({
  reason: "OFF_SHIFT",
  detail:
    `a crew does its work in one piece, and no shift has room for ${minutes} min; ` +
    "ask for as many minutes as a shift holds (duration_minutes), and make a ticket of the rest",
});

/** Somebody who goes along, and the gap of theirs that has room for it. */
type Helping = { readonly technician: CalendarTechnician; readonly gap: Gap };

/** Who could go along at a start, the least added driving first; each start is looked at once. */
class Hands {
  readonly #gaps: readonly { readonly technician: CalendarTechnician; readonly byDay: ReadonlyMap<number, Gap[]> }[];
  readonly #durationMs: number;
  readonly #known = new Map<number, readonly Helping[]>();

  constructor(technicians: readonly CalendarTechnician[], request: SlotRequest, rules: AvailabilityRules) {
    const window = { start: request.earliest, end: request.latest };
    const job = helperJob(request);
    this.#durationMs = request.durationMinutes * minuteMs;
    this.#gaps = technicians
      .filter((one) => findInability(one, job, rules) === null)
      .map((technician) => ({ technician, byDay: onEachDay(gapsWithin(technician, job, window, rules)) }));
  }

  beside(lead: CalendarTechnician, start: number): readonly Helping[] {
    return this.#at(start).filter(({ technician }) => technician.techId !== lead.techId);
  }

  #at(start: number): readonly Helping[] {
    const known = this.#known.get(start);
    if (known) return known;
    const window = { start, end: start + this.#durationMs };
    const found = this.#gaps
      .flatMap(({ technician, byDay }) => {
        const gap = byDay.get(dayOf(start))?.find((one) => fits(one, window));
        return gap ? [{ technician, gap }] : [];
      })
      .sort(
        (a, b) =>
          Number(a.technician.shifts === null) - Number(b.technician.shifts === null) ||
          a.gap.addedTravel - b.gap.addedTravel ||
          compareText(a.technician.techId, b.technician.techId),
      );
    this.#known.set(start, found);
    return found;
  }
}

const dayOf = (instant: number): number => Math.floor(instant / dayMs);

/** Gaps by each day they touch, so that a start is held against few of them, however long the search. */
function onEachDay(gaps: readonly Gap[]): ReadonlyMap<number, Gap[]> {
  const byDay = new Map<number, Gap[]>();
  for (const gap of gaps)
    for (let day = dayOf(gap.start); day <= dayOf(gap.end); day++) {
      const those = byDay.get(day);
      if (those) those.push(gap);
      else byDay.set(day, [gap]);
    }
  return byDay;
}

/** Of somebody who cannot come while the site is open: that it is closed when they could, or what else there is. */
function whyNoRoom(
  technician: CalendarTechnician,
  request: SlotRequest,
  rules: AvailabilityRules,
  inParts: boolean,
): Exclusion {
  const atAnyHour = { ...request, hoursWaived: true };
  const hasRoom = (relaxed: CalendarTechnician, by: AvailabilityRules): boolean =>
    !placesFor(relaxed, atAnyHour, by, inParts).next().done;
  if (hasRoom(technician, rules)) {
    const detail = request.hours?.sentence({ start: request.earliest, end: request.latest }) ?? "";
    return { reason: "SITE_CLOSED", detail: `is free only when the site is closed: ${detail}` };
  }
  const without = { ...rules, travel: noTravel };
  return explainNoRoom(technician, (relaxed) => hasRoom(relaxed, without));
}

function isParted(technician: CalendarTechnician, request: SlotRequest, rules: AvailabilityRules): boolean {
  const { longestMinutes, durationMinutes: minutes } = request;
  return longestMinutes !== undefined && !fitsIntoShift(technician, request, { minutes, longestMinutes }, rules);
}

/** Where the work could lie, in the order of the gaps. */
function* placesFor(
  technician: CalendarTechnician,
  request: SlotRequest,
  rules: AvailabilityRules,
  inParts: boolean,
): Generator<{ readonly start: number; readonly room: Gap | Chain }> {
  const window = { start: request.earliest, end: request.latest };
  const { durationMinutes: minutes, longestMinutes = minutes } = request;
  if (inParts) {
    for (const chain of chainsIn(technician, request, window, { minutes, longestMinutes }, rules))
      yield { start: chain.parts[0]?.start ?? window.start, room: chain };
    return;
  }
  for (const gap of gapsWithin(technician, request, window, rules))
    for (const start of startsIn(gap, minutes, window)) yield { start, room: gap };
}

function scoreOf(start: number, addedTravel: number, inZone: boolean, request: SlotRequest): number {
  const zone = inZone ? zoneWeight : 0;
  return travelWeight * addedTravel + delayWeight * delayMinutes(start, request) + zone;
}

function delayMinutes(start: number, request: SlotRequest): number {
  return Math.floor((start - request.earliest) / minuteMs);
}

function toSlot(
  { start, technician, room, addedTravel, inZone, score, helpers }: Candidate,
  request: SlotRequest,
  rules: AvailabilityRules,
): Slot {
  const { end, travelBefore, travelAfter, from, next, parts } = outlineOf(start, room, request);
  const factors = [
    factor("added_travel_minutes", addedTravel, travelWeight),
    factor("delay_minutes", delayMinutes(start, request), delayWeight),
    factor("zone", inZone ? 1 : 0, zoneWeight),
  ];
  if (travelBefore === null || travelAfter === null) factors.push(factor("TRAVEL_UNKNOWN", 1, 0));
  const pieces = "parts" in room ? room.parts : [{ start, end }];
  if (pieces.some((piece) => request.hours?.closedWithin(piece).length)) factors.push(factor("SITE_CLOSED", 1, 0));
  if (technician.shifts === null) factors.push(factor("NO_SHIFT", 1, 0));
  return {
    start: new Date(start).toISOString(),
    end: new Date(end).toISOString(),
    tech_id: technician.techId,
    tech_name: technician.techName,
    travel_before_minutes: travelBefore,
    travel_after_minutes: travelAfter,
    travel_source: travelSourceOf(from, request.place, next, rules.travelSource),
    ...(parts && { parts }),
    score,
    factors,
    ...(helpers.length > 0 && {
      helpers: helpers.map((one) => ({
        tech_id: one.technician.techId,
        tech_name: one.technician.techName,
        travel_before_minutes: one.gap.travelBefore,
      })),
    }),
  };
}

/** From when to when, with the drives there and on. */
function outlineOf(start: number, room: Gap | Chain, { durationMinutes }: SlotRequest) {
  if (!("parts" in room)) return { ...room, end: start + durationMinutes * minuteMs, parts: null };
  const [first, last] = [room.parts[0], room.parts.at(-1)];
  return {
    end: last?.end ?? start,
    travelBefore: first?.travelBefore ?? null,
    travelAfter: last?.travelAfter ?? null,
    from: first?.from ?? null,
    next: last?.next ?? null,
    parts: room.parts.length > 1 ? numbered(room.parts) : null,
  };
}

// "+ 0" turns −0, which −12 · 0 gives and deep equality tells apart, into 0.
function factor(name: SlotFactor["factor"], value: number, weight: number): SlotFactor {
  return { factor: name, value, weight, contribution: weight * value + 0 };
}

type Comparator = (a: Candidate, b: Candidate) => number;

function comparatorOf(strategy: SlotStrategy): Comparator {
  const first: Record<SlotStrategy, Comparator> = {
    earliest: (a, b) => a.start - b.start || a.addedTravel - b.addedTravel || b.score - a.score,
    least_travel: (a, b) => a.addedTravel - b.addedTravel || a.start - b.start || b.score - a.score,
    best: (a, b) => b.score - a.score || a.start - b.start,
  };
  const byStrategy = first[strategy];
  // A technician's starts differ, so start and tech_id make the order total.
  return (a, b) =>
    Number(a.technician.shifts === null) - Number(b.technician.shifts === null) ||
    byStrategy(a, b) ||
    a.start - b.start ||
    compareText(a.technician.techId, b.technician.techId);
}

/** Keeps the first `limit` in order without ever holding all: a fortnight for 40 technicians has 50,000 starts. */
class BestCandidates {
  readonly #limit: number;
  readonly #compare: Comparator;
  #kept: Candidate[] = [];

  constructor(limit: number, compare: Comparator) {
    this.#limit = limit;
    this.#compare = compare;
  }

  add(candidate: Candidate): void {
    this.#kept.push(candidate);
    if (this.#kept.length >= 2 * this.#limit + 1_000) this.#kept = this.take();
  }

  take(): Candidate[] {
    return this.#kept.toSorted(this.#compare).slice(0, this.#limit);
  }
}
