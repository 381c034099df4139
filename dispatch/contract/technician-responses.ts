// The bodies that a technician's own questions are answered with, as schemas.

import { answeredId, localTime, nullable, oneOf, priorities, state, Type, type Static } from "./fields.ts";
import type { SiteId, TechnicianId, TicketId } from "./ids.ts";

const uuid = () => Type.String({ format: "uuid" });
const time = () => Type.String({ format: "date-time" });
const text = () => Type.String();
const count = () => Type.Integer({ minimum: 0 });
const dayText = () => Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$" });
const person = { tech_id: answeredId<TechnicianId>(), tech_name: text() };

/** What keeps a visit from being in order, most pressing first. */
export const visitGaps = [
  "APPROVAL_PENDING",
  "CUSTOMER_NOT_CONFIRMED",
  "NOT_SENT",
  "NOT_CHECKED_IN",
  "NOT_CHECKED_OUT",
  "HELPERS",
  "SIGNATURE",
  "EVIDENCE",
  "CHECKLIST",
] as const;
export type VisitGap = (typeof visitGaps)[number];

const missing = Type.Object({
  codes: Type.Array(Type.Enum([...visitGaps]), {
    description:
      "NOT_SENT: nobody has dispatched it yet; NOT_CHECKED_IN: it should have begun; NOT_CHECKED_OUT: it should be over; HELPERS: " +
      "somebody of the crew is still to be found; SIGNATURE, EVIDENCE, CHECKLIST: what completing it will ask for",
  }),
  evidence_keys: Type.Array(text()),
  checklist_keys: Type.Array(text()),
  helpers: count(),
});
export type MissingBody = Static<typeof missing>;

const visit = Type.Object({
  ticket_id: answeredId<TicketId>(),
  number: text(),
  state: state(),
  priority: Type.Enum([...priorities]),
  incident_type: nullable(text()),
  summary: text(),
  role: oneOf(["lead", "helper"], "The lead answers for the visit; helpers go along"),
  booking_id: nullable(uuid(), "Null for work under way that has no booking any more"),
  part: Type.Optional(count()),
  of: Type.Optional(count()),
  start: nullable(time()),
  end: nullable(time()),
  start_local: localTime(),
  end_local: localTime(),
  timezone: Type.String({ description: "The site's, on whose clock the local times are read" }),
  arrival_window: nullable(
    Type.Object({ start: time(), end: time(), start_local: localTime(), end_local: localTime() }),
    "What the customer was promised, where that is more than the visit's own time",
  ),
  travel_before_minutes: count(),
  site: Type.Object({
    id: answeredId<SiteId>(),
    name: text(),
    address1: nullable(text()),
    address2: nullable(text()),
    city: nullable(text()),
    region: nullable(text()),
    postal_code: nullable(text()),
    country: nullable(text()),
    lat: nullable(Type.Number()),
    lon: nullable(Type.Number()),
  }),
  access_instructions: nullable(text()),
  contact: nullable(
    Type.Object({ name: text(), phone: nullable(text()), role: nullable(text()) }),
    "Whom to ask for on site: the ticket's contact, else the site's first; who called where there is none or no number of theirs; " +
      "null: nobody is on record",
  ),
  crew: Type.Array(Type.Object({ ...person, role: oneOf(["lead", "helper"]), checked_in_at: nullable(time()) }), {
    description: "Who is booked for it, the lead first, with when they came",
  }),
  missing,
});
export type VisitBody = Static<typeof visit>;

export const techDay = Type.Object({
  generated_at: time(),
  technician: Type.Object(person),
  timezone: Type.String({ description: "The technician's, whose calendar the days are of" }),
  days: Type.Array(
    Type.Object({
      day: dayText(),
      visits: Type.Array(visit, {
        description: "In order of time; on the first day also what began before it and is not over",
      }),
    }),
  ),
  more: Type.Optional(
    Type.Boolean({
      description: "There are more than are told; what should have been over before the first day is left out first",
    }),
  ),
});

export const calendarLink = Type.Object({
  technician_id: answeredId<TechnicianId>(),
  url: nullable(text(), "Shown once: null in a repetition of the call, and where the address was withdrawn"),
  made_at: nullable(time(), "Null where there is no address any more"),
  ended_previous: Type.Boolean({ description: "Whether there was an address before, which has ended" }),
});
