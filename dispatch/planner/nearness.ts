// Which visits are near each other: in space, and in time.

import { num } from "./arrays.ts";
import type { Compiled } from "./compiled.ts";
import type { Tuning } from "./tuning.ts";

/** For each visit all visits, nearest first: near in space, and able to follow each other without much waiting or delay. */
export function nearness(c: Compiled, tuning: Tuning): Int32Array {
  const near = new Int32Array(c.visits * c.visits);
  for (let a = 0; a < c.visits; a++) {
    const apart = Float64Array.from({ length: c.visits }, (_, b) =>
      a === b ? -1 : Math.min(gap(c, tuning, a, b), gap(c, tuning, b, a)),
    );
    near.set(
      Array.from(apart.keys()).sort((b, d) => num(apart, b) - num(apart, d) || b - d),
      a * c.visits,
    );
  }
  return near;
}

function gap(c: Compiled, tuning: Tuning, a: number, b: number): number {
  const driving = num((c.times[0] ?? c.distance).to, a * c.nodes + b);
  const on = num(c.service, a) + driving;
  const waiting = Math.max(0, num(c.ready, b) - on - num(c.due, a));
  const late = Math.max(0, num(c.ready, a) + on - num(c.due, b));
  return driving + tuning.waitWeight * waiting + tuning.lateWeight * late;
}
