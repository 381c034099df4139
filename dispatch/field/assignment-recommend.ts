// assignment.recommend: ranks the roster for a ticket and keeps the ranking as a snapshot.

import type { SnapshotId } from "../contract/ids.ts";
import { reaches } from "../kernel/actor.ts";
import { concernsOf } from "../kernel/aggregate.ts";
import { newId, plusMinutes } from "../kernel/clock.ts";
import { ticketCommand, type TicketCall } from "../ticket/ticket-command.ts";
import { findInability, matchesCapability, type Exclusion, type Job } from "../workforce/ability.ts";
import type { WindowAssessment } from "../workforce/availability.ts";
import { bumpProposals, delayWeights } from "../workforce/bump.ts";
import type { RosterBooking, RosterEntry } from "../workforce/calendar.ts";
import { abilityWarnings, missingAbilities } from "../workforce/missing-abilities.ts";
import { asCandidate, rankTechnicians } from "../workforce/rank-technicians.ts";
import { loadCrew, peopleFor } from "../workforce/crew.ts";
import { consultOn } from "../travel/driving.ts";
import { jobAt, loadSiteDemand, placeOfSite, visitMinutes, workOf } from "../workforce/site-demand.ts";
import { goingRules, mayGo } from "./may-go.ts";
import type { TimeRange } from "../workforce/shift-ranges.ts";
import { loadRosterFor } from "./roster-for.ts";
import { insertSnapshot } from "./recommendation-snapshots.ts";
import { whoIsFree } from "./who-is-free.ts";
import { utcWindow } from "./windows.ts";
import { policyOf } from "../ticket/policy-of.ts";

export const assignmentRecommend = ticketCommand({
  name: "assignment.recommend",
  async load(tx, call) {
    const { input, ticketId } = call;
    const wished = input.preferred_window && utcWindow(input.preferred_window);
    const [roster, site, crew] = await Promise.all([
      loadRosterFor(tx, call, { ticketId, ...(wished && { from: wished.start, to: wished.end }) }),
      loadSiteDemand(tx, ticketId),
      loadCrew(tx, ticketId),
    ]);
    return { roster, site, crew };
  },
  consult: (call, { roster, site }) => (wantedAt(call) ? consultOn(call.desk.travel, roster, placeOfSite(site)) : null),
  decide(call, { roster, site, crew }) {
    const { desk, actor, input, ticket, now, clockTime } = call;
    const window = wantedAt(call);
    const rules = goingRules(desk);
    const policy = policyOf(desk, ticket);
    // Where nobody has named the kind of work on the ticket, this recommendation does.
    const kind = ticket.incident_type ?? input.service_type;
    const job = jobAt(site, { ...ticket, incident_type: kind }, policy);
    const region = site?.region ?? null;
    const people = peopleFor(crew, policy);
    const hands =
      people > 1 && window ? whoIsFree({ desk, ticket, roster, site, clockTime, as: "helper" }, window).free : null;
    const judged = roster.map((technician) => {
      const verdict = judge(call, technician, job, window);
      return {
        technician,
        verdict: verdict.free && hands && hands.length < people ? alone(people, hands.length) : verdict,
      };
    });
    const working = roster.filter((one) => one.standing !== "INACTIVE");
    const missing = ticket.incident_type === null ? null : missingAbilities(ticket.incident_type, policy, working);

    const drives = new Set(judged.flatMap(({ verdict }) => (verdict.free ? [verdict.travelSource] : [])));
    const candidates = judged.map(({ technician, verdict }) => asCandidate(technician, verdict));
    const limit = input.recommendation_limit ?? 5;
    const ranking = rankTechnicians({ candidates, serviceType: input.service_type, region, limit });
    const nobody = ticket.priority === "EMERGENCY" && ranking.recommendations.length === 0;
    const asked = {
      roster,
      rules,
      job,
      now: Date.parse(clockTime),
      delayWeight: delayWeights(desk.policies.live.sla.targetMinutes),
      mayMove: (booking: RosterBooking) =>
        reaches(actor.accounts, booking.account_id) && reaches(actor.sites, booking.site_id),
    };
    const result = {
      recommendations: ranking.recommendations.map((one) => ({ ...one, factors: [...one.factors] })),
      rejected: [...ranking.rejected],
      ...(window && {
        travel_source: drives.has("estimate")
          ? ("estimate" as const)
          : drives.has("service")
            ? ("service" as const)
            : null,
      }),
      ...(hands && { crew: { needed: people, free: hands.length } }),
      ...(nobody &&
        window && { bump: bumpProposals({ ...asked, window }).map((one) => ({ ...one, factors: [...one.factors] })) }),
      snapshot_id: newId<SnapshotId>(Date.parse(now)),
      evaluated_at: now,
    };
    const named = new Set((result.bump ?? []).map(({ ticket_id }) => ticket_id));
    const first = result.recommendations[0]?.tech_id ?? null;
    return {
      concerns: concernsOf(roster.flatMap(({ bookings }) => bookings.filter(({ ticketId: id }) => named.has(id)))),
      payload: { service_type: input.service_type, snapshot_id: result.snapshot_id, recommended_tech_id: first },
      write: (tx) => [
        insertSnapshot(tx, {
          id: result.snapshot_id,
          ticket_id: ticket.id,
          service_type: input.service_type,
          site_region: region,
          recommended_tech_id: first,
          body: JSON.stringify(result),
          evaluated_at: now,
        }),
      ],
      warnings: abilityWarnings(missing),
      body: () => result,
    };
  },
});

