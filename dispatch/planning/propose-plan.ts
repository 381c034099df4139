// From a wish to a proposal: reads the day, searches outside any transaction, checks, and says what it found. Nothing on the
// desk changes but the plan's own row.

import type { TechnicianId } from "../contract/ids.ts";
import { searchSeconds } from "../contract/plan-commands.ts";
import { newId, plusMinutes } from "../kernel/clock.ts";
import { type DeskCall, type DeskDecision } from "../kernel/desk-chain.ts";
import type { Desk } from "../kernel/desk.ts";
import { stillBusy } from "../kernel/failure.ts";
import { Refusal } from "../kernel/refusal.ts";
import { loadRoster, readingAt } from "../workforce/calendar.ts";
import { buildProblem, type DayRows } from "./build-problem.ts";
import { describePlan } from "./describe-plan.ts";
import { earliestStart, planDay, requireTimeZone, type PlanDay } from "./plan-day.ts";
import { factsBehind, scheduleVersion, type PlanFacts } from "./plan-facts.ts";
import { claimPlan, failPlan, planBody, proposePlan, type FoundPlan, type PlanRow } from "./plan-rows.ts";
import { loadPlanTickets, loadTimeZone, type PlanTicket } from "./plan-tickets.ts";
import type { Plan } from "../planner/plan.ts";
import { inSearch, searchPlan } from "./search-plan.ts";
import { settlePlan } from "./settle-plan.ts";
import { policyOfOneOfMany } from "../ticket/policy-of.ts";

type Proposing = "plan.optimize" | "plan.nightly";

export type PlanWish = {
  readonly day: string;
  readonly timeZone: string | null;
  readonly zone: string | null;
  readonly techIds: TechnicianId[] | null;
  /** At least one of this and `iterations`; with both, the search ends with whichever is over first. */
  readonly seconds: number | null;
  readonly iterations: number | null;
  readonly seed: number;
  readonly moveWithinMinutes: number;
  readonly nightly: boolean;
  /** Names the intent: while one search runs for it, no other begins. */
  readonly claim: string;
};

export const usualWish = {
  timeZone: null,
  zone: null,
  techIds: null,
  seconds: searchSeconds.usual,
  iterations: null,
  seed: 1,
  moveWithinMinutes: 120,
} as const;

export type Proposal = {
  readonly row: PlanRow;
  readonly plan: Plan | null;
  readonly facts: PlanFacts;
  readonly found: FoundPlan;
  /** The tickets it names, with whose they are. */
  readonly named: readonly PlanTicket[];
};

/** How long a proposal holds, in minutes, unless something it touches changes before: asked for, and made overnight. */
const holdsMinutes = { asked: 60, nightly: 24 * 60 };
/** Where that many steps per visit have changed nothing, more do not either; a small day is done before its seconds are over. */
const stepsPerVisit = 2_000;
const graceMinutes = 2;

/**
 * @throws Refusal INVALID_REQUEST, TECHNICIAN_NOT_FOUND, RATE_LIMITED; IDEMPOTENCY_IN_FLIGHT while the same intent is searched for
 * @throws UnsoundPlan, PlannerFailure: defects
 */
export async function propose(call: DeskCall<Proposing>, wish: PlanWish): Promise<Proposal> {
  const { desk, actor, clockTime } = call;
  if (wish.timeZone !== null) requireTimeZone(wish.timeZone);
  const timeZone = wish.timeZone ?? (await loadTimeZone(desk.db, wish.zone, wish.techIds));
  const day = planDay(wish.day, timeZone, Date.parse(clockTime));
  return await inSearch(desk, actor, wish.claim, async () => {
    const rows = await loadDay(call, wish, day);
    const values = [
      newId(Date.parse(clockTime)),
      day.date,
      timeZone,
      wish.zone,
      wish.techIds,
      wish.moveWithinMinutes,
      wish.nightly,
      actor.id,
      wish.claim,
      clockTime,
      plusMinutes(clockTime, searchSeconds.most / 60 + graceMinutes),
    ];
    const row = await desk.db.row(claimPlan, values);
    if (!row) throw stillBusy();
    try {
      return await searched(desk, wish, rows, row);
    } catch (error) {
      // The row goes stale by itself when Postgres is what is away.
      await desk.db.row(failPlan, [row.id]).catch(() => undefined);
      throw error;
    }
  });
}

