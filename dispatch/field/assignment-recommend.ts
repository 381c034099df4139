// assignment.recommend: ranks the roster for a ticket and keeps the ranking as a snapshot.

import { newId } from "../kernel/clock.ts";
import { ticketCommand } from "../kernel/command.ts";
import { assessWindow, findInability } from "../workforce/availability.ts";
import { loadRoster } from "../workforce/calendar.ts";
import { rankTechnicians, type RankCandidate } from "../workforce/rank-technicians.ts";
import { jobAt, loadSiteDemand } from "../workforce/site-demand.ts";
import { insertSnapshot } from "./recommendation-snapshots.ts";
import { utcWindow } from "./windows.ts";

export const assignmentRecommend = ticketCommand({
  name: "assignment.recommend",
  async load(tx, { input, ticketId }) {
    const wished = input.preferred_window && utcWindow(input.preferred_window);
    const [roster, site] = await Promise.all([
      loadRoster(tx, { ticketId, ...(wished && { from: wished.start, to: wished.end }) }),
      loadSiteDemand(tx, ticketId),
    ]);
    return { roster, site };
  },
  decide({ desk, input, ticket, now }, { roster, site }) {
    const start = input.preferred_window?.start ?? ticket.scheduled_start;
    const end = input.preferred_window?.end ?? ticket.scheduled_end;
    const window = start && end ? { start: Date.parse(start), end: Date.parse(end) } : null;
    const { technicianWithoutShift } = desk.policy;
    const rules = { technicianWithoutShift, zoneMustMatch: false };
    // Capability is a term of the score, so the job asks for no skill here: who lacks it is ranked last, not hidden.
    const job = { ...jobAt(site, ticket.incident_type, desk.policy), requiredSkills: [], requiredTools: [] };
    const region = site?.region ?? null;

    const candidates = roster.map((one): RankCandidate => {
      const calendar = one.calendar(window ?? { start: Date.parse(now), end: Date.parse(now) });
      const verdict = window ? assessWindow(calendar, job, window, rules) : null;
      const unable = verdict ? (verdict.free ? null : verdict.reason) : (findInability(calendar, job, rules)?.reason ?? null);
      return {
        techId: one.id,
        techName: one.name,
        serviceTypes: one.serviceTypes,
        zone: one.zone,
        openTickets: one.openTickets,
        baseLoad: one.baseLoad,
        quality: one.quality,
        ineligible: unable,
        withoutShift: !one.calendared,
      };
    });
    const limit = input.recommendation_limit ?? 5;
    const ranking = rankTechnicians({ candidates, serviceType: input.service_type, region, limit });
    const result = {
      recommendations: ranking.recommendations.map((one) => ({ ...one, factors: [...one.factors] })),
      rejected: [...ranking.rejected],
      snapshot_id: newId(Date.parse(now)),
      evaluated_at: now,
    };
    const first = result.recommendations[0]?.tech_id ?? null;
    return {
      payload: { service_type: input.service_type, snapshot_id: result.snapshot_id, recommended_tech_id: first },
      write: (tx) => [
        tx.row(insertSnapshot, [result.snapshot_id, ticket.id, input.service_type, region, first, JSON.stringify(result), now]),
      ],
      body: () => result,
    };
  },
});
