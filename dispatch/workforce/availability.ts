/**
 * Who can do a job at a given time, at what driving, and why somebody cannot.
 * Pure, and the only rule of its kind: no command may compare a window with a calendar by itself.
 */
import type { TechnicianId } from "../contract/ids.ts";
import type { DeskRules } from "../policy/policy.ts";
import { findInability, type Abilities, type AbilityRules, type Exclusion, type Job } from "./ability.ts";
import { headStartMs, type FirstDrive } from "./first-drive.ts";
import { placeBreaks, type Stretch } from "./floating-breaks.ts";
import { driveBackward, driveForward, pausesWithin } from "./pauses.ts";
import type { FloatingBreak, Shift, TimeRange } from "./shift-ranges.ts";
import {
  estimateTravelMinutes,
  travelSourceOf,
  type Place,
  type TravelEstimate,
  type TravelSource,
  type TravelSourceOf,
} from "../travel/estimate.ts";

/**
 * Time that is taken, by a booking when `because` says nothing else. `place` is null when the site's position is unknown: then no
 * driving to or from it is reserved.
 */
export type BusyRange = TimeRange & { readonly place: Place | null; readonly because?: TakenBy };

/** BUSY: on site, until they check out. AT_LIMIT: work that they may share time with, but of which there is enough. */
export type TakenBy = "BOOKED" | "BUSY" | "AT_LIMIT";

export type CalendarTechnician = Abilities & {
  readonly techId: TechnicianId;
  readonly techName: string;
  /** Where each shift starts and ends. */
  readonly home: Place | null;
  /** In any order. Leave out bookings that do not block (not exclusive, released). */
  readonly busy: readonly BusyRange[];
};

export type AvailabilityRules = AbilityRules & {
  /** Absent: in_shift. */
  readonly firstDrive?: FirstDrive | undefined;
  readonly travel?: TravelEstimate;
  /** Where `travel` has a time from; estimates, when nothing else is said. */
  readonly travelSource?: TravelSourceOf;
};

/** What the profile says of who may do what when, whoever asks. */
export const availabilityRules = (policy: DeskRules): AvailabilityRules => ({
  technicianWithoutShift: policy.technicianWithoutShift,
  technicianWithoutAbilities: policy.technicianWithoutAbilities,
  firstDrive: policy.firstDrive,
  zoneMustMatch: true,
});

export type WindowAssessment =
  | {
      readonly free: true;
      /** Driving from the stop before and to the stop after (home at the shift's edges); null when unknown. */
      readonly travelBeforeMinutes: number | null;
      readonly travelAfterMinutes: number | null;
      readonly travelSource: TravelSource | null;
      /** Eligible although nothing is known of the hours. */
      readonly withoutShift: boolean;
    }
  | ({ readonly free: false } & Exclusion);

/** Time between two stops of one shift in which a job may be placed, with the driving to and from it. */
export type Gap = TimeRange & {
  /** Sorted, none overlapping another. */
  readonly pauses: readonly TimeRange[];
  /** When the site is closed: no time for the job, but for driving. */
  readonly closed: readonly TimeRange[];
  /** Breaks of the shift that must still have room, and where else they may have it. */
  readonly owed: { readonly breaks: readonly FloatingBreak[]; readonly elsewhere: readonly Stretch[] } | null;
  /** False at the start of a shift. */
  readonly afterBooking: boolean;
  /** When the technician can stand at the job's door, and must be gone again; driving stops during pauses. */
  readonly reachableAt: number;
  readonly mustLeaveBy: number;
  /** What of the drive there needs room in the gap. */
  readonly driveThereMs: number;
  readonly travelBefore: number | null;
  readonly travelAfter: number | null;
  /** The stops before and after; null when unknown. */
  readonly from: Place | null;
  readonly next: Place | null;
  /** Driving that the job adds: there and on, less the way that would be driven without it. Never negative. */
  readonly addedTravel: number;
};

export const minuteMs = 60_000;
const dayMs = 86_400_000;

/**
 * May this technician do this job in exactly `window` (half-open, epoch milliseconds)?
 * Reasons are looked for in this order: ineligible, kind of work, skill, tool, zone, the site's hours, shift, time off, booking,
 * driving time.
 */
