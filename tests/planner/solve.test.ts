// What holds for every plan the solver makes, whatever the problem; and the corners of the problem space one by one.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { checkPlan } from "../../dispatch/planner/check.ts";
import type { Plan } from "../../dispatch/planner/plan.ts";
import type { Problem, Rounding } from "../../dispatch/planner/problem.ts";
import { solve, type Progress } from "../../dispatch/planner/solve.ts";
import { ProblemError } from "../../dispatch/planner/validate.ts";
import { generateDay, generateDeliveries } from "../../lab/schedule/generate.ts";
import { smallProblem } from "./small-problems.ts";

const anyShape = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  visits: fc.integer({ min: 0, max: 25 }),
  technicians: fc.integer({ min: 0, max: 5 }),
  aim: fc.constantFrom("distance" as const, "cost" as const, "must serve" as const),
  travel: fc.constantFrom("plane" as const, "matrix" as const, "wild matrix" as const),
  depot: fc.boolean(),
  breaks: fc.boolean(),
  severalWindows: fc.boolean(),
  stock: fc.boolean(),
  pins: fc.boolean(),
});

/** All that is wrong with a plan, but for visits that nobody can serve although all must be. */
const faults = (problem: Problem, plan: Plan) =>
  checkPlan(problem, plan).violations.filter(({ rule }) => rule !== "UNSERVED_NOT_ALLOWED");

const desk = generateDay(7, { technicians: 5, visits: 25, aim: "desk" });

/** One technician at the origin with the day 0 to 100, and one visit ten away. */
function single(visit: Partial<Problem["visits"][number]>, over: Partial<Problem> = {}): Problem {
  return {
    schema: "dispatch.schedule.problem/1",
    name: "single",
    objective: "cost",
    weights: { distance: 1 },
    unservedPenalty: 1_000,
    travel: { kind: "euclidean" },
    technicians: [{ id: "t", start: { x: 0, y: 0 }, shift: { from: 0, to: 100 } }],
    visits: [{ id: "v", at: { x: 10, y: 0 }, duration: 5, windows: [[0, 100]], ...visit }],
    ...over,
  };
}

const planOf = (problem: Problem, iterations = 50): Plan => solve(problem, { seed: 1, iterations });