/** Why somebody who is free is not sent: the others whom it takes are not. */
const alone = (needed: number, free: number): Exclusion & { readonly free: false } => ({
  free: false,
  reason: "CREW_INCOMPLETE",
  detail: `is free, but the visit takes ${needed} people at once, and ${free === 1 ? "1 is" : `${free} are`} free`,
});

/** What dispatch would ask, and that they do what this recommendation is for; without a time, what holds at any. */
function judge(
  { desk, input, ticket, clockTime }: TicketCall<"assignment.recommend">,
  technician: RosterEntry,
  job: Job,
  window: TimeRange | null,
): WindowAssessment {
  if (!matchesCapability(technician.serviceTypes, input.service_type) && technician.standing === null)
    return { free: false, reason: "SKILL_MISSING", detail: `does not do ${input.service_type}` };
  const now = Date.parse(clockTime);
  // A wished window is asked about as it is; the ticket's own has the ticket's work in it.
  const work = input.preferred_window ? null : workOf(ticket, policyOf(desk, ticket));
  if (window) return mayGo(desk, { technician, job, window, work, now });
  const unable = findInability(technician.calendar({ start: now, end: now }), job, goingRules(desk));
  if (unable) return { free: false, ...unable };
  const unknown = { travelBeforeMinutes: null, travelAfterMinutes: null, travelSource: null };
  return { free: true, ...unknown, withoutShift: !technician.calendared };
}

/**
 * When somebody is wanted: as wished, else at the ticket's time. Who was sent past scheduling and taken off again leaves a
 * ticket SCHEDULED without a time: it is for now. Null while there is nothing to go by.
 */
function wantedAt({
  desk,
  input,
  ticket,
  clockTime,
}: TicketCall<"assignment.recommend">): { start: number; end: number } | null {
  const atOnce = ticket.state === "SCHEDULED" && ticket.scheduled_start === null;
  const start = input.preferred_window?.start ?? ticket.scheduled_start ?? (atOnce ? clockTime : null);
  const end =
    input.preferred_window?.end ??
    ticket.scheduled_end ??
    (atOnce ? plusMinutes(clockTime, visitMinutes(ticket.incident_type, policyOf(desk, ticket))) : null);
  return start && end ? { start: Date.parse(start), end: Date.parse(end) } : null;
}
