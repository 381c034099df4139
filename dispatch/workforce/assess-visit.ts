/**
 * May this technician do this visit: in one piece, or where no shift has room for all of its work, in parts within its time?
 * Pure, and nothing but availability.ts and parts.ts asked in turn.
 */
import { travelSourceOf } from "../travel/estimate.ts";
import { findInability, type Job } from "./ability.ts";
import {
  assessRemaining,
  explainNoRoom,
  minuteMs,
  noTravel,
  type AvailabilityRules,
  type CalendarTechnician,
  type WindowAssessment,
} from "./availability.ts";
import { chainAt, fitsIntoShift, type Part, type Work } from "./parts.ts";
import type { TimeRange } from "./shift-ranges.ts";

/** What is to be done within the visit's time. */
export type VisitWork = Work & {
  /** It was booked as parts, and its time is from the first to the last of them: it lies in one piece only where one holds it all. */
  readonly inParts: boolean;
};

export type VisitAssessment = WindowAssessment & {
  /** Where the work lies in the visit's time, when that is not all of it. */
  readonly parts?: readonly Part[];
};

/**
 * In parts the work begins with the visit and ends with it at the latest. Of a visit that has begun it begins now: with all of the
 * work where that still fits, else with what is left of its parts.
 * @param work null where the time alone counts
 */
export function assessVisit(
  technician: CalendarTechnician,
  job: Job,
  { window, work, now }: { readonly window: TimeRange; readonly work: VisitWork | null; readonly now: number },
  rules: AvailabilityRules,
): VisitAssessment {
  if (work === null || !work.inParts) {
    const whole = assessRemaining(technician, job, window, rules, now);
    const isTooLong =
      work !== null &&
      work.minutes * minuteMs <= window.end - window.start &&
      technician.shifts !== null &&
      !fitsIntoShift(technician, job, work, rules);
    if (whole.free || !isTooLong) return whole;
  }
  const unable = findInability(technician, job, rules);
  if (unable !== null) return { free: false, ...unable };
  if (technician.shifts === null)
    return {
      free: false,
      reason: "NO_SHIFT",
      detail: "the work is done in parts, and no shift is on record to lay them in",
    };
  const begun = window.start < now && now < window.end;
  const span = begun ? { ...window, start: now } : window;
  const parts =
    chainAt(technician, job, span, work, rules)?.parts ??
    (begun ? leftOf(chainAt(technician, job, window, work, rules)?.parts, now) : null);
  if (!parts) {
    const atAnyHour = { ...job, hoursWaived: true };
    if (chainAt(technician, atAnyHour, span, work, rules))
      return { free: false, reason: "SITE_CLOSED", detail: job.hours?.sentence(span) ?? "the site is closed" };
    const without = { ...rules, travel: noTravel };
    return {
      free: false,
      ...explainNoRoom(technician, (relaxed) => chainAt(relaxed, atAnyHour, span, work, without) !== null),
    };
  }
  const [first, last] = [parts[0], parts.at(-1)];
  return {
    free: true,
    travelBeforeMinutes: first?.travelBefore ?? null,
    travelAfterMinutes: last?.travelAfter ?? null,
    travelSource: travelSourceOf(first?.from ?? null, job.place, last?.next ?? null, rules.travelSource),
    withoutShift: false,
    parts,
  };
}

function leftOf(parts: readonly Part[] | undefined, now: number): readonly Part[] | null {
  const left = (parts ?? []).filter(({ end }) => end > now);
  return left.length === 0 ? null : left.map((part) => ({ ...part, start: Math.max(part.start, now) }));
}
