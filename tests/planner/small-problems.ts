// Small made-up problems with any mix of features, in whole numbers, for properties and for comparison with enumeration.

import type { Problem, Technician, Visit } from "../../dispatch/planner/problem.ts";
import { Random } from "../../dispatch/planner/random.ts";

export type SmallShape = {
  readonly seed: number;
  readonly visits: number;
  readonly technicians: number;
  readonly aim: "distance" | "cost" | "must serve";
  /** Points in the plane, or a matrix without symmetry; a wild one does not keep the triangle inequality either. */
  readonly travel: "plane" | "matrix" | "wild matrix";
  readonly depot: boolean;
  readonly breaks: boolean;
  readonly severalWindows: boolean;
  readonly stock: boolean;
  readonly pins: boolean;
};

/** The last moment of every shift. */
export const horizon = 60;

export function smallProblem(shape: SmallShape): Problem {
  const random = new Random(shape.seed);
  const nodes = shape.technicians + shape.visits + 1;
  const place = (node: number) => (shape.travel !== "plane" ? { node } : { x: random.below(13), y: random.below(13) });
  const technicians = Array.from({ length: shape.technicians }, (_, i) => technicianOf(random, shape, i, place(i)));
  const visits = Array.from({ length: shape.visits }, (_, i) =>
    visitOf(random, shape, i, place(shape.technicians + i)),
  );
  const cells = (most: number): number[][] => {
    const wild = Array.from({ length: nodes }, (_, i) =>
      Array.from({ length: nodes }, (__, j) => (i === j ? 0 : random.below(most))),
    );
    return shape.travel === "matrix" ? shortestWays(wild) : wild;
  };
  const depot = {
    at: place(nodes - 1),
    duration: random.below(4),
    window: [5, 50],
    restock: { tools: "all", parts: "unlimited" },
  } satisfies Problem["depot"];
  return {
    schema: "dispatch.schedule.problem/1",
    name: JSON.stringify(shape),
    objective: shape.aim === "distance" ? "distance" : "cost",
    weights: { distance: 1 + random.below(3), duration: random.below(3), technician: random.below(10) },
    unservedPenalty: shape.aim === "cost" ? 15 + random.below(40) : null,
    travel:
      shape.travel !== "plane"
        ? { kind: "matrix", distance: cells(12), time: cells(10) }
        : { kind: "euclidean", speed: 1, rounding: { mode: "nearest", decimals: 0 } },
    technicians,
    visits,
    ...(shape.depot ? { depot } : {}),
  };
}

/** Floyd and Warshall. */
function shortestWays(cells: number[][]): number[][] {
  for (const over of cells.keys()) {
    for (const row of cells)
      for (const to of row.keys()) row[to] = Math.min(row[to] ?? 0, (row[over] ?? 0) + (cells[over]?.[to] ?? 0));
  }
  return cells;
}

function technicianOf(random: Random, shape: SmallShape, i: number, start: Technician["start"]): Technician {
  const from = random.below(8);
  const pause = from + 10 + random.below(20);
  return {
    id: `t${i}`,
    start,
    shift: { from, to: horizon - random.below(10) },
    ...(shape.breaks && random.fraction() < 0.7 ? { breaks: [[pause, pause + 1 + random.below(6)]] } : {}),
    skills: ["a", "b"].filter(() => random.fraction() < 0.8),
    tools: ["lift"].filter(() => random.fraction() < 0.5),
    parts: shape.stock ? { hinge: random.below(4) } : {},
    ...(random.fraction() < 0.5 ? { capacity: 4 + random.below(8) } : {}),
    ...(random.fraction() < 0.2 ? { speed: 2 } : {}),
  };
}

function visitOf(random: Random, shape: SmallShape, i: number, at: Visit["at"]): Visit {
  const from = random.below(35);
  const to = from + random.below(15);
  const again = to + 1 + random.below(10);
  const pinned = shape.pins && random.fraction() < 0.3;
  return {
    id: `v${i}`,
    at,
    duration: random.below(6),
    windows:
      shape.severalWindows && random.fraction() < 0.6
        ? [
            [again, again + random.below(10)],
            [from, to],
          ]
        : [[from, to]],
    skills: ["a", "b"].filter(() => random.fraction() < 0.25),
    tools: ["lift"].filter(() => shape.stock && random.fraction() < 0.3),
    parts: shape.stock && random.fraction() < 0.5 ? { hinge: 1 + random.below(2) } : {},
    demand: random.below(4),
    priority: 1 + random.below(3),
    ...(pinned
      ? {
          pinned: {
            technician: `t${random.below(shape.technicians)}`,
            ...(random.fraction() < 0.5 ? { start: from + random.below(to - from + 1) } : {}),
          },
        }
      : {}),
  };
}
