// The launch gate's evidence packet: open only when everything was run and all of it passed.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Scorecard } from "../../lab/drills/scorecard.ts";
import { totalsOf } from "../../lab/evidence/junit-totals.ts";
import { objections, packetPage, type Packet } from "../../lab/evidence/packet-page.ts";
import { releaseFacts } from "../../lab/evidence/release-facts.ts";

const card = (drill: string, passed = true): Scorecard => ({
  drill,
  about: "tickets wait",
  runbook: "x.md",
  skipped: null,
  seen: {
    told_ms: 120,
    told_by: "alert STUCK_SCHEDULING",
    first_command: "pnpm dispatch:alerts",
    first_lines: ["health: ok", "alerts: 1 fire", "  STUCK_SCHEDULING"],
    first_ms: 300,
    mended_ms: passed ? 450 : null,
    mended_by: "by itself",
    acknowledged: 20,
    repeated: 1,
    slowest_ms: 800,
    lost: 0,
    twice: 0,
    commands: 3,
    commands_as_written: 3,
    differing: [],
  },
  untrue: [],
  failures: passed ? [] : ["it was not over in time"],
  passed,
});
const skipped: Scorecard = { ...card("two", false), skipped: "no root", seen: null, failures: [] };
const good: Packet = {
  madeAt: "2026-11-26T12:00:00.000Z",
  facts: {
    commit: "c0ffee",
    uncommitted: 0,
    versions: new Map([["node", "24"]]),
    hashes: new Map([["contract", "abc"]]),
  },
  tests: { tests: 10, passed: 9, failed: 0, skipped: 1, seconds: 12 },
  drills: { at: "2026-11-26T11:00:00.000Z", load: 1.5, processors: 2, scorecards: [card("one"), card("two")] },
  allDrills: ["one", "two"],
};

test("the gate is open when nothing speaks against it", () => {
  assert.deepEqual(objections(good), []);
  const page = packetPage(good);
  assert.match(page, /Gate: \*\*open\*\*\n/);
  assert.match(page, /A phone rings later: Prometheus scrapes/);
  assert.match(page, /10 tests in 12 s: 9 passed, 0 failed, 1 skipped\./);
  assert.ok(
    page.includes(
      "| one | 0.1 s | alert STUCK_SCHEDULING | health: ok / alerts: 1 fire / STUCK_SCHEDULING | yes | " +
        "0.5 s | by itself | 0 of 20 | 3 of 3 | passed |",
    ),
    page,
  );
});

const closed: Record<string, [Partial<Packet>, string]> = {
  "a failed test": [{ tests: { ...good.tests, failed: 2 } }, "2 tests failed"],
  "no test at all": [{ tests: { tests: 0, passed: 0, failed: 0, skipped: 0, seconds: 0 } }, "no test was run"],
  "a failed drill": [{ drills: { ...good.drills, scorecards: [card("one"), card("two", false)] } }, "drill two failed"],
  "a drill that was skipped": [
    { drills: { ...good.drills, scorecards: [card("one"), skipped] } },
    "drill two was skipped: no root",
  ],
  "a drill not played": [{ drills: { ...good.drills, scorecards: [card("one")] } }, "drill two was not played"],
  "changes that no commit has": [{ facts: { ...good.facts, uncommitted: 3 } }, "3 files differ from the commit"],
};
for (const [name, [change, objection]] of Object.entries(closed)) {
  test(`${name} keeps the gate closed`, () => {
    assert.deepEqual(objections({ ...good, ...change }), [objection]);
    assert.ok(packetPage({ ...good, ...change }).includes(`Gate: **closed**: ${objection}`));
  });
}

test("totals are those of the whole run, and a report without them is refused", () => {
  const totals = (n: number) =>
    ["tests", "pass", "fail", "cancelled", "skipped", "duration_ms"]
      .map((name) => `<!-- ${name} ${name === "fail" || name === "cancelled" ? 1 : n} -->`)
      .join("\n");
  assert.deepEqual(totalsOf(`${totals(5)}\n${totals(7000)}`), {
    tests: 7000,
    passed: 7000,
    failed: 2,
    skipped: 7000,
    seconds: 7,
  });
  assert.throws(() => totalsOf("<testsuites>"), /has no total of tests/);
});

test("a release's facts name its commit and change with what decides its behaviour", async () => {
  const { commit, versions, hashes } = await releaseFacts();
  assert.match(commit, /^[0-9a-f]{40}$/);
  assert.equal(versions.get("node"), process.versions.node);
  for (const [name, version] of versions) assert.match(version, /^\d+\.\d+/, name);
  for (const [name, hash] of hashes) assert.match(hash, /^[0-9a-f]{64}$/, name);
  assert.equal(new Set(hashes.values()).size, hashes.size);
});
