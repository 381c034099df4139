// Several tasks at once: each sees what those before it took.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { assignBatch, type BatchCandidate, type QueuedTask } from "../../dispatch/workforce/assign-batch.ts";
import { rank, unmatchedReason } from "../../dispatch/workforce/rank.ts";
import { explainRanking } from "../../dispatch/workforce/ranking-record.ts";
import { ago, anyTasks, anyWorkers, now, shuffled, task, worker } from "./worker-fixtures.ts";

/** For each task, in the order it was handed out: the worker, who is woken or waited for, or why there is nobody. */
const handedOut = (tasks: readonly QueuedTask[], candidates: readonly BatchCandidate[]): string[] =>
  assignBatch(tasks, candidates, { now }).map(
    (one) => `${one.taskId} ${one.outcome} ${one.outcome === "unmatched" ? one.reason : one.worker}`,
  );
const tasks = (count: number): QueuedTask[] => Array.from({ length: count }, (_, at) => task(`t${at}`));
const sleeper = (slug: string, over: Partial<BatchCandidate> = {}) => worker(slug, { presence: "sleeping", ...over });

describe("tasks are handed out", () => {
  it("by priority, then by age, then by id", () => {
    const queue = [
      task("b"),
      task("a"),
      task("d", { createdAt: ago(1) }),
      task("c", { priority: 1 }),
      task("e", { createdAt: "2026-03-02T11:59:59.998Z", priority: 4 }),
    ];
    const ids = assignBatch(queue, [], { now }).map(({ taskId }) => taskId);
    assert.deepEqual(ids, ["c", "d", "a", "b", "e"]);
  });

  it("in turn to equal workers, until all are full", () => {
    const pair = [worker("a", { maxConcurrent: 2 }), worker("b", { maxConcurrent: 2 })];
    assert.deepEqual(handedOut(tasks(5), pair), [
      "t0 assign a",
      "t1 assign b",
      "t2 assign a",
      "t3 assign b",
      "t4 unmatched all_full",
    ]);
  });

  it("to who has just got one after who has waited, at equal loads", () => {
    const list = [worker("a"), worker("b", { load: 1, lastAssignedAt: ago(1) })];
    assert.deepEqual(handedOut(tasks(2), list), ["t0 assign a", "t1 assign b"]);
  });

  it("with the reason of each that finds nobody", () => {
    const list = [worker("a", { drained: true }), worker("b", { capabilities: ["doors"], load: 3 })];
    const doors = task("u", { requiredCapabilities: ["doors"] });
    const both = task("v", { requiredCapabilities: ["doors", "glazing"] });
    assert.deepEqual(handedOut([task("t"), doors, both], list), [
      "t unmatched all_drained",
      "u unmatched all_full",
      "v unmatched no_capability",
    ]);
  });

  it("never over a worker's capacity, and each to the best as the loads were then", () => {
    fc.assert(
      fc.property(anyTasks, anyWorkers, fc.array(fc.nat(), { minLength: 20, maxLength: 20 }), (queue, list, noise) => {
        const handouts = assignBatch(queue, list, { now });
        assert.deepEqual(assignBatch(shuffled(queue, noise), shuffled(list, noise), { now }), handouts);
        const then = new Map(list.map((one) => [one.slug, one]));
        for (const handout of handouts) {
          const request = queue.find(({ id }) => id === handout.taskId) ?? assert.fail();
          const ranking = rank(request, [...then.values()], { now });
          assert.deepEqual(explainRanking(handout.ranking), ranking);
          if (handout.outcome === "unmatched") {
            assert.equal(handout.reason, unmatchedReason(ranking));
            continue;
          }
          const chosen = then.get(handout.worker) ?? assert.fail();
          assert.equal(ranking.find((one) => one.worker === chosen.slug)?.reason, null);
          assert.equal(chosen.presence === "sleeping", handout.outcome !== "assign");
          const before = ranking.slice(
            0,
            ranking.findIndex((one) => one.worker === chosen.slug),
          );
          // Only sleepers for whom another task waits are passed over.
          for (const passed of before) assert.equal(then.get(passed.worker)?.presence, "sleeping");
          if (handout.outcome === "assign")
            then.set(chosen.slug, { ...chosen, load: chosen.load + 1, lastAssignedAt: ago(0) });
        }
        for (const one of then.values())
          assert.ok(one.load <= Math.max(one.maxConcurrent, list.find(({ slug }) => slug === one.slug)?.load ?? 0));
      }),
      { numRuns: 300 },
    );
  });
});

describe("while workers sleep", () => {
  it("the best of them is woken and the task stays, unless somebody is ready", () => {
    assert.deepEqual(handedOut(tasks(1), [sleeper("a"), worker("b", { presence: "busy" })]), ["t0 wake a"]);
    assert.deepEqual(handedOut(tasks(1), [sleeper("a"), worker("b", { load: 2 })]), ["t0 assign b"]);
  });

  it("nobody is woken twice: the task waits for who is being woken already", () => {
    assert.deepEqual(handedOut(tasks(1), [sleeper("a", { waking: true }), sleeper("b")]), ["t0 wait a"]);
  });

  it("the tasks behind go on to others, and wait where there are none", () => {
    const list = [sleeper("a", { waking: true }), sleeper("b"), worker("c", { presence: "busy", maxConcurrent: 1 })];
    assert.deepEqual(handedOut(tasks(5), list), ["t0 wait a", "t1 wake b", "t2 assign c", "t3 wait a", "t4 wait a"]);
  });

  it("one who did not wake is passed over for the next", () => {
    assert.deepEqual(handedOut(tasks(1), [sleeper("a", { wakeFailedAt: ago(1) }), sleeper("b")]), ["t0 wake b"]);
  });

  it("ten of them never keep a task from who is ready, nor the tasks behind from who else there is", () => {
    const ten = Array.from({ length: 10 }, (_, at) => sleeper(`a${at}`, { waking: at % 2 === 0 }));
    assert.deepEqual(handedOut(tasks(3), [...ten, worker("z")]), ["t0 assign z", "t1 assign z", "t2 assign z"]);
    const doors = task("u", { requiredCapabilities: ["doors"] });
    const queue = [...tasks(10), doors];
    assert.equal(handedOut(queue, [...ten, worker("z", { capabilities: ["doors"] })]).at(-1), "u assign z");
  });

  it("each worker gets one wake at most, and none who is being woken", () => {
    fc.assert(
      fc.property(anyTasks, anyWorkers, (queue, list) => {
        const woken = assignBatch(queue, list, { now }).flatMap((one) => (one.outcome === "wake" ? [one.worker] : []));
        assert.equal(new Set(woken).size, woken.length);
        for (const slug of woken) assert.ok(!list.find((one) => one.slug === slug)?.waking);
      }),
    );
  });
});
