// No suite has a time limit of its own: it would be one for all of its tests together, and a busy machine comes to it by mere
// slowness. What hangs is ended by the limit that tests/support/run-group.ts gives each test.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sourceFiles, textOf } from "./sources.ts";

/** A suite's name and options, up to its body. */
const heads = /\bdescribe\(([\s\S]*?)=>/g;

test("no suite has a time limit", async () => {
  const limited: string[] = [];
  let seen = 0;
  for (const file of await sourceFiles()) {
    for (const [, head = ""] of (await textOf(file)).matchAll(heads)) {
      seen++;
      if (/\btimeout\b/.test(head)) limited.push(`${file}: ${head.split("\n", 1)[0]}`);
    }
  }
  assert.deepEqual(limited, []);
  assert.ok(seen > 100, `only ${seen} suites were read`);
});
