// Finding slots for a ticket on whatever calendar exists: the reading of input and roster that slots and booking share.

import type { TechnicianId } from "../contract/ids.ts";
import type { Desk } from "../kernel/desk.ts";
import { plusMinutes } from "../kernel/clock.ts";
import { invalidField } from "../kernel/refusal.ts";
import type { TicketRow, Window } from "../ticket/ticket-row.ts";
import type { CalendarTechnician } from "../workforce/availability.ts";
import type { RosterEntry } from "../workforce/calendar.ts";
import { findSlots, type Slot, type SlotSearch, type SlotStrategy } from "../workforce/find-slots.ts";
import { jobAt, longestMinutes, visitMinutes, type SiteDemand } from "../workforce/site-demand.ts";
import { spanAt } from "./local-times.ts";
import { goingRules } from "./may-go.ts";
import { utc, utcWindow } from "./windows.ts";
import { policyOf } from "../ticket/policy-of.ts";

const weekMinutes = 7 * 24 * 60;
/** The widest search, so that its cost stays bounded. */
const maxSearchMinutes = 62 * 24 * 60;

export type SlotWish = {
  readonly earliest?: string;
  readonly latest?: string;
  readonly duration_minutes?: number;
  readonly tech_id?: TechnicianId;
};

/** A wish for a time inside what is promised to the customer. */
export function withinPromise<T extends SlotWish & { readonly arrival_window?: Window }>(wish: T): T {
  const { earliest, latest, arrival_window: promise } = wish;
  if (!promise) return wish;
  const { start, end } = utcWindow(promise);
  return {
    ...wish,
    earliest: earliest && utc(earliest) > start ? utc(earliest) : start,
    latest: latest && utc(latest) < end ? utc(latest) : end,
  };
}

export type SearchSpan = { readonly earliest: string; readonly latest: string; readonly problem: string | null };

/**
 * The span a wish asks about: from now, for a week, unless it says otherwise; never in the past. A wish that makes no
 * sense gives an empty span and says why, so that a roster can be read before the wish is refused.
 */
export function searchSpan(wish: SlotWish, now: string): SearchSpan {
  const asked = wish.earliest ? utc(wish.earliest) : now;
  const earliest = asked > now ? asked : now;
  const latest = wish.latest ? utc(wish.latest) : plusMinutes(earliest, weekMinutes);
  const problem =
    latest <= earliest
      ? "must lie after earliest, and in the future"
      : latest > plusMinutes(earliest, maxSearchMinutes)
        ? "must lie within 62 days of earliest"
        : null;
  return { earliest, latest: problem ? earliest : latest, problem };
}

type Search = {
  readonly desk: Desk;
  readonly ticket: TicketRow;
  readonly roster: readonly RosterEntry[];
  readonly site: SiteDemand | null;
  readonly wish: SlotWish;
  readonly strategy: SlotStrategy;
  readonly limit: number;
  readonly now: string;
  /** How many come at once. */
  readonly people: number;
};

/**
 * The slots, who cannot come, and the calendars that were searched.
 * @throws Refusal INVALID_REQUEST when the wished span is empty or too wide
 */
export function slotsFor({
  desk,
  ticket,
  roster,
  site,
  wish,
  strategy,
  limit,
  now,
  people,
}: Search): SlotSearch & { readonly searched: readonly CalendarTechnician[] } {
  const { earliest, latest, problem } = searchSpan(wish, now);
  if (problem) throw invalidField("latest", "range", problem);
  const span = { start: Date.parse(earliest), end: Date.parse(latest) };
  const searched = roster.map((one) => one.calendar(span));
  const request = {
    ...jobAt(site, ticket, policyOf(desk, ticket)),
    earliest: span.start,
    latest: span.end,
    durationMinutes: wish.duration_minutes ?? visitMinutes(ticket.incident_type, policyOf(desk, ticket)),
    longestMinutes: longestMinutes(ticket.incident_type, policyOf(desk, ticket)),
    techId: wish.tech_id,
    strategy,
    limit,
    people,
  };
  return { ...findSlots(searched, request, goingRules(desk)), searched };
}

/** A slot as clients see it. */
export const slotBody = ({ factors, helpers, parts, ...slot }: Slot, site: SiteDemand | null) => ({
  ...spanAt(slot, site),
  ...(parts && { parts: parts.map((part) => spanAt(part, site)) }),
  factors: [...factors],
  ...(helpers && { helpers: [...helpers] }),
});
