// Some edits of each kind that whoever owns the database can make to what history speaks of; `pnpm dispatch:chaos:tampering` makes 1,000.
// What an operator's verification finds of them, and what a worker's watch finds of them within a minute.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isLate } from "../../lab/tampering/command.ts";
import { kinds, tamper } from "../../lab/tampering/tamper.ts";

for (const { by, of } of [
  { by: "verification", of: 2 },
  { by: "watch", of: 2 },
] as const)
  test(`what a superuser edits the ${by} finds and names, and nothing else`, async (t) => {
    const seed = Date.now() % 1_000_000;
    const count = of * kinds.length;
    const { outcomes, untouched } = await tamper({ count, seed, tickets: 4, by, say: (line) => t.diagnostic(line) });
    assert.deepEqual(untouched, []);
    assert.deepEqual(Object.keys(Object.groupBy(outcomes, ({ kind }) => kind)), kinds, "of each kind some");
    assert.deepEqual(
      outcomes.filter(({ found, named, watch }) => !found || !named || isLate(watch)),
      [],
      `seed ${seed}`,
    );
    if (by === "watch") assert.ok(outcomes.every(({ watch }) => watch !== null && watch.alerts.length > 0));
  });
