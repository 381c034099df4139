// On small problems the search must find the optimum; the optimum is known by enumeration.

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPlan } from "../../dispatch/planner/check.ts";
import { solve } from "../../dispatch/planner/solve.ts";
import { cheapest } from "./enumerate.ts";
import { smallProblem, type SmallShape } from "./small-problems.ts";

const aims = ["distance", "cost", "must serve"] as const;

/** Every feature alone and with others, sizes up to nine visits. */
const shapeOf = (seed: number): SmallShape => ({
  seed,
  visits: seed % 20 === 0 ? 9 : 1 + (seed % 7),
  technicians: 1 + (seed % 3),
  aim: aims[seed % aims.length] ?? "cost",
  travel: seed % 2 === 0 ? "matrix" : "plane",
  depot: seed % 5 < 2,
  breaks: seed % 7 < 2,
  severalWindows: seed % 4 === 0 || seed % 11 === 0,
  stock: seed % 5 < 3,
  pins: seed % 6 === 0,
});

test("the search finds the optimum of 200 small problems", () => {
  let solvable = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const problem = smallProblem(shapeOf(seed));
    const best = cheapest(problem);
    const plan = solve(problem, { seed: 1, iterations: 3_000 });
    if (best === undefined) {
      assert.ok(plan.unserved.length > 0, `${problem.name}: nobody can serve all, the plan says somebody can`);
      continue;
    }
    solvable += 1;
    assert.deepEqual(checkPlan(problem, plan).violations, [], problem.name);
    assert.ok(Math.abs(plan.cost - best) < 1e-4, `${problem.name}: ${plan.cost} instead of ${best}`);
  }
  assert.ok(solvable >= 120, `only ${solvable} of 200 have a plan; the comparison shows little`);
});
