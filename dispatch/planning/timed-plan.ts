/**
 * A plan from who comes when: the order of each route, arrivals, and whether the drives fit. Pure. Written for plans in
 * which starts are given, such as the day as it stands; the planner's checker judges the result like any other plan.
 */
import type { Plan, Route, Stop } from "../planner/plan.ts";
import type { Problem, Technician, Visit } from "../planner/problem.ts";

/** By visit: on which of the problem's technicians, and when its service starts. */
export type Starts = ReadonlyMap<string, { readonly technician: string; readonly start: number }>;

export type TimedRoute = {
  readonly route: Route;
  /** Minutes of driving, home included. */
  readonly driving: number;
  /** Minutes by which the way back ends after the shift does. */
  readonly overtime: number;
  /** Every arrival is in time, and so is the return. */
  readonly fits: boolean;
};

/** Whose drives the routes are made of: the problem's matrix, and who and what is in it, by id. */
export class DayMap {
  readonly problem: Problem;
  readonly technicians: ReadonlyMap<string, Technician>;
  readonly visits: ReadonlyMap<string, Visit>;
  readonly #distance: Matrix;
  readonly #time: Matrix;

  constructor(problem: Problem) {
    this.problem = problem;
    this.technicians = new Map(problem.technicians.map((one) => [one.id, one]));
    this.visits = new Map(problem.visits.map((one) => [one.id, one]));
    const { travel } = problem;
    [this.#distance, this.#time] = travel.kind === "matrix" ? [travel.distance, travel.time] : [[], []];
  }

  /** Minutes at the wheel. */
  driving(from: Visit["at"], to: Visit["at"]): number {
    return entryOf(this.#distance, from, to);
  }

  /** What of the drive needs room in the shift. */
  taking(from: Visit["at"], to: Visit["at"]): number {
    return entryOf(this.#time, from, to);
  }

  /** The route through these visits in the order of their starts. */
  route(technician: Technician, stops: readonly { readonly visit: Visit; readonly start: number }[]): TimedRoute {
    const breaks = technician.breaks ?? [];
    const timed: Stop[] = [];
    let at = { place: technician.start, time: technician.shift.from };
    let driving = 0;
    let fits = true;
    for (const { visit, start } of stops.toSorted((a, b) => a.start - b.start || (a.visit.id < b.visit.id ? -1 : 1))) {
      const minutes = this.taking(at.place, visit.at);
      const soonest = arrival(at.time, minutes, breaks);
      const leave = start + visit.duration;
      if (soonest > start || breaks.some(([from, to]) => from < leave && start < to)) fits = false;
      // To the first stop one leaves home as late as may be; on from there one drives at once and waits at the door.
      const arrive =
        timed.length === 0 && soonest < start ? arrival(departure(start, minutes, breaks), minutes, breaks) : soonest;
      timed.push({ visit: visit.id, arrive, start, leave });
      driving += this.driving(at.place, visit.at);
      at = { place: visit.at, time: leave };
    }
    const home = technician.end ?? technician.start;
    const overtime = Math.max(0, arrival(at.time, this.taking(at.place, home), breaks) - technician.shift.to);
    driving += timed.length === 0 ? 0 : this.driving(at.place, home);
    return { route: { technician: technician.id, stops: timed }, driving, overtime, fits: fits && overtime === 0 };
  }

  /**
   * Starts for these stops in this order, each at the time wished for where the rest still fits behind it, else as soon as
   * may be; null when the order does not fit at all.
   */
  schedule(
    technician: Technician,
    stops: readonly { readonly visit: Visit; readonly wish: number | null }[],
  ): Map<string, number> | null {
    const visits = stops.map(({ visit }) => visit);
    const starts = new Map<string, number>();
    let at = { place: technician.start, time: technician.shift.from };
    if (!this.#isInTime(technician, visits, at)) return null;
    for (const [i, { visit, wish }] of stops.entries()) {
      const soonest = this.soonest(technician, visit, at);
      const wished = wish === null || wish <= soonest ? soonest : earliestIn(visit, wish, technician.breaks ?? []);
      const later = { place: visit.at, time: wished + visit.duration };
      const start = wished === wish && this.#isInTime(technician, visits.slice(i + 1), later) ? wished : soonest;
      starts.set(visit.id, start);
      at = { place: visit.at, time: start + visit.duration };
    }
    return starts;
  }

  /** When service may start at the soonest for somebody who leaves a place at a time; infinity when not at all. */
  soonest(technician: Technician, visit: Visit, at: At): number {
    const breaks = technician.breaks ?? [];
    return earliestIn(visit, arrival(at.time, this.taking(at.place, visit.at), breaks), breaks);
  }

  #isInTime(technician: Technician, visits: readonly Visit[], from: At): boolean {
    let at = from;
    for (const visit of visits) at = { place: visit.at, time: this.soonest(technician, visit, at) + visit.duration };
    const home = this.taking(at.place, technician.end ?? technician.start);
    return arrival(at.time, home, technician.breaks ?? []) <= technician.shift.to;
  }

  /** All routes; technicians without a stop have none. */
  routes(starts: Starts): TimedRoute[] {
    const byTechnician = Map.groupBy(starts, ([, { technician }]) => technician);
    return this.problem.technicians.flatMap((technician) => {
      const stops = (byTechnician.get(technician.id) ?? []).flatMap(([id, { start }]) => {
        const visit = this.visits.get(id);
        return visit ? [{ visit, start }] : [];
      });
      return stops.length === 0 ? [] : [this.route(technician, stops)];
    });
  }
}

type Matrix = readonly (readonly number[])[];

const entryOf = (matrix: Matrix, from: Visit["at"], to: Visit["at"]): number =>
  "node" in from && "node" in to ? (matrix[from.node]?.[to.node] ?? 0) : 0;

type At = { readonly place: Visit["at"]; readonly time: number };

/** What a plan says beside its routes: from which search it comes. */
export type Origin = Pick<Plan, "seed" | "budget" | "solver" | "input_sha256">;

/** The plan with these starts. Its cost is the driving and the penalties, which is all that this desk's problems weigh. */
export function planFrom(map: DayMap, starts: Starts, origin: Origin): Plan {
  const { problem } = map;
  const routes = map.routes(starts);
  const unserved = problem.visits.filter(({ id }) => !starts.has(id));
  const penalty = unserved.reduce((sum, { priority = 1 }) => sum + (problem.unservedPenalty ?? 0) * priority, 0);
  const distance = routes.reduce((sum, { driving }) => sum + driving, 0);
  return {
    schema: "dispatch.schedule.plan/1",
    routes: routes.map(({ route }) => route),
    unserved: unserved.map(({ id }) => id),
    cost: distance + penalty,
    terms: {
      distance,
      duration: routes.reduce((sum, { route }) => sum + durationOf(map, route), 0),
      technicians: routes.length,
      unserved: penalty,
    },
    seed: origin.seed,
    budget: origin.budget,
    input_sha256: origin.input_sha256,
    solver: origin.solver,
  };
}

export const startsOf = (plan: Plan): Map<string, { technician: string; start: number }> =>
  new Map(
    plan.routes.flatMap(({ technician, stops }) =>
      stops.map(({ visit, start }) => [visit, { technician, start }] as const),
    ),
  );

function durationOf(map: DayMap, { technician: id, stops }: Route): number {
  const technician = map.technicians.get(id);
  const [first, last] = [stops[0], stops.at(-1)];
  const [firstVisit, lastVisit] = [map.visits.get(first?.visit ?? ""), map.visits.get(last?.visit ?? "")];
  if (!technician || !first || !last || !firstVisit || !lastVisit) return 0;
  const breaks = technician.breaks ?? [];
  const back = arrival(last.leave, map.taking(lastVisit.at, technician.end ?? technician.start), breaks);
  return back - departure(first.arrive, map.taking(technician.start, firstVisit.at), breaks);
}

type Breaks = readonly (readonly [number, number])[];

/** When a drive ends that begins at `from`; it halts in breaks. */
function arrival(from: number, minutes: number, breaks: Breaks): number {
  let end = from + minutes;
  for (const [pause, on] of breaks) if (on > from && end > pause) end += on - Math.max(pause, from);
  return end;
}

/** The first moment from `from` on at which the visit may start; infinity when there is none. */
function earliestIn({ windows, duration }: Visit, from: number, breaks: Breaks): number {
  for (const [opens, closes] of windows) {
    let start = Math.max(from, opens);
    for (const [pause, on] of breaks) if (pause < start + duration && start < on) start = on;
    if (start <= closes) return start;
  }
  return Number.POSITIVE_INFINITY;
}

function departure(to: number, minutes: number, breaks: Breaks): number {
  let begin = to - minutes;
  for (const [pause, on] of breaks.toReversed()) if (pause < to && begin < on) begin -= Math.min(on, to) - pause;
  return begin;
}
