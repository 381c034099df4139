// One route against the rules: times, windows, breaks, skills, tools, parts, load, pins, and the call at the depot. Part of
// check.ts, and like it written apart from the solver.

import type { Restock, Route, Stop } from "./plan.ts";
import type { Depot, Place, Problem, Technician, Visit } from "./problem.ts";
import type { Report } from "./rules.ts";

export type RouteFigures = { readonly distance: number; readonly duration: number };

/** What comes along the route, in order. */
type Halt = { readonly times: Stop | Restock; readonly path: string } & (
  | { readonly visit: Visit }
  | { readonly depot: Depot }
);

/** Reports each broken rule and answers the route's length and how long it takes. */
export function checkRoute(
  problem: Problem,
  technician: Technician,
  route: Route,
  path: string,
  report: Report,
): RouteFigures {
  const halts = haltsOf(problem, route, path, report);
  checkStock(technician, halts, report);
  for (const halt of halts) checkHalt(technician, halt, report);
  return checkTimes(problem, technician, halts, path, report);
}

function haltsOf(problem: Problem, { stops, restock }: Route, path: string, report: Report): Halt[] {
  const halts = stops.flatMap((times, i): Halt[] => {
    const visit = problem.visits.find(({ id }) => id === times.visit);
    return visit ? [{ times, visit, path: `${path}/stops/${i}` }] : [];
  });
  if (!restock) return halts;
  if (!problem.depot) report("NO_DEPOT", `${path}/restock`, "the problem has no depot");
  else if (restock.before > stops.length)
    report("RESTOCK_PLACE", `${path}/restock/before`, `the route has only ${stops.length} stops`);
  else halts.splice(restock.before, 0, { times: restock, depot: problem.depot, path: `${path}/restock` });
  return halts;
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= leeway(a, b);
const after = (a: number, b: number): boolean => a > b + leeway(a, b);
const leeway = (a: number, b: number): number => Math.max(1e-6, 1e-12 * Math.max(Math.abs(a), Math.abs(b)));

function checkHalt(technician: Technician, halt: Halt, report: Report): void {
  const { arrive, start, leave } = halt.times;
  const { duration } = "visit" in halt ? halt.visit : halt.depot;
  const windows = "visit" in halt ? halt.visit.windows : [halt.depot.window];
  if (after(arrive, start)) report("STARTS_BEFORE_ARRIVAL", halt.path, `starts at ${start}, arrives at ${arrive}`);
  if (!near(leave, start + duration))
    report("WRONG_LEAVE", halt.path, `leaves at ${leave}; ${duration} after ${start} is ${start + duration}`);
  if (!windows.some(([from, to]) => !after(from, start) && !after(start, to))) {
    report(
      "visit" in halt ? "OUTSIDE_WINDOWS" : "RESTOCK_OUTSIDE_WINDOW",
      halt.path,
      `starts at ${start}, allowed are ${JSON.stringify(windows)}`,
    );
  }
  for (const [from, to] of technician.breaks ?? []) {
    if (after(to, start) && after(start + duration, from) && to > from)
      report("WORKS_IN_BREAK", halt.path, `works from ${start} for ${duration}, with a break from ${from} to ${to}`);
  }
  if ("visit" in halt) checkPin(technician, halt.visit, start, halt.path, report);
}

function checkPin(technician: Technician, { pinned }: Visit, start: number, path: string, report: Report): void {
  if (!pinned) return;
  if (pinned.technician !== technician.id) report("PINNED_TO_ANOTHER", path, `it is pinned to "${pinned.technician}"`);
  if (pinned.start !== undefined && !near(pinned.start, start))
    report("PINNED_START_MISSED", path, `it is pinned to ${pinned.start} and starts at ${start}`);
}

/** Skills, load, and what is on the van: tools and parts until the call at the depot, anything after it. */
function checkStock(technician: Technician, halts: readonly Halt[], report: Report): void {
  const left = new Map(Object.entries(technician.parts ?? {}));
  let load = 0;
  let restocked = false;
  for (const halt of halts) {
    if ("depot" in halt) {
      restocked = true;
      continue;
    }
    const { skills = [], tools = [], parts = {}, demand = 0 } = halt.visit;
    const { path } = halt;
    for (const skill of skills)
      if (!(technician.skills ?? []).includes(skill))
        report("SKILL_MISSING", path, `nobody on this route knows ${skill}`);
    load += demand;
    if (load > (technician.capacity ?? Infinity) * (1 + 1e-12))
      report("OVER_CAPACITY", path, `the load comes to ${load}, the van takes ${technician.capacity}`);
    if (restocked) continue;
    for (const tool of tools)
      if (!(technician.tools ?? []).includes(tool)) report("TOOL_MISSING", path, `${tool} is not on the van`);
    for (const [part, count] of Object.entries(parts)) {
      const remaining = (left.get(part) ?? 0) - count;
      left.set(part, remaining);
      if (remaining < -1e-9 && count > 0) report("PARTS_SHORT", path, `${-remaining} of ${part} are missing`);
    }
  }
}

function checkTimes(
  problem: Problem,
  technician: Technician,
  halts: readonly Halt[],
  path: string,
  report: Report,
): RouteFigures {
  const home = technician.end ?? technician.start;
  const pauses = (technician.breaks ?? []).toSorted((a, b) => a[0] - b[0]);
  const first = halts[0];
  if (!first) return { distance: 0, duration: 0 };
  const departure = driveBackward(
    first.times.arrive,
    travelTime(problem, technician, technician.start, placeOf(first)),
    pauses,
  );
  if (after(technician.shift.from, departure))
    report("DEPARTS_BEFORE_SHIFT", path, `departs at ${departure}, the shift begins at ${technician.shift.from}`);
  let at = technician.start;
  let time = departure;
  let distance = 0;
  for (const halt of halts) {
    distance += travelDistance(problem, at, placeOf(halt));
    const arrive = driveForward(time, travelTime(problem, technician, at, placeOf(halt)), pauses);
    if (!near(arrive, halt.times.arrive))
      report("WRONG_ARRIVAL", halt.path, `says ${halt.times.arrive}; driving from the stop before ends at ${arrive}`);
    at = placeOf(halt);
    time = halt.times.leave;
  }
  distance += travelDistance(problem, at, home);
  const back = driveForward(time, travelTime(problem, technician, at, home), pauses);
  if (after(back, technician.shift.to))
    report("RETURNS_AFTER_SHIFT", path, `is back at ${back}, the shift ends at ${technician.shift.to}`);
  return { distance, duration: back - departure };
}

const placeOf = (halt: Halt): Place => ("visit" in halt ? halt.visit.at : halt.depot.at);

/** Driving pauses in breaks, so what a break covers does not count. */
function driveForward(from: number, time: number, pauses: readonly (readonly [number, number])[]): number {
  let end = from + time;
  for (const [pause, on] of pauses) if (on > from && after(end, pause)) end += on - Math.max(pause, from);
  return end;
}

function driveBackward(to: number, time: number, pauses: readonly (readonly [number, number])[]): number {
  let begin = to - time;
  for (const [pause, on] of pauses.toReversed()) if (pause < to && after(on, begin)) begin -= Math.min(on, to) - pause;
  return begin;
}

function travelDistance({ travel }: Problem, a: Place, b: Place): number {
  return rounded(travel.rounding, travel.kind === "matrix" ? cell(travel.distance, a, b) : straight(a, b));
}

function travelTime({ travel }: Problem, { speed }: Technician, a: Place, b: Place): number {
  if (travel.kind === "matrix") return rounded(travel.rounding, cell(travel.time, a, b));
  return rounded(travel.rounding, straight(a, b) / (speed ?? travel.speed ?? 1));
}

const straight = (a: Place, b: Place): number => ("x" in a && "x" in b ? Math.hypot(a.x - b.x, a.y - b.y) : NaN);
const cell = (matrix: readonly (readonly number[])[], a: Place, b: Place): number =>
  "node" in a && "node" in b ? (matrix[a.node]?.[b.node] ?? NaN) : NaN;

function rounded(rounding: Problem["travel"]["rounding"], value: number): number {
  if (!rounding || rounding.mode === "none") return value;
  const decimals = rounding.decimals ?? 0;
  // What is already written with so few decimals stays: 1.15 is not 1.14999….
  const written = Number(value.toFixed(decimals));
  if (Math.abs(written - value) <= 1e-9 * Math.max(10 ** -decimals, Math.abs(value))) return written;
  const scale = 10 ** decimals;
  if (rounding.mode === "floor") return Math.floor(value * scale) / scale;
  return (rounding.mode === "ceil" ? Math.ceil(value * scale) : Math.floor(value * scale + 0.5)) / scale;
}
