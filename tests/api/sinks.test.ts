import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { reportedAlerts } from "../../dispatch/api/alert-list.ts";
import { runbooks, type Alert, type AlertReport } from "../../dispatch/api/alerts.ts";
import { startSinks } from "../../dispatch/api/sinks.ts";
import { openLog } from "../../dispatch/process/log.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { startTestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { mountSmallDisk, noSmallDisk } from "../support/small-disk.ts";
import { call } from "./calls.ts";

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-sinks-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

const alert: Alert = {
  code: "STUCK_SCHEDULING",
  severity: "warning",
  count: 5,
  threshold: 5,
  runbook: reportedAlerts.STUCK_SCHEDULING.runbook,
};
const report = (...alerts: Alert[]): AlertReport => ({
  service: "dispatch-api",
  generated_at: "2026-03-02T09:00:00.000Z",
  thresholds: {
    stuck_scheduling_count: 5,
    stuck_scheduling_minutes: 60,
    completion_rejection_count: 3,
    idempotency_conflict_count: 2,
    auth_policy_rejection_count: 5,
  },
  signals: {
    stuck_scheduling_count: 0,
    completion_rejection_count: 0,
    idempotency_conflict_count: 0,
    auth_policy_rejection_count: 0,
  },
  alerts,
  runbooks,
});

test("the metrics file is replaced whole, and nothing else is left in the folder", async (t) => {
  const folder = join(await newFolder(t), "made");
  const api = await startTestApi({ t, env: { DISPATCH_METRICS_SINK_PATH: join(folder, "metrics.json") } });
  await call(api, "/nowhere");
  await api.stop();
  const metrics = JSON.parse(await readFile(join(folder, "metrics.json"), "utf8"));
  assert.deepEqual(metrics.counters.errors_total, [{ code: "NOT_FOUND", count: 1 }]);
  assert.deepEqual(await readdir(folder), ["metrics.json"]);
});

test("log, metrics and alerts are for the process's user alone, also where files for all lay before", async (t) => {
  const folder = await newFolder(t);
  const names = ["log.ndjson", "metrics.json", "alerts.ndjson", "new.ndjson"];
  const [log = "", metricsPath = "", alertsPath = "", newLog = ""] = names.map((name) => join(folder, name));
  for (const path of [log, metricsPath, alertsPath, `${metricsPath}.${process.pid}.next`])
    await writeFile(path, "", { mode: 0o644 });
  for (const path of [log, newLog]) {
    const { logger, flush } = openLog("test", readSettings({ DISPATCH_LOG_SINK_PATH: path }), {
      write: () => undefined,
    });
    logger.info("hello");
    flush();
  }
  const sinks = startSinks({
    metricsPath,
    alertsPath,
    everyMs: 3_600_000,
    readMetrics: async () => ({}),
    readAlerts: async () => report(alert),
    warn: assert.fail,
  });
  await sinks.close();
  for (const path of [log, metricsPath, alertsPath, newLog]) {
    const { mode, size } = await stat(path);
    assert.equal(mode & 0o777, 0o600, path);
    if (path === alertsPath || path === metricsPath) assert.ok(size > 0);
  }
});

test("the alerts file gets a line when one fires and one when it clears", async (t) => {
  const path = join(await newFolder(t), "alerts.ndjson");
  const reports = [report(alert), report({ ...alert, count: 6 }), report()];
  const options = {
    metricsPath: null,
    alertsPath: path,
    everyMs: 3_600_000,
    readMetrics: async () => ({}),
    warn: assert.fail,
  };
  const looked = Promise.withResolvers<void>();
  const sinks = startSinks({
    ...options,
    readAlerts: async () => {
      looked.resolve();
      return reports.shift() ?? report();
    },
  });
  await looked.promise;
  reports.shift();
  await sinks.close();
  const lines = (await readFile(path, "utf8"))
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  const about = { at: "2026-03-02T09:00:00.000Z", service: "dispatch-api" };
  assert.deepEqual(lines, [
    { ...about, change: "firing", ...alert },
    { ...about, change: "cleared", ...alert },
  ]);
});

