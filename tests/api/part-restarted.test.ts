// What a stack's supervisor started again is told for an hour, by whom it was, how often and why, and to whoever watches by Prometheus.

import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { explanations } from "../../dispatch/ops/alerts/explanations.ts";
import { mostEnds, readPartEnds, stackRecordFile, withEnd, type PartEnd } from "../../dispatch/process/part-ends.ts";
import { objectsIn, startTestApi, type TestApi } from "../support/api.ts";
import { metricsWith } from "../support/metrics.ts";
import { call } from "./calls.ts";

async function restartAlert(api: TestApi) {
  // An answer is shared by all who ask within a moment.
  api.clock.advanceMs(1_000);
  const { status, body } = await call(api, "/ops/alerts");
  assert.equal(status, 200);
  return objectsIn(body["alerts"]).find(({ code }) => code === "PART_RESTARTED");
}

async function restartGauges(api: TestApi): Promise<string[]> {
  const { text } = await api.send("GET", "/metrics", { accept: "text/plain" });
  return text.split("\n").filter((line) => line.startsWith("dispatch_part_restarts{"));
}

/** What a supervisor writes, as far as ends go. */
async function writeEnds(api: TestApi, ends: Readonly<Record<string, readonly PartEnd[]>>): Promise<void> {
  await mkdir(join(api.dataDir, "stack"), { recursive: true });
  const services = Object.entries(ends).map(([name, all]) => ({ name, ends: all }));
  await writeFile(stackRecordFile(api.dataDir), JSON.stringify({ services }));
}

describe("parts of a stack", async () => {
  const api = await startTestApi();
  const explained = async () => {
    const { db, settings, clock } = api.desk;
    const address = { url: api.url, from: "the test" };
    return explanations.PART_RESTARTED[0]?.read({ db, settings, now: clock.now(), address });
  };

  test("are none, and no alert, where no stack runs", async () => {
    assert.equal(await restartAlert(api), undefined);
    assert.deepEqual(await restartGauges(api), []);
    assert.deepEqual(await explained(), { note: `no stack runs from ${api.dataDir}`, rows: [] });
  });

  test("that were started again are told for an hour, each with how often, when and why", async () => {
    const at = (minutes: number) => api.clock.in(minutes);
    const first = { at: at(-59), why: "ended with exit code 1" };
    const second = { at: at(-10), why: "did not answer for 20 s, and was killed" };
    const crash = { at: at(-20), why: "ended with SIGKILL" };
    await writeEnds(api, {
      postgres: [],
      api: [{ at: at(-61), why: "too long ago" }, crash],
      "worker-1": [first, second],
    });
    assert.deepEqual(await restartAlert(api), {
      code: "PART_RESTARTED",
      severity: "warning",
      count: 3,
      threshold: 1,
      reason:
        `api once, last at ${crash.at}: ended with SIGKILL; ` +
        `worker-1 2 times, last at ${second.at}: did not answer for 20 s, and was killed`,
      runbook: "ops/runbooks/part_restarted.md",
    });
    await metricsWith(api, /^dispatch_part_restarts\{/m);
    assert.deepEqual(await restartGauges(api), [
      'dispatch_part_restarts{part="postgres"} 0',
      'dispatch_part_restarts{part="api"} 1',
      'dispatch_part_restarts{part="worker-1"} 2',
    ]);
    assert.deepEqual(await explained(), {
      note: "3",
      rows: [
        { part: "worker-1", ...second },
        { part: "api", ...crash },
        { part: "worker-1", ...first },
      ],
    });
    api.clock.advance(49);
    assert.equal((await restartAlert(api))?.["count"], 1, "the last of them");
    api.clock.advance(1);
    assert.equal(await restartAlert(api), undefined);
    assert.deepEqual(
      await restartGauges(api),
      ["postgres", "api", "worker-1"].map((part) => `dispatch_part_restarts{part="${part}"} 0`),
    );
  });

  test("are told as they were last read while their record cannot be, and none once it is gone", async () => {
    await writeEnds(api, { api: [{ at: api.clock.iso, why: "ended with SIGKILL" }] });
    assert.equal((await restartAlert(api))?.["count"], 1);
    await writeFile(stackRecordFile(api.dataDir), '{"services":');
    assert.equal((await restartAlert(api))?.["count"], 1);
    await writeFile(stackRecordFile(api.dataDir), " ".repeat(1024 ** 2 + 1));
    await assert.rejects(readPartEnds(api.dataDir), /stack\.json is no record of a stack/);
    assert.equal((await restartAlert(api))?.["count"], 1);
    await rm(stackRecordFile(api.dataDir));
    assert.equal(await restartAlert(api), undefined);
  });

  test("of which a supervisor of an earlier release says nothing, or somebody else nonsense, are no fault", async () => {
    const services = [
      { name: "api" },
      { name: 7, ends: [] },
      "postgres",
      { name: "worker-1", ends: [null, { at: 3 }] },
    ];
    await writeFile(stackRecordFile(api.dataDir), JSON.stringify({ services }));
    assert.deepEqual(await readPartEnds(api.dataDir), [
      { part: "api", ends: [] },
      { part: "worker-1", ends: [] },
    ]);
    assert.equal(await restartAlert(api), undefined);
  });
});

test("of a part's ends the newest are kept, each in a sentence that shows nothing of its log", () => {
  const now = new Date("2026-03-02T08:00:00.000Z");
  const log =
    "did not start: api ended with exit code 2 before it was ready. Its last lines, from /srv/api.log:\n  a secret";
  const kept = Array.from({ length: mostEnds + 3 }).reduce<readonly PartEnd[]>((ends) => withEnd(ends, log, now), []);
  assert.equal(kept.length, mostEnds);
  const why = "did not start: api ended with exit code 2 before it was ready";
  assert.deepEqual(kept[0], { at: "2026-03-02T08:00:00.000Z", why });
  assert.equal(
    withEnd([], "did not answer for 0.5 s, and was killed", now)[0]?.why,
    "did not answer for 0.5 s, and was killed",
  );
  assert.equal(withEnd([], "long".repeat(1_000), now)[0]?.why.length, 200);
});
