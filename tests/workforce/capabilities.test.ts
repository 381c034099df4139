// Words that are written in several ways.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { taskStateOf, urgencyOf } from "../../dispatch/contract/task-states.ts";
import { parseCapabilities } from "../../dispatch/workforce/capabilities.ts";

test("capabilities are trimmed, lower-cased and named once, from a text or a list", () => {
  for (const written of ["A, b ,,C", ["A", " b ", "", "C"], ["A, b", "c,a"]])
    assert.deepEqual(parseCapabilities(written), ["a", "b", "c"]);
  for (const written of ["", " , ", []]) assert.deepEqual(parseCapabilities(written), []);
});

test("capabilities that are kept so stay as they are", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (written) => {
      const kept = parseCapabilities(written);
      assert.deepEqual(parseCapabilities(kept), kept);
      assert.deepEqual(parseCapabilities(kept.join()), kept);
    }),
  );
});

test("an urgency is a number or a word", () => {
  const words = ["critical", "emergency", "high", "urgent", "medium", "routine", "low", "background"] as const;
  assert.deepEqual(words.map(urgencyOf), [1, 1, 2, 2, 3, 3, 4, 5]);
  assert.equal(urgencyOf(4), 4);
});

test("a state's other word means the state", () => {
  const words = ["queued", "running", "done", "timeout", "blocked"] as const;
  assert.deepEqual(words.map(taskStateOf), ["pending", "in_progress", "completed", "timed_out", "blocked"]);
});
