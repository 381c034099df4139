// Whether a problem makes sense: the rules that its JSON Schema cannot express. A problem nobody can solve is no fault here;
// that shows as unserved visits.

import type { Place, Problem } from "./problem.ts";

export type Fault = {
  /** Where, as a JSON pointer. */
  readonly path: string;
  /** What does not hold there. */
  readonly rule: string;
  /** How to mend it. */
  readonly wayOut: string;
};

/** The problem contradicts itself; `faults` lists everything found. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map(({ path, rule, wayOut }) => `${path}: ${rule}; ${wayOut}`).join("\n"));
    this.faults = faults;
  }
}

/** @throws ProblemError when any rule is broken */
export function requireSound(problem: Problem): void {
  const faults = problemFaults(problem);
  if (faults.length > 0) throw new ProblemError(faults);
}

/** Everything that is wrong with a problem that has the right shape. */
export function problemFaults(problem: Problem): Fault[] {
  return [
    ...repeatedIds("/technicians", problem.technicians),
    ...repeatedIds("/visits", problem.visits),
    ...spanFaults(problem),
    ...pinFaults(problem),
    ...crewFaults(problem),
    ...matrixFaults(problem),
    ...placesOf(problem).flatMap(([path, place]) => placeFaults(problem, path, place)),
    ...numberFaults("", problem),
  ];
}

function repeatedIds(path: string, list: readonly { readonly id: string }[]): Fault[] {
  const first = new Map<string, number>();
  return list.flatMap(({ id }, i) => {
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, i);
    if (earlier === undefined) return [];
    return [
      {
        path: `${path}/${i}/id`,
        rule: `"${id}" is already the id of ${path}/${earlier}`,
        wayOut: "give each its own id",
      },
    ];
  });
}

function spanFaults({ technicians, visits, depot }: Problem): Fault[] {
  const spans: [string, number, number][] = [
    ...technicians.map(({ shift }, i): [string, number, number] => [`/technicians/${i}/shift`, shift.from, shift.to]),
    ...technicians.flatMap(({ breaks = [] }, i) =>
      breaks.map(([from, to], j): [string, number, number] => [`/technicians/${i}/breaks/${j}`, from, to]),
    ),
    ...visits.flatMap(({ windows }, i) =>
      windows.map(([from, to], j): [string, number, number] => [`/visits/${i}/windows/${j}`, from, to]),
    ),
  ];
  if (depot) spans.push(["/depot/window", ...depot.window]);
  const faults = spans
    .filter(([, from, to]) => !(from <= to))
    .map(([path, from, to]) => ({
      path,
      rule: `it ends (${to}) before it begins (${from})`,
      wayOut: "swap the two, or use one day's clock throughout",
    }));
  for (const [i, { windows }] of visits.entries()) {
    if (windows.length === 0)
      faults.push({
        path: `/visits/${i}/windows`,
        rule: "it is empty",
        wayOut: "give one window; the whole day is one too",
      });
  }
  for (const [i, { breaks = [] }] of technicians.entries()) {
    const inOrder = breaks.every(([from], j) => j === 0 || from >= (breaks[j - 1]?.[1] ?? from));
    if (!inOrder)
      faults.push({
        path: `/technicians/${i}/breaks`,
        rule: "they overlap or are out of order",
        wayOut: "join those that overlap, earliest first",
      });
  }
  return faults;
}

function pinFaults({ technicians, visits }: Problem): Fault[] {
  const ids = new Set(technicians.map(({ id }) => id));
  return visits.flatMap(({ pinned }, i) =>
    pinned === undefined || ids.has(pinned.technician)
      ? []
      : [
          {
            path: `/visits/${i}/pinned/technician`,
            rule: `no technician has the id "${pinned.technician}"`,
            wayOut: "add the technician or drop the pin",
          },
        ],
  );
}

/** As many as one crew may have. */
export const mostInCrew = 4;

function crewFaults({ visits }: Problem): Fault[] {
  const crews = Map.groupBy(visits.entries(), ([, { crew }]) => crew);
  return [...crews].flatMap(([crew, members]) => {
    const [[at] = [0]] = members;
    if (crew === undefined || (members.length > 1 && members.length <= mostInCrew)) return [];
    const path = `/visits/${at}/crew`;
    return members.length === 1
      ? [
          {
            path,
            rule: `no other visit is of crew "${crew}"`,
            wayOut: "name the crew in each of its visits, or in none",
          },
        ]
      : [{ path, rule: `crew "${crew}" has ${members.length} visits`, wayOut: `give a crew ${mostInCrew} at most` }];
  });
}

function matrixFaults({ travel }: Problem): Fault[] {
  if (travel.kind !== "matrix") return [];
  const size = travel.distance.length;
  return (["distance", "time"] as const).flatMap((name) => {
    const square = travel[name].length === size && travel[name].every((row) => row.length === size);
    return square
      ? []
      : [
          {
            path: `/travel/${name}`,
            rule: `it is not a table of ${size} rows of ${size}`,
            wayOut: "both tables need one row and one column per node",
          },
        ];
  });
}

function placesOf({ technicians, visits, depot }: Problem): [string, Place][] {
  return [
    ...technicians.flatMap(({ start, end }, i): [string, Place][] => [
      [`/technicians/${i}/start`, start],
      ...(end ? [[`/technicians/${i}/end`, end] satisfies [string, Place]] : []),
    ]),
    ...visits.map(({ at }, i): [string, Place] => [`/visits/${i}/at`, at]),
    ...(depot ? [["/depot/at", depot.at] satisfies [string, Place]] : []),
  ];
}

function placeFaults({ travel }: Problem, path: string, place: Place): Fault[] {
  if (travel.kind === "euclidean") {
    return "x" in place
      ? []
      : [{ path, rule: "travel is euclidean and the place has no coordinates", wayOut: "give x and y" }];
  }
  if (!("node" in place))
    return [
      { path, rule: "travel is a matrix and the place names no node", wayOut: "give node, an index into the matrix" },
    ];
  if (place.node < travel.distance.length) return [];
  return [{ path, rule: `the matrix has no node ${place.node}`, wayOut: `use 0 to ${travel.distance.length - 1}` }];
}

/** JSON holds no NaN and no infinity, but a problem built in code may. */
function numberFaults(path: string, value: unknown): Fault[] {
  if (typeof value === "number") {
    return Number.isFinite(value)
      ? []
      : [
          {
            path,
            rule: `${value} is no finite number`,
            wayOut: "leave the field out where it is optional, or give a number",
          },
        ];
  }
  if (typeof value !== "object" || value === null) return [];
  // A matrix of a thousand places has a million numbers; only a bad row is worth naming paths for.
  if (Array.isArray(value) && value.every((one) => Number.isFinite(one))) return [];
  return Object.entries(value).flatMap(([key, one]) => numberFaults(`${path}/${key}`, one));
}
