// May this technician go? The one question of recommendation, dispatch, override, transfer and, through the same rules,
// slots and booking: able, in the zone, there, free, and below the number of jobs they may have at once. What differs between
// the callers is only which answers they may pass over.

import type { SnapshotId } from "../contract/ids.ts";
import type { Desk } from "../kernel/desk.ts";
import { Refusal } from "../kernel/refusal.ts";
import { drivingBy } from "../travel/driving.ts";
import { lacking, withoutDemands, type IneligibleReason, type Job } from "../workforce/ability.ts";
import { assessVisit, type VisitAssessment, type VisitWork } from "../workforce/assess-visit.ts";
import {
  availabilityRules,
  noTravel,
  type AvailabilityRules,
  type CalendarTechnician,
} from "../workforce/availability.ts";
import type { RosterEntry } from "../workforce/calendar.ts";
import type { TimeRange } from "../workforce/shift-ranges.ts";

/** Reasons that the caller passes over. Nobody is sent who does not work here, or takes no work. */
export type Waived = ReadonlySet<IneligibleReason>;

export const nothingWaived: Waived = new Set();

/**
 * Who sends somebody without reasons given: the drive is theirs to judge, and on a desk that knows hours of some people only,
 * so are the hours.
 */
export const waivedInSending = ({ technicianWithoutShift }: Desk["policy"]): Waived =>
  new Set(technicianWithoutShift === "excluded" ? ["TOO_FAR"] : ["TOO_FAR", "OFF_SHIFT", "NO_SHIFT"]);

/** An emergency goes past time and zone, never past ability. */
export const waivedInEmergency: Waived = new Set<IneligibleReason>([
  "TOO_FAR",
  "OFF_SHIFT",
  "NO_SHIFT",
  "TIME_OFF",
  "BOOKED",
  "BUSY",
  "ZONE_MISMATCH",
  "SITE_CLOSED",
]);

/** Who is at work on a site was let in, whatever its hours; so is who comes to help, or takes the work over. */
export const waivedOnSite = (policy: Desk["policy"]): Waived =>
  new Set([...waivedInSending(policy), "SITE_CLOSED"] as const);

/** Who overrides says why, and it is on record. What is booked is taken away by a bump, and time off by the roster. */
export const waivedByOverride: Waived = new Set<IneligibleReason>([
  "TOO_FAR",
  "OFF_SHIFT",
  "NO_SHIFT",
  "BUSY",
  "AT_LIMIT",
  "ZONE_MISMATCH",
  "SITE_CLOSED",
  "SKILL_MISSING",
  "TOOL_MISSING",
]);

/** The rules that everybody goes by. */
export const goingRules = ({ policy, travel }: Pick<Desk, "policy" | "travel">): AvailabilityRules => ({
  ...availabilityRules(policy),
  ...drivingBy(travel),
});

export type Going = {
  readonly technician: RosterEntry;
  readonly job: Job;
  readonly window: TimeRange;
  /** What is to be done then; null where the window alone counts. */
  readonly work: VisitWork | null;
  /** Epoch milliseconds. */
  readonly now: number;
};

/** What keeps this technician from the job then, beside what is waived; or that they are free, and the driving. */
export function mayGo(
  desk: Pick<Desk, "policy" | "travel">,
  { technician, job, window, work, now }: Going,
  waived: Waived = nothingWaived,
): VisitAssessment {
  const rules = { ...goingRules(desk), zoneMustMatch: !waived.has("ZONE_MISMATCH") };
  const demands = waived.has("SKILL_MISSING") ? withoutDemands(job) : job;
  const asked = waived.has("SITE_CLOSED") ? { ...demands, hoursWaived: true } : demands;
  const calendar = relaxed(technician.calendar(window), waived);
  const verdict = assessVisit(calendar, asked, { window, work, now }, rules);
  if (verdict.free || !waived.has(verdict.reason)) return verdict;
  // Parts lie in shifts; whoever insists passes over the drive alone.
  if (work?.inParts === true) {
    const anyDrive = waived.has("TOO_FAR") ? { ...rules, travel: noTravel } : rules;
    return assessVisit(calendar, asked, { window, work, now }, anyDrive);
  }
  // The rule names one reason only; behind hours and driving that do not bind, what has taken the time still does.
  const anyHours = { ...rules, technicianWithoutShift: "eligible" as const, travel: noTravel };
  return assessVisit(relaxed(technician.aroundTheClock(window), waived), asked, { window, work: null, now }, anyHours);
}

function relaxed(calendar: CalendarTechnician, waived: Waived): CalendarTechnician {
  const shifts = calendar.shifts?.map((shift) => ({
    ...shift,
    pauses: shift.pauses.filter(({ kind }) => kind === "break" || !waived.has("TIME_OFF")),
  }));
  return {
    ...calendar,
    shifts: shifts ?? null,
    busy: calendar.busy.filter(({ because = "BOOKED" }) => !waived.has(because)),
  };
}

/** The refusal that says why this technician may not go. */
export function mayNotGo(
  { reason, detail }: Extract<VisitAssessment, { free: false }>,
  { technician, job }: Pick<Going, "technician" | "job">,
  incidentType: string | null,
  snapshotId: SnapshotId | null,
): Refusal {
  const about = { tech_id: technician.id, detail };
  switch (reason) {
    case "SKILL_MISSING":
    case "TOOL_MISSING": {
      const { skills, tools } = lacking(technician, job);
      return new Refusal("ASSIGNMENT_CAPABILITY_MISMATCH", {
        ...about,
        service_type: job.serviceType,
        incident_type: incidentType,
        missing_skills: skills,
        missing_tools: tools,
        recommendation_snapshot_id: snapshotId,
      });
    }
    case "ZONE_MISMATCH":
      return new Refusal("ASSIGNMENT_ZONE_MISMATCH", {
        ...about,
        ticket_region: job.region,
        recommendation_snapshot_id: snapshotId,
      });
    case "AT_LIMIT":
      return new Refusal("ASSIGNMENT_LIMIT", { ...about, max_concurrent: technician.maxConcurrent });
    default:
      return new Refusal("TECH_UNAVAILABLE", { ...about, reason });
  }
}