export function assessWindow(
  technician: CalendarTechnician,
  job: Job,
  window: TimeRange,
  rules: AvailabilityRules,
): WindowAssessment {
  const unable = findInability(technician, job, rules);
  if (unable !== null) return { free: false, ...unable };
  const closed = siteClosed(job, window, window.end - window.start);
  if (closed !== null) return { free: false, ...closed };
  for (const gap of gapsWithin(technician, job, window, rules)) {
    if (!fits(gap, window)) continue;
    const { travelBefore, travelAfter } = gap;
    return {
      free: true,
      travelBeforeMinutes: travelBefore,
      travelAfterMinutes: travelAfter,
      travelSource: travelSourceOf(gap.from, job.place, gap.next, rules.travelSource),
      withoutShift: technician.shifts === null,
    };
  }
  const possible = (relaxed: CalendarTechnician): boolean =>
    gapsWithin(relaxed, job, window, { ...rules, travel: noTravel }).some((gap) => fits(gap, window));
  return { free: false, ...explainNoRoom(technician, possible) };
}

/** When the site's hours forbid the job within the span. */
const closedFor = ({ hours, hoursWaived = false }: Job, span: TimeRange): readonly TimeRange[] =>
  hoursWaived ? [] : (hours?.closedWithin(span) ?? []);

/**
 * When a job that takes `ms` may start by the site's hours: the stretches of the span of starts, both ends included, in which it is
 * open for as long as the job takes.
 */
export function openStarts(job: Job, { start, end }: TimeRange, ms: number): TimeRange[] {
  const closed = closedFor(job, { start, end: end + ms });
  const edges = [{ start, end: start }, ...closed, { start: end + ms, end: end + ms }];
  return edges.flatMap((edge, at) => {
    const next = edges[at + 1];
    return next && next.start - ms >= edge.end ? [{ start: edge.end, end: next.start - ms }] : [];
  });
}

/** Whether a job that takes `ms` has no room within the site's hours of the span, and which those are. */
export function siteClosed(job: Job, span: TimeRange, ms: number): Exclusion | null {
  // A span that is too short anyway says nothing of the site.
  if (span.end - span.start < ms || closedFor(job, span).length === 0) return null;
  if (openStarts(job, { start: span.start, end: span.end - ms }, ms).length > 0) return null;
  return { reason: "SITE_CLOSED", detail: job.hours?.sentence(span) ?? "the site is closed" };
}

/**
 * As assessWindow, of what is left of a window that has begun: who comes on duty meanwhile may take it, and nobody can have
 * driven there before they were asked. A window that is over is judged whole.
 */
export function assessRemaining(
  technician: CalendarTechnician,
  job: Job,
  window: TimeRange,
  rules: AvailabilityRules,
  now: number,
): WindowAssessment {
  const begun = window.start < now && now < window.end;
  const left = begun ? { ...window, start: now } : window;
  const verdict = assessWindow(technician, job, left, rules);
  if (verdict.free || verdict.reason !== "TOO_FAR" || !begun) return verdict;
  return assessWindow(technician, job, left, { ...rules, travel: noTravel });
}

/** The gaps between bookings in every shift that overlaps `window`, in order of time. */
export function gapsWithin(
  technician: CalendarTechnician,
  job: Job,
  window: TimeRange,
  rules: AvailabilityRules,
): Gap[] {
  const shifts = (technician.shifts ?? [unknownHours(window)]).filter((shift) => overlaps(shift, window));
  const [from, to] = [shifts[0]?.start ?? 0, shifts.at(-1)?.end ?? 0];
  const near = technician.busy.filter((range) => range.start < range.end && range.start < to && range.end > from);
  const busy = near.sort(byTime);
  const travel = rules.travel ?? estimateTravelMinutes;
  const closed = closedFor(job, window);
  return shifts.flatMap((shift) =>
    gapsOfShift(
      shift,
      busy,
      headStartMs(shift, technician.busy, rules.firstDrive),
      technician.home,
      { place: job.place, closed },
      travel,
    ),
  );
}

/** True when the job can be done in `window` inside the gap: no pause in it, and time to drive before and after. */
export function fits(gap: Gap, window: TimeRange): boolean {
  if (window.start < gap.reachableAt || window.end > gap.mustLeaveBy) return false;
  const disturbed = (range: TimeRange): boolean => overlaps(range, window);
  return !gap.pauses.some(disturbed) && !gap.closed.some(disturbed) && leavesBreaks(gap, window);
}

function leavesBreaks({ owed, start, end, pauses, driveThereMs, travelAfter }: Gap, window: TimeRange): boolean {
  if (owed === null) return true;
  const before = { start, end: window.start, pauses, driveMs: driveThereMs };
  const after = { start: window.end, end, pauses, driveMs: (travelAfter ?? 0) * minuteMs };
  const placed = placeBreaks(owed.breaks, [...owed.elsewhere, before, after]);
  return owed.breaks.every((one) => placed.get(one) !== null);
}

