// A problem as flat arrays, the only form the solver reads. Nodes are numbered: visits first, then the call at the depot,
// then the places where technicians start and end. A technician is named by its index.

import { num } from "./arrays.ts";
import type { Place, Problem, Technician, Visit } from "./problem.ts";
import { legTables, speedsOf, type LegTable } from "./leg-table.ts";
import { requireSound } from "./validate.ts";

export type Compiled = {
  readonly visits: number;
  readonly technicians: number;
  /** Number of nodes: the stride of leg tables. */
  readonly nodes: number;
  /** Node of the call at the depot; meaningless without a depot. */
  readonly call: number;
  readonly hasDepot: boolean;
  /** Some way over the depot is shorter or faster than the direct one, so that a call can pay without any need for it. */
  readonly callShortens: boolean;
  readonly distance: LegTable;
  /** By technician; many share one table. */
  readonly times: readonly LegTable[];
  readonly startNode: Int32Array;
  readonly endNode: Int32Array;
  readonly shiftFrom: Float64Array;
  readonly shiftTo: Float64Array;
  /** By technician: from, to, from, to …, sorted and apart. */
  readonly breaks: readonly Float64Array[];
  /** By node; 0 for homes. */
  readonly service: Float64Array;
  /** Earliest and latest start of service, by visit and call. */
  readonly ready: Float64Array;
  readonly due: Float64Array;
  /** Windows of node v: windowFrom and windowTo from index windowsAt[v] to windowsAt[v + 1], sorted and apart. */
  readonly windowsAt: Int32Array;
  readonly windowFrom: Float64Array;
  readonly windowTo: Float64Array;
  /** One window for every node and no breaks: constant-time insertion tests hold even for the duration. */
  readonly plainTime: boolean;
  /** [visit * technicians + technician]: 1 when nothing but the route's other stops stands in the way. */
  readonly able: Int32Array;
  /** [node * technicians + technician], call included: 1 when the technician has all tools without calling at the depot. */
  readonly ownTools: Int32Array;
  readonly partKinds: number;
  /** [node * partKinds + kind], call included, and [technician * partKinds + kind]. */
  readonly partsNeeded: Float64Array;
  readonly partsCarried: Float64Array;
  /** By visit and call. */
  readonly demand: Float64Array;
  readonly capacity: Float64Array;
  /** Technicians who are alike in everything share a number; an unused one stands for all its kind. */
  readonly kind: Int32Array;
  /** By visit and call: the number of its crew, in the order in which crews are first named, or noCrew. */
  readonly crew: Int32Array;
  readonly mustServe: boolean;
  /** Cost of leaving a visit out; where that is not allowed, more than serving it ever costs. */
  readonly penalty: Float64Array;
  readonly weights: { readonly distance: number; readonly duration: number; readonly technician: number };
  /** By how much sums of times may miss a bound through binary rounding alone. */
  readonly slack: number;
};

/** Of a visit: one technician goes there, whenever it suits. */
export const noCrew = -1;

