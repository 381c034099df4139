// tech.check_in: somebody arrives. With the first of a crew the work begins: on site and at work are two moves of one command. The
// others join them, and a helper who leaves before the work is over checks out here as well.

import type { TechnicianId } from "../contract/ids.ts";
import { isObject } from "../kernel/json.ts";
import { wrongState } from "../kernel/machine.ts";
import { invalidField, invalidFields } from "../kernel/refusal.ts";
import { ticketCommand, type TicketCall } from "../ticket/ticket-command.ts";
import type { Place } from "../travel/place.ts";
import { settleMember } from "../workforce/bookings.ts";
import { helpersOf, loadCrew, type Crew } from "../workforce/crew.ts";
import { loadBillingFacts, priceVisits, withReport } from "./billable.ts";
import { arrivalsOf, selectTrail, visitsOf } from "./visits.ts";
import { utc } from "./windows.ts";

export const techCheckIn = ticketCommand({
  name: "tech.check_in",
  async load(tx, { input, ticketId }) {
    const [crew, trail, facts] = await Promise.all([
      loadCrew(tx, ticketId),
      tx.rows(selectTrail, [ticketId]),
      input.work ? loadBillingFacts(tx, ticketId) : null,
    ]);
    return { crew, trail, facts };
  },
  decide(call, { crew, trail, facts }) {
    const { desk, input, ticket, now } = call;
    const who = whoIsIt(call, crew);
    const location = input.location === undefined ? null : placeIn(input.location);
    // The visit begins where the technician stands, whatever a phone makes of the place.
    const isIgnored = location === null && input.location !== undefined && input.location !== null;
    if (isIgnored && desk.policy.unknownFields === "refuse")
      throw invalidFields([
        { path: "location", rule: "place", message: `must be ${placeRule}; leave it out when it is not known` },
      ]);
    const told = {
      // Also where only the history grows: whoever looked at the ticket before does not know who has come.
      change: {},
      payload: {
        timestamp: utc(input.timestamp),
        tech_id: who,
        location,
        ...(isIgnored && { location_as_given: asGiven(input.location) }),
      },
      body: <Body>(after: Body): Body => after,
      ...(isIgnored && {
        warnings: [
          {
            code: "LOCATION_NOT_UNDERSTOOD" as const,
            message: `The check-in counts, without its place, which must be ${placeRule}.`,
          },
        ],
      }),
    };
    if (input.check_out === true) {
      requireLeaving(call, who);
      const { work = null } = input;
      if (facts) priceVisits(call, visitsOf(withReport(facts, "tech.check_in", call).trail), facts, []);
      return {
        ...told,
        payload: { ...told.payload, check_out: true, work },
        parts: [settleMember(ticket.id, "done", now, who)],
      };
    }
    if (input.work) throw invalidField("work", "check_out", "goes with check_out; the lead reports with tech.complete");
    if (ticket.state === "DISPATCHED")
      return {
        ...told,
        path: ["ON_SITE", "IN_PROGRESS"],
        change: { arrived_at: ticket.arrived_at ?? arrival(utc(input.timestamp), ticket.created_at, now) },
      };
    const isThere = arrivalsOf(trail, ticket.assigned_tech_id).has(who);
    if (isThere) throw wrongState(ticket.state, "IN_PROGRESS", ["DISPATCHED"]);
    return told;
  },
});

/**
 * Of whom this tells: of whom it says, else of the technician who calls, else of the lead.
 * @throws Refusal INVALID_REQUEST for somebody who does not come to this visit
 */
function whoIsIt({ actor, input, ticket }: TicketCall<"tech.check_in">, crew: Crew): TechnicianId {
  const { tech_id: named } = input;
  const caller = actor.role === "tech" ? actor.techId : null;
  if (named !== undefined && caller !== null && named !== caller && caller !== ticket.assigned_tech_id)
    throw invalidField("tech_id", "own", "is somebody else; only whoever leads the visit checks others in");
  const who = named ?? caller ?? ticket.assigned_tech_id;
  if (who !== null && (who === ticket.assigned_tech_id || helpersOf(crew).some(({ tech_id }) => tech_id === who)))
    return who;
  throw invalidField("tech_id", "crew", "is not booked for this visit; assignment.crew adds who goes along");
}

/** @throws Refusal INVALID_REQUEST, INVALID_STATE_TRANSITION */
function requireLeaving({ ticket }: TicketCall<"tech.check_in">, who: TechnicianId): void {
  if (who === ticket.assigned_tech_id)
    throw invalidField(
      "check_out",
      "helper",
      "is for helpers; the lead ends the visit with tech.complete or tech.hold, or hands it over with assignment.transfer",
    );
  if (ticket.state === "DISPATCHED") throw wrongState(ticket.state, "IN_PROGRESS", ["IN_PROGRESS"]);
}

const placeRule = "{lat, lon} or {lat, lng}, numbers of degrees within 90 and 180 of 0";

/** The place that a phone or a map's service says; null when it is none. */
function placeIn(given: unknown): Place | null {
  if (!isObject(given)) return null;
  const { lat, lon = given["lng"] } = given;
  if (typeof lat !== "number" || typeof lon !== "number") return null;
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}

/** For whoever looks into it, but not a whole track of places for good. */
const longestGiven = 500;
const asGiven = (given: unknown): unknown =>
  JSON.stringify(given).length <= longestGiven ? given : `more than ${longestGiven} characters`;

/** When the technician says to have arrived, which may be told later; but not before the call, nor ahead of time. */
const arrival = (said: string, created: string, now: string): string => (said > created && said < now ? said : now);
