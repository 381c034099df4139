// A technician's visits as a calendar for any calendar app. It goes to whoever the app's maker is, so it tells where and when, the
// kind of work and the ticket's number: no customer's name, phone or words, and no access instructions.

import type { TechnicianId, TicketId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import type { Desk } from "../kernel/desk.ts";
import { localIso } from "../workforce/local-time.ts";
import { calendarHash, selectCalendarOwner, type CalendarOwner } from "./calendar-link.ts";
import { asText, asTime, calendarText, type Property } from "./icalendar.ts";

type CalendarVisit = {
  ticket_id: TicketId;
  role: string;
  part: number;
  state: string;
  start: string;
  end: string;
  /** Which visit to the ticket it is of this technician's, from 0. */
  visit: number;
  number: string;
  ticket_state: string;
  priority: string;
  incident_type: string | null;
  version: number;
  updated_at: string;
  arrival_start: string | null;
  arrival_end: string | null;
  company: string | null;
  site_name: string;
  address1: string | null;
  address2: string | null;
  city: string | null;
  region: string | null;
  postal_code: string | null;
  country: string | null;
  lat: number | null;
  lon: number | null;
  timezone: string;
};

// $1 technician, $2 and $3 from and until when, $4 from when what was taken away still matters. A visit that was moved has several
// bookings, of which the live one tells, or the newest; a further visit to the same ticket is another event.
const selectVisits = statement<CalendarVisit>(
  "calendar_visits",
  `WITH mine AS (
     SELECT b.id, b.ticket_id, b.role, b.part, b.state, b.span, b.created_at FROM bookings b
     WHERE b.technician_id = $1 AND b.state IN ('tentative', 'firm') AND lower(b.span) < $3::timestamptz
     UNION ALL
     SELECT b.id, b.ticket_id, b.role, b.part, b.state, b.span, b.created_at FROM bookings b
     WHERE b.technician_id = $1 AND b.state IN ('done', 'released') AND upper(b.span) > $2::timestamptz
       AND lower(b.span) < $3::timestamptz AND (b.state = 'done' OR upper(b.span) > $4::timestamptz)
   ), counted AS (
     SELECT m.*, (SELECT count(*) FROM bookings d
                  WHERE d.ticket_id = m.ticket_id AND d.technician_id = $1 AND d.part = m.part AND d.state = 'done'
                    AND (d.created_at, d.id) < (m.created_at, m.id)) AS visit
     FROM mine m
   ), shown AS (
     SELECT DISTINCT ON (c.ticket_id, c.part, c.visit) c.* FROM counted c
     ORDER BY c.ticket_id, c.part, c.visit, c.state = 'released', c.created_at DESC, c.id DESC
   )
   SELECT v.ticket_id, v.role, v.part, v.state, lower(v.span) AS start, upper(v.span) AS "end", v.visit, t.number,
          t.state AS ticket_state, t.priority, t.incident_type, t.version, t.updated_at, t.arrival_start, t.arrival_end,
          (SELECT string_agg(r.name, ', ' ORDER BY r.name) FROM bookings o JOIN technicians r ON r.id = o.technician_id
           WHERE o.ticket_id = v.ticket_id AND o.part = v.part AND o.technician_id <> $1 AND o.state IN ('tentative', 'firm')) AS company,
          s.name AS site_name, s.address1, s.address2, s.city, s.region, s.postal_code, s.country, s.lat, s.lon, s.timezone
   FROM shown v JOIN tickets t ON t.id = v.ticket_id JOIN sites s ON s.id = t.site_id
   WHERE v.state <> 'released'
      OR NOT EXISTS (SELECT FROM bookings l WHERE l.ticket_id = v.ticket_id AND l.technician_id = $1 AND l.part = v.part
                     AND l.state IN ('tentative', 'firm'))
   ORDER BY start, v.ticket_id, v.part, v.visit LIMIT 1000`,
);

const dayMs = 86_400_000;
/** How far the calendar reaches, in days. */
const reach = { back: 14, ahead: 180, cancelled: 1 };
/** How often an app should look. */
const lookEvery = "PT5M";

/** The calendar that a secret opens, as it is now; null where it opens none. */
export async function calendarOf(desk: Desk, secret: string): Promise<string | null> {
  const hash = calendarHash(secret);
  const now = desk.clock.now().getTime();
  const owner = hash === null ? null : await desk.db.row(selectCalendarOwner, [hash, new Date(now).toISOString()]);
  if (!owner) return null;
  const inDays = (days: number): string => new Date(now + days * dayMs).toISOString();
  const range = [inDays(-reach.back), inDays(reach.ahead), inDays(-reach.cancelled)];
  const visits = await desk.db.rows(selectVisits, [owner.id, ...range]);
  return visitCalendar(owner, visits);
}

function visitCalendar({ id, name, timezone }: CalendarOwner, visits: readonly CalendarVisit[]): string {
  const title = asText(`Visits of ${name}`);
  return calendarText(
    [
      ["VERSION", "2.0"],
      ["PRODID", "-//Dispatch//Technician's visits//EN"],
      ["CALSCALE", "GREGORIAN"],
      ["METHOD", "PUBLISH"],
      ["NAME", title],
      ["X-WR-CALNAME", title],
      ["X-WR-TIMEZONE", asText(timezone)],
      ["REFRESH-INTERVAL;VALUE=DURATION", lookEvery],
      ["X-PUBLISHED-TTL", lookEvery],
    ],
    visits.map((visit) => eventOf(visit, id)),
  );
}

function eventOf(visit: CalendarVisit, techId: TechnicianId): Property[] {
  const { ticket_id, part, visit: ordinal, version, updated_at, start, end, number, state } = visit;
  const common: Property[] = [
    ["UID", `${ticket_id}.${techId}.${ordinal}.${part}@dispatch`],
    // The ticket's version grows with each change of it, also with those that take the visit away or give it back.
    ["SEQUENCE", String(version)],
    ["DTSTAMP", asTime(updated_at)],
    ["LAST-MODIFIED", asTime(updated_at)],
    ["DTSTART", asTime(start)],
    ["DTEND", asTime(end)],
  ];
  // Whoever no longer goes there need not know where it was.
  if (state === "released") return [...common, ["STATUS", "CANCELLED"], ["SUMMARY", asText(`Cancelled: ${number}`)]];
  const { lat, lon } = visit;
  const isOpen = visit.ticket_state === "PENDING_CUSTOMER_CONFIRMATION";
  return [
    ...common,
    ["STATUS", isOpen ? "TENTATIVE" : "CONFIRMED"],
    ["SUMMARY", asText(titleOf(visit))],
    ["LOCATION", asText(addressOf(visit))],
    ...(lat === null || lon === null ? [] : [["GEO", `${lat};${lon}`] as const]),
    ["DESCRIPTION", asText(describe(visit))],
  ];
}

const titleOf = ({ site_name, incident_type }: CalendarVisit): string =>
  incident_type === null ? site_name : `${site_name}: ${incident_type.replaceAll("_", " ").toLowerCase()}`;

const addressOf = ({ site_name, address1, address2, city, region, postal_code, country }: CalendarVisit): string =>
  [site_name, address1, address2, city, [region, postal_code].filter(Boolean).join(" "), country]
    .filter(Boolean)
    .join(", ");

function describe({ number, priority, role, company, arrival_start, arrival_end, timezone }: CalendarVisit): string {
  const local = (time: string): string => (localIso(Date.parse(time), timezone) ?? time).slice(0, 16).replace("T", " ");
  return [
    number,
    priority.toLowerCase(),
    role === "helper" ? "You help." : null,
    company === null ? null : `With ${company}.`,
    arrival_start !== null && arrival_end !== null
      ? `Promised to the customer: ${local(arrival_start)} to ${local(arrival_end)}.`
      : null,
  ]
    .filter(Boolean)
    .join("\n");
}
