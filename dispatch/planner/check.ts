// Whether a plan keeps every rule and costs what it says. It shares no code with the solver and is written to be believed
// rather than to be fast: each time, distance and cost is worked out again from the problem alone.

import { checkRoute, type RouteFigures } from "./check-route.ts";
import { inputSha256 } from "./input-hash.ts";
import type { Plan, Terms } from "./plan.ts";
import type { Problem } from "./problem.ts";
import type { Report, Violation } from "./rules.ts";

export type Verdict = {
  readonly ok: boolean;
  readonly violations: readonly Violation[];
  /** As worked out from the problem and the order of the stops. */
  readonly cost: number;
  readonly terms: Terms;
};

/** Checks a plan against a sound problem (see validate.ts). Times may miss by a millionth for binary rounding. */
export function checkPlan(problem: Problem, plan: Plan): Verdict {
  const violations: Violation[] = [];
  const report: Report = (rule, path, detail) => void violations.push({ rule, path, detail });
  if (plan.input_sha256 !== inputSha256(problem))
    report("PLAN_OF_ANOTHER_PROBLEM", "/input_sha256", "the problem's hash is another");
  checkWho(problem, plan, report);
  const figures: RouteFigures[] = [];
  for (const [i, route] of plan.routes.entries()) {
    const technician = problem.technicians.find(({ id }) => id === route.technician);
    if (technician && route.stops.length > 0)
      figures.push(checkRoute(problem, technician, route, `/routes/${i}`, report));
  }
  checkCrews(problem, plan, report);
  const terms = termsOf(problem, plan, figures);
  const cost = costOf(problem, terms);
  checkFigures(plan, terms, cost, report);
  return { ok: violations.length === 0, violations, cost, terms };
}

const everyoneServed = (problem: Problem): boolean =>
  problem.objective === "distance" || problem.unservedPenalty === undefined || problem.unservedPenalty === null;

/** Each technician at most once, each visit exactly once. */
function checkWho(problem: Problem, { routes, unserved }: Plan, report: Report): void {
  const technicians = new Set(problem.technicians.map(({ id }) => id));
  const visits = new Set(problem.visits.map(({ id }) => id));
  const seenTechnicians = new Set<string>();
  const seenVisits = new Set<string>();
  const see = (visit: string, path: string): void => {
    if (!visits.has(visit)) report("UNKNOWN_VISIT", path, `the problem has no visit "${visit}"`);
    if (seenVisits.has(visit)) report("VISIT_TWICE", path, `"${visit}" is in the plan already`);
    seenVisits.add(visit);
  };
  for (const [i, { technician, stops }] of routes.entries()) {
    if (!technicians.has(technician))
      report("UNKNOWN_TECHNICIAN", `/routes/${i}/technician`, `the problem has no technician "${technician}"`);
    if (seenTechnicians.has(technician))
      report("TECHNICIAN_TWICE", `/routes/${i}/technician`, `"${technician}" has a route already`);
    seenTechnicians.add(technician);
    if (stops.length === 0)
      report("EMPTY_ROUTE", `/routes/${i}/stops`, "a route needs a visit; leave the technician out instead");
    for (const [j, { visit }] of stops.entries()) see(visit, `/routes/${i}/stops/${j}/visit`);
  }
  for (const [i, visit] of unserved.entries()) see(visit, `/unserved/${i}`);
  for (const visit of visits)
    if (!seenVisits.has(visit))
      report("VISIT_MISSING", "/unserved", `"${visit}" is neither served nor listed as unserved`);
  if (everyoneServed(problem) && unserved.length > 0)
    report("UNSERVED_NOT_ALLOWED", "/unserved", `${unserved.length} are left out, and every visit must be served`);
}

/** All of a crew or none of it, at one moment, each on another route. */
function checkCrews({ visits }: Problem, { routes }: Plan, report: Report): void {
  const crews = Map.groupBy(visits, ({ crew }) => crew);
  for (const [crew, members] of crews) {
    if (crew === undefined) continue;
    const stops = routes.flatMap(({ technician, stops: list }, i) =>
      list.flatMap((stop, j) =>
        members.some(({ id }) => id === stop.visit) ? [{ ...stop, technician, path: `/routes/${i}/stops/${j}` }] : [],
      ),
    );
    const [first] = stops;
    if (!first) continue;
    if (new Set(stops.map(({ visit }) => visit)).size < members.length)
      report("CREW_INCOMPLETE", first.path, `of crew "${crew}" only ${stops.length} of ${members.length} are served`);
    for (const one of stops) {
      if (Math.abs(one.start - first.start) > 1e-6)
        report("CREW_APART", one.path, `starts at ${one.start}, others of crew "${crew}" at ${first.start}`);
      if (stops.some((other) => other !== one && other.technician === one.technician))
        report("CREW_APART", one.path, `"${one.technician}" serves another visit of crew "${crew}"`);
    }
  }
}

function termsOf(problem: Problem, plan: Plan, figures: readonly RouteFigures[]): Terms {
  const left = new Set(plan.unserved);
  const penalty = everyoneServed(problem) ? 0 : (problem.unservedPenalty ?? 0);
  return {
    distance: figures.reduce((sum, one) => sum + one.distance, 0),
    duration: figures.reduce((sum, one) => sum + one.duration, 0),
    technicians: figures.length,
    unserved: problem.visits
      .filter(({ id }) => left.has(id))
      .reduce((sum, { priority }) => sum + penalty * (priority ?? 1), 0),
  };
}

function costOf({ objective, weights }: Problem, terms: Terms): number {
  if (objective === "distance") return terms.distance;
  const { distance = 0, duration = 0, technician = 0 } = weights ?? { distance: 1 };
  return distance * terms.distance + duration * terms.duration + technician * terms.technicians + terms.unserved;
}

function checkFigures(plan: Plan, terms: Terms, cost: number, report: Report): void {
  const same = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b));
  for (const name of ["distance", "duration", "technicians", "unserved"] as const) {
    if (!same(plan.terms[name], terms[name]))
      report("WRONG_TERMS", `/terms/${name}`, `it says ${plan.terms[name]} and comes to ${terms[name]}`);
  }
  if (!same(plan.cost, cost)) report("WRONG_COST", "/cost", `it says ${plan.cost} and comes to ${cost}`);
}
