// How a drill is judged, without playing one: what it saw against what it may take, and a first output that is false.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Drill } from "../../lab/drills/drill.ts";
import { drills } from "../../lab/drills/drills.ts";
import { groupsOf } from "../../lab/drills/play.ts";
import { holds, samplesOf } from "../../lab/drills/rule-expression.ts";
import { cardOf, failuresOf, phoneNote, rowOf, skippedCard, untruths, type Seen } from "../../lab/drills/scorecard.ts";
import { waitFor } from "../../lab/drills/wait-for.ts";
import { allRules, burnRules } from "../../ops/alerts/rules.ts";

const drill: Drill = {
  name: "lock-tables",
  about: "a session holds a lock",
  runbook: "ops/runbooks/locked_table.md",
  told: { by: /alert/, withinMs: 15_000 },
  reads: { must: [/holds the lock/], mustNot: [/Start the API/, /Postgres is away/] },
  mend: { by: "itself" },
  seconds: 1,
  provoke: async () => undefined,
};
const seen: Seen = {
  told_ms: 4_000,
  told_by: "alert DATABASE_UNAVAILABLE",
  first_command: "pnpm dispatch:alerts",
  first_lines: ["health: ok", "postgres: session 17 holds the lock"],
  first_ms: 900,
  mended_ms: 21_000,
  mended_by: "by itself",
  acknowledged: 60,
  repeated: 2,
  slowest_ms: 22_000,
  lost: 0,
  twice: 0,
  commands: 2,
  commands_as_written: 2,
  differing: [],
};

describe("a drill", () => {
  test("passes when it was told, read and mended as it must be", () => {
    const card = cardOf(drill, seen);
    assert.deepEqual([card.passed, card.failures, card.untrue], [true, [], []]);
    assert.deepEqual(rowOf(card), [
      "lock-tables",
      "4.0 s",
      "alert DATABASE_UNAVAILABLE",
      "health: ok / postgres: session 17 holds the lock",
      "yes",
      "21.0 s",
      "by itself",
      "0 of 60",
      "2 of 2",
      "passed",
    ]);
  });

  const failing: Record<string, [Partial<Seen>, RegExp]> = {
    "nothing told of it": [{ told_ms: null, told_by: null }, /nothing told of it within 15\.0 s/],
    "it was told too late": [{ told_ms: 15_001 }, /first sign after 15\.0 s/],
    "the first output advises what would not help": [
      { first_lines: ["session 17 holds the lock", "Start the API, or pass --url."] },
      /first output is false: it says "Start the API"/,
    ],
    "the first output does not say what is the matter": [
      { first_lines: ["health: ok", "alerts: none fires"] },
      /first output is false: it does not say holds the lock/,
    ],
    "it was not over": [{ mended_ms: null }, /not over in time/],
    "it took longer than a minute to mend itself": [{ mended_ms: 60_001 }, /mended itself after 60\.0 s/],
    "a command of the page differs": [
      { commands_as_written: 1, differing: [{ line: 12, why: "exit code 1" }] },
      /line 12: exit code 1/,
    ],
    "something acknowledged is lost": [{ lost: 1 }, /1 commands were acknowledged and are lost/],
    "something was done twice": [{ twice: 2 }, /2 commands were done twice/],
    "nothing was acknowledged, so that nothing is known": [{ acknowledged: 0 }, /no command was acknowledged/],
  };
  for (const [name, [change, why]] of Object.entries(failing))
    test(`fails when ${name}`, () => {
      const card = cardOf(drill, { ...seen, ...change });
      assert.equal(card.passed, false);
      assert.equal(card.failures.length, 1, card.failures.join("; "));
      assert.match(card.failures[0] ?? "", why);
    });

  test("whose fault harms nobody need not be told, and must not be read as one", () => {
    const harmless = { ...drill, told: null, reads: { must: [/none fires/], mustNot: [] } };
    const quiet = { ...seen, told_ms: null, first_lines: ["health: ok", "alerts: none fires"] };
    assert.deepEqual(failuresOf(harmless, quiet), []);
    assert.equal(failuresOf(harmless, { ...quiet, first_lines: ["alerts: 1 fire"] }).length, 1);
  });

  test("that was skipped has not passed and says why", () => {
    const card = skippedCard(drill, "mounting a disk needs root");
    assert.equal(card.passed, false);
    assert.equal(rowOf(card).at(-1), "skipped: mounting a disk needs root");
  });

  test("quotes what is false as it was said", () =>
    assert.deepEqual(untruths(["alerts: unknown while Postgres is away"], { must: [], mustNot: [/while .*/] }), [
      'it says "while Postgres is away"',
    ]));
});

