// assignment.crew: who goes along with the lead, or does not any more. Each helper has a booking of their own, for the time of the
// visit or what is left of it; the ticket stays where it is.

import type { TechnicianId } from "../contract/ids.ts";
import { mostInCrew } from "../contract/fields.ts";
import type { Session } from "../db/pool.ts";
import { invalidField, invalidFields, type Violation } from "../kernel/refusal.ts";
import { ticketCommand, type TicketCall } from "../ticket/ticket-command.ts";
import { insertBookings, settleMember } from "../workforce/bookings.ts";
import { loadRoster, readingAt, type Asked, type RosterReading } from "../workforce/calendar.ts";
import {
  crewChange,
  crewPayload,
  helpersOf,
  inOrder,
  loadCrew,
  memberOf,
  peopleFor,
  type Crew,
} from "../workforce/crew.ts";
import { settledAs } from "../workforce/requeue.ts";
import { lockTechnician } from "../workforce/technicians.ts";
import { loadSiteDemand, placeOfSite } from "../workforce/site-demand.ts";
import { consultOn } from "../travel/driving.ts";
import { bookingOfHelper, fromNowOn, untilItsEnd } from "./assign.ts";
import { ticketAt } from "./local-times.ts";
import { waivedInSending, waivedOnSite } from "./may-go.ts";
import { policyOf } from "../ticket/policy-of.ts";

export const assignmentCrew = ticketCommand({
  name: "assignment.crew",
  alone: true,
  async load(tx, call) {
    const { desk, input, ticketId, clockTime } = call;
    const reading = readingAt(desk.policy, clockTime);
    const asked = { ticketId, ...fromNowOn(clockTime) };
    const add = input.add?.toSorted() ?? [];
    const [site, crew, rosters] = await Promise.all([
      loadSiteDemand(tx, ticketId),
      loadCrew(tx, ticketId),
      // As a lead is (loadAssignee): of jobs that may share somebody's time the database counts none.
      Promise.all(add.map((techId) => lockAndLoad(tx, { ...asked, techId }, reading))),
    ]);
    return { site, crew, roster: rosters.flat() };
  },
  consult: ({ desk }, { site, roster }) => consultOn(desk.travel, roster, placeOfSite(site)),
  decide(call, { site, crew, roster }) {
    const { desk, input, ticket, now, clockTime } = call;
    const { add = [], remove = [], reason = null } = input;
    const people = peopleAfter(call, crew);
    const begun = ticket.state === "ON_SITE" || ticket.state === "IN_PROGRESS";
    const at = { ...call, ticket: begun ? untilItsEnd(ticket, clockTime) : ticket };
    const waived = begun ? waivedOnSite(desk.policy) : waivedInSending(desk.policy);
    const bookings = add.map((techId) =>
      bookingOfHelper(at, { technician: roster.find(({ id }) => id === techId) ?? null, site }, { techId, waived }),
    );
    const stay = crew.members.filter(({ tech_id }) => !remove.includes(tech_id));
    const members = inOrder([...stay, ...bookings.map((one) => memberOf(one, roster))]);
    const missing = people - 1 - helpersOf({ members }).length;
    return {
      change: crewChange(ticket, missing),
      payload: { added: add, removed: remove, reason, people, ...crewPayload(members, missing) },
      parts: [
        ...remove.map((techId) => settleMember(ticket.id, settledAs(ticket), now, techId)),
        ...insertBookings(bookings, now),
      ],
      body: (after) => ({ ...ticketAt(after, site), crew: members, helpers_missing: missing }),
    };
  },
});

async function lockAndLoad(tx: Session, asked: Asked & { readonly techId: TechnicianId }, reading: RosterReading) {
  const [, roster] = await Promise.all([tx.row(lockTechnician, [asked.techId]), loadRoster(tx, asked, reading)]);
  return roster;
}

/**
 * How many people the visit takes from now on: as many as before, more where more are added than were missing, fewer where
 * somebody is sent home; or as many as the caller says.
 * @throws Refusal INVALID_REQUEST naming whom it cannot be done with
 */
function peopleAfter({ desk, input, ticket }: TicketCall<"assignment.crew">, crew: Crew): number {
  const { add = [], remove = [], people: wanted } = input;
  if (add.length === 0 && remove.length === 0 && wanted === undefined)
    throw invalidField("", "minProperties", "name whom to add or to remove, or how many people the visit takes");
  const helpers = helpersOf(crew).map(({ tech_id }) => tech_id);
  const faults = [
    ...add.flatMap((id, at) => faultOf(`add/${at}`, whyNotAdded(id, at))),
    ...remove.flatMap((id, at) => faultOf(`remove/${at}`, whyNotRemoved(id, at))),
  ];
  if (faults.length > 0) throw invalidFields(faults);
  if (ticket.parted_minutes !== null && (add.length > 0 || (wanted ?? 1) > 1))
    throw invalidField(
      add.length > 0 ? "add/0" : "people",
      "parts",
      "is not for a visit in parts, which one technician does alone; make a ticket of what a second one is to do",
    );
  const booked = 1 + helpers.length - remove.length + add.length;
  if (booked > mostInCrew)
    throw invalidField(
      "add",
      "maxItems",
      `would make ${booked} people of one visit; at most ${mostInCrew} go, the lead among them`,
    );
  if (wanted !== undefined && wanted < booked)
    throw invalidField(
      "people",
      "minimum",
      `is less than the ${booked} who are booked; remove those who are not to go`,
    );
  return wanted ?? Math.max(booked, peopleFor(crew, policyOf(desk, crew)) - remove.length);

  function whyNotAdded(id: TechnicianId, at: number): string | null {
    if (add.indexOf(id) !== at) return "is named twice";
    if (remove.includes(id)) return "is to be removed as well";
    if (id === ticket.assigned_tech_id)
      return "leads this visit; another lead is named by assignment.override or assignment.transfer";
    return helpers.includes(id) ? "helps with this visit already" : null;
  }

  function whyNotRemoved(id: TechnicianId, at: number): string | null {
    if (remove.indexOf(id) !== at) return "is named twice";
    if (id === ticket.assigned_tech_id) return "leads this visit; the lead is taken off by assignment.unassign";
    return helpers.includes(id) ? null : "does not help with this visit";
  }
}

const faultOf = (path: string, message: string | null): Violation[] =>
  message === null ? [] : [{ path, rule: "crew", message }];
