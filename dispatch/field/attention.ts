// What somebody has to look at on a ticket, and since when. Pure: it follows from the row and the time, so that it is right
// whether or not a worker runs.

import type { Attention, AttentionCode } from "../contract/attention.ts";
import { cancellableStates } from "../contract/states.ts";
import { unknownType } from "../policy/incident-type.ts";
import type { Policy } from "../policy/policy.ts";

/** What attention is judged by. */
export type AttentionRow = {
  readonly state: string;
  readonly scheduled_start: string | null;
  readonly scheduled_end: string | null;
  /** Whether the work goes on where it was to be done; what comes back from the quality check does not. */
  readonly at_door: boolean;
  readonly assigned_tech_id: string | null;
  readonly last_transition_at: string;
  /** Why the worker's last look found nobody, and whether nobody on the roster could do it at any hour. */
  readonly assign_reason: string | null;
  readonly assign_unable: boolean;
  /** What was told before, or what only the command knew that brought it about. */
  readonly attention_code: AttentionCode | null;
  readonly attention_since: string | null;
};

/** Codes of refusals by which whoever was chosen turns out to have been taken meanwhile. */
export const lostChoice: ReadonlySet<string> = new Set(["TECH_UNAVAILABLE", "ASSIGNMENT_LIMIT", "SLOT_TAKEN"]);

/** What the worker says when the roster cannot serve a ticket; a pause or a fault of its own is no matter of the roster. */
export const rosterReasons: ReadonlySet<string> = new Set([
  "NOBODY_AVAILABLE",
  "SKILL_MISSING",
  "ZONE_MISMATCH",
  ...lostChoice,
]);

/** The gravest that holds at `now`; null when nothing does. */
export function attentionOf(row: AttentionRow, now: string): Attention | null {
  return nobodyFor(row) ?? missedStart(row, now) ?? unsendable(row) ?? overrun(row, now) ?? asTold(row);
}

const nobody = {
  NOBODY_ABLE: "Nobody on the roster can do this work here, at any hour.",
  NOBODY_FREE: "Nobody who can do this work is free at the promised time.",
} as const;

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
  if (type === null || !cancellableStates.some((one) => one === state) || !unknownType(policy, type)) return null;
  const detail = `The policy does not know the incident type ${type}; the work cannot be completed under it.`;
  return of("UNKNOWN_INCIDENT_TYPE", last_transition_at, detail);
}

const of = (code: AttentionCode, since: string, detail: string): Attention => ({ code, since, detail });

function nobodyFor(row: AttentionRow): Attention | null {
  const waits = row.state === "SCHEDULED" && row.assigned_tech_id === null;
  if (!waits || row.assign_reason === null || !rosterReasons.has(row.assign_reason)) return null;
  const code = row.assign_unable ? "NOBODY_ABLE" : "NOBODY_FREE";
  const since =
    row.attention_code === code && row.attention_since !== null ? row.attention_since : row.last_transition_at;
  return of(code, since, nobody[code]);
}

function missedStart({ state, scheduled_start: start }: AttentionRow, now: string): Attention | null {
  if (start === null || start >= now) return null;
  if (state === "SCHEDULED") return of("NOT_SENT", start, `Promised for ${start}, and nobody has been sent.`);
  if (state === "DISPATCHED")
    return of("LATE_ARRIVAL", start, `Promised for ${start}; the technician is not there yet.`);
  return null;
}

/** Whoever is booked could not be sent when it was time. */
function unsendable({ state, assigned_tech_id: techId, assign_reason: reason, last_transition_at }: AttentionRow) {
  if (state !== "SCHEDULED" || techId === null || reason === null || reason === "AUTONOMY_DISABLED") return null;
  return of("NOT_SENT", last_transition_at, `Whoever is booked cannot be sent: ${reason}.`);
}

function overrun({ at_door: atDoor, scheduled_end: end }: AttentionRow, now: string): Attention | null {
  if (end === null || end >= now || !atDoor) return null;
  return of("OVERRUN", end, `Planned until ${end}, and the work goes on.`);
}
