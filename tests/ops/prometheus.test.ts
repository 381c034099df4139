// The rules in Prometheus' own hands: promtool reads them, and replays made-up hours against them. It is in Debian's package
// prometheus; where it is not installed these tests say so and skip.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { alertList, reportedCodes } from "../../dispatch/api/alert-list.ts";

const run = promisify(execFile);
const folder = join(import.meta.dirname, "../../ops/prometheus");
const rules = join(folder, "dispatch.rules.yml");
const installed = await run("promtool", ["--version"]).then(
  () => true,
  () => false,
);
const skip = installed ? false : "promtool is not installed (apt-get install prometheus)";

type Firing = { readonly alert: string; readonly severity: string; readonly pace?: string; readonly reach?: string };
type Series = Readonly<Record<string, string>>;

const signalsAge = 'dispatch_reading_age_seconds{reading="alert_signals",instance="a"}';
const up: Series = { 'up{job="dispatch-api",instance="a"}': "1x300", [signalsAge]: "3x300" };

/** Runs a unit test of promtool's own kind; fails with promtool's own words. */
async function unitTest(t: TestContext, one: object): Promise<void> {
  const made = await mkdtemp(join(tmpdir(), "dispatch-promtool-"));
  t.after(() => rm(made, { recursive: true }));
  const scenario = { rule_files: [rules], evaluation_interval: "1m", tests: [{ interval: "1m", ...one }] };
  // JSON is YAML.
  const path = join(made, "scenario.yml");
  await writeFile(path, JSON.stringify(scenario));
  const { stdout } = await run("promtool", ["test", "rules", path]).catch((error: unknown) => {
    throw error instanceof Error && "stderr" in error && "stdout" in error
      ? new Error(`${String(error.stdout)}${String(error.stderr)}`)
      : error;
  });
  assert.match(stdout, /SUCCESS/);
}

const seriesOf = (series: Series) =>
  Object.entries({ ...up, ...series }).map(([name, values]) => ({ series: name, values }));

/** Fails when other alerts fire at `at` than those expected. */
async function replay(t: TestContext, series: Series, at: string, expected: readonly Firing[]): Promise<void> {
  const samples = expected.map(({ alert, ...labels }) => ({
    labels: `{${Object.entries({ alertname: alert, ...labels })
      .map(([name, value]) => `${name}="${value}"`)
      .join(", ")}}`,
    value: 1,
  }));
  await unitTest(t, {
    input_series: seriesOf(series),
    promql_expr_test: [
      {
        expr: 'sum by (alertname, pace, reach, severity) (ALERTS{alertstate="firing"})',
        eval_time: at,
        exp_samples: samples,
      },
    ],
  });
}

const requests = (status: string): string =>
  `dispatch_requests_total{method="POST",endpoint="/tickets",status="${status}",instance="a"}`;
const duration = (part: string): string =>
  `dispatch_request_duration_seconds_${part},tool="ticket.create",instance="a"}`;

