// Whether a time that is about to be promised can be kept: is anybody left who could come? A promise nobody can keep is refused
// or warned of, as the profile says.

import { warningRegistry, type Warning } from "../contract/warnings.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { Actor } from "../kernel/actor.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { TicketCall, TicketLoad } from "../ticket/ticket-command.ts";
import type { Window } from "../ticket/ticket-row.ts";
import type { RosterEntry } from "../workforce/calendar.ts";
import { crewSize, loadSiteDemand, type SiteDemand } from "../workforce/site-demand.ts";
import { zoneOfSite } from "../workforce/site-zone.ts";
import { loadRosterFor } from "./roster-for.ts";
import { closedWarnings } from "./site-closed.ts";
import { whoIsFree, type WhoIsFree } from "./who-is-free.ts";
import { policyOf } from "../ticket/policy-of.ts";

// Promises of the same kind of work in the same zone for which nobody was looked for yet. So many at most, by their index, that
// a desk without a worker and with thousands of them is not read through; what was looked at in vain is told of in the cockpit.
const countRivals = statement<{ rivals: number }>(
  "promise_rivals",
  `SELECT count(*)::int AS rivals
   FROM (SELECT id, site_id, incident_type, scheduled_start, scheduled_end FROM tickets
         WHERE awaiting_technician AND assign_after IS NULL ORDER BY assign_after, sla_deadline_at LIMIT 200) AS other
   JOIN sites AS there ON there.id = other.site_id,
        tickets AS this JOIN sites AS here ON here.id = this.site_id
   WHERE this.id = $1 AND other.id <> this.id AND other.incident_type IS NOT DISTINCT FROM this.incident_type
     AND upper(${zoneOfSite("there")}) IS NOT DISTINCT FROM upper(${zoneOfSite("here")})
     AND other.scheduled_start < $3 AND other.scheduled_end > $2`,
);

export type Calendar = {
  readonly roster: readonly RosterEntry[];
  readonly site: SiteDemand | null;
  readonly rivals: number;
};

/** What is asked before a promise. */
export async function loadCalendar(
  tx: Session,
  call: Pick<TicketLoad<"schedule.confirm">, "desk" | "actor" | "ticketId" | "clockTime">,
  { start: from, end: to }: Window,
): Promise<Calendar> {
  const { ticketId } = call;
  const [roster, site, row] = await Promise.all([
    loadRosterFor(tx, call, { ticketId, from, to }),
    loadSiteDemand(tx, ticketId),
    tx.row(countRivals, [ticketId, from, to]),
  ]);
  return { roster, site, rivals: row?.rivals ?? 0 };
}

/**
 * What there is to say against promising this time; nothing when it can be kept. A time that has passed is no promise.
 * @throws Refusal NO_FEASIBLE_SLOT where the profile refuses what nobody can keep
 */
export function promiseWarnings(
  { desk, actor, ticket, clockTime }: TicketCall<"schedule.confirm">,
  { roster, site, rivals }: Calendar,
  { start, end }: Window,
): Warning[] {
  if (end <= clockTime) return [warned("WINDOW_IN_PAST")];
  const asked = { desk, ticket, roster, site, clockTime };
  const window = { start: Date.parse(start), end: Date.parse(end) };
  const found = whoIsFree(asked, window);
  const people = crewSize(ticket.incident_type, policyOf(desk, ticket));
  const helpers = people === 1 ? null : whoIsFree({ ...asked, as: "helper" }, window);
  // Of those who are free, how many are beyond those whom this visit takes.
  const spare = Math.min(found.free.length, (helpers ?? found).free.length - people + 1);
  const closed = closedWarnings(desk, site, [{ start, end }]);
  if (spare > rivals) return closed;
  // Which of the others' work will be found somebody is not known yet: reason to warn, not to refuse.
  if (spare > 0) return [...closed, warned("PROMISED_TWICE")];
  // For an emergency somebody can be taken off other work.
  if (desk.policy.confirmRefusesUnstaffed && ticket.priority !== "EMERGENCY")
    throw nobodyFree(actor, found, people > 1 ? { needed: people, free: (helpers ?? found).free.length } : null);
  if (!found.anybodyAble) return [...closed, warned("NOBODY_ABLE")];
  // That nobody is free follows from it.
  const bySite = found.rejected.some(({ reason }) => reason === "SITE_CLOSED");
  return bySite ? closed : [...closed, warned("NOBODY_FREE")];
}

const warned = (code: "NOBODY_ABLE" | "NOBODY_FREE" | "PROMISED_TWICE" | "WINDOW_IN_PAST"): Warning => ({
  code,
  message: warningRegistry[code],
});

/** How many people a visit takes at once, and how many are free then. */
type People = { readonly needed: number; readonly free: number };

/** Nobody can come then, or too few. Who is away, and why, is no customer's to know by name. */
export const nobodyFree = (
  actor: Actor,
  { rejected }: Pick<WhoIsFree, "rejected">,
  people: People | null = null,
): Refusal =>
  new Refusal(
    "NO_FEASIBLE_SLOT",
    {
      rejected: rejected.map(({ id, name, ...why }) => ({
        tech_id: id,
        ...(actor.role !== "customer" && { tech_name: name }),
        ...why,
      })),
      ...people,
    },
    people && people.needed > 1 ? { message: tooFew(people) } : {},
  );

/** For whoever is refused a time for a crew. */
export const tooFew = ({ needed, free }: People): string =>
  `The visit takes ${needed} people at once, and ${free === 1 ? "1 is" : `${free} are`} free; rejected says why for the others.`;
