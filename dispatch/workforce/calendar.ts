// The calendar as the availability rule reads it: technicians with shifts, time off, live bookings and load, in one
// statement. It judges nothing.

import { statement } from "../db/statement.ts";
import { zonesOf } from "./zones-of-technician.ts";
import type { Session } from "../db/pool.ts";
import type { AccountId, ProviderId, SiteId, TechnicianId, TicketId } from "../contract/ids.ts";
import type { Priority } from "../contract/fields.ts";
import type { TicketState } from "../contract/states.ts";
import type { DeskRules } from "../policy/policy.ts";
import { isAtDoor } from "./at-door.ts";
import type { BusyRange, CalendarTechnician } from "./availability.ts";
import type { IneligibleReason } from "./ability.ts";
import { beyondPlan, fullStretches } from "./live-work.ts";
import { helpingOf } from "./bookings.ts";
import { expandShifts, type Shift, type ShiftBreak, type ShiftPattern, type TimeRange } from "./shift-ranges.ts";
import type { Place } from "../travel/estimate.ts";

type Point = { readonly lat: number | null; readonly lon: number | null };
type EpochSpan = { readonly start: number; readonly end: number };

type BookedTicket = {
  readonly ticket_id: TicketId;
  readonly state: TicketState;
  readonly priority: Priority;
  readonly account_id: AccountId;
  readonly site_id: SiteId;
  /** Of its site. */
  readonly timezone: string;
};

/** A live booking that blocks, with whose it is; times in epoch milliseconds. */
export type RosterBooking = BusyRange &
  Omit<BookedTicket, "ticket_id"> & {
    readonly ticketId: TicketId;
    readonly role: "lead" | "helper";
    /** Which part of a visit in parts it is; null where it is all of a visit. */
    readonly part: number | null;
  };

/** A row of technician_shifts. */
export type ShiftOfDay = {
  readonly weekday: number;
  readonly starts: string;
  readonly ends: string;
  readonly timezone: string;
  readonly breaks: readonly ShiftBreak[];
  readonly valid_from: string | null;
  readonly valid_to: string | null;
};

type CalendarRow = {
  readonly id: TechnicianId;
  readonly name: string;
  readonly active: boolean;
  readonly drained: boolean;
  /** Of who is drained: whether they were booked for the ticket before. */
  readonly drained_since: boolean | null;
  readonly excluded: boolean;
  readonly provider_id: ProviderId | null;
  readonly home_lat: number | null;
  readonly home_lon: number | null;
  readonly zones: readonly string[];
  readonly service_types: string[];
  readonly skills: string[];
  readonly tools: string[];
  readonly abilities_on_record: boolean;
  readonly quality: number;
  readonly base_load: number;
  readonly open_tickets: number;
  readonly max_concurrent: number;
  readonly calendared: boolean;
  readonly shifts: readonly ShiftOfDay[];
  readonly time_off: readonly EpochSpan[];
  readonly busy: readonly (EpochSpan &
    Point &
    BookedTicket & { readonly blocks: boolean; readonly role: "lead" | "helper"; readonly part: number | null })[];
  readonly on_site: readonly (Point &
    BookedTicket & { readonly planned: readonly EpochSpan[]; readonly role: "lead" | "helper" })[];
};

export type RosterEntry = {
  readonly id: TechnicianId;
  readonly name: string;
  readonly providerId: ProviderId | null;
  readonly serviceTypes: readonly string[];
  readonly skills: readonly string[];
  readonly tools: readonly string[];
  /** Null for who takes work. */
  readonly standing: IneligibleReason | null;
  readonly zones: readonly string[];
  readonly home: Place | null;
  readonly quality: number;
  readonly baseLoad: number;
  readonly openTickets: number;
  /** Whether the system knows this technician's hours; then every booking is exclusive. */
  readonly calendared: boolean;
  readonly bookings: readonly RosterBooking[];
  /** What work on site takes beside its booking, since it began early or runs over. */
  readonly beyondPlan: readonly RosterBooking[];
  /** How many jobs they may have at the same time. */
  readonly maxConcurrent: number;
  readonly calendar: (span: TimeRange) => CalendarTechnician;
  /** As if on shift at every hour: what is left to forbid a time are time off and bookings. */
  readonly aroundTheClock: (span: TimeRange) => CalendarTechnician;
};

