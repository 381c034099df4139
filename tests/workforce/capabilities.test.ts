// Words that are written in several ways.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalTaskState, parseCapabilities, parsePriority } from "../../dispatch/workforce/capabilities.ts";

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

test("a priority is a number or a word", () => {
  for (const [written, priority] of [
    ["critical", 1],
    ["EMERGENCY", 1],
    ["high", 2],
    [" Urgent ", 2],
    ["medium", 3],
    ["routine", 3],
    ["low", 4],
    ["background", 5],
    [1, 1],
    [5, 5],
    [0, null],
    [6, null],
    [2.5, null],
    ["soon", null],
    ["constructor", null],
  ] as const)
    assert.equal(parsePriority(written), priority, String(written));
});

test("a state's other word means the state", () => {
  const words = ["queued", "running", "done", "timeout", "blocked", "constructor"];
  const states = ["pending", "in_progress", "completed", "timed_out", "blocked", "constructor"];
  assert.deepEqual(words.map(canonicalTaskState), states);
});
