// Some edits of each kind that whoever owns the database can make to what history speaks of; `pnpm dispatch:chaos:tampering` makes 1,000.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tamper } from "../../lab/tampering/tamper.ts";

test("what a superuser edits is found and named, and nothing else is", async (t) => {
  const seed = Date.now() % 1_000_000;
  const { outcomes, untouched } = await tamper({ count: 60, seed, tickets: 4, say: (line) => t.diagnostic(line) });
  assert.deepEqual(untouched, []);
  assert.equal(outcomes.length, 60);
  assert.deepEqual(
    outcomes.filter(({ found, named }) => !found || !named),
    [],
    `seed ${seed}`,
  );
});
