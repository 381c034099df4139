// /ops/alerts: the contract's four codes, those beside them, and that each clears by itself.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { addTechnician } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { metricsWith } from "../support/metrics.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { call, dispatcher, newTicket, otherAccountId, post } from "./calls.ts";

/** What it answers when nobody has asked for a second. */
function askAlerts(api: TestApi): ReturnType<typeof call> {
  api.clock.advanceMs(1_000);
  return call(api, "/ops/alerts", { headers: {} });
}

describe("alerts", () => {
  const alertsOf = async (api: TestApi) => {
    const { body } = await askAlerts(api);
    assert.ok(Array.isArray(body["alerts"]) && isObject(body["signals"]));
    return { alerts: body["alerts"] as JsonObject[], signals: body["signals"], body };
  };

  test("fire at their threshold, in every process, and clear by themselves", async (t) => {
    const api = await startTestApi({ t });
    const id = await newTicket(api);
    const away = { ...dispatcher, "x-account-scope": otherAccountId };
    for (let i = 0; i < 4; i++) await call(api, `/tickets/${id}`, { headers: away });
    assert.deepEqual((await alertsOf(api)).alerts, []);
    await call(api, "/tickets", { headers: { ...dispatcher, "x-actor-role": "king" } });
    const fired = await alertsOf(api);
    assert.deepEqual(fired.alerts, [
      {
        code: "AUTH_POLICY_FAILURE_SPIKE",
        severity: "warning",
        count: 5,
        threshold: 5,
        runbook: "ops/runbooks/auth_policy_failure.md",
      },
    ]);
    const other = await startTestApi({ t, beside: api });
    assert.deepEqual((await alertsOf(other)).alerts, fired.alerts);
    api.clock.advanceMs(3_600_000);
    const after = await alertsOf(api);
    // An hour later by this clock, a transaction of any other test on the server may hold back events of an hour ago.
    assert.deepEqual(
      after.alerts.filter(({ code }) => code !== "OUTBOX_STUCK"),
      [],
    );
    assert.equal(after.signals["auth_policy_rejection_count"], 0);
  });

  test("count keys used twice, and tickets stuck in scheduling", async (t) => {
    const environment = {
      DISPATCH_ALERT_STUCK_SCHEDULING_COUNT_THRESHOLD: "1",
      DISPATCH_ALERT_STUCK_SCHEDULING_MINUTES: "30",
    };
    const api = await startTestApi({ t, env: environment });
    const id = await newTicket(api);
    const headers = { ...dispatcher, "idempotency-key": randomUUID() };
    for (const question of ["a", "b", "c"])
      await post(api, `/tickets/${id}/request-info`, { questions: [question] }, headers);
    const triaged = await post(api, `/tickets/${id}/triage`, {
      priority: "URGENT",
      incident_type: "DOOR_WONT_LATCH",
      ready_to_schedule: true,
    });
    assert.equal(triaged.status, 200, triaged.text);
    assert.deepEqual(
      (await alertsOf(api)).alerts.map(({ code }) => code),
      ["IDEMPOTENCY_CONFLICT_SPIKE"],
    );
    api.clock.advanceMs(31 * 60_000);
    const { alerts, body } = await alertsOf(api);
    assert.deepEqual(alerts[0], {
      code: "STUCK_SCHEDULING",
      severity: "warning",
      count: 1,
      threshold: 1,
      stale_minutes: 30,
      runbook: "ops/runbooks/stuck_scheduling.md",
    });
    assert.deepEqual(body["thresholds"], {
      stuck_scheduling_count: 1,
      stuck_scheduling_minutes: 30,
      completion_rejection_count: 3,
      idempotency_conflict_count: 2,
      auth_policy_rejection_count: 5,
    });
    assert.ok(isObject(body["metrics"]) && isObject(body["runbooks"]));

    // With a technician it waits for its time, and is stuck again when nobody has gone by then.
    const start = api.clock.now().getTime() + 24 * 3_600_000;
    const window = { start: new Date(start).toISOString(), end: new Date(start + 3_600_000).toISOString() };
    await post(api, `/tickets/${id}/schedule/propose`, { options: [window] });
    await post(api, `/tickets/${id}/schedule/confirm`, window);
    const firesAt = async (instant: number) => {
      api.clock.advanceMs(instant - api.clock.now().getTime());
      return (await alertsOf(api)).alerts.some(({ code }) => code === "STUCK_SCHEDULING");
    };
    assert.equal(await firesAt(start - 3_600_000), true, "nobody is on it");
    await api.owner.query("UPDATE tickets SET assigned_tech_id = $2 WHERE id = $1", [
      id,
      await addTechnician(api.owner, {}),
    ]);
    assert.equal(await firesAt(start + 29 * 60_000), false);
    assert.equal(await firesAt(start + 31 * 60_000), true);
  });
});

