// The planner in its thread: progress while it runs, an early end when asked, and the same plan as without a thread.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPlan } from "../../dispatch/planner/check.ts";
import { startPlanner } from "../../dispatch/planner/run-planner.ts";
import { solve, type Progress } from "../../dispatch/planner/solve.ts";
import { ProblemError } from "../../dispatch/planner/validate.ts";
import { generateDay } from "../../lab/schedule/generate.ts";

const day = generateDay(4, { technicians: 8, visits: 50, aim: "desk" });

describe("the planner's thread", () => {
  it("finds what the solver finds, and reports on the way", async () => {
    const seen: Progress[] = [];
    const { plan, stopped } = await startPlanner(day, { seed: 3, iterations: 320, onProgress: (one) => seen.push(one) })
      .result;
    assert.equal(stopped, "budget");
    assert.deepEqual(plan, solve(day, { seed: 3, iterations: 320 }));
    assert.ok(seen.length > 10);
    assert.equal(seen.at(-1)?.spent, 1);
  });

  it("keeps to its seconds", async () => {
    const begun = performance.now();
    const { plan } = await startPlanner(day, { seed: 1, seconds: 0.2 }).result;
    assert.deepEqual(checkPlan(day, plan).violations, []);
    assert.equal(plan.budget.seconds, 0.2);
    // Starting a thread takes longer than the search on a busy machine; the search itself must not go on.
    assert.ok(performance.now() - begun < 60_000);
  });

  it("gives the best plan so far when cancelled", async () => {
    const run = startPlanner(day, { seed: 1, seconds: 600, onProgress: () => run.cancel() });
    const { plan, stopped } = await run.result;
    assert.equal(stopped, "cancelled");
    assert.deepEqual(checkPlan(day, plan).violations, []);
  });

  it("obeys an abort signal, even one that was given too late to start", async () => {
    const { stopped } = await startPlanner(day, { seed: 1, seconds: 600, signal: AbortSignal.abort() }).result;
    assert.equal(stopped, "cancelled");
  });

  it("leaves the caller's loop free", async () => {
    const run = startPlanner(day, { seed: 1, seconds: 600 });
    let turns = 0;
    await new Promise<void>((resolve) => {
      const turn = (): void => void (++turns === 50 ? resolve() : setImmediate(turn));
      turn();
    });
    run.cancel();
    assert.equal((await run.result).stopped, "cancelled");
  });

  it("refuses at once a problem that contradicts itself, and a search without a budget", () => {
    assert.throws(
      () => startPlanner({ ...day, visits: [...day.visits, ...day.visits] }, { seed: 1, seconds: 1 }),
      ProblemError,
    );
    assert.throws(() => startPlanner(day, { seed: 1 }), RangeError);
  });
});