const onSiteColumns = "o.id, o.state, o.priority, o.account_id, o.site_id";

// A helper is on site for as long as the visit goes on and they are booked for it: whoever leaves earlier checks out.
// Rows as json, not jsonb_build_object: building the objects is most of the work, and this halves it.
// Bookings block whoever has hours on record; also those that overlapped when the hours became known and cannot exclude each other.
// On call means for emergencies, and for what else the policy says ($5): such a shift counts for a ticket of that priority alone.
// On site is who has checked in for work that was not completed before; work that QA sent back is done at no door.
// $1 the ticket whose own booking does not count, if any; $2, $3 the span asked about, by default the ticket's time; $4 another
// ticket whose booking does not count. A day is added on both sides: the stops before and after decide the driving.
const calendarOf = (which: string): string => `
   WITH asked AS (
     SELECT t.priority, t.not_technicians, coalesce($2::timestamptz, t.scheduled_start, '-infinity') - interval '1 day' AS since,
            coalesce($3::timestamptz, t.scheduled_end, 'infinity') + interval '1 day' AS until
     FROM (SELECT) AS always LEFT JOIN tickets t ON t.id = $1
   )
   SELECT r.id, r.name, r.active, r.drained_at IS NOT NULL AS drained,
          CASE WHEN r.drained_at IS NOT NULL THEN EXISTS (
            SELECT FROM bookings b WHERE b.ticket_id = $1 AND b.technician_id = r.id AND b.state IN ('tentative', 'firm')
          ) END AS drained_since,
          coalesce((SELECT not_technicians FROM asked) @> jsonb_build_array(jsonb_build_object('tech_id', r.id)), false) AS excluded,
          r.provider_id, r.home_lat, r.home_lon, ${zonesOf("r")} AS zones,
          r.service_types, r.skills, r.tools, r.abilities_on_record, r.quality, r.base_load, r.max_concurrent,
          (SELECT count(*) FROM tickets o
           WHERE o.assigned_tech_id = r.id AND o.id IS DISTINCT FROM $1 AND o.in_work)
            + ${helpingOf("r.id", "$1")} AS open_tickets,
          (SELECT coalesce(json_agg(p), '[]') FROM (
             SELECT s.weekday, s.starts, s.ends, s.timezone, s.breaks, s.valid_from, s.valid_to
             FROM technician_shifts s
             WHERE s.technician_id = r.id AND (NOT s.on_call OR (SELECT priority FROM asked) = ANY ($5::text[]))
             ORDER BY s.weekday, s.starts
           ) p) AS shifts,
          EXISTS (SELECT FROM technician_shifts s WHERE s.technician_id = r.id) AS calendared,
          (SELECT coalesce(json_agg(p), '[]') FROM (
             SELECT round(date_part('epoch', lower(o.span)) * 1000) AS start,
                    round(date_part('epoch', upper(o.span)) * 1000) AS "end"
             FROM technician_time_off o JOIN asked ON upper(o.span) > since AND lower(o.span) < until
             WHERE o.technician_id = r.id
             ORDER BY o.span
           ) p) AS time_off,
          (SELECT coalesce(json_agg(p), '[]') FROM (
             SELECT round(date_part('epoch', lower(b.span)) * 1000) AS start,
                    round(date_part('epoch', upper(b.span)) * 1000) AS "end",
                    site.lat, site.lon, bt.id AS ticket_id, bt.state, bt.priority, bt.account_id, bt.site_id, site.timezone,
                    b.role, b.exclusive OR EXISTS (SELECT FROM technician_shifts s WHERE s.technician_id = r.id) AS blocks,
                    CASE WHEN bt.parted_minutes IS NOT NULL THEN b.part END AS part
             FROM bookings b
             JOIN asked ON upper(b.span) > since AND lower(b.span) < until
             JOIN tickets bt ON bt.id = b.ticket_id
             JOIN sites site ON site.id = bt.site_id
             WHERE b.technician_id = r.id AND b.state IN ('tentative', 'firm') AND b.ticket_id IS DISTINCT FROM $1
               AND b.ticket_id IS DISTINCT FROM $4
             ORDER BY lower(b.span)
           ) p) AS busy,
          (SELECT coalesce(json_agg(p), '[]') FROM (
             SELECT site.lat, site.lon, w.id AS ticket_id, w.state, w.priority, w.account_id, w.site_id, site.timezone,
                    w.role,
                    (SELECT coalesce(json_agg(q), '[]') FROM (
                       SELECT round(date_part('epoch', lower(b.span)) * 1000) AS start,
                              round(date_part('epoch', upper(b.span)) * 1000) AS "end"
                       FROM bookings b
                       WHERE b.ticket_id = w.id AND b.technician_id = r.id AND b.state IN ('tentative', 'firm')
                       ORDER BY b.part
                     ) q) AS planned
             FROM (SELECT ${onSiteColumns}, 'lead' AS role
                   FROM tickets o
                   WHERE o.assigned_tech_id = r.id AND (o.in_work OR o.asking) AND ${isAtDoor("o")}
                   UNION ALL
                   SELECT ${onSiteColumns}, b.role
                   FROM bookings b JOIN tickets o ON o.id = b.ticket_id
                   WHERE b.technician_id = r.id AND b.state IN ('tentative', 'firm') AND b.role = 'helper'
                     AND o.state IN ('ON_SITE', 'IN_PROGRESS', 'APPROVAL_REQUIRED')) w
             JOIN sites site ON site.id = w.site_id
             WHERE w.id IS DISTINCT FROM $1 AND w.id IS DISTINCT FROM $4
             ORDER BY w.id
           ) p) AS on_site
   FROM technicians r
   ${which}
   ORDER BY r.id`;

