// The best solution as a plan: times for each stop, what it costs, and what it was made from.

import { int, num } from "./arrays.ts";
import type { Compiled } from "./compiled.ts";
import { inputSha256 } from "./input-hash.ts";
import type { Budget, Plan, Restock, Route, Stop, Terms } from "./plan.ts";
import type { Problem } from "./problem.ts";
import type { Solution } from "./solution.ts";

/** Changes whenever the same problem, seed and iterations may give another plan. */
export const solverVersion = "dispatch-planner/1.3.0";

export function buildPlan(
  problem: Problem,
  compiled: Compiled,
  solution: Solution,
  given: { readonly seed: number; readonly budget: Budget },
): Plan {
  const routes: Route[] = [];
  const served = new Set<string>();
  const terms: Terms = { distance: 0, duration: 0, technicians: 0, unserved: 0 };
  for (const [technician, { id }] of problem.technicians.entries()) {
    const nodes = solution.bestRoute(technician);
    if (nodes.length <= 2) continue;
    terms.technicians += 1;
    terms.distance += distanceOf(compiled, nodes);
    terms.duration += solution.routes.timetable.shortest(technician, nodes, 0, nodes.length);
    routes.push(timedRoute(problem, compiled, solution, id, nodes));
  }
  for (const { stops } of routes) for (const { visit } of stops) served.add(visit);
  const unserved = problem.visits.map(({ id }) => id).filter((id) => !served.has(id));
  if (!compiled.mustServe) {
    for (const [visit, { id }] of problem.visits.entries())
      if (!served.has(id)) terms.unserved += num(compiled.penalty, visit);
  }
  const { distance, duration, technician } = compiled.weights;
  return {
    schema: "dispatch.schedule.plan/1",
    routes,
    unserved,
    cost: exact(
      distance * terms.distance + duration * terms.duration + technician * terms.technicians + terms.unserved,
    ),
    terms: {
      distance: exact(terms.distance),
      duration: exact(terms.duration),
      technicians: terms.technicians,
      unserved: exact(terms.unserved),
    },
    ...given,
    input_sha256: inputSha256(problem),
    solver: solverVersion,
  };
}

function distanceOf({ distance, nodes: stride }: Compiled, nodes: Int32Array): number {
  let sum = 0;
  for (let i = 1; i < nodes.length; i++) sum += num(distance.to, int(nodes, i - 1) * stride + int(nodes, i));
  return sum;
}

/** The times that the timetable holds for these nodes. */
function timedRoute(
  problem: Problem,
  compiled: Compiled,
  { routes: { timetable } }: Solution,
  technician: string,
  nodes: Int32Array,
): Route {
  const stops: Stop[] = [];
  let restock: Restock | undefined;
  for (let i = 1; i < nodes.length - 1; i++) {
    const node = int(nodes, i);
    const start = num(timetable.start, i);
    const times = {
      arrive: exact(num(timetable.arrive, i)),
      start: exact(start),
      leave: exact(start + num(compiled.service, node)),
    };
    if (node === compiled.call) restock = { before: stops.length, ...times };
    else stops.push({ visit: problem.visits[node]?.id ?? "", ...times });
  }
  return restock ? { technician, stops, restock } : { technician, stops };
}

/** Without the dust of binary addition: 25.5 rather than 25.499999999999996. */
const exact = (value: number): number => {
  const rounded = Math.round(value * 1e6) / 1e6;
  return Math.abs(rounded - value) <= 1e-9 * Math.max(1, Math.abs(value)) ? rounded : value;
};