describe("every plan", () => {
  it("keeps every rule, with any mix of features", () => {
    fc.assert(
      fc.property(anyShape, (shape) => {
        const problem = smallProblem({ ...shape, pins: shape.pins && shape.technicians > 0 });
        assert.deepEqual(faults(problem, planOf(problem, 150)), []);
      }),
      { numRuns: 150 },
    );
  });

  it("is the same, byte for byte, for the same problem, seed and iterations", () => {
    for (const problem of [
      desk,
      generateDeliveries(3, { customers: 40, spread: "mixed", day: "long", windowShare: 0.3, windowed: 0.8 }),
    ]) {
      const first = JSON.stringify(solve(problem, { seed: 5, iterations: 400 }));
      assert.equal(JSON.stringify(solve(problem, { seed: 5, iterations: 400 })), first);
      assert.notEqual(JSON.stringify(solve(problem, { seed: 6, iterations: 400 })), first);
    }
  });

  it("records what it was made from", () => {
    const plan = solve(desk, { seed: 9, iterations: 32, seconds: 2 });
    assert.deepEqual([plan.seed, plan.budget], [9, { iterations: 32, seconds: 2 }]);
    assert.match(plan.solver, /^dispatch-planner\//);
  });

  it("does not depend on the order in which the problem's fields were written", () => {
    const turned: Problem = JSON.parse(
      JSON.stringify(desk, (_, value: unknown) =>
        typeof value === "object" && value !== null && !Array.isArray(value)
          ? Object.fromEntries(Object.entries(value).toReversed())
          : value,
      ),
    );
    assert.deepEqual(planOf(turned), planOf(desk));
  });
});

describe("the search", () => {
  it("never ends with more than greedy insertion gave, and usually with less", () => {
    for (const seed of [1, 2, 3]) {
      const problem = generateDay(seed, { technicians: 6, visits: 40, aim: "desk" });
      const greedy = planOf(problem, 0);
      assert.deepEqual(checkPlan(problem, greedy).violations, []);
      assert.ok(planOf(problem, 600).cost < 0.99 * greedy.cost);
    }
  });

  it("stops when the other budget is spent and keeps what it has", () => {
    let asked = 0;
    const plan = solve(desk, { seed: 1, spent: () => asked++ / 10 });
    assert.equal(asked, 11);
    assert.equal(plan.budget.iterations, 160);
    assert.deepEqual(checkPlan(desk, plan).violations, []);
  });

  it("reports progress whose cost never rises and whose last figure is the plan's", () => {
    const seen: Progress[] = [];
    const plan = solve(desk, { seed: 1, iterations: 1_600, onProgress: (one) => seen.push(one) });
    assert.ok(seen.length > 50);
    for (const [i, { cost, spent }] of seen.entries())
      assert.ok(i === 0 || (cost <= (seen[i - 1]?.cost ?? 0) && spent >= (seen[i - 1]?.spent ?? 0)));
    assert.equal(seen.at(-1)?.spent, 1);
    assert.ok(Math.abs((seen.at(-1)?.cost ?? 0) - plan.cost) < 1e-6);
  });

  it("refuses a problem that contradicts itself, with every fault and its way out", () => {
    const wrong = single({ pinned: { technician: "nobody" }, windows: [[5, 3]] });
    assert.throws(
      () => planOf(wrong),
      (error) =>
        error instanceof ProblemError && error.faults.length === 2 && /nobody.*drop the pin/s.test(error.message),
    );
  });
});

describe("corners", () => {
  it("plans nothing for no visits, for no technicians, and for neither", () => {
    assert.deepEqual(planOf(single({}, { visits: [] })).routes, []);
    assert.deepEqual(planOf(single({}, { technicians: [] })).unserved, ["v"]);
    assert.equal(planOf(single({}, { technicians: [], visits: [] })).cost, 0);
  });

  it("leaves out what nobody can do, at its price", () => {
    const impossible: Partial<Problem["visits"][number]>[] = [
      { skills: ["flying"] },
      { tools: ["crane"] },
      { parts: { pane: 1 } },
      { at: { x: 60, y: 0 } },
      { windows: [[0, 9]] },
      { duration: 90 },
      { pinned: { technician: "t", start: 200 } },
    ];
    for (const visit of impossible) {
      const problem = single({ ...visit, priority: 2 });
      const plan = planOf(problem);
      assert.deepEqual(
        [plan.unserved, plan.cost, checkPlan(problem, plan).ok],
        [["v"], 2_000, true],
        JSON.stringify(visit),
      );
    }
  });

  it("leaves out what costs more than leaving it out", () => {
    assert.deepEqual(planOf(single({}, { unservedPenalty: 19 })).unserved, ["v"]);
    assert.deepEqual(planOf(single({}, { unservedPenalty: 21 })).unserved, []);
  });

  it("sees that two visits are worth a journey that neither is worth alone", () => {
    const problem = single({}, { unservedPenalty: 15 });
    const [visit] = problem.visits;
    assert.ok(visit);
    assert.deepEqual(planOf({ ...problem, visits: [visit, { ...visit, id: "w" }] }).unserved, []);
  });

  it("keeps windows of zero length, and a pinned minute inside a window", () => {
    assert.deepEqual(planOf(single({ windows: [[10, 10]] })).routes[0]?.stops, [
      { visit: "v", arrive: 10, start: 10, leave: 15 },
    ]);
    assert.equal(
      planOf(single({ windows: [[30, 50]], pinned: { technician: "t", start: 42 } })).routes[0]?.stops[0]?.start,
      42,
    );
  });

  it("takes the second window when the first cannot be reached, and leaves home late for it", () => {
    const problem = single(
      {
        windows: [
          [0, 5],
          [60, 70],
        ],
      },
      { weights: { distance: 1, duration: 1 } },
    );
    assert.deepEqual(planOf(problem).routes[0]?.stops, [{ visit: "v", arrive: 60, start: 60, leave: 65 }]);
    assert.equal(planOf(problem).terms.duration, 25);
  });

  it("neither serves nor drives in a break", () => {
    const problem = single(
      {},
      {
        technicians: [
          {
            id: "t",
            start: { x: 0, y: 0 },
            shift: { from: 0, to: 30 },
            breaks: [
              [5, 8],
              [16, 18],
            ],
          },
        ],
      },
    );
    const plan = planOf(problem);
    assert.deepEqual(
      plan.unserved,
      ["v"],
      "10 + 5 + 10 of work do not fit into 25 minutes around a service that must not be cut",
    );
    const longer = {
      ...problem,
      technicians: problem.technicians.map((one) => ({ ...one, shift: { from: 0, to: 40 } })),
    };
    assert.deepEqual(planOf(longer).unserved, []);
    assert.deepEqual(checkPlan(longer, planOf(longer)).violations, []);
  });

  it("calls at the depot for a tool, once", () => {
    const depot = {
      at: { x: 0, y: 5 },
      duration: 3,
      window: [0, 100],
      restock: { tools: "all", parts: "unlimited" },
    } satisfies Problem["depot"];
    const plan = planOf(single({ tools: ["crane"] }, { depot }));
    assert.deepEqual(plan.routes[0]?.restock, { before: 0, arrive: 5, start: 5, leave: 8 });
  });

  for (const [mode, leg] of [
    ["floor", 4.2],
    ["nearest", 4.2],
    ["ceil", 4.3],
    ["none", Math.hypot(3, 3)],
  ] satisfies [Rounding["mode"], number][]) {
    it(`rounds each leg on its own: ${mode}`, () => {
      const problem = single(
        { at: { x: 3, y: 3 } },
        { travel: { kind: "euclidean", rounding: { mode, decimals: 1 } } },
      );
      const plan = planOf(problem);
      assert.ok(Math.abs(plan.cost - 2 * leg) < 1e-9);
      assert.deepEqual(checkPlan(problem, plan).violations, []);
    });
  }

  it("works with times as large as a calendar's milliseconds", () => {
    const now = 1_790_000_000_000;
    const day = structuredClone(desk);
    const moved: Problem = {
      ...day,
      technicians: day.technicians.map((one) => ({
        ...one,
        shift: { from: now + 60_000 * one.shift.from, to: now + 60_000 * one.shift.to },
        speed: 0.8 / 60_000,
      })),
      visits: day.visits.map((one) => ({
        ...one,
        duration: 60_000 * one.duration,
        windows: one.windows.map(([from, to]): [number, number] => [now + 60_000 * from, now + 60_000 * to]),
      })),
      weights: { distance: 1, duration: 0.5 / 60_000, technician: 20 },
    };
    delete moved.depot;
    const plan = planOf(moved, 300);
    assert.deepEqual(checkPlan(moved, plan).violations, []);
  });
});