test("the alerts file gets a line also when a warning becomes critical", async (t) => {
  const path = join(await newFolder(t), "alerts.ndjson");
  const reports = [report(alert), report({ ...alert, severity: "critical" })];
  const looked = Promise.withResolvers<void>();
  const sinks = startSinks({
    metricsPath: null,
    alertsPath: path,
    everyMs: 3_600_000,
    readMetrics: async () => ({}),
    readAlerts: async () => {
      looked.resolve();
      return reports.shift() ?? report();
    },
    warn: assert.fail,
  });
  await looked.promise;
  await sinks.close();
  const lines = (await readFile(path, "utf8")).trim().split("\n");
  assert.deepEqual(
    lines.map((line) => {
      const { change, severity } = JSON.parse(line);
      return [change, severity];
    }),
    [
      ["firing", "warning"],
      ["firing", "critical"],
    ],
  );
});

test("a sink that cannot be written is said once and stops nothing", async (t) => {
  const folder = await newFolder(t);
  const warnings: string[] = [];
  const sinks = startSinks({
    metricsPath: folder,
    alertsPath: null,
    everyMs: 3_600_000,
    readMetrics: async () => ({}),
    readAlerts: async () => report(),
    warn: (message) => void warnings.push(message),
  });
  await sinks.close();
  assert.equal(warnings.length, 1);
});

test("a named pipe that nobody reads holds nothing up; its reader is told once there is one", async (t) => {
  const alertsPath = join(await newFolder(t), "alerts");
  await promisify(execFile)("mkfifo", [alertsPath]);
  const warnings: string[] = [];
  const startOn = (warn: (message: string, error?: unknown) => void) =>
    startSinks({
      metricsPath: null,
      alertsPath,
      everyMs: 3_600_000,
      readMetrics: async () => ({}),
      readAlerts: async () => report(alert),
      warn,
    });
  await startOn((_message, error) => void warnings.push(String(error))).close();
  assert.equal(warnings.length, 1);
  assert.match(warnings.join(), /ENXIO/);

  const reader = await open(alertsPath, constants.O_RDONLY | constants.O_NONBLOCK);
  t.after(() => reader.close());
  await startOn(assert.fail).close();
  const { buffer, bytesRead } = await reader.read();
  assert.match(buffer.toString("utf8", 0, bytesRead), /"change":"firing".*STUCK_SCHEDULING/);
});

test(
  "on a full disk the figures stay what they were, an alert waits whole, and both go on",
  { skip: noSmallDisk },
  async () => {
    await using ends = new AsyncDisposableStack();
    const disk = await mountSmallDisk({ after: (work) => ends.defer(work) }, 1);
    const [metricsPath, alertsPath] = [join(disk.folder, "metrics.json"), join(disk.folder, "alerts.ndjson")];
    await writeFile(metricsPath, "before");
    // One byte of its page is left, which a disk without room still takes.
    await writeFile(alertsPath, "{}\n".repeat(1_365));
    disk.fill();
    const warned = Promise.withResolvers<unknown>();
    const sinks = startSinks({
      metricsPath,
      alertsPath,
      everyMs: 20,
      readMetrics: async () => ({ counters: "x".repeat(8_192) }),
      readAlerts: async () => report(alert),
      warn: (message) => warned.resolve(message),
    });
    ends.defer(() => sinks.close());
    assert.equal(await warned.promise, "a sink cannot be written; it is tried again");
    assert.deepEqual([await readFile(metricsPath, "utf8"), (await stat(alertsPath)).size], ["before", 4_095]);
    await disk.free();
    await eventually("the alert is told", async () => (await stat(alertsPath)).size > 4_095);
    const lines = (await readFile(alertsPath, "utf8")).split("\n").slice(0, -1);
    assert.deepEqual(lines.map((line) => JSON.parse(line).change).filter(Boolean), ["firing"]);
    await eventually("the figures are new", async () => (await readFile(metricsPath, "utf8")).startsWith("{"));
    await sinks.close();
    assert.deepEqual((await readdir(disk.folder)).sort(), ["alerts.ndjson", "metrics.json"]);
  },
);
