// The cheapest plan of a small problem in whole numbers, by trying every order of every set of visits for every technician.
// Slow, simple, and unlike the solver in every way: the time of a route is kept as a table over all departures.

import type { Place, Problem, Technician, Visit } from "../../dispatch/planner/problem.ts";
import { horizon } from "./small-problems.ts";

/** Cost of the best plan; undefined when every visit must be served and no plan does. */
export function cheapest(problem: Problem): number | undefined {
  const all = 2 ** problem.visits.length;
  let best = new Float64Array(all).fill(Infinity);
  best[0] = 0;
  for (const technician of problem.technicians) {
    const routes = routeCosts(problem, technician);
    const next = best.slice();
    for (let set = 1; set < all; set++) {
      for (let part = set; part > 0; part = (part - 1) & set)
        next[set] = Math.min(next[set] ?? Infinity, (routes[part] ?? Infinity) + (best[set ^ part] ?? Infinity));
    }
    best = next;
  }
  const cost = Math.min(...best.keys().map((set) => (best[set] ?? Infinity) + penalty(problem, set)));
  return Number.isFinite(cost) ? cost : undefined;
}

function penalty({ objective, unservedPenalty, visits }: Problem, set: number): number {
  const each = objective === "distance" || typeof unservedPenalty !== "number" ? Infinity : unservedPenalty;
  return visits.reduce((sum, { priority = 1 }, i) => (((set >> i) & 1) === 1 ? sum : sum + each * priority), 0);
}

type Walk = {
  readonly set: number;
  readonly at: Place;
  /** By departure: when the technician is free again; infinity when that departure is too late. */
  readonly free: Float64Array;
  readonly distance: number;
  readonly load: number;
  readonly parts: number;
  readonly restocked: boolean;
};

/** By set of visits: the cheapest route of this technician that serves exactly those. */
function routeCosts(problem: Problem, technician: Technician): Float64Array {
  const best = new Float64Array(2 ** problem.visits.length).fill(Infinity);
  const departures = Float64Array.from({ length: horizon + 1 }, (_, t) =>
    t >= technician.shift.from && t <= technician.shift.to ? t : Infinity,
  );
  const search = (walk: Walk): void => {
    if (walk.set > 0) best[walk.set] = Math.min(best[walk.set] ?? Infinity, closed(problem, technician, walk));
    for (const [i, visit] of problem.visits.entries()) {
      const next = ((walk.set >> i) & 1) === 1 ? undefined : served(problem, technician, walk, visit, i);
      if (next) search(next);
    }
    if (!problem.depot || walk.restocked) return;
    const free = after(problem, technician, walk, problem.depot.at, [problem.depot.window], problem.depot.duration);
    if (free)
      search({
        ...walk,
        at: problem.depot.at,
        free,
        distance: walk.distance + legs(problem, technician, walk.at, problem.depot.at).distance,
        restocked: true,
      });
  };
  search({ set: 0, at: technician.start, free: departures, distance: 0, load: 0, parts: 0, restocked: false });
  return best;
}

function served(problem: Problem, technician: Technician, walk: Walk, visit: Visit, i: number): Walk | undefined {
  const { pinned, skills = [], tools = [], demand = 0 } = visit;
  const load = walk.load + demand;
  const parts = walk.parts + (walk.restocked ? 0 : (visit.parts?.["hinge"] ?? 0));
  if (pinned && pinned.technician !== technician.id) return undefined;
  if (!skills.every((one) => technician.skills?.includes(one)) || load > (technician.capacity ?? Infinity))
    return undefined;
  if (
    !walk.restocked &&
    (!tools.every((one) => technician.tools?.includes(one)) ||
      ((visit.parts?.["hinge"] ?? 0) > 0 && parts > (technician.parts?.["hinge"] ?? 0)))
  )
    return undefined;
  const at = pinned?.start;
  const windows =
    at === undefined
      ? visit.windows
      : visit.windows.some(([from, to]) => from <= at && at <= to)
        ? [[at, at] as const]
        : [];
  const free = after(problem, technician, walk, visit.at, windows, visit.duration);
  if (!free) return undefined;
  return {
    ...walk,
    set: walk.set | (1 << i),
    at: visit.at,
    free,
    load,
    parts,
    distance: walk.distance + legs(problem, technician, walk.at, visit.at).distance,
  };
}

function after(
  problem: Problem,
  technician: Technician,
  { free, at }: Walk,
  place: Place,
  windows: readonly (readonly [number, number])[],
  duration: number,
): Float64Array | undefined {
  const { time } = legs(problem, technician, at, place);
  const next = free.map((leave) => {
    for (let start = driven(technician, leave, time); start <= horizon; start++) {
      const open = windows.some(([from, to]) => from <= start && start <= to);
      const paused = (technician.breaks ?? []).some(([from, to]) => start < to && start + duration > from);
      if (open && !paused) return start + duration;
    }
    return Infinity;
  });
  return next.some((one) => one < Infinity) ? next : undefined;
}

function closed(problem: Problem, technician: Technician, { free, at, distance }: Walk): number {
  const home = technician.end ?? technician.start;
  const leg = legs(problem, technician, at, home);
  const durations = free.map((leave, departure) => {
    const back = driven(technician, leave, leg.time);
    return back <= technician.shift.to ? back - departure : Infinity;
  });
  const duration = Math.min(...durations);
  if (duration === Infinity) return Infinity;
  if (problem.objective === "distance") return distance + leg.distance;
  const { distance: perLength = 0, duration: perTime = 0, technician: each = 0 } = problem.weights ?? {};
  return perLength * (distance + leg.distance) + perTime * duration + each;
}

/** Minute by minute: driving goes on outside breaks only. */
function driven({ breaks = [] }: Technician, leave: number, time: number): number {
  let left = time;
  let now = leave;
  for (; left > 0 && now <= 2 * horizon; now++)
    if (!breaks.some(([from, to]) => from <= now && now < to)) left -= Math.min(left, 1);
  // Half minutes come from a speed of 2; the last, begun minute counts by its half.
  return left > 0 ? Infinity : now - (Math.ceil(time) - time);
}

function legs({ travel }: Problem, { speed }: Technician, a: Place, b: Place): { distance: number; time: number } {
  if (travel.kind === "matrix")
    return "node" in a && "node" in b
      ? { distance: travel.distance[a.node]?.[b.node] ?? NaN, time: travel.time[a.node]?.[b.node] ?? NaN }
      : { distance: NaN, time: NaN };
  const apart = "x" in a && "x" in b ? Math.hypot(a.x - b.x, a.y - b.y) : NaN;
  return { distance: Math.round(apart), time: Math.round(apart / (speed ?? travel.speed ?? 1)) };
}
