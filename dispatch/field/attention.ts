// What somebody has to look at on a ticket, and since when. Pure: it follows from the row and the time, so that it is right
// whether or not a worker runs.

import type { Attention, AttentionCode } from "../contract/attention.ts";

/** What attention is judged by. */
export type AttentionRow = {
  readonly state: string;
  readonly scheduled_start: string | null;
  readonly scheduled_end: string | null;
  readonly assigned_tech_id: string | null;
  readonly last_transition_at: string;
  /** Why the worker's last look found nobody, and whether nobody on the roster could do it at any hour. */
  readonly assign_reason: string | null;
  readonly assign_unable: boolean;
};

/** What the worker says when the roster cannot serve a ticket; a pause or a fault of its own is no matter of the roster. */
const rosterReasons = new Set(["NOBODY_AVAILABLE", "SKILL_MISSING", "ZONE_MISMATCH", "TECH_UNAVAILABLE", "SLOT_TAKEN"]);

/** The gravest that holds at `now`; null when nothing does. */
export function attentionOf(row: AttentionRow, now: string): Attention | null {
  return nobodyFor(row) ?? missedStart(row, now) ?? overrun(row, now);
}

const of = (code: AttentionCode, since: string, detail: string): Attention => ({ code, since, detail });

function nobodyFor(row: AttentionRow): Attention | null {
  const waits = row.state === "SCHEDULED" && row.assigned_tech_id === null;
  if (!waits || row.assign_reason === null || !rosterReasons.has(row.assign_reason)) return null;
  return row.assign_unable
    ? of("NOBODY_ABLE", row.last_transition_at, "Nobody on the roster can do this work here, at any hour.")
    : of("NOBODY_FREE", row.last_transition_at, "Nobody who can do this work is free at the promised time.");
}

function missedStart({ state, scheduled_start: start }: AttentionRow, now: string): Attention | null {
  if (start === null || start >= now) return null;
  if (state === "SCHEDULED") return of("NOT_SENT", start, `Promised for ${start}, and nobody has been sent.`);
  if (state === "DISPATCHED")
    return of("LATE_ARRIVAL", start, `Promised for ${start}; the technician is not there yet.`);
  return null;
}

function overrun({ state, scheduled_end: end }: AttentionRow, now: string): Attention | null {
  if (end === null || end >= now || (state !== "ON_SITE" && state !== "IN_PROGRESS")) return null;
  return of("OVERRUN", end, `Planned until ${end}, and the work goes on.`);
}
