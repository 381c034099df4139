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
import { helperJob } from "./crew.ts";
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

/** Appointments are offered on the quarter hour of UTC, which is the quarter hour of every zone in use. */
export const gridMinutes = 15;

// The desk's judgement, in one unit: a minute later costs 1. An hour's wait is worth five minutes of driving,
// the technician's own zone twenty minutes of driving.
const delayWeight = -1;
const travelWeight = -12;
const zoneWeight = 240;

const dayMs = 86_400_000;

type Candidate = {
  readonly start: number;
  readonly technician: CalendarTechnician;
  readonly gap: Gap;
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
  const window = { start: request.earliest, end: request.latest };
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
    const inZone = matchesZone(technician.zone, request.region);
    let found = false;
    let most = 0;
    for (const gap of gapsWithin(technician, request, window, rules)) {
      for (const start of startsIn(gap, request)) {
        const helpers = hands?.beside(technician, start) ?? [];
        most = Math.max(most, 1 + helpers.length);
        if (most < people || helpers.length < people - 1) continue;
        found = true;
        const score = scoreOf(start, gap, inZone, request);
        best.add({ start, technician, gap, inZone, score, helpers: helpers.slice(0, people - 1) });
      }
    }
    free = Math.max(free, most);
    if (found) continue;
    if (most > 0) {
      const detail = `is free, but never with more than ${most - 1} of the ${people - 1} others it takes`;
      rejected.push({ tech_id: technician.techId, tech_name: technician.techName, reason: "CREW_INCOMPLETE", detail });
      continue;
    }
    const why =
      siteClosed(request, window, request.durationMinutes * minuteMs) ?? whyNoRoom(technician, request, rules);
    rejected.push({ tech_id: technician.techId, tech_name: technician.techName, ...why });
  }
  return {
    slots: best.take().map((candidate) => toSlot(candidate, request, rules)),
    rejected: rejected.sort((a, b) => compareText(a.tech_id, b.tech_id)),
    free,
  };
}

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
function whyNoRoom(technician: CalendarTechnician, request: SlotRequest, rules: AvailabilityRules): Exclusion {
  const window = { start: request.earliest, end: request.latest };
  const atAnyHour = { ...request, hoursWaived: true };
  if (gapsWithin(technician, atAnyHour, window, rules).some((gap) => startsIn(gap, request).length > 0)) {
    const detail = request.hours?.sentence(window) ?? "";
    return { reason: "SITE_CLOSED", detail: `is free only when the site is closed: ${detail}` };
  }
  return explainNoRoom(technician, (relaxed) => hasRoom(relaxed, atAnyHour, rules));
}

function hasRoom(technician: CalendarTechnician, request: SlotRequest, rules: AvailabilityRules): boolean {
  const window = { start: request.earliest, end: request.latest };
  const gaps = gapsWithin(technician, request, window, { ...rules, travel: noTravel });
  return gaps.some((gap) => startsIn(gap, request).length > 0);
}

function startsIn(gap: Gap, request: SlotRequest): number[] {
  const duration = request.durationMinutes * minuteMs;
  const first = Math.max(gap.reachableAt, request.earliest);
  const last = Math.min(gap.mustLeaveBy, request.latest) - duration;
  const starts: number[] = [];
  const fitting = (start: number): boolean => fits(gap, { start, end: start + duration });
  for (const start of anchorsIn(gap)) {
    // On the grid it comes below.
    const onGrid = start % (gridMinutes * minuteMs) === 0;
    if (!onGrid && start >= first && start <= last && fitting(start)) starts.push(start);
  }
  for (let start = ceilTo(first, gridMinutes); start <= last; start += gridMinutes * minuteMs) {
    if (fitting(start)) starts.push(start);
  }
  return starts;
}

// A set, since two pauses may end together.
function anchorsIn(gap: Gap): Set<number> {
  const disturbed = [...gap.pauses, ...gap.closed];
  const anchors = new Set(disturbed.map((range) => ceilTo(Math.max(range.end, gap.reachableAt), 1)));
  if (gap.afterBooking) anchors.add(ceilTo(gap.reachableAt, 1));
  return anchors;
}

function ceilTo(instant: number, minutes: number): number {
  const step = minutes * minuteMs;
  return Math.ceil(instant / step) * step;
}

function scoreOf(start: number, gap: Gap, inZone: boolean, request: SlotRequest): number {
  const zone = inZone ? zoneWeight : 0;
  return travelWeight * gap.addedTravel + delayWeight * delayMinutes(start, request) + zone;
}

function delayMinutes(start: number, request: SlotRequest): number {
  return Math.floor((start - request.earliest) / minuteMs);
}

function toSlot(
  { start, technician, gap, inZone, score, helpers }: Candidate,
  request: SlotRequest,
  rules: AvailabilityRules,
): Slot {
  const factors = [
    factor("added_travel_minutes", gap.addedTravel, travelWeight),
    factor("delay_minutes", delayMinutes(start, request), delayWeight),
    factor("zone", inZone ? 1 : 0, zoneWeight),
  ];
  if (gap.travelBefore === null || gap.travelAfter === null) factors.push(factor("TRAVEL_UNKNOWN", 1, 0));
  const visit = { start, end: start + request.durationMinutes * minuteMs };
  if (request.hours?.closedWithin(visit).length) factors.push(factor("SITE_CLOSED", 1, 0));
  if (technician.shifts === null) factors.push(factor("NO_SHIFT", 1, 0));
  return {
    start: new Date(start).toISOString(),
    end: new Date(start + request.durationMinutes * minuteMs).toISOString(),
    tech_id: technician.techId,
    tech_name: technician.techName,
    travel_before_minutes: gap.travelBefore,
    travel_after_minutes: gap.travelAfter,
    travel_source: travelSourceOf(gap.from, request.place, gap.next, rules.travelSource),
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

// "+ 0" turns −0, which −12 · 0 gives and deep equality tells apart, into 0.
function factor(name: SlotFactor["factor"], value: number, weight: number): SlotFactor {
  return { factor: name, value, weight, contribution: weight * value + 0 };
}

type Comparator = (a: Candidate, b: Candidate) => number;

function comparatorOf(strategy: SlotStrategy): Comparator {
  const first: Record<SlotStrategy, Comparator> = {
    earliest: (a, b) => a.start - b.start || a.gap.addedTravel - b.gap.addedTravel || b.score - a.score,
    least_travel: (a, b) => a.gap.addedTravel - b.gap.addedTravel || a.start - b.start || b.score - a.score,
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

// Code units, not localeCompare: the order must not depend on the machine's locale.
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
