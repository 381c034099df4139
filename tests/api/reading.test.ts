// What gauges are read from, when it cannot be read: the last value stays, its age grows, and nobody waits.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readingOf } from "../../dispatch/api/reading.ts";

type Source = () => Promise<number>;

/** A reading whose source and clock the test sets. */
function made(withinMs = 60_000) {
  const now = { ms: 0 };
  const source: { read: Source } = { read: () => Promise.resolve(1) };
  const reading = readingOf(() => source.read(), { freshForMs: 5_000, withinMs, now: () => now.ms });
  return { now, source, reading };
}

test("what cannot be read again keeps its last value, with its age, until it can", async () => {
  const { now, source, reading } = made();
  assert.deepEqual([await reading.value(), reading.ageSeconds()], [1, 0]);
  source.read = () => Promise.reject(new Error("canceling statement due to lock timeout"));
  now.ms = 61_000;
  assert.deepEqual([await reading.value(), reading.ageSeconds()], [1, 61]);
  source.read = () => Promise.resolve(2);
  assert.deepEqual([await reading.value(), reading.ageSeconds()], [2, 0]);
});

test("what was never read has neither value nor age", async () => {
  const { source, reading } = made();
  source.read = () => Promise.reject(new Error("connect ECONNREFUSED"));
  assert.deepEqual([await reading.value(), reading.ageSeconds()], [null, null]);
});

test("nobody waits for a source that hangs, which is asked once; what it says at last is shown", async () => {
  const { now, source, reading } = made(1);
  await reading.value();
  const hanging = Promise.withResolvers<number>();
  let asked = 0;
  source.read = () => {
    asked++;
    return hanging.promise;
  };
  now.ms = 6_000;
  assert.deepEqual([await reading.value(), await reading.value(), asked, reading.ageSeconds()], [1, 1, 1, 6]);
  hanging.resolve(2);
  await hanging.promise;
  assert.equal(await reading.value(), 2);
});
