// Who could do a ticket's work in exactly one window, the best of them first, and why nobody else could.

import type { Desk } from "../kernel/desk.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { anyService, findInability, type Exclusion } from "../workforce/ability.ts";
import type { RosterEntry } from "../workforce/calendar.ts";
import type { TimeRange } from "../workforce/shift-ranges.ts";
import { asCandidate, rankTechnicians } from "../workforce/rank-technicians.ts";
import { helperJob } from "../workforce/crew.ts";
import { jobAt, workOf, type SiteDemand } from "../workforce/site-demand.ts";
import { goingRules, mayGo } from "./may-go.ts";
import { policyOf } from "../ticket/policy-of.ts";

type Asked = {
  readonly desk: Desk;
  readonly ticket: TicketRow;
  readonly roster: readonly RosterEntry[];
  readonly site: SiteDemand | null;
  readonly clockTime: string;
  /** As whom they would go; absent: as the lead. */
  readonly as?: "lead" | "helper";
};

export type WhoIsFree = {
  readonly free: readonly RosterEntry[];
  readonly rejected: readonly (Exclusion & Pick<RosterEntry, "id" | "name">)[];
  /** Whether somebody could do it at another time. */
  readonly anybodyAble: boolean;
};

export function whoIsFree({ desk, ticket, roster, site, clockTime, as = "lead" }: Asked, window: TimeRange): WhoIsFree {
  const leads = jobAt(site, ticket, policyOf(desk, ticket));
  const job = as === "lead" ? leads : helperJob(leads);
  const rules = goingRules(desk);
  const work = as === "lead" ? workOf(ticket, policyOf(desk, ticket)) : null;
  const judged = roster.map((one) => ({
    one,
    verdict: mayGo(desk, { technician: one, job, window, work, now: Date.parse(clockTime) }),
    able: findInability(one.calendar(window), job, rules) === null,
  }));
  const ranking = rankTechnicians({
    candidates: judged.map(({ one, verdict }) => asCandidate(one, verdict)),
    serviceType: ticket.incident_type ?? anyService,
    region: job.region,
    limit: Math.max(1, roster.length),
  });
  const byId = new Map(roster.map((one) => [one.id, one]));
  return {
    free: ranking.recommendations.flatMap(({ tech_id }) => byId.get(tech_id) ?? []),
    rejected: judged.flatMap(({ one: { id, name }, verdict }) =>
      verdict.free ? [] : [{ id, name, reason: verdict.reason, detail: verdict.detail }],
    ),
    anybodyAble: judged.some(({ able }) => able),
  };
}