test("Postgres is asked for the alerts once a second, whoever asks", async (t) => {
  const api = await startTestApi({ t, env: { DISPATCH_ALERT_AUTH_POLICY_REJECTION_THRESHOLD: "1" } });
  const fires = async () =>
    (await call(api, "/ops/alerts", { headers: {} })).text.includes('"AUTH_POLICY_FAILURE_SPIKE","sev');
  assert.equal(await fires(), false);
  await call(api, "/tickets", { headers: { ...dispatcher, "x-actor-role": "king" } });
  assert.equal(await fires(), false);
  api.clock.advanceMs(999);
  assert.equal(await fires(), false);
  api.clock.advanceMs(1);
  assert.equal(await fires(), true);
});

describe("alerts beside the contract's", () => {
  const codesOf = async (api: TestApi): Promise<unknown[]> => {
    const { body } = await askAlerts(api);
    assert.ok(Array.isArray(body["alerts"]));
    return body["alerts"].filter(isObject).map(({ code }) => code);
  };
  // By the database's clock, which is not the API's here.
  const insertWorker = (api: TestApi, startedMinutesAgo: number, seenMinutesAgo: number) =>
    api.owner.query(
      `INSERT INTO workers (id, identity, host, pid, started_at, seen_at, heartbeat_ms)
       VALUES (gen_random_uuid(), 'w', 'h', 1, clock_timestamp() - $1 * interval '1 minute',
               clock_timestamp() - $2 * interval '1 minute', 20000)`,
      [startedMinutesAgo, seenMinutesAgo],
    );

  test("a worker that fell silent fires until another takes its place", async (t) => {
    const api = await startTestApi({ t });
    await insertWorker(api, 90, 0);
    assert.deepEqual(await codesOf(api), []);
    await insertWorker(api, 90, 10);
    const { body } = await askAlerts(api);
    assert.deepEqual(body["alerts"], [
      { code: "WORKER_SILENT", severity: "critical", count: 1, threshold: 1, runbook: "ops/runbooks/worker_silent.md" },
    ]);
    await insertWorker(api, 5, 0);
    assert.deepEqual(await codesOf(api), []);
  });

  test("a worker that was taken away while others work is forgotten after an hour; the last one never is", async (t) => {
    const api = await startTestApi({ t });
    await insertWorker(api, 200, 61);
    assert.deepEqual(await codesOf(api), ["WORKER_SILENT"]);
    await insertWorker(api, 200, 0);
    assert.deepEqual(await codesOf(api), []);
  });

  test("events held back by a transaction that does not end fire, and clear with it", async (t) => {
    const api = await startTestApi({ t });
    const longOne = await api.owner.connect();
    try {
      await longOne.query("BEGIN");
      await longOne.query("SELECT pg_current_xact_id()");
      await newTicket(api);
      assert.deepEqual(await codesOf(api), []);
      api.clock.advanceMs(61_000);
      assert.deepEqual(await codesOf(api), ["OUTBOX_STUCK"]);
      await longOne.query("ROLLBACK");
    } finally {
      // Closed, as its transaction may be open still.
      longOne.release(true);
    }
    // Transactions of other tests on the server may hold them back a moment longer.
    await eventually("it clears", async () => (await codesOf(api)).length === 0);
  });

  test("an object store that is away fires while Postgres answers", async (t) => {
    const api = await startTestApi({ t });
    await rm(join(api.dataDir, "objects"), { recursive: true });
    assert.deepEqual(await codesOf(api), ["OBJECT_STORE_UNAVAILABLE"]);
    await metricsWith(
      api,
      /^dispatch_dependency_up\{dependency="object_store"\} 0$/m,
      /^dispatch_dependency_up\{dependency="postgres"\} 1$/m,
      /^dispatch_alert_signal\{code="OBJECT_STORE_UNAVAILABLE"\} 1$/m,
    );
  });
});
