// The pauses before a process is started again.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { backOff } from "../../dispatch/ops/stack/back-off.ts";

test("pauses double from a quarter of a second to half a minute", () => {
  assert.deepEqual(
    [1, 2, 3, 7, 8, 9, 1000].map((failures) => backOff(failures, 1)),
    [250, 500, 1_000, 16_000, 30_000, 30_000, 30_000],
  );
});

test("half of a pause is left to chance, and it is never longer than half a minute nor none at all", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, chance) => {
      const wait = backOff(failures, chance);
      assert.ok(wait >= 125 && wait <= 30_000);
      assert.ok(wait >= Math.floor(backOff(failures, 1) / 2) && wait <= backOff(failures, 1));
      assert.ok(wait <= backOff(failures + 1, chance));
    }),
  );
});
