/**
 * What a plan's moves rest on, and what of it has changed since. Pure. A plan is stale when one of its tickets, or a technician
 * who gains or loses a visit, is no longer as it was; whatever else happens on the desk leaves it good.
 */
import type { TechnicianId, TicketId } from "../contract/ids.ts";
import type { PlanMove } from "../contract/plan-responses.ts";
import { sha256 } from "../kernel/json.ts";
import { canonicalJson } from "../policy/canonical-json.ts";
import type { RosterEntry } from "../workforce/calendar.ts";
import type { PlanDay } from "./plan-day.ts";
import type { PlanTicket } from "./plan-tickets.ts";

/** Facts with the kind of change that each shows. */
const ticketFields = [
  ["state", "state"],
  ["scheduled_start", "time"],
  ["scheduled_end", "time"],
  ["assigned_tech_id", "technician"],
  ["paused", "paused"],
  ["version", "details"],
  ["site_hours", "site_hours"],
] as const;
type TicketFacts = Pick<PlanTicket, "id" | Exclude<(typeof ticketFields)[number][0], "site_hours">> & {
  /** When the site is open, as text; a plan of an earlier release knows none. */
  readonly site_hours?: string;
};

const technicianFields = ["standing", "abilities", "home", "hours", "bookings"] as const;
type TechnicianFacts = { readonly id: TechnicianId } & { readonly [F in (typeof technicianFields)[number]]: unknown };

export type PlanFacts = { readonly tickets: readonly TicketFacts[]; readonly technicians: readonly TechnicianFacts[] };

export type PlanChange =
  | {
      readonly kind: "ticket";
      readonly ticket_id: TicketId;
      readonly what: readonly string[];
      readonly was: object | null;
      readonly is: object | null;
    }
  | { readonly kind: "technician"; readonly tech_id: TechnicianId; readonly what: readonly string[] };

/** The facts behind these moves. */
export function factsBehind(moves: readonly PlanMove[], { tickets, roster, day }: FactRows): PlanFacts {
  const moving = new Set(moves.map(({ ticket_id }) => ticket_id));
  const touched = new Set(moves.flatMap(({ from, to }) => [...everybodyIn(to), ...(from ? everybodyIn(from) : [])]));
  return {
    tickets: tickets.filter(({ id }) => moving.has(id)).map(ticketFacts),
    technicians: roster.filter(({ id }) => touched.has(id)).map((one) => technicianFacts(one, day, moving)),
  };
}

type Crewed = {
  readonly tech_id: TechnicianId | null;
  readonly helpers?: readonly { readonly tech_id: TechnicianId }[];
};

/** Who is to come, the lead first. */
export const everybodyIn = ({ tech_id, helpers = [] }: Crewed): TechnicianId[] => [
  ...(tech_id === null ? [] : [tech_id]),
  ...helpers.map((one) => one.tech_id),
];

export type FactRows = {
  readonly tickets: readonly PlanTicket[];
  readonly roster: readonly RosterEntry[];
  readonly day: PlanDay;
};

/** Changes with anything that a plan of this day is made from. */
export const scheduleVersion = ({ tickets, roster, day }: FactRows): string => {
  const none = new Set<TicketId>();
  return sha256(
    canonicalJson({
      tickets: tickets.map(ticketFacts),
      technicians: roster.map((one) => technicianFacts(one, day, none)),
    }),
  ).slice(0, 16);
};

/** What is no longer as it was; empty when the moves may be carried out. */
export function changesSince(was: PlanFacts, is: PlanFacts): PlanChange[] {
  const tickets = was.tickets.flatMap((old): PlanChange[] => {
    const now = is.tickets.find(({ id }) => id === old.id);
    const changed = now
      ? ticketFields.filter(([field]) => Object.hasOwn(old, field) && old[field] !== now[field]).map(([, word]) => word)
      : ["gone"];
    // A new version alone says that something changed; beside what changed it says nothing.
    const what = changed.length > 1 ? changed.filter((word) => word !== "details") : changed;
    return what.length === 0
      ? []
      : [{ kind: "ticket", ticket_id: old.id, what: [...new Set(what)], was: old, is: now ?? null }];
  });
  const technicians = was.technicians.flatMap((old): PlanChange[] => {
    const now = is.technicians.find(({ id }) => id === old.id);
    const what = now
      ? technicianFields.filter((field) => canonicalJson(old[field]) !== canonicalJson(now[field]))
      : ["gone"];
    return what.length === 0 ? [] : [{ kind: "technician", tech_id: old.id, what }];
  });
  return [...tickets, ...technicians];
}

function ticketFacts({
  id,
  state,
  scheduled_start,
  scheduled_end,
  assigned_tech_id,
  paused,
  version,
  hours,
  holiday_calendar,
  timezone,
}: PlanTicket): TicketFacts {
  const site_hours = canonicalJson({ hours, holiday_calendar, timezone });
  return { id, state, scheduled_start, scheduled_end, assigned_tech_id, paused, version, site_hours };
}

function technicianFacts(entry: RosterEntry, day: PlanDay, moving: ReadonlySet<TicketId>): TechnicianFacts {
  const { ineligible, home, shifts, skills, tools, zones } = entry.calendar(day);
  const spans = [day, ...(shifts ?? [])];
  const bookings = entry.bookings.filter(
    ({ ticketId, start, end }) => !moving.has(ticketId) && spans.some((span) => start < span.end && span.start < end),
  );
  return {
    id: entry.id,
    standing: ineligible,
    // One zone as the release before kept it, so that its proposals still hold.
    abilities: {
      skills,
      tools,
      zone: zones[0] ?? null,
      ...(zones.length > 1 && { zones }),
      services: entry.serviceTypes,
    },
    home,
    hours: shifts,
    bookings: bookings.map(({ ticketId, start, end }) => ({ ticketId, start, end })),
  };
}
