// A ranking that was kept says what was answered when it was made.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assignBatch } from "../../dispatch/workforce/assign-batch.ts";
import { rank } from "../../dispatch/workforce/rank.ts";
import { explainRanking, type RankingRecord } from "../../dispatch/workforce/ranking-record.ts";
import { anyRequest, anyWorkers, now, task, worker } from "./worker-fixtures.ts";

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
    worker("ana"),
    worker("bo", { presence: "busy", drained: true, paused: true }),
    worker("cy", { capabilities: [] }),
  ];
  const record = recorded([task("t", { requiredCapabilities: ["Glazing"], zone: "CA" })], list, { now });
  assert.deepEqual(record, {
    required: ["glazing"],
    priority: 3,
    zone: "CA",
    workers: [
      ["ana", "ready", 0, 3, 8],
      ["bo", "busy", 0, 3, 11],
      ["cy", "ready", 0, 3, 8, [0]],
    ],
  });
});
