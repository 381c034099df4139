// What somebody has to look at on a ticket, and since when. Pure: it follows from the row and the time, so that it is right
// whether or not a worker runs.

import type { Attention, AttentionCode } from "../contract/attention.ts";
import { mostInCrew } from "../contract/fields.ts";
import { cancellableStates } from "../contract/states.ts";
import { ofIncidentType } from "../policy/incident-type.ts";
import type { Policy } from "../policy/policy.ts";
import { arriveBy } from "../ticket/arrive-by.ts";

/** What attention is judged by. */
export type AttentionRow = {
  readonly state: string;
  readonly scheduled_start: string | null;
  readonly scheduled_end: string | null;
  /** The end of what the customer was promised, where that is more than the visit's own time. */
  readonly arrival_end?: string | null;
  /** Whether the work goes on where it was to be done; what comes back from the quality check does not. */
  readonly at_door: boolean;
  /** When a later part of a held visit was to begin, if nobody has gone on since. */
  readonly missed_part: string | null;
  /** When what the technician's room was told of the visit was given up unheard, if that was the last it was told. */
  readonly unheard_since: string | null;
  readonly assigned_tech_id: string | null;
  readonly last_transition_at: string;
  /** Why the worker's last look found nobody, and whether nobody on the roster could do it at any hour. */
  readonly assign_reason: string | null;
  readonly assign_unable: boolean;
  /** What was told before, or what only the command knew that brought it about. */
  readonly attention_code: AttentionCode | null;
  readonly attention_since: string | null;
  readonly helpers_missing: number;
};

/** Codes of refusals by which whoever was chosen turns out to have been taken meanwhile. */
export const lostChoice: ReadonlySet<string> = new Set([
  "TECH_UNAVAILABLE",
  "ASSIGNMENT_LIMIT",
  "SLOT_TAKEN",
  "NO_FEASIBLE_SLOT",
]);
/** Why the worker found too few for a crew, which says how many there were of how many. */
export const shortOf = ({ needed, free }: { readonly needed: number; readonly free: number }): string =>
  `CREW_${free}_OF_${needed}`;

const sizes = Array.from({ length: mostInCrew }, (_, at) => at + 1);
const shortages: ReadonlyMap<string, string> = new Map(
  sizes.flatMap((needed) =>
    sizes
      .filter((free) => free < needed)
      .map((free): [string, string] => [
        shortOf({ needed, free }),
        `The visit takes ${needed} people at once, and ${free === 1 ? "1 is" : `${free} are`} free at the promised time.`,
      ]),
  ),
);

export const isShortage = (reason: string): boolean => shortages.has(reason);

/** What the worker says when the roster cannot serve a ticket; a pause or a fault of its own is no matter of the roster. */
export const rosterReasons: ReadonlySet<string> = new Set([
  "NOBODY_AVAILABLE",
  "SKILL_MISSING",
  "ZONE_MISMATCH",
  ...lostChoice,
  ...shortages.keys(),
  "SITE_CLOSED",
]);

/**
 * The gravest that holds at `now`; null when nothing does.
 * @param soon until when a start is near: the time at which the SLA warns of it
 */
export function attentionOf(row: AttentionRow, now: string, soon: string): Attention | null {
  return (
    nobodyFor(row) ??
    missedArrival(row, now) ??
    missedPart(row, now) ??
    notHeard(row) ??
    unsendable(row) ??
    unstaffed(row, soon) ??
    overrun(row, now) ??
    shortOfCrew(row) ??
    asTold(row)
  );
}

const nobody = {
  NOBODY_ABLE: "Nobody on the roster can do this work here, at any hour.",
  NOBODY_FREE: "Nobody who can do this work is free at the promised time.",
} as const;

const closed =
  "The site is closed at the promised time, so nobody is sent; ask the site, or give the visit another time.";

/** What no column but its own shows. */
const told: Partial<Record<AttentionCode, string>> = {
  HOLD_ENDED: "The customer did not answer in time; the work has no time any more.",
  PROMISED_TWICE: "Others have the same time already, and nobody who can do this work is left for it.",
};

function asTold({ attention_code: code, attention_since: since }: AttentionRow): Attention | null {
  const detail = code === null ? undefined : told[code];
  return code !== null && since !== null && detail !== undefined ? { code, since, detail } : null;
}