// Two statements, since one with "$6 IS NULL OR id = $6" looks to Postgres as if it read a share of the roster when its plan
// may not depend on $6. With 400 technicians it was therefore planned at every execution: 0.6 ms before 0.5 ms of work.
const selectRoster = statement<CalendarRow>("calendar_roster", calendarOf(""));
const selectTechnician = statement<CalendarRow>("calendar_technician", calendarOf("WHERE r.id = $6"));

const minuteMs = 60_000;
const dayMs = 86_400_000;

/**
 * How far behind a span's start shifts are worked out; a longer span has nobody on shift to its end. Seven shifts a week
 * cost 2 ms per technician and year, so that one visit from 1900 to 9000 would hold the process for a minute.
 */
const maxSpanMs = 63 * dayMs;

/** What the desk makes of the roster's rows at a moment. */
export type RosterReading = {
  /** Epoch milliseconds. */
  readonly now: number;
  /** What is kept free behind work that runs over. */
  readonly overrunReserveMinutes: number;
  readonly onCallPriorities: readonly Priority[];
};

/** How this desk reads its roster now. */
export const readingAt = (
  { overrunReserveMinutes, onCallPriorities }: DeskRules,
  clockTime: string,
): RosterReading => ({ now: Date.parse(clockTime), overrunReserveMinutes, onCallPriorities });

/** About a ticket, or with null about a span, in which shifts on call do not count. */
export type Asked = {
  readonly ticketId: TicketId | null;
  readonly techId?: TechnicianId | null;
  readonly from?: string;
  readonly to?: string;
  readonly without?: TicketId | null;
  /** A dispatcher insists: whom the ticket was taken off may have it again. */
  readonly insist?: boolean;
  /** What is booked stays: whoever was drained since may be sent to it all the same. */
  readonly sending?: boolean;
};

/** Reads the roster, or one technician of it, with what is known of the asked time. */
export async function loadRoster(db: Session, asked: Asked, reading: RosterReading): Promise<RosterEntry[]> {
  const { techId = null, ticketId, from = null, to = null, without = null, insist = false, sending = false } = asked;
  const about = [ticketId, from, to, without, reading.onCallPriorities];
  const rows = await (techId === null ? db.rows(selectRoster, about) : db.rows(selectTechnician, [...about, techId]));
  return rows.map((row) =>
    rosterEntry(
      { ...row, excluded: row.excluded && !insist, drained: row.drained && !(sending && row.drained_since === true) },
      reading,
    ),
  );
}

