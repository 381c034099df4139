// Who goes along with the lead of a visit, all of them or, where that is said, as many as there are. Whether somebody may go is
// asked of helpers as of leads (may-go.ts).

import type { BookingBody, CrewMember } from "../contract/responses.ts";
import type { Desk } from "../kernel/desk.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Refusal } from "../kernel/refusal.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import type { RosterEntry } from "../workforce/calendar.ts";
import { helperJob, helpersOf, inOrder, memberOf, type Company } from "../workforce/crew.ts";
import { jobAt, type SiteDemand } from "../workforce/site-demand.ts";
import { bookingOfHelper, type Bookings } from "./assign.ts";
import { mayGo, nothingWaived, waivedInSending, type Waived } from "./may-go.ts";
import { nobodyFree } from "./promise.ts";
import { whoIsFree, type WhoIsFree } from "./who-is-free.ts";
import { policyOf } from "../ticket/policy-of.ts";

type Crewing = {
  readonly desk: Desk;
  readonly actor: Actor;
  /** With the time of the visit. */
  readonly ticket: TicketRow;
  readonly now: string;
  readonly clockTime: string;
};

export type FullCrew = {
  /** The lead's first. */
  readonly bookings: readonly BookingBody[];
  readonly members: readonly CrewMember[];
  /** Everybody but the lead, of whom nobody was locked before their calendars were read. */
  readonly others: readonly RosterEntry[];
  /** How many could not be found. */
  readonly missing: number;
  /** Why, for whoever must have all of them. */
  refusal(): Refusal;
};

/**
 * The crew around a lead's bookings: who helps already stays where they can, and the best who are free make it whole.
 * @param keeping what is passed over of those who help already: somebody named them for this time
 */
export function crewAround(
  call: Crewing,
  { technician, site, company }: { technician: RosterEntry | null; site: SiteDemand | null; company: Company },
  { first: lead, all }: Pick<Bookings, "first" | "all">,
  keeping: Waived = waivedInSending(call.desk.policy),
): FullCrew {
  const { desk, ticket, clockTime } = call;
  const { crew, people, roster } = company;
  const window = { start: Date.parse(lead.start), end: Date.parse(lead.end) };
  const asked = { desk, ticket, roster, site, clockTime };
  const others = roster.filter(({ id }) => id !== lead.technician_id);
  const found: WhoIsFree = whoIsFree({ ...asked, roster: others, as: "helper" }, window);
  const job = helperJob(jobAt(site, ticket, policyOf(desk, ticket)));
  const kept = helpersOf(crew).flatMap(({ tech_id }) => {
    const one = others.find(({ id }) => id === tech_id);
    return one && mayGo(desk, { technician: one, job, window, work: null, now: Date.parse(clockTime) }, keeping).free
      ? [one]
      : [];
  });
  const fresh = found.free.filter((one) => !kept.includes(one));
  const helpers = [...kept, ...fresh].slice(0, people - 1);
  const at = { ...call, ticket: { ...ticket, scheduled_start: lead.start, scheduled_end: lead.end } };
  const bookings = helpers.map((one) =>
    bookingOfHelper(
      at,
      { technician: one, site },
      { techId: one.id, waived: kept.includes(one) ? keeping : nothingWaived },
    ),
  );
  const named = [...(technician ? [technician] : []), ...helpers];
  const free = 1 + kept.length + fresh.length;
  return {
    bookings: [...all, ...bookings],
    others,
    members: inOrder([lead, ...bookings].map((booking) => memberOf(booking, named))),
    missing: Math.max(0, people - 1 - helpers.length),
    refusal: () => nobodyFree(call.actor, found, { needed: people, free }),
  };
}