/** Of a kind of work that the policy does not know, while it can still be put right. */
export function attentionToType(
  { state, incident_type: type, last_transition_at }: AttentionRow & { readonly incident_type: string | null },
  policy: Policy,
): Attention | null {
  if (type === null || !cancellableStates.some((one) => one === state)) return null;
  // For each row of each page: which known type it is like is reckoned for whoever writes an unknown one.
  if (ofIncidentType(policy.incidentTypes, type)) return null;
  const detail = `The policy does not know the incident type ${type}; the work cannot be completed under it.`;
  return of("UNKNOWN_INCIDENT_TYPE", last_transition_at, detail);
}

const of = (code: AttentionCode, since: string, detail: string): Attention => ({ code, since, detail });

function nobodyFor(row: AttentionRow): Attention | null {
  const waits = row.state === "SCHEDULED" && row.assigned_tech_id === null;
  if (!waits || row.assign_reason === null || !rosterReasons.has(row.assign_reason)) return null;
  const code = row.assign_unable ? "NOBODY_ABLE" : "NOBODY_FREE";
  const detail = code === "NOBODY_ABLE" ? nobody[code] : whyNobodyFree(row.assign_reason);
  return of(code, toldSince(row, code), detail);
}

const whyNobodyFree = (reason: string): string =>
  reason === "SITE_CLOSED" ? closed : (shortages.get(reason) ?? nobody.NOBODY_FREE);

const toldSince = (row: AttentionRow, code: AttentionCode): string =>
  row.attention_code === code && row.attention_since !== null ? row.attention_since : row.last_transition_at;

/** Somebody leads the visit, and not all who are to go along have been found. */
function shortOfCrew(row: AttentionRow): Attention | null {
  const { helpers_missing: missing, assigned_tech_id: techId } = row;
  if (missing === 0 || techId === null) return null;
  const detail = `The crew is short of ${missing === 1 ? "1 helper" : `${missing} helpers`}; assignment.crew names who goes along.`;
  return of("NOBODY_FREE", toldSince(row, "NOBODY_FREE"), detail);
}

function missedArrival(row: AttentionRow, now: string): Attention | null {
  const due = arriveBy(row);
  if (due === null || due >= now) return null;
  const promised = row.arrival_end ? `until ${due}` : `for ${due}`;
  if (row.state === "SCHEDULED") return of("NOT_SENT", due, `Promised ${promised}, and nobody has been sent.`);
  if (row.state === "DISPATCHED")
    return of("LATE_ARRIVAL", due, `Promised ${promised}; the technician is not there yet.`);
  return null;
}

/** Whoever was to come again on a later day has not. */
const missedPart = ({ missed_part: due }: AttentionRow, now: string): Attention | null =>
  due !== null && due < now
    ? of(
        "LATE_ARRIVAL",
        due,
        `A later part of the visit was to begin at ${due}; the technician has not gone on with it.`,
      )
    : null;

/** Whoever was sent does not know it, as far as anybody can tell. */
const notHeard = ({ state, unheard_since: since }: AttentionRow): Attention | null =>
  state === "DISPATCHED" && since !== null
    ? of(
        "NOT_HEARD",
        since,
        "The technician's room did not hear of this visit; call them, tell the room again (/job-packet), or send somebody else.",
      )
    : null;

/** Whoever is booked could not be sent when it was time. */
function unsendable({ state, assigned_tech_id: techId, assign_reason: reason, last_transition_at }: AttentionRow) {
  if (state !== "SCHEDULED" || techId === null || reason === null || reason === "AUTONOMY_DISABLED") return null;
  return of("NOT_SENT", last_transition_at, `Whoever is booked cannot be sent: ${reason}.`);
}

/** Nobody is to go to a visit that is near, for whatever reason: a pause, a dispatcher's hands, nobody who looks. */
function unstaffed(row: AttentionRow, soon: string) {
  const due = arriveBy(row);
  if (row.state !== "SCHEDULED" || row.assigned_tech_id !== null || due === null || due >= soon) return null;
  const promised = row.arrival_end ? `until ${due}` : `for ${due}`;
  return of("NOT_SENT", row.last_transition_at, `Promised ${promised}, which is near, and nobody is to go yet.`);
}

function overrun({ state, at_door: atDoor, scheduled_end: end }: AttentionRow, now: string): Attention | null {
  // While an approver is asked, the technician waits for the desk.
  if (end === null || end >= now || !atDoor || state === "APPROVAL_REQUIRED") return null;
  return of("OVERRUN", end, `Planned until ${end}, and the work goes on.`);
}
