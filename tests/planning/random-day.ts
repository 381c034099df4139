// Days as they may be found on a desk, by chance: crews with breaks and time off, work booked well and badly, tickets of every
// kind. For properties that must hold of any day.

import fc from "fast-check";
import { knownId, type AccountId, type SiteId, type TechnicianId, type TicketId } from "../../dispatch/contract/ids.ts";
import type { DayRows } from "../../dispatch/planning/build-problem.ts";
import type { PlanTicket } from "../../dispatch/planning/plan-tickets.ts";
import type { RosterBooking, RosterEntry } from "../../dispatch/workforce/calendar.ts";
import type { Shift, TimeRange } from "../../dispatch/workforce/shift-ranges.ts";

const minute = 60_000;
const start = Date.parse("2026-03-04T00:00:00Z");
export const day = { date: "2026-03-04", timeZone: "UTC", start, end: start + 1_440 * minute };

const at = (minutes: number): number => start + minutes * minute;
const iso = (instant: number): string => new Date(instant).toISOString();
const id = (kind: string, n: number): string => `${kind}0000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const ticketId = (n: number) => knownId<TicketId>(id("a", n));
const technicianId = (n: number) => knownId<TechnicianId>(id("b", n));
const siteId = (n: number) => knownId<SiteId>(id("d", n));
const accountId = knownId<AccountId>(id("c", 1));
const anyPlace = fc.option(
  fc.record({
    lat: fc.integer({ min: 0, max: 8 }).map((n) => 37.6 + n / 20),
    lon: fc.integer({ min: 0, max: 8 }).map((n) => -122.4 + n / 20),
  }),
  { freq: 6 },
);
const anyType = fc.constantFrom("DOOR_WONT_LATCH", "AUTO_OPERATOR_FAULT", "FRAME_OR_GLASS_DAMAGE", null);
const anyPriority = fc.constantFrom("EMERGENCY" as const, "URGENT" as const, "ROUTINE" as const);
const range = (min: number, max: number, shortest: number, longest: number): fc.Arbitrary<TimeRange> =>
  fc
    .tuple(fc.integer({ min, max }), fc.integer({ min: shortest, max: longest }))
    .map(([from, length]) => ({ start: at(from), end: at(from + length) }));

const clock = (hour: number): string => `${String(hour).padStart(2, "0")}:00`;
/** Of a site; on its own clock, eight hours behind the day's. */
const anyHours = fc.option(
  fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 24 }))
    .map(([from, to]) => [{ weekdays: [2, 3, 4], start_time: clock(from), end_time: clock(to) }]),
  { freq: 2 },
);

/** How much wider than a visit what the customer was promised is, in minutes before and behind. */
const anyPromise = fc.option(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 })), { freq: 2 });
const promiseOf = (span: TimeRange, promised: readonly [number, number] | null) =>
  promised && {
    arrival_start: iso(span.start - promised[0] * minute),
    arrival_end: iso(span.end + promised[1] * minute),
  };

const anyShift = fc
  .tuple(
    range(-240, 900, 60, 900),
    fc.array(range(0, 1_300, 1, 90), { maxLength: 2 }),
    fc.option(range(0, 1_300, 30, 400), { freq: 4 }),
  )
  .map(([span, breaks, off]): Shift => {
    const inside = (one: TimeRange, kind: "break" | "time_off") => {
      const cut = { start: Math.max(one.start, span.start), end: Math.min(one.end, span.end), kind };
      return cut.start < cut.end ? [cut] : [];
    };
    const pauses = [...breaks.flatMap((one) => inside(one, "break")), ...(off ? inside(off, "time_off") : [])];
    return { ...span, pauses: pauses.sort((a, b) => a.start - b.start || a.end - b.end) };
  });

function apart<T extends TimeRange>(ranges: readonly T[]): T[] {
  const kept: T[] = [];
  for (const one of ranges.toSorted((a, b) => a.start - b.start))
    if ((kept.at(-1)?.end ?? -Infinity) <= one.start) kept.push(one);
  return kept;
}

const anyWork = fc.record({
  span: range(-200, 1_500, 15, 200),
  place: anyPlace,
  type: anyType,
  priority: anyPriority,
  state: fc.constantFrom(
    "SCHEDULED" as const,
    "SCHEDULED" as const,
    "SCHEDULED" as const,
    "DISPATCHED" as const,
    "IN_PROGRESS" as const,
    "PENDING_CUSTOMER_CONFIRMATION" as const,
  ),
  ours: fc.boolean(),
  promised: anyPromise,
  hours: anyHours,
  desk: fc.boolean(),
  paused: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  /** Whether a second person is booked beside, where somebody has the time. */
  helped: fc.integer({ min: 0, max: 2 }).map((n) => n === 0),
  /** Whether it is a part of the work that the person has in parts. */
  inParts: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
});

const anyone = {
  home: anyPlace,
  shift: fc.option(anyShift, { freq: 9 }),
  zones: fc.constantFrom(["CA"], ["CA"], ["NV"], ["NV", "CA"]),
  drained: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  skills: fc.subarray(["door_hardware", "auto_operator", "glazing"], { minLength: 1 }),
  services: fc.constantFrom(["DEFAULT"], ["DEFAULT"], ["DOOR_WONT_LATCH"]),
  work: fc.array(anyWork, { maxLength: 5 }),
};
/** At work for most of the day, and for anything their skills allow. */
const anyColleague = {
  ...anyone,
  shift: range(0, 500, 500, 900).map((span): Shift => ({ ...span, pauses: [] })),
  zones: fc.constant(["CA"]),
  drained: fc.constant(false),
  services: fc.constant(["DEFAULT"]),
};

const anyWaiting = fc.record({
  place: anyPlace,
  type: anyType,
  priority: anyPriority,
  span: fc.option(range(0, 1_300, 30, 180), { freq: 2 }),
  hours: anyHours,
});

const ticketOf = (
  n: number,
  more: Partial<PlanTicket> & Pick<PlanTicket, "state" | "priority" | "incident_type">,
  place: { lat: number; lon: number } | null,
): PlanTicket => ({
  id: ticketId(n),
  number: `T-${n}`,
  summary: `Ticket ${n}`,
  policy_version: null,
  not_technicians: [],
  version: 1,
  account_id: accountId,
  site_id: siteId(n),
  region: "CA",
  lat: place?.lat ?? null,
  lon: place?.lon ?? null,
  timezone: "America/Los_Angeles",
  hours: null,
  holiday_calendar: null,
  scheduled_start: null,
  scheduled_end: null,
  arrival_start: null,
  arrival_end: null,
  assigned_tech_id: null,
  parted_minutes: null,
  response_due: new Date(at(600)).toISOString(),
  desk_chose_time: false,
  paused: false,
  helpers: 0,
  helpers_missing: 0,
  ...more,
});

/** Books somebody else beside the lead, and has the ticket know of it. */
function helpBy(roster: readonly (RosterEntry & { readonly bookings: RosterBooking[] })[], ticket: PlanTicket): void {
  const lead = roster.flatMap(({ bookings }) => bookings).find((one) => one.ticketId === ticket.id);
  const helper = roster.find(
    ({ id: techId, bookings }) =>
      lead &&
      techId !== ticket.assigned_tech_id &&
      !bookings.some(({ start: from, end }) => from < lead.end && lead.start < end),
  );
  if (!lead || !helper) return;
  helper.bookings.push({ ...lead, role: "helper" });
  Object.assign(ticket, { helpers: 1 });
}

/** Rows as the database could hold them: what is on one calendar never overlaps. */
const daysOf = (person: typeof anyone | typeof anyColleague, least: number): fc.Arbitrary<DayRows> =>
  fc
    .record({
      people: fc.array(fc.record(person), { minLength: least, maxLength: 5 }),
      waiting: fc.array(anyWaiting, { maxLength: 8 }),
      now: fc.constantFrom(-600, 0, 500),
      moveWithinMinutes: fc.constantFrom(0, 60, 600),
      zone: fc.constantFrom(null, null, "CA"),
    })
    .map(({ people, waiting, now, moveWithinMinutes, zone }) => {
      const tickets: PlanTicket[] = [];
      const helped = new Set<TicketId>();
      let next = 1;
      const roster = people.map((person, index): RosterEntry & { readonly bookings: RosterBooking[] } => {
        const techId = technicianId(index + 1);
        const parts: number[] = [];
        const bookings = apart(person.work.map((one) => ({ ...one, ...one.span }))).map((one): RosterBooking => {
          const n = next++;
          if (one.inParts) parts.push(n);
          else if (one.ours && one.state === "SCHEDULED" && one.start >= day.start && one.start < day.end) {
            const times = { scheduled_start: iso(one.start), scheduled_end: iso(one.end), assigned_tech_id: techId };
            if (one.helped) helped.add(ticketId(n));
            tickets.push(
              ticketOf(
                n,
                {
                  state: "SCHEDULED",
                  priority: one.priority,
                  incident_type: one.type,
                  desk_chose_time: one.desk,
                  paused: one.paused,
                  hours: one.hours,
                  ...promiseOf(one, one.promised),
                  ...times,
                },
                one.place,
              ),
            );
          }
          return {
            start: one.start,
            end: one.end,
            place: one.place,
            state: one.state,
            priority: one.priority,
            account_id: accountId,
            site_id: siteId(n),
            timezone: "America/Los_Angeles",
            ticketId: ticketId((one.inParts ? parts[0] : null) ?? n),
            part: one.inParts ? parts.length : null,
            role: "lead" as const,
          };
        });
        const calendar = () => ({
          techId,
          techName: `Person ${index + 1}`,
          home: person.home,
          zones: person.zones,
          serviceTypes: person.services,
          skills: person.skills,
          tools: ["multimeter", "glass_lifter"],
          shifts: person.shift ? [person.shift] : null,
          busy: bookings,
          ineligible: person.drained ? ("DRAINED" as const) : null,
        });
        return {
          id: techId,
          name: `Person ${index + 1}`,
          providerId: null,
          serviceTypes: person.services,
          skills: person.skills,
          tools: ["multimeter", "glass_lifter"],
          standing: person.drained ? ("DRAINED" as const) : null,
          zones: person.zones,
          quality: 50,
          baseLoad: 0,
          openTickets: 0,
          home: person.home,
          calendared: person.shift !== null,
          bookings,
          beyondPlan: [],
          maxConcurrent: 3,
          calendar,
          aroundTheClock: calendar,
        };
      });
      for (const ticket of tickets.filter(({ id: one }) => helped.has(one))) helpBy(roster, ticket);
      for (const one of waiting) {
        const times = one.span && { scheduled_start: iso(one.span.start), scheduled_end: iso(one.span.end) };
        tickets.push(
          ticketOf(
            next++,
            {
              state: times ? "SCHEDULED" : "READY_TO_SCHEDULE",
              priority: one.priority,
              incident_type: one.type,
              hours: one.hours,
              ...times,
            },
            one.place,
          ),
        );
      }
      return {
        day,
        earliest: Math.max(day.start, at(now + 30)),
        roster,
        tickets,
        zone,
        techIds: null,
        moveWithinMinutes,
      };
    });

export const anyDay = daysOf(anyone, 1);
/** On which there are often several who can do the same work at the same time. */
export const anyCrewDay = daysOf(anyColleague, 3);