describe("promtool", { skip }, () => {
  test("reads the rules and the example of a configuration", async () => {
    const { stdout } = await run("promtool", ["check", "config", join(folder, "prometheus.yml")]);
    assert.match(stdout, /SUCCESS: \d+ rules found/);
  });

  test("a desk that is well calls nobody", async (t) => {
    const well = {
      [requests("201")]: "0+10x300",
      [duration('count{kind="command"')]: "0+10x300",
      [duration('bucket{kind="command",le="0.25"')]: "0+10x300",
    };
    await replay(t, well, "4h", []);
  });

  test("3 % of commands failing burns fast and calls; refusals do not", async (t) => {
    const failing = { [requests("201")]: "0+97x300", [requests("409")]: "0+50x300", [requests("503")]: "0+3x300" };
    await replay(t, failing, "65m", [
      { alert: "COMMAND_ERRORS_BURN", severity: "critical", pace: "fast" },
      { alert: "COMMAND_ERRORS_BURN", severity: "critical", pace: "steady" },
      { alert: "COMMAND_ERRORS_BURN", severity: "warning", pace: "slow" },
    ]);
  });

  test("an hour's failure that is over does not go on calling", async (t) => {
    const over = { [requests("201")]: "0+97x300", [requests("503")]: "0+3x60 180x240" };
    await replay(t, over, "110m", [{ alert: "COMMAND_ERRORS_BURN", severity: "warning", pace: "slow" }]);
  });

  test("four failures in a quiet night are no burn", async (t) => {
    await replay(t, { [requests("201")]: "0 1 2 3 4 5x60", [requests("503")]: "0 1 2 3 4x60" }, "30m", []);
  });

  test("every fifth command slower than 250 ms calls", async (t) => {
    const slow = {
      [requests("201")]: "0+10x300",
      [duration('count{kind="command"')]: "0+10x300",
      [duration('bucket{kind="command",le="0.25"')]: "0+8x300",
    };
    await replay(t, slow, "65m", [
      { alert: "COMMAND_LATENCY_BURN", severity: "critical", pace: "fast" },
      { alert: "COMMAND_LATENCY_BURN", severity: "critical", pace: "steady" },
      { alert: "COMMAND_LATENCY_BURN", severity: "warning", pace: "slow" },
    ]);
  });

  test("assignments that all come late call, from whichever process it is read", async (t) => {
    const late = Object.fromEntries(
      ["a", "b"].flatMap((instance) => [
        [`dispatch_assignments_recent{pace="late",instance="${instance}"}`, "4x300"],
        [`dispatch_assignments_recent{pace="in_time",instance="${instance}"}`, "0x300"],
      ]),
    );
    await replay(t, late, "65m", [
      { alert: "ASSIGNMENT_LATENCY_BURN", severity: "critical", pace: "fast" },
      { alert: "ASSIGNMENT_LATENCY_BURN", severity: "critical", pace: "steady" },
      { alert: "ASSIGNMENT_LATENCY_BURN", severity: "warning", pace: "slow" },
    ]);
  });

  test("every code of /ops/alerts fires at its threshold, for its owner, with its page and first command", async (t) => {
    const counted = reportedCodes.map((code, at): [string, string] => [code, String(at + 1)]);
    await unitTest(t, {
      input_series: seriesOf(
        Object.fromEntries(
          counted.flatMap(([code, threshold]) => [
            [`dispatch_alert_signal{code="${code}",instance="a"}`, `${Number(threshold) - 1}x9 ${threshold}x290`],
            [`dispatch_alert_threshold{code="${code}",instance="a"}`, `${threshold}x300`],
          ]),
        ),
      ),
      alert_rule_test: reportedCodes.flatMap((code) => {
        const { severity, owner, summary, runbook, firstCommand } = alertList[code];
        const fires = {
          exp_labels: { severity, owner },
          exp_annotations: { summary, runbook, first_command: firstCommand },
        };
        return [
          { alertname: code, eval_time: "9m", exp_alerts: [] },
          { alertname: code, eval_time: "12m", exp_alerts: [fires] },
        ];
      }),
    });
  });

  test("what /ops/alerts reports fires a minute later and clears by itself", async (t) => {
    const series = {
      'dispatch_alert_signal{code="WORKER_SILENT",instance="a"}': "0x9 1x9 0x280",
      'dispatch_alert_threshold{code="WORKER_SILENT"}': "1x300",
    };
    await replay(t, series, "9m", []);
    await replay(t, series, "12m", [{ alert: "WORKER_SILENT", severity: "critical" }]);
    await replay(t, series, "25m", []);
  });

  test("signals that are old, or were never there, call; those of another process that has fresh ones do not", async (t) => {
    const blind = [{ alert: "ALERTS_BLIND", severity: "critical" }];
    await replay(t, { [signalsAge]: "3 3 3 3 30 90 150 210 270 330 390" }, "4m", []);
    await replay(t, { [signalsAge]: "3 3 3 3 30 90 150 210 270 330 390" }, "6m", blind);
    await replay(t, { [signalsAge]: "_x300" }, "2m", blind);
    const other = 'dispatch_reading_age_seconds{reading="alert_signals",instance="b"}';
    await replay(t, { [signalsAge]: "0+60x300", [other]: "3x300" }, "10m", []);
  });

  test("a lock that others wait for calls while it is known to be held", async (t) => {
    const held = { dispatch_db_lock_held_seconds: "0 0 0 30 90 90x300" };
    const age = 'dispatch_reading_age_seconds{reading="locks"}';
    await replay(t, { ...held, [age]: "3x300" }, "2m", []);
    await replay(t, { ...held, [age]: "3x300" }, "3m", [{ alert: "DATABASE_LOCKED", severity: "critical" }]);
    await replay(t, { ...held, [age]: "3 3 3 3 3 63 123 183 243 303x300" }, "9m", []);
    const other = {
      'dispatch_db_lock_held_seconds{instance="b"}': "0x300",
      [`${age.slice(0, -1)},instance="b"}`]: "3x300",
    };
    await replay(t, { ...held, ...other, [age]: "3 3 3 3 3 63 123 183 243 303x300" }, "9m", []);
  });

  test("a disk calls at 5 % free whatever Postgres does, and is not told twice by its processes", async (t) => {
    const disk = (use: string, free: string) =>
      ["a", "b"].flatMap((instance): [string, string][] => [
        [`dispatch_disk_free_bytes{use="${use}",instance="${instance}"}`, free],
        [`dispatch_disk_size_bytes{use="${use}",instance="${instance}"}`, "1000x300"],
      ]);
    const low = { 'dispatch_disk_low_percent{severity="critical",instance="a"}': "5x300" };
    const filling = Object.fromEntries([...disk("objects", "900x300"), ...disk("database", "900 500 100 51 49x297")]);
    await replay(t, { ...low, ...filling }, "4m", []);
    await replay(t, { ...low, ...filling }, "6m", [{ alert: "DISK_LOW", severity: "critical" }]);
  });

  test("a process that cannot read any more keeps no alert up with what it read last", async (t) => {
    const age = (reading: string, instance: string) =>
      `dispatch_reading_age_seconds{reading="${reading}",instance="${instance}"}`;
    const told = { a: "9999x300", b: "9999x5 0x295" };
    const both = (name: string, labels = "") =>
      Object.entries(told).map(([instance, values]): [string, string] => [
        `${name}{${labels}instance="${instance}"}`,
        values,
      ]);
    const series = Object.fromEntries([
      ...both("dispatch_alert_signal", 'code="OUTBOX_STUCK",'),
      ...both("dispatch_alert_signal", 'code="STUCK_SCHEDULING",'),
      ...both("dispatch_webhook_lag_seconds", 'endpoint="active",'),
      ...both("dispatch_nats_lag_seconds"),
      ...both("dispatch_assignment_oldest_wait_seconds"),
      ...both("dispatch_assignments_recent", 'pace="late",'),
      ...["OUTBOX_STUCK", "STUCK_SCHEDULING"].map((code) => [
        `dispatch_alert_threshold{code="${code}",instance="a"}`,
        "1x300",
      ]),
      ...["alert_signals", "webhooks", "nats", "oldest_wait", "assignments"].flatMap((reading) => [
        [age(reading, "a"), "3x3 60+60x297"],
        [age(reading, "b"), "3x300"],
      ]),
    ]);
    const firing = [
      { alert: "ASSIGNMENT_WAITING", severity: "critical" },
      { alert: "NATS_BEHIND", severity: "warning" },
      { alert: "OUTBOX_STUCK", severity: "critical" },
      { alert: "STUCK_SCHEDULING", severity: "warning" },
      { alert: "WEBHOOKS_BEHIND", severity: "warning" },
    ];
    const burning = { alert: "ASSIGNMENT_LATENCY_BURN", severity: "critical" };
    await replay(t, series, "5m", [
      ...firing,
      ...["fast", "steady"].map((pace) => ({ ...burning, pace })),
      { ...burning, severity: "warning", pace: "slow" },
    ]);
    await replay(t, series, "100m", [{ ...burning, severity: "warning", pace: "slow" }]);
  });

  test("what was read last goes on calling while nobody reads, and so does that nobody does", async (t) => {
    const series = {
      'dispatch_alert_signal{code="WORKER_SILENT",instance="a"}': "1x300",
      'dispatch_alert_threshold{code="WORKER_SILENT",instance="a"}': "1x300",
      [signalsAge]: "3x5 60+60x295",
    };
    await replay(t, series, "30m", [
      { alert: "ALERTS_BLIND", severity: "critical" },
      { alert: "WORKER_SILENT", severity: "critical" },
    ]);
  });

  const one = { severity: "critical" };
  const every = { ...one, reach: "every process" };

  test("Postgres away calls, and says whether it is so for every process", async (t) => {
    const from = (a: number, b: number) => ({
      'dispatch_dependency_up{dependency="postgres",instance="a"}': `${a}x300`,
      'dispatch_dependency_up{dependency="postgres",instance="b"}': `${b}x300`,
    });
    const alert = "DATABASE_UNAVAILABLE";
    await replay(t, from(0, 1), "10m", [{ alert, ...one }]);
    await replay(t, from(0, 0), "10m", [
      { alert, ...one },
      { alert, ...every },
    ]);
  });

  test("nobody looking at a ticket calls", async (t) => {
    await replay(t, { dispatch_assignment_oldest_wait_seconds: "0+60x300" }, "10m", [
      { alert: "ASSIGNMENT_WAITING", severity: "critical" },
    ]);
  });

  test("an API that is gone calls, and says whether it was the last", async (t) => {
    const alert = "API_DOWN";
    const gone = 'up{job="dispatch-api",instance="a"}';
    await replay(t, { [gone]: "0x300", 'up{job="dispatch-api",instance="b"}': "1x300" }, "10m", [{ alert, ...one }]);
    for (const values of ["0x300", "1x5 _x300"])
      await replay(t, { [gone]: values }, "20m", [
        { alert, ...one },
        { alert, ...every },
      ]);
  });
});
