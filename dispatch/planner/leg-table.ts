// Distances and times of all legs as flat tables. Each leg is rounded on its own, as the problem says.

import type { Place, Problem, Rounding, Travel } from "./problem.ts";

/** `to[a * size + b]` is the leg from a to b, `from[a * size + b]` the leg from b to a: the solver reads along rows either way. */
export type LegTable = { readonly to: Float64Array; readonly from: Float64Array };

/**
 * A rounding as a function. A value that its decimals hold exactly is left alone even where binary arithmetic puts it a hair
 * beside: 1.15 is 1.15 with two decimals, though 1.15 * 100 is a little less than 115.
 */
export function rounder(rounding: Rounding | undefined): (value: number) => number {
  if (rounding === undefined || rounding.mode === "none") return (value) => value;
  const scale = 10 ** (rounding.decimals ?? 0);
  const whole = { floor: Math.floor, nearest: Math.round, ceil: Math.ceil }[rounding.mode];
  return (value) => {
    const scaled = value * scale;
    const exact = Math.round(scaled);
    return (Math.abs(scaled - exact) <= 1e-9 * Math.max(1, exact) ? exact : whole(scaled)) / scale;
  };
}

/** The tables over these places, and one table of times per speed; legs of equal length share a table. */
export function legTables(
  travel: Travel,
  places: readonly Place[],
  speeds: readonly number[],
): { distance: LegTable; times: LegTable[] } {
  const round = rounder(travel.rounding);
  if (travel.kind === "matrix") {
    const time = table(places, (a, b) => round(entry(travel.time, a, b)));
    return { distance: table(places, (a, b) => round(entry(travel.distance, a, b))), times: speeds.map(() => time) };
  }
  const bySpeed = new Map<number, LegTable>();
  const at = (speed: number): LegTable => {
    const known = bySpeed.get(speed) ?? table(places, (a, b) => round(straight(a, b) / speed));
    bySpeed.set(speed, known);
    return known;
  };
  return { distance: at(1), times: speeds.map(at) };
}

/** The speed that counts for each technician. */
export function speedsOf({ travel, technicians }: Problem): number[] {
  const usual = travel.kind === "euclidean" ? (travel.speed ?? 1) : 1;
  return technicians.map(({ speed }) => speed ?? usual);
}

function table(places: readonly Place[], leg: (a: Place, b: Place) => number): LegTable {
  const size = places.length;
  const to = new Float64Array(size * size);
  for (const [i, a] of places.entries()) for (const [j, b] of places.entries()) to[i * size + j] = leg(a, b);
  const symmetric = places.every((_, i) => places.every((__, j) => to[i * size + j] === to[j * size + i]));
  if (symmetric) return { to, from: to };
  return { to, from: to.map((_, at) => to[(at % size) * size + Math.floor(at / size)] ?? 0) };
}

function straight(a: Place, b: Place): number {
  if (!("x" in a && "x" in b)) return 0;
  const x = a.x - b.x;
  const y = a.y - b.y;
  return Math.sqrt(x * x + y * y);
}

const entry = (matrix: readonly (readonly number[])[], a: Place, b: Place): number =>
  "node" in a && "node" in b ? (matrix[a.node]?.[b.node] ?? 0) : 0;
