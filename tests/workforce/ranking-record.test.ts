// A ranking that was kept says what was answered when it was made.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assignBatch } from "../../dispatch/workforce/assign-batch.ts";
import { rank } from "../../dispatch/workforce/rank.ts";
import { explainRanking, type RankingRecord } from "../../dispatch/workforce/ranking-record.ts";
import { ago, anyRequest, anyWorkers, now, task, worker } from "./worker-fixtures.ts";

const recorded = (...asked: Parameters<typeof assignBatch>): RankingRecord =>
  JSON.parse(JSON.stringify(assignBatch(...asked)[0]?.ranking));

test("the answer follows again from the record, for everybody", () => {
  fc.assert(
    fc.property(anyWorkers, anyRequest, (list, request) => {
      const record = recorded([task("t", request)], list, { now });
      assert.deepEqual(explainRanking(record), rank(request, list, { now }));
    }),
    { numRuns: 500 },
  );
});

test("a record reads like this, and one that was kept is always read so", () => {
  const list = [
    worker("ana", { zones: ["CA"] }),
    worker("bo", { drained: true, zones: ["ca"] }),
    worker("cy", { presence: "busy", paused: true, load: 1, zones: ["ca"] }),
    worker("di", { presence: "sleeping", load: 2, wakeFailedAt: ago(1) }),
    worker("ed", { capabilities: ["doors"], load: 3 }),
  ];
  const wanted = { requiredCapabilities: ["Doors", "Glazing"], zone: "CA" };
  const everybody = list.map((one) => ({ ...one, capabilities: [...one.capabilities, "doors"] }));
  assert.deepEqual(recorded([task("t", wanted)], everybody, { now }), {
    required: ["doors", "glazing"],
    priority: 3,
    zone: "CA",
    workers: [
      ["ana", "ready", 0, 3],
      ["bo", "ready", 0, 3, 1],
      ["cy", "busy", 1, 3, 2],
      ["di", "sleeping", 2, 3, 12],
      ["ed", "ready", 3, 3, 8, [1]],
    ],
  });
});