/** Which relaxation would have made room: tells OFF_SHIFT, TIME_OFF, what has taken the time, and TOO_FAR apart. */
export function explainNoRoom(
  technician: CalendarTechnician,
  possible: (relaxed: CalendarTechnician) => boolean,
): Exclusion {
  const onShift = technician.shifts?.map((shift) => ({
    ...shift,
    pauses: shift.pauses.filter((pause) => pause.kind === "break"),
  }));
  if (!possible({ ...technician, shifts: onShift ?? null, busy: [] })) {
    return { reason: "OFF_SHIFT", detail: "no stretch of shift between breaks is long enough in the window" };
  }
  if (!possible({ ...technician, busy: [] })) return { reason: "TIME_OFF", detail: "time off covers the window" };
  const considered: TakenBy[] = [];
  for (const reason of takenBy) {
    considered.push(reason);
    const busy = technician.busy.filter(({ because = "BOOKED" }) => considered.includes(because));
    if (!possible({ ...technician, busy })) return { reason, detail: takenDetail[reason] };
  }
  return { reason: "TOO_FAR", detail: "the drive there and on does not fit between the other stops" };
}

const takenBy = ["BOOKED", "BUSY", "AT_LIMIT"] as const;
const takenDetail: Readonly<Record<TakenBy, string>> = {
  BOOKED: "other work fills the window",
  BUSY: "is still at work on site, and has not checked out",
  AT_LIMIT: "has as many jobs at once as they may",
};

/** Takes no time; for asking whether driving alone is the obstacle. */
export const noTravel: TravelEstimate = () => 0;

// Wide enough for any drive before and after, so that unknown hours never forbid a window.
function unknownHours(window: TimeRange): Shift {
  return { start: window.start - dayMs, end: window.end + dayMs, pauses: [] };
}

function gapsOfShift(
  shift: Shift,
  busy: readonly BusyRange[],
  headStart: number,
  home: Place | null,
  { place, closed }: Pick<Job, "place"> & Pick<Gap, "closed">,
  travel: TravelEstimate,
): Gap[] {
  const gaps: (Omit<Gap, "owed"> & { readonly driveOnMs: number })[] = [];
  let from = { at: shift.start, place: home, afterBooking: false };
  const drive = (minutes: number | null): number =>
    Math.max(0, (minutes ?? 0) * minuteMs - (from.afterBooking ? 0 : headStart));
  const push = (end: number, next: Place | null): void => {
    if (end <= from.at) return;
    const range = { start: from.at, end };
    const pauses = pausesWithin(range, shift.pauses);
    const travelBefore = travel(from.place, place);
    const travelAfter = travel(place, next);
    const direct = travel(from.place, next);
    const driveThereMs = drive(travelBefore);
    // With one end unknown `direct` is null: then what is known of the way there and on counts in full.
    const addedTravel = Math.max(0, (travelBefore ?? 0) + (travelAfter ?? 0) - (direct ?? 0));
    gaps.push({
      ...range,
      pauses,
      closed: closed.filter((one) => overlaps(one, range)),
      afterBooking: from.afterBooking,
      reachableAt: driveForward(range.start, driveThereMs, pauses),
      mustLeaveBy: driveBackward(range.end, (travelAfter ?? 0) * minuteMs, pauses),
      driveThereMs,
      driveOnMs: drive(direct),
      travelBefore,
      travelAfter,
      from: from.place,
      next,
      addedTravel,
    });
  };
  for (const booking of busy) {
    if (booking.start >= shift.end) break;
    push(booking.start, booking.place);
    if (booking.end > from.at) from = { at: booking.end, place: booking.place, afterBooking: true };
  }
  push(shift.end, home);
  const { floating = [] } = shift;
  if (floating.length === 0) return gaps.map((gap) => ({ ...gap, owed: null }));
  const stretches = gaps.map(({ start, end, pauses, driveOnMs: driveMs }): Stretch => ({
    start,
    end,
    pauses,
    driveMs,
  }));
  // A break that what is booked leaves no room for forbids nothing more.
  const placed = placeBreaks(floating, stretches);
  const breaks = floating.filter((one) => placed.get(one) !== null);
  return gaps.map((gap, i) => ({ ...gap, owed: { breaks, elsewhere: stretches.toSpliced(i, 1) } }));
}

function byTime(a: TimeRange, b: TimeRange): number {
  return a.start - b.start || a.end - b.end;
}

function overlaps(a: TimeRange, b: TimeRange): boolean {
  return a.start < b.end && b.start < a.end;
}