/** @throws ProblemError when the problem contradicts itself */
export function compile(problem: Problem): Compiled {
  requireSound(problem);
  const { technicians, visits } = problem;
  const places = numberPlaces(problem);
  const { distance, times } = legTables(problem.travel, places.list, speedsOf(problem));
  const windows = [...visits.map(searchedWindows), problem.depot ? [problem.depot.window] : []];
  const kinds = partKindsOf(problem);
  const weights = weightsOf(problem);
  const breaks = technicians.map((one) => Float64Array.from(merged(one.breaks ?? []).flat()));
  const compiled = {
    visits: visits.length,
    technicians: technicians.length,
    nodes: places.list.length,
    call: visits.length,
    hasDepot: problem.depot !== undefined,
    distance,
    times,
    ...places.homes,
    shiftFrom: Float64Array.from(technicians, ({ shift }) => shift.from),
    shiftTo: Float64Array.from(technicians, ({ shift }) => shift.to),
    breaks,
    service: Float64Array.from(
      places.list,
      (_, i) => visits[i]?.duration ?? (i === visits.length ? (problem.depot?.duration ?? 0) : 0),
    ),
    ...flatWindows(windows),
    plainTime: windows.every(({ length }) => length <= 1) && breaks.every(({ length }) => length === 0),
    able: pairs(problem, mayServe),
    ownTools: Int32Array.from([
      ...pairs(problem, (technician, visit) => holdsAll(visit.tools, technician.tools)),
      ...technicians.map(() => 1),
    ]),
    partKinds: kinds.length,
    partsNeeded: Float64Array.from(
      [...visits, { parts: {} }].flatMap(({ parts }) => kinds.map((name) => countOf(parts, name))),
    ),
    partsCarried: Float64Array.from(technicians.flatMap(({ parts }) => kinds.map((name) => countOf(parts, name)))),
    demand: Float64Array.from([...visits, {}], ({ demand = 0 }: { demand?: number }) => demand),
    capacity: Float64Array.from(technicians, ({ capacity }) => capacity ?? Number.POSITIVE_INFINITY),
    kind: kindsOf(problem),
    crew: crewsOf(problem),
    mustServe: mustServe(problem),
    weights,
    slack: 1e-7 * Math.max(1, 1e-6 * latestTime(problem)),
  };
  return {
    ...compiled,
    callShortens: compiled.hasDepot && callShortens(compiled),
    penalty: penaltiesOf(problem, weights, Math.max(0, ...longestLegs(compiled))),
  };
}

/** Every visit must be served: said by a null penalty or by the objective "distance". */
export const mustServe = ({ objective, unservedPenalty }: Problem): boolean =>
  objective === "distance" || typeof unservedPenalty !== "number";

function weightsOf({ objective, weights }: Problem): Compiled["weights"] {
  if (objective === "distance" || weights === undefined) return { distance: 1, duration: 0, technician: 0 };
  return { distance: weights.distance ?? 0, duration: weights.duration ?? 0, technician: weights.technician ?? 0 };
}

function numberPlaces({ travel, technicians, visits, depot }: Problem) {
  const nowhere: Place = technicians[0]?.start ?? visits[0]?.at ?? { x: 0, y: 0 };
  const list: Place[] = [...visits.map(({ at }) => at), depot?.at ?? nowhere];
  const known = new Map<string, number>();
  const nodeOf = (place: Place): number => {
    const name = JSON.stringify(
      travel.kind === "matrix" && "node" in place ? place.node : "x" in place ? [place.x, place.y] : null,
    );
    const node = known.get(name) ?? list.push(place) - 1;
    known.set(name, node);
    return node;
  };
  const homes = {
    startNode: Int32Array.from(technicians, ({ start }) => nodeOf(start)),
    endNode: Int32Array.from(technicians, ({ start, end }) => nodeOf(end ?? start)),
  };
  return { list, homes };
}

export type Span = readonly [number, number];

/** When service may start, sorted and apart; a pinned moment is the only one. */
export function windowsOf({ windows, pinned }: Visit): Span[] {
  const at = pinned?.start;
  const all = merged(windows);
  if (at === undefined) return all;
  return all.some(([from, to]) => from <= at && at <= to) ? [[at, at]] : [];
}

/** Of a crew's visit there is one, which crews.ts narrows to the moment that it has chosen. */
function searchedWindows(visit: Visit): Span[] {
  const windows = windowsOf(visit);
  const [first, last] = [windows[0], windows.at(-1)];
  return visit.crew === undefined || !first || !last ? windows : [[first[0], last[1]]];
}

function merged(spans: readonly Span[]): Span[] {
  const apart: [number, number][] = [];
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = apart.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else apart.push([from, to]);
  }
  return apart;
}

function flatWindows(windows: readonly (readonly Span[])[]) {
  const windowsAt = new Int32Array(windows.length + 1);
  for (const [i, { length }] of windows.entries()) windowsAt[i + 1] = (windowsAt[i] ?? 0) + length;
  return {
    windowsAt,
    windowFrom: Float64Array.from(windows.flat(), ([from]) => from),
    windowTo: Float64Array.from(windows.flat(), ([, to]) => to),
    ready: Float64Array.from(windows, (list) => list[0]?.[0] ?? 0),
    due: Float64Array.from(windows, (list) => list.at(-1)?.[1] ?? 0),
  };
}

