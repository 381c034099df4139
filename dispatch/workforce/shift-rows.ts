// Shifts and time off as rows, and what of a technician's bookings they no longer cover.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { reaches, type Actor } from "../kernel/actor.ts";
import type { AccountId, SiteId, TechnicianId, TicketId } from "../contract/ids.ts";
import type { BookingConflict, TechnicianBody } from "../contract/roster-responses.ts";
import { expandShifts, workingRanges, type ShiftPattern } from "./shift-ranges.ts";
import { localIso } from "./local-time.ts";
import { lockAndReadTechnician } from "./technicians.ts";

export type StoredShift = TechnicianBody["shifts"][number];

export const deleteShifts = statement("shifts_delete", `DELETE FROM technician_shifts WHERE technician_id = $1`);

// One row per day of each pattern.
export const insertShifts = statement(
  "shifts_insert",
  `INSERT INTO technician_shifts (id, technician_id, weekday, starts, ends, timezone, breaks, valid_from, valid_to, on_call)
   SELECT gen_random_uuid(), $1, day.number, p.start_time, p.end_time, p.time_zone, p.breaks, p.valid_from, p.valid_to, p.on_call
   FROM jsonb_to_recordset($2::jsonb) AS p (weekdays int[], start_time time, end_time time, time_zone text, breaks jsonb,
                                            valid_from date, valid_to date, on_call boolean),
        unnest(p.weekdays) AS day (number)`,
);

/**
 * Live bookings follow the technician: with hours on record they exclude one another, without they do not. Those that
 * overlap already cannot begin to, and stay as they are.
 */
export const alignBookings = statement(
  "bookings_align",
  `UPDATE bookings b SET exclusive = $2, updated_at = $3
   WHERE b.technician_id = $1 AND b.state IN ('tentative', 'firm') AND b.exclusive <> $2
     AND (NOT $2 OR NOT EXISTS (
       SELECT FROM bookings o
       WHERE o.technician_id = b.technician_id AND o.id <> b.id AND o.state IN ('tentative', 'firm')
         AND upper(o.span) > lower(b.span) AND lower(o.span) < upper(b.span)))`,
);

export const insertTimeOff = statement(
  "time_off_insert",
  `INSERT INTO technician_time_off (id, technician_id, span, reason) VALUES ($1, $2, tstzrange($3, $4), $5)`,
);

export const deleteTimeOff = statement(
  "time_off_delete",
  `DELETE FROM technician_time_off WHERE technician_id = $1 AND id = ANY ($2)`,
);

export type ComingBooking = {
  readonly ticket_id: TicketId;
  readonly account_id: AccountId;
  readonly site_id: SiteId;
  readonly start: string;
  readonly end: string;
  readonly timezone: string;
  /** Which part of how many, of a visit in parts. */
  readonly part: number | null;
  readonly of: number | null;
};

const selectComingBookings = statement<ComingBooking>(
  "bookings_coming",
  `SELECT b.ticket_id, t.account_id, t.site_id, lower(b.span) AS start, upper(b.span) AS "end", s.timezone,
          CASE WHEN t.parted_minutes IS NOT NULL THEN b.part END AS part,
          CASE WHEN t.parted_minutes IS NOT NULL THEN
            (SELECT max(o.part) FROM bookings o WHERE o.ticket_id = b.ticket_id AND o.state IN ('tentative', 'firm')) END AS of
   FROM bookings b JOIN tickets t ON t.id = b.ticket_id JOIN sites s ON s.id = t.site_id
   WHERE b.technician_id = $1 AND b.state IN ('tentative', 'firm') AND upper(b.span) > $2
   ORDER BY lower(b.span), b.ticket_id LIMIT 500`,
);

/** Who is to work otherwise, locked, and what stands on their calendar from now on. */
export async function loadWithComingBookings(
  tx: Session,
  {
    ids: { technicianId },
    clockTime,
  }: { readonly ids: { readonly technicianId: TechnicianId }; readonly clockTime: string },
) {
  const [known, bookings] = await Promise.all([
    lockAndReadTechnician(tx, technicianId, clockTime),
    tx.rows(selectComingBookings, [technicianId, clockTime]),
  ]);
  return { known, bookings };
}

/** No shift is longer, so that a booking of a hundred years is not worked out day by day. */
const longestShiftMs = 31 * 86_400_000;

/** A pattern in the form in which the calendar expands it. */
export const patternOf = (shift: StoredShift): ShiftPattern => ({
  weekdays: shift.weekdays,
  startTime: shift.start_time,
  endTime: shift.end_time,
  breaks: shift.breaks,
  timeZone: shift.time_zone,
  validFrom: shift.valid_from,
  validTo: shift.valid_to,
});

/**
 * The bookings that do not lie wholly in working time or overlap another, of those whose tickets the caller may see. Without
 * any hours on record only time off can be in the way.
 */
export function conflictsWith(
  technician: TechnicianBody,
  bookings: readonly ComingBooking[],
  actor: Actor,
): BookingConflict[] {
  const timeOff = technician.time_off.map((off) => ({ start: Date.parse(off.start), end: Date.parse(off.end) }));
  const patterns = technician.shifts.map(patternOf);
  return seenBy(actor, bookings)
    .filter((booking) => {
      const span = { start: Date.parse(booking.start), end: Date.parse(booking.end) };
      if (patterns.length === 0) return timeOff.some((off) => off.start < span.end && span.start < off.end);
      if (span.end - span.start > longestShiftMs || bookings.some((other) => overlap(booking, other))) return true;
      const [whole] = workingRanges(expandShifts(patterns, timeOff, span), span);
      return whole === undefined || whole.start > span.start || whole.end < span.end;
    })
    .map((booking) => ({
      ...conflictOf(booking),
      ...(booking.part !== null && booking.of !== null && { part: booking.part, of: booking.of }),
    }));
}

/** How an answer names a booking that stands in the way, with its times by the clock of its site. */
export const conflictOf = ({
  ticket_id,
  start,
  end,
  timezone,
}: Pick<ComingBooking, "ticket_id" | "start" | "end" | "timezone">): BookingConflict => ({
  ticket_id,
  start,
  end,
  start_local: localIso(Date.parse(start), timezone),
  end_local: localIso(Date.parse(end), timezone),
  timezone,
});

/** Bookings of tickets the caller may see. */
export const seenBy = <T extends Pick<ComingBooking, "account_id" | "site_id">>(
  actor: Actor,
  bookings: readonly T[],
): T[] =>
  bookings.filter(({ account_id, site_id }) => reaches(actor.accounts, account_id) && reaches(actor.sites, site_id));

const overlap = (a: ComingBooking, b: ComingBooking): boolean =>
  a.ticket_id !== b.ticket_id && a.start < b.end && b.start < a.end;
