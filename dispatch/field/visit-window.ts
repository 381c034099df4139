// Whether a time may be a visit's at all: no longer than work of its kind may take, and no further ahead than the desk plans. One
// wrong digit of a date otherwise books a technician for a year. Every command that sets or offers a time asks here.

import { ofIncidentType } from "../policy/incident-type.ts";
import type { DeskRules, Policy } from "../policy/policy.ts";
import { invalidFields, type Violation } from "../kernel/refusal.ts";
import type { TicketRow, Window } from "../ticket/ticket-row.ts";
import { longestMinutes } from "../workforce/site-demand.ts";

const minuteMs = 60_000;
const dayMs = 1_440 * minuteMs;

type Kind = Pick<TicketRow, "incident_type" | "parted_minutes">;
type Asked = { readonly policy: Policy; readonly ticket: Kind; readonly clockTime: string };

/** From the first part of a visit to its last. */
const longestSpanDays = 21;

/**
 * @param at where in the request the windows stand, e.g. "options/0/" for a start at options/0/start
 * @throws Refusal INVALID_REQUEST naming each field that breaks a rule, the rule and the way out
 */
export function requireVisitWindows(
  asked: Asked,
  windows: readonly { readonly at: string; readonly window: Window }[],
) {
  const violations = windows.flatMap(({ at, window: { start, end } }) => [
    ...tooFar(asked, `${at}start`, start),
    ...tooLong(asked, `${at}end`, (Date.parse(end) - Date.parse(start)) / minuteMs),
  ]);
  if (violations.length > 0) throw invalidFields(violations);
}

/** As requireVisitWindows, of a search for a time. */
export function requireVisitSearch(asked: Asked, wish: { earliest?: string; duration_minutes?: number }): void {
  const violations = [
    ...(wish.earliest === undefined ? [] : tooFar(asked, "earliest", wish.earliest)),
    ...(wish.duration_minutes === undefined ? [] : tooMuch(asked, "duration_minutes", wish.duration_minutes)),
  ];
  if (violations.length > 0) throw invalidFields(violations);
}

/**
 * Of what is promised to a customer: as wide and as far ahead as a visit may be, and the visit lies inside it.
 * @param visit null while its time is still to be found
 * @throws Refusal INVALID_REQUEST
 */
export function requireArrivalWindow(asked: Asked, { start, end }: Window, visit: Window | null): void {
  const { incident_type, parted_minutes: parted } = asked.ticket;
  // Of work in parts the window holds all of them.
  const longest = parted === null ? longestMinutes(incident_type, asked.policy) : longestSpanDays * 1_440;
  const minutes = Math.ceil((Date.parse(end) - Date.parse(start)) / minuteMs);
  const violations = [
    ...tooFar(asked, "arrival_window/start", start),
    ...(minutes > longest
      ? [
          violation(
            "arrival_window/end",
            "max_window",
            `promises ${minutes} minutes; at most ${longest} are promised for such work`,
          ),
        ]
      : []),
    ...(end <= asked.clockTime
      ? [violation("arrival_window/end", "range", "has passed; promise a time that lies ahead")]
      : []),
    ...(visit && (visit.start < start || end < visit.end)
      ? [
          violation(
            "arrival_window",
            "holds_visit",
            `must hold the whole visit, ${visit.start} to ${visit.end}: make it wider, or give the visit a time inside it`,
          ),
        ]
      : []),
  ];
  if (violations.length > 0) throw invalidFields(violations);
}

const violation = (path: string, rule: string, message: string): Violation => ({ path, rule, message });

/** Of the time a customer has to make up their mind, which is no visit: only that nobody waits for months. */
export function requireHoldWindow(
  { policy, clockTime }: { readonly policy: DeskRules; readonly clockTime: string },
  { end }: Window,
): void {
  const { holdDays } = policy.windows;
  if (Date.parse(end) - Date.parse(clockTime) <= holdDays * dayMs) return;
  const message = `lies more than ${holdDays} days ahead; check the date, or take the time back with schedule.reopen`;
  throw invalidFields([{ path: "confirmation_window/end", rule: "max_hold", message }]);
}

function tooFar({ policy, clockTime }: Asked, path: string, start: string): Violation[] {
  const { aheadDays } = policy.windows;
  if (Date.parse(start) - Date.parse(clockTime) <= aheadDays * dayMs) return [];
  const message = `lies more than ${aheadDays} days ahead, and no visit is set so early; check the year`;
  return [{ path, rule: "max_ahead", message }];
}

/** Of a visit in parts the time is from the first to the last of them, and bounded as that. */
function tooLong({ policy, ticket }: Asked, path: string, minutes: number): Violation[] {
  const parted = ticket.parted_minutes !== null;
  const longest = parted ? longestSpanDays * 1_440 : longestMinutes(ticket.incident_type, policy);
  if (minutes <= longest) return [];
  const what = ticket.incident_type ?? "whose kind is not named";
  const message = parted
    ? `makes a visit from the first part to the last of ${Math.ceil(minutes / 1_440)} days; it may take ${longestSpanDays} at most. ` +
      "Check the date"
    : `makes a visit of ${Math.ceil(minutes)} minutes; work ${what} may take ${longest} at most. Check the date, or make a visit ` +
      "of each part; what is longer than a shift schedule.book lays in parts over several days";
  return [{ path, rule: "max_window", message }];
}

/** Of work the profile's bound says nothing, since it may lie in parts; what its kind may take bounds all of them. */
function tooMuch({ policy, ticket }: Asked, path: string, minutes: number): Violation[] {
  const longest = ofIncidentType(policy.incidentTypes, ticket.incident_type)?.maxWindowMinutes ?? null;
  if (longest === null || minutes <= longest) return [];
  const message = `is more than work ${ticket.incident_type} may take, ${longest} minutes; check the number, or make a visit of each part`;
  return [{ path, rule: "max_window", message }];
}
