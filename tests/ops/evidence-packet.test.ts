// The launch gate's evidence packet: open only when everything was run and all of it passed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isInTime, type Scorecard } from "../../lab/drills/run-drill.ts";
import { totalsOf } from "../../lab/evidence/junit-totals.ts";
import { objections, packetPage, type Packet } from "../../lab/evidence/packet-page.ts";
import { releaseFacts } from "../../lab/evidence/release-facts.ts";

const card = (drill: string, passed = true): Scorecard => ({
  drill,
  shown_by: "STUCK_SCHEDULING",
  runbook: "x.md",
  detected_ms: 120,
  recovered_ms: passed ? 450 : null,
  fixed_by: "",
  commands: 3,
  commands_as_written: passed ? 3 : 2,
  differing: [],
  passed,
});
const good: Packet = {
  madeAt: "2026-11-26T12:00:00.000Z",
  facts: {
    commit: "c0ffee",
    uncommitted: 0,
    versions: new Map([["node", "24"]]),
    hashes: new Map([["contract", "abc"]]),
  },
  tests: { tests: 10, passed: 9, failed: 0, skipped: 1, seconds: 12 },
  drills: { at: "2026-11-26T11:00:00.000Z", scorecards: [card("one"), card("two")] },
  allDrills: ["one", "two"],
};

test("the gate is open when nothing speaks against it", () => {
  assert.deepEqual(objections(good), []);
  const page = packetPage(good);
  assert.match(page, /Gate: \*\*open\*\*\n/);
  assert.match(page, /10 tests in 12 s: 9 passed, 0 failed, 1 skipped\./);
  assert.match(page, /\| one \| STUCK_SCHEDULING \| 0\.1 s \| 0\.5 s \| 3 of 3 \| passed \|/);
});

const closed: Record<string, [Partial<Packet>, string]> = {
  "a failed test": [{ tests: { ...good.tests, failed: 2 } }, "2 tests failed"],
  "no test at all": [{ tests: { tests: 0, passed: 0, failed: 0, skipped: 0, seconds: 0 } }, "no test was run"],
  "a failed drill": [{ drills: { ...good.drills, scorecards: [card("one"), card("two", false)] } }, "drill two failed"],
  "a drill not played": [{ drills: { ...good.drills, scorecards: [card("one")] } }, "drill two was not played"],
  "changes that no commit has": [{ facts: { ...good.facts, uncommitted: 3 } }, "3 files differ from the commit"],
};
for (const [name, [change, objection]] of Object.entries(closed)) {
  test(`${name} keeps the gate closed`, () => {
    assert.deepEqual(objections({ ...good, ...change }), [objection]);
    assert.ok(packetPage({ ...good, ...change }).includes(`Gate: **closed**: ${objection}`));
  });
}

test("a drill that was seen or over too late has failed, where it has times to keep to", () => {
  const within = { detectedMs: 15_000, recoveredMs: 20_000 };
  assert.equal(isInTime({ within }, 14_999, 19_999), true);
  for (const [detected, recovered] of [
    [15_000, 1],
    [1, 20_000],
    [null, 1],
    [1, null],
  ] as const)
    assert.equal(isInTime({ within }, detected, recovered), false);
  assert.equal(isInTime({}, 100_000, 50_000), true);
});

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
