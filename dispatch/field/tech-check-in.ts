// tech.check_in: the technician arrives and begins; on site and at work are two moves of one command.

import { isObject } from "../kernel/json.ts";
import { invalidFields } from "../kernel/refusal.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import type { Place } from "../travel/place.ts";
import { utc } from "./windows.ts";

export const techCheckIn = ticketCommand({
  name: "tech.check_in",
  decide({ desk, input, ticket, now }) {
    const location = input.location === undefined ? null : placeIn(input.location);
    // The visit begins where the technician stands, whatever a phone makes of the place.
    const isIgnored = location === null && input.location !== undefined && input.location !== null;
    if (isIgnored && desk.policy.unknownFields === "refuse")
      throw invalidFields([
        { path: "location", rule: "place", message: `must be ${placeRule}; leave it out when it is not known` },
      ]);
    return {
      path: ["ON_SITE", "IN_PROGRESS"],
      change: { arrived_at: ticket.arrived_at ?? arrival(utc(input.timestamp), ticket.created_at, now) },
      payload: {
        timestamp: utc(input.timestamp),
        location,
        ...(isIgnored && { location_as_given: asGiven(input.location) }),
      },
      body: (after) => after,
      ...(isIgnored && {
        warnings: [
          {
            code: "LOCATION_NOT_UNDERSTOOD",
            message: `The check-in counts, without its place, which must be ${placeRule}.`,
          },
        ],
      }),
    };
  },
});

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
