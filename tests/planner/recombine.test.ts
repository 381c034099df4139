// Putting known routes together: held against trying every choice of them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compile, type Compiled } from "../../dispatch/planner/compiled.ts";
import type { Problem } from "../../dispatch/planner/problem.ts";
import { Recombine } from "../../dispatch/planner/recombine.ts";
import type { KnownRoute } from "../../dispatch/planner/route-table.ts";

const visits = 6;
const plenty = 1_000_000;

/** Three technicians of whom two are alike; leaving a visit out costs 40. */
function compiled(mustServe: boolean): Compiled {
  const problem: Problem = {
    schema: "dispatch.schedule.problem/1",
    name: "known routes",
    objective: "cost",
    weights: { distance: 1 },
    unservedPenalty: mustServe ? null : 40,
    travel: { kind: "euclidean" },
    technicians: [1, 2, 2].map((speed, i) => ({
      id: `t${i}`,
      start: { x: 0, y: 0 },
      shift: { from: 0, to: 1_000 },
      speed,
    })),
    visits: Array.from({ length: visits }, (_, i) => ({
      id: `v${i}`,
      at: { x: i, y: i },
      duration: 1,
      windows: [[0, 1_000]],
    })),
  };
  return compile(problem);
}

const anyRoutes = fc.array(
  fc.record({
    kind: fc.integer({ min: 0, max: 1 }),
    stops: fc
      .uniqueArray(fc.integer({ min: 0, max: visits - 1 }), { minLength: 1, maxLength: 4 })
      .map((stops) => Int32Array.from(stops)),
    cost: fc.integer({ min: 1, max: 100 }),
  }),
  { maxLength: 12 },
);

/** Penalties included; infinite for what no three technicians of two kinds can do. */
function costOf(c: Compiled, routes: readonly KnownRoute[]): number {
  const stops = routes.flatMap((route) => [...route.stops]);
  const ofKind = (kind: number): number => routes.filter((route) => route.kind === kind).length;
  if (new Set(stops).size < stops.length || ofKind(0) > 1 || ofKind(1) > 2) return Number.POSITIVE_INFINITY;
  const leftOut = Array.from({ length: visits }, (_, visit) => visit).filter((visit) => !stops.includes(visit));
  return (
    routes.reduce((sum, { cost }) => sum + cost, 0) + leftOut.reduce((sum, visit) => sum + (c.penalty[visit] ?? 0), 0)
  );
}

const choices = (routes: readonly KnownRoute[]): KnownRoute[][] =>
  Array.from({ length: 2 ** routes.length }, (_, choice) => routes.filter((__, i) => (choice >> i) % 2 === 1));

describe("known routes", () => {
  for (const mustServe of [false, true]) {
    it(
      "are put together as cheaply as any choice of them, " +
        `${mustServe ? "where all must be served" : "visits left out at their penalty"}`,
      () => {
        const c = compiled(mustServe);
        fc.assert(
          fc.property(anyRoutes, (routes) => {
            const best = Math.min(...choices(routes).map((choice) => costOf(c, choice)));
            const found = new Recombine(c).run(routes, best + 1, plenty);
            assert.equal(found === undefined ? undefined : costOf(c, found), best);
            assert.equal(new Recombine(c).run(routes, best, plenty), undefined);
          }),
          { numRuns: 200 },
        );
      },
    );
  }

  it("give nothing once the work is spent", () => {
    const routes = [
      { kind: 0, stops: Int32Array.from([0, 1, 2]), cost: 10 },
      { kind: 1, stops: Int32Array.from([3, 4, 5]), cost: 10 },
    ];
    assert.equal(new Recombine(compiled(true)).run(routes, 1_000, plenty)?.length, 2);
    assert.equal(new Recombine(compiled(true)).run(routes, 1_000, 0), undefined);
  });
});