const countOf = (parts: Technician["parts"], name: string): number =>
  parts !== undefined && Object.hasOwn(parts, name) ? (parts[name] ?? 0) : 0;

const holdsAll = (needed: readonly string[] = [], held: readonly string[] = []): boolean =>
  needed.every((name) => held.includes(name));

function mayServe(technician: Technician, visit: Visit, { depot }: Problem): boolean {
  if (visit.pinned !== undefined && visit.pinned.technician !== technician.id) return false;
  if (windowsOf(visit).length === 0 || !holdsAll(visit.skills, technician.skills)) return false;
  if ((visit.demand ?? 0) > (technician.capacity ?? Number.POSITIVE_INFINITY)) return false;
  if (depot) return true;
  return (
    holdsAll(visit.tools, technician.tools) &&
    Object.entries(visit.parts ?? {}).every(([name, count]) => count <= countOf(technician.parts, name))
  );
}

function pairs(
  problem: Problem,
  test: (technician: Technician, visit: Visit, problem: Problem) => boolean,
): Int32Array {
  return Int32Array.from(
    problem.visits.flatMap((visit) =>
      problem.technicians.map((technician) => (test(technician, visit, problem) ? 1 : 0)),
    ),
  );
}

const partKindsOf = ({ visits }: Problem): string[] => [
  ...new Set(visits.flatMap(({ parts }) => Object.keys(parts ?? {}))),
];

function kindsOf({ technicians, visits }: Problem): Int32Array {
  const pinnedTo = new Set(visits.flatMap(({ pinned }) => pinned?.technician ?? []));
  const known = new Map<string, number>();
  return Int32Array.from(technicians, ({ id, ...rest }) => {
    const name = JSON.stringify(pinnedTo.has(id) ? { id } : rest);
    const kind = known.get(name) ?? known.size;
    known.set(name, kind);
    return kind;
  });
}

function crewsOf({ visits }: Problem): Int32Array {
  const names = [...new Set(visits.flatMap(({ crew }) => crew ?? []))];
  return Int32Array.from([...visits, {}], ({ crew }: Partial<Visit>) =>
    crew === undefined ? noCrew : names.indexOf(crew),
  );
}

function latestTime({ technicians, visits }: Problem): number {
  return Math.max(
    0,
    ...technicians.flatMap(({ shift }) => [Math.abs(shift.from), Math.abs(shift.to)]),
    ...visits.flatMap(({ windows }) => windows.flat().map(Math.abs)),
  );
}

function callShortens({
  nodes,
  call,
  service,
  distance,
  times,
  slack,
}: Pick<Compiled, "nodes" | "call" | "service" | "distance" | "times" | "slack">): boolean {
  const tables: [LegTable, number][] = [
    [distance, 0],
    ...[...new Set(times)].map((table): [LegTable, number] => [table, service[call] ?? 0]),
  ];
  return tables.some(([{ to, from }, stay]) => {
    for (let a = 0; a < nodes; a++) {
      for (let b = 0; b < nodes; b++) {
        const over = num(from, call * nodes + a) + stay + num(to, call * nodes + b);
        if (a !== call && b !== call && over < num(to, a * nodes + b) - slack) return true;
      }
    }
    return false;
  });
}

function longestLegs({ distance, nodes }: { readonly distance: LegTable; readonly nodes: number }): number[] {
  return Array.from({ length: nodes }, (_, i) =>
    distance.to.subarray(i * nodes, (i + 1) * nodes).reduce((a, b) => Math.max(a, b), 0),
  );
}

function penaltiesOf(problem: Problem, weights: Compiled["weights"], longest: number): Float64Array {
  const longestShift = Math.max(0, ...problem.technicians.map(({ shift }) => shift.to - shift.from));
  const dearest = 1 + weights.distance * 4 * longest + weights.duration * longestShift + weights.technician;
  return Float64Array.from(problem.visits, ({ priority }) =>
    mustServe(problem) ? 10 * dearest : (problem.unservedPenalty ?? 0) * (priority ?? 1),
  );
}
