/**
 * Makes of what the search found the plan a dispatcher would want to carry out: checked, better than the day as it stands,
 * and with no move that is not worth it. Pure.
 */
import { checkPlan } from "../planner/check.ts";
import type { Plan } from "../planner/plan.ts";
import { withoutDemands } from "../workforce/ability.ts";
import { assessWindow, type BusyRange } from "../workforce/availability.ts";
import { placeOf } from "../workforce/calendar.ts";
import { helperJob } from "../workforce/crew.ts";
import type { BuiltProblem } from "./build-problem.ts";
import { instantOf, minuteOf } from "./build-problem.ts";
import { withCrewsKept } from "./crews-kept.ts";
import { differs } from "./few-moves.ts";
import { DayMap, planFrom, startsOf, type Origin, type Starts } from "./timed-plan.ts";

/** A plan broke a rule. It is a defect of the planner: nobody is shown the plan. */
export class UnsoundPlan extends Error {
  override readonly name = "UnsoundPlan";
  readonly violations: readonly object[];

  constructor(violations: readonly object[]) {
    super(`the plan breaks ${violations.length} rules: ${JSON.stringify(violations.slice(0, 5))}`);
    this.violations = violations;
  }
}

export type SettledPlan = {
  readonly map: DayMap;
  /** The day as it stands, which may break the rules a plan keeps. */
  readonly before: Plan;
  /** Null when nothing better was found. */
  readonly plan: Plan | null;
};

/**
 * @param found what the solver found
 * @throws UnsoundPlan
 */
export function settlePlan(built: BuiltProblem, found: Plan): SettledPlan {
  const map = new DayMap(built.problem);
  const { seed, budget, solver, input_sha256 } = found;
  const origin: Origin = { seed, budget, solver, input_sha256 };
  const present = presentStarts(built);
  const before = planFrom(map, present, origin);
  const dropped = found.unserved.some((id) => present.has(id));
  if (dropped) return { map, before, plan: null };
  const starts = withCrewsKept(map, startsOf(found), present);
  const plan = planFrom(map, starts, origin);
  const stands = map.routes(present).every(({ fits }) => fits);
  if (!differs(starts, present) || (stands && plan.cost >= before.cost)) return { map, before, plan: null };
  requireChecked(built, plan);
  requireHouseRule(built, plan);
  return { map, before, plan };
}

/** Where everything stands: pins, and visits that have somebody to come. */
function presentStarts({ problem, day, visits, helping }: BuiltProblem): Starts {
  const minute = minuteOf(day);
  return new Map(
    problem.visits.flatMap(({ id, pinned }) => {
      if (pinned) return [[id, { technician: pinned.technician, start: pinned.start ?? 0 }] as const];
      const visit = visits.get(id) ?? helping.get(id);
      const lane = visits.has(id) ? visit?.lane : visit?.helpers.find((one) => one.id === id)?.lane;
      return lane && visit?.stands ? [[id, { technician: lane.id, start: minute(visit.stands.start) }] as const] : [];
    }),
  );
}

/** @throws UnsoundPlan when the planner's independent checker finds a fault */
function requireChecked({ problem }: BuiltProblem, plan: Plan): void {
  const { ok, violations } = checkPlan(problem, plan);
  if (!ok) throw new UnsoundPlan(violations);
}

/**
 * Each visit at its new place once more by the rule that slots and bookings go by, against all else that stands there then.
 * @throws UnsoundPlan
 */
function requireHouseRule({ day, people, lanes, visits, helping, rules }: BuiltProblem, { routes }: Plan): void {
  const instant = instantOf(day);
  const stops = routes.flatMap(({ technician, stops: list }) =>
    list.map(({ visit, start, leave }) => ({
      id: visit,
      techId: lanes.get(technician)?.person.entry.id,
      start: instant(start),
      end: instant(leave),
    })),
  );
  const faults = people.flatMap(({ entry, calendar }) => {
    const fixed = [...entry.bookings.filter(({ ticketId }) => !visits.has(ticketId)), ...entry.beyondPlan];
    const own = stops.flatMap((stop) => {
      const visit = visits.get(stop.id) ?? helping.get(stop.id);
      if (!visit || stop.techId !== entry.id) return [];
      const job = withoutDemands(visits.has(stop.id) ? visit.job : helperJob(visit.job));
      return [{ ...stop, job, place: placeOf(visit.ticket) }];
    });
    return own.flatMap((stop) => {
      const busy: BusyRange[] = [...fixed, ...own.filter((other) => other !== stop)];
      const verdict = assessWindow({ ...calendar, busy }, stop.job, stop, { ...rules, zoneMustMatch: false });
      return verdict.free ? [] : [{ rule: verdict.reason, path: `${entry.id} ${stop.id}`, detail: verdict.detail }];
    });
  });
  if (faults.length > 0) throw new UnsoundPlan(faults);
}
