// No line of TypeScript is longer than a reader sees at once. The formatter wraps code at 120 columns and leaves long strings,
// patterns and comments as they are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sourceFiles, textOf } from "./sources.ts";

const longest = 140;

test(`no line of TypeScript has more than ${longest} columns`, async () => {
  const over: string[] = [];
  let seen = 0;
  for (const file of await sourceFiles()) {
    for (const [at, line] of (await textOf(file)).split("\n").entries()) {
      seen++;
      if (line.length > longest) over.push(`${file}:${at + 1} has ${line.length}`);
    }
  }
  assert.deepEqual(over, []);
  assert.ok(seen > 10_000, `only ${seen} lines were read`);
});