test("drills that need the same stack share one, and every drill is in one group", () => {
  const groups = groupsOf(drills);
  assert.deepEqual(
    groups
      .flat()
      .map(({ name }) => name)
      .sort(),
    drills.map(({ name }) => name).sort(),
  );
  for (const group of groups) assert.equal(new Set(group.map(({ needs = {} }) => JSON.stringify(needs))).size, 1);
  assert.equal(new Set(drills.map(({ name }) => name)).size, drills.length);
});

describe("a rule's expression on one answer of /metrics", () => {
  const samples = samplesOf(
    [
      "# HELP dispatch_dependency_up x",
      'dispatch_dependency_up{dependency="postgres"} 0',
      'dispatch_dependency_up{dependency="object_store"} 1',
      'dispatch_alert_signal{code="OUTBOX_STUCK"} 3',
      'dispatch_alert_threshold{code="OUTBOX_STUCK"} 1',
      'free_bytes{of="a"} 5',
      'free_bytes{of="b"} 50',
      'all_bytes{of="a"} 100',
      'up{job="dispatch-api"} 1',
    ].join("\n"),
  );
  const cases: Record<string, boolean | null> = {
    'min(dispatch_dependency_up{dependency="postgres"}) == 0': true,
    'min(dispatch_dependency_up{dependency="object_store"}) == 0': false,
    'max(dispatch_alert_signal{code="OUTBOX_STUCK"}) >= max(dispatch_alert_threshold{code="OUTBOX_STUCK"})': true,
    'max(dispatch_alert_signal{code="VISIT_MISSED"}) >= max(dispatch_alert_threshold{code="VISIT_MISSED"})': false,
    'up{job="dispatch-api"} == 0 or absent(up{job="dispatch-api"})': false,
    'absent(dispatch_alert_signal{code=~"VISIT.*"})': true,
    "min(free_bytes) / max(all_bytes) < 0.1": true,
    'min(free_bytes{of!="a"}) / max(all_bytes) < 0.1': false,
    "max(free_bytes) > 10 * (2 + 2) and count(free_bytes) == 2": true,
    "max(free_bytes) > 10 unless count(free_bytes) == 2": false,
    "max(free_bytes and on (instance) (all_bytes < 101)) == 50": true,
    "max(free_bytes and on (instance) (all_bytes < 100)) or vector(0)": true,
    "max(free_bytes and on (instance) (all_bytes < 100)) == 50": false,
    "free_bytes and on (of) all_bytes": null,
    "sum(increase(free_bytes[5m])) > 1": null,
  };
  for (const [expression, expected] of Object.entries(cases))
    test(expression, () => assert.equal(holds(expression, samples), expected));

  test("is understood of every rule but those that look back", () => {
    const lookingBack = new Set(burnRules.map(({ code }) => code));
    for (const { code, expression } of allRules)
      if (!lookingBack.has(code)) assert.notEqual(holds(expression, samples), null, `${code}: ${expression}`);
  });
});

test("what stands beside the scorecards of when a phone rings is what is shipped", async () => {
  const read = (name: string) => readFile(join(import.meta.dirname, "../../ops/prometheus", name), "utf8");
  const prometheus = await read("prometheus.yml");
  const shipped = ["scrape_interval", "evaluation_interval"].map(
    (name) => new RegExp(`${name}: (.+)`).exec(prometheus)?.[1],
  );
  const [wait] = /(?<=group_wait: ).+/.exec(await read("alertmanager.yml")) ?? [];
  assert.deepEqual([...shipped, wait], ["15s", "15s", "15s"]);
  const minute = allRules.filter(({ holds: held }) => held === "1m");
  assert.ok(minute.length > allRules.length / 2);
  assert.match(phoneNote, /every 15 s, most rules must hold for 1 minute, and Alertmanager waits 15 s/);
});

test("a drill that is given up waits for nothing more, and what never comes has an end", async () => {
  assert.equal(await waitFor(() => false, 0, new AbortController().signal), null);
  await assert.rejects(
    waitFor(() => false, 60_000, AbortSignal.abort()),
    { name: "AbortError" },
  );
});
