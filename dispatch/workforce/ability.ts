/**
 * Who is able to do a job, whatever the time: kind of work, skills, tools, zone, and whether they work at all. Pure, and the
 * only rule of its kind.
 */
import { withoutVersion } from "../policy/incident-type.ts";
import type { OpenHours } from "./open-hours.ts";
import type { Shift } from "./shift-ranges.ts";
import type { Place } from "../travel/estimate.ts";
import { zoneKey } from "./zones-of-technician.ts";

/** Why a technician is left out. */
export type IneligibleReason =
  | "INACTIVE"
  | "DRAINED"
  | "EXCLUDED"
  | "BOOKED"
  | "BUSY"
  | "AT_LIMIT"
  | "OFF_SHIFT"
  | "NO_SHIFT"
  | "TIME_OFF"
  | "SKILL_MISSING"
  | "TOOL_MISSING"
  | "ZONE_MISMATCH"
  | "TOO_FAR"
  | "SITE_CLOSED"
  | "AUTONOMY_PAUSED"
  | "CREW_INCOMPLETE";

export type Exclusion = {
  readonly reason: IneligibleReason;
  /** A sentence for the dispatcher. */
  readonly detail: string;
};

/** What is judged before any time is looked at. */
export type Abilities = {
  /** The usual one first. */
  readonly zones: readonly string[];
  /** Kinds of work; DEFAULT among them is all kinds. */
  readonly serviceTypes: readonly string[];
  readonly skills: readonly string[];
  readonly tools: readonly string[];
  /** False when nobody has said which skills and tools this technician has, which is not the same as none; absent: true. */
  readonly abilitiesOnRecord?: boolean;
  /** From expandShifts, in its order; null when no pattern is kept for this technician at all, which is not the same as []. */
  readonly shifts: readonly Shift[] | null;
  /** Known beforehand, e.g. INACTIVE, DRAINED or AUTONOMY_PAUSED. */
  readonly ineligible: IneligibleReason | null;
};

export type Job = {
  readonly place: Place | null;
  /** Null when the kind of work keeps nobody away. */
  readonly serviceType: string | null;
  readonly requiredSkills: readonly string[];
  readonly requiredTools: readonly string[];
  /** The zone of the ticket's site (site-zone.ts); null matches every zone. */
  readonly region: string | null;
  /** When the site is open; null or absent: at all hours. */
  readonly hours?: OpenHours | null;
  /** The work may be done while the site is closed, if somebody there is asked first. */
  readonly hoursWaived?: boolean;
};

export type AbilityRules = {
  readonly technicianWithoutShift: "eligible" | "excluded";
  /** Absent: excluded from what asks for skills or tools. */
  readonly technicianWithoutAbilities?: "eligible" | "excluded";
  /** Refuse another zone's technician; otherwise the zone only counts in a score. */
  readonly zoneMustMatch: boolean;
};

/** Held by a technician: does everything. Asked for: work whose kind nobody has named, for those who do everything. */
export const anyService = "DEFAULT";

/** What keeps a technician from the job at any time; null when nothing does. */
export function findInability(technician: Abilities, job: Job, rules: AbilityRules): Exclusion | null {
  if (technician.ineligible !== null) {
    return { reason: technician.ineligible, detail: ineligibleDetail[technician.ineligible] };
  }
  if (job.serviceType !== null && !matchesCapability(technician.serviceTypes, job.serviceType)) {
    return { reason: "SKILL_MISSING", detail: `does not do ${job.serviceType}` };
  }
  const { skills, tools } = isTakenForAble(technician, rules) ? lackingNothing : lacking(technician, job);
  if (skills.length > 0) return { reason: "SKILL_MISSING", detail: `lacks ${skills.join(", ")}` };
  if (tools.length > 0) return { reason: "TOOL_MISSING", detail: `has no ${tools.join(", ")}` };
  if (rules.zoneMustMatch && !matchesZone(technician.zones, job.region)) {
    const zones = technician.zones.join(", ") || "no zone";
    return { reason: "ZONE_MISMATCH", detail: `works in ${zones}, the site is in ${job.region}` };
  }
  if (technician.shifts === null && rules.technicianWithoutShift === "excluded") {
    return { reason: "NO_SHIFT", detail: "no shift is on record" };
  }
  return null;
}

/** The same job, asking for nothing but time: where somebody has decided, or judged before, who is able. */
export const withoutDemands = (job: Job): Job => ({ ...job, serviceType: null, requiredSkills: [], requiredTools: [] });

/** True when the site has no region or it is one of the technician's zones, in any case. */
export function matchesZone(zones: readonly string[], region: string | null): boolean {
  const wanted = zoneKey(region ?? "");
  return wanted === "" || zones.some((zone) => zoneKey(zone) === wanted);
}

/** A service type as it is compared: trimmed, upper-cased, a trailing version such as "_V2" removed. */
export function normalizeServiceType(serviceType: string): string {
  return withoutVersion(serviceType.trim().toUpperCase());
}

/** True when the technician does everything (DEFAULT) or the asked type. */
export function matchesCapability(technicianTypes: readonly string[], asked: string): boolean {
  const wanted = normalizeServiceType(asked);
  return technicianTypes.map(normalizeServiceType).some((type) => type === anyService || type === wanted);
}

const ineligibleDetail: Readonly<Record<IneligibleReason, string>> = {
  INACTIVE: "is not active",
  DRAINED: "takes no new work",
  EXCLUDED: "was taken off this ticket by a dispatcher",
  BOOKED: "is booked",
  BUSY: "is at work on site",
  AT_LIMIT: "has as many jobs at once as they may",
  OFF_SHIFT: "is off shift",
  NO_SHIFT: "no shift is on record",
  TIME_OFF: "has time off",
  SKILL_MISSING: "lacks a skill",
  TOOL_MISSING: "lacks a tool",
  ZONE_MISMATCH: "works in other zones",
  TOO_FAR: "is too far away",
  SITE_CLOSED: "cannot go in, since the site is closed",
  AUTONOMY_PAUSED: "automatic work is paused",
  CREW_INCOMPLETE: "has nobody to go along",
};

/** Which of the job's skills and tools this technician has not. */
export const lacking = ({ skills, tools }: Pick<Abilities, "skills" | "tools">, job: Job) => ({
  skills: missing(job.requiredSkills, skills),
  tools: missing(job.requiredTools, tools),
});

const lackingNothing = { skills: [], tools: [] };

/** Whether, for want of any word about their skills and tools, this technician is taken to have what it takes. */
export const isTakenForAble = (
  { abilitiesOnRecord = true }: Pick<Abilities, "abilitiesOnRecord">,
  { technicianWithoutAbilities }: Pick<AbilityRules, "technicianWithoutAbilities">,
): boolean => !abilitiesOnRecord && technicianWithoutAbilities === "eligible";

function missing(required: readonly string[], held: readonly string[]): string[] {
  return required.filter((name) => !held.includes(name)).sort();
}