function rosterEntry(row: CalendarRow, { now, overrunReserveMinutes }: RosterReading): RosterEntry {
  const { calendared } = row;
  const patterns = row.shifts.map(patternOfDay);
  const planned = row.busy.map(({ lat, lon, ticket_id, blocks, ...booking }) => ({
    blocks: blocks || isOnSite(booking.state),
    booking: {
      ...booking,
      ticketId: ticket_id,
      place: placeOf({ lat, lon }),
      // Of a visit in parts those that lie ahead are planned, as any other work.
      ...(isOnSite(booking.state) && (booking.part === null || booking.start <= now) && { because: "BUSY" as const }),
    },
  }));
  const bookings = planned.flatMap(({ blocks, booking }) => (blocks ? [booking] : []));
  const unplanned = row.on_site.flatMap(({ lat, lon, ticket_id, planned: spans, ...work }) => {
    const place = placeOf({ lat, lon });
    const range = beyondPlan(spans, now, overrunReserveMinutes * minuteMs);
    return range ? [{ ...work, ...range, ticketId: ticket_id, part: null, place, because: "BUSY" as const }] : [];
  });
  const jobs = [...planned.map(({ booking }) => booking), ...unplanned];
  const standing = !row.active ? "INACTIVE" : row.drained ? "DRAINED" : row.excluded ? "EXCLUDED" : null;
  const person: Omit<CalendarTechnician, "shifts"> = {
    techId: row.id,
    techName: row.name,
    home: placeOf({ lat: row.home_lat, lon: row.home_lon }),
    zones: row.zones,
    serviceTypes: row.service_types,
    skills: row.skills,
    tools: row.tools,
    abilitiesOnRecord: row.abilities_on_record,
    busy: [...[...bookings, ...unplanned].map(taken), ...fullStretches(jobs, row.max_concurrent)],
    ineligible: standing,
  };
  return {
    id: row.id,
    name: row.name,
    providerId: row.provider_id,
    serviceTypes: row.service_types,
    skills: row.skills,
    tools: row.tools,
    standing,
    zones: row.zones,
    home: person.home,
    quality: row.quality,
    baseLoad: row.base_load,
    openTickets: row.open_tickets,
    calendared,
    bookings,
    beyondPlan: unplanned,
    maxConcurrent: row.max_concurrent,
    calendar: (span) => ({
      ...person,
      shifts: calendared ? expandShifts(patterns, row.time_off, bounded(span)) : null,
    }),
    aroundTheClock: (span) => ({ ...person, shifts: [everyHourAround(span, row.time_off)] }),
  };
}

/** A stored shift in the form in which it is expanded. */
export const patternOfDay = (shift: ShiftOfDay): ShiftPattern => ({
  weekdays: [shift.weekday],
  startTime: shift.starts.slice(0, 5),
  endTime: shift.ends.slice(0, 5),
  breaks: shift.breaks,
  timeZone: shift.timezone,
  validFrom: shift.valid_from,
  validTo: shift.valid_to,
});

/** Whether whoever has a live booking of a ticket in this state is there, or waits there for an approver. */
const isOnSite = (state: TicketState): boolean =>
  state === "ON_SITE" || state === "IN_PROGRESS" || state === "APPROVAL_REQUIRED";

const taken = ({ start, end, place, because }: BusyRange): BusyRange => ({
  start,
  end,
  place,
  ...(because && { because }),
});

/** One shift over the span, with a day on both sides for the drives there and back. */
function everyHourAround({ start, end }: TimeRange, timeOff: readonly TimeRange[]): Shift {
  const pauses = timeOff.map((range) => ({ ...range, kind: "time_off" as const }));
  return { start: start - dayMs, end: end + dayMs, pauses: pauses.sort((a, b) => a.start - b.start || a.end - b.end) };
}

const bounded = ({ start, end }: TimeRange): TimeRange => ({ start, end: Math.min(end, start + maxSpanMs) });

export const placeOf = ({ lat, lon }: Point): Place | null => (lat === null || lon === null ? null : { lat, lon });