async function loadDay(
  { desk, actor, clockTime }: DeskCall<Proposing>,
  wish: PlanWish,
  day: PlanDay,
): Promise<DayRows> {
  const [from, to] = [new Date(day.start).toISOString(), new Date(day.end).toISOString()];
  const [roster, tickets] = await Promise.all([
    loadRoster(desk.db, { ticketId: null, from, to }, readingAt(desk.policy, clockTime)),
    loadPlanTickets(desk.db, day, wish.zone, actor),
  ]);
  const unknown = wish.techIds?.find((id) => !roster.some((one) => one.id === id));
  if (unknown !== undefined) throw new Refusal("TECHNICIAN_NOT_FOUND", { tech_id: unknown });
  const { zone, techIds, moveWithinMinutes } = wish;
  return {
    day,
    roster,
    tickets,
    zone,
    techIds,
    moveWithinMinutes,
    earliest: earliestStart(day, Date.parse(clockTime)),
  };
}

async function searched(desk: Desk, wish: PlanWish, rows: DayRows, row: PlanRow): Promise<Proposal> {
  await desk.policies.hold(rows.tickets.map(({ policy_version }) => policy_version));
  const built = buildProblem(rows, desk.policies.live, undefined, (ticket) => policyOfOneOfMany(desk, ticket));
  const budget = {
    seed: wish.seed,
    seconds: wish.seconds,
    iterations: wish.iterations ?? stepsPerVisit * built.visits.size,
  };
  const { plan: best, stopped } = await searchPlan(desk, row.id, built.problem, budget);
  const settled = settlePlan(built, best);
  const story = describePlan(built, settled);
  const { seed, solver, input_sha256 } = best;
  const ids = new Set([...story.moves, ...story.unserved].map(({ ticket_id }) => ticket_id));
  return {
    row,
    plan: settled.plan,
    facts: factsBehind(story.moves, rows),
    found: {
      ...story,
      schedule_version: scheduleVersion(rows),
      search: { seed, seconds: budget.seconds, iterations: best.budget.iterations, stopped, solver, input_sha256 },
    },
    named: rows.tickets.filter(({ id }) => ids.has(id)),
  };
}

/** The proposal as the command's effect. */
export function proposed(
  call: DeskCall<Proposing>,
  { row, plan, facts, found: result, named }: Proposal,
): DeskDecision<Proposing> {
  const { clockTime } = call;
  const expires_at = plusMinutes(clockTime, row.nightly ? holdsMinutes.nightly : holdsMinutes.asked);
  const ticketIds = named.map(({ id }) => id);
  const account_ids = [...new Set(named.map(({ account_id }) => account_id))];
  const site_ids = [...new Set(named.map(({ site_id }) => site_id))];
  const after: PlanRow = {
    ...row,
    status: "PROPOSED",
    progress: 1,
    expires_at,
    found: result,
    facts,
    account_ids,
    site_ids,
  };
  const { before, after: figures, search, moves } = result;
  return {
    concerns: { account_ids, site_ids },
    payload: {
      plan_id: row.id,
      day: row.day,
      zone: row.zone,
      time_zone: row.time_zone,
      moves: moves.length,
      before,
      after: figures,
      search,
    },
    write: (tx) => [
      tx.row(proposePlan, [
        row.id,
        expires_at,
        JSON.stringify(result),
        plan && JSON.stringify(plan),
        JSON.stringify(facts),
        ticketIds,
        account_ids,
        site_ids,
      ]),
    ],
    body: () => ({ plan: planBody(after, clockTime) }),
  };
}
