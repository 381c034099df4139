// Rules and dashboard read what a running API and worker really tell: a metric or label that was renamed fails here.

import assert from "node:assert/strict";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { alertCodes, alertList } from "../../dispatch/api/alert-list.ts";
import { deskMetrics } from "../../dispatch/api/metric-list.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { stackRecordFile } from "../../dispatch/process/part-ends.ts";
import { allRules, recordings } from "../../ops/alerts/rules.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";
import { readExpression, readSamples, type Sample } from "./promql.ts";

const root = join(import.meta.dirname, "../..");
const textOf = (file: string): Promise<string> => readFile(join(root, file), "utf8");

/** What Prometheus itself adds. */
const ownSeries = new Set(["up", "ALERTS"]);
const ownLabels = new Set(["job", "instance", "alertname", "alertstate", "severity", "owner"]);

async function samplesAfterTraffic(api: TestApi): Promise<Sample[]> {
  const record = stackRecordFile(api.dataDir);
  await mkdir(dirname(record), { recursive: true });
  await writeFile(record, JSON.stringify({ services: [{ name: "api", ends: [] }] }));
  const worker = await startTestWorker(api);
  await ticketIn(api, "SCHEDULED");
  await worker.wake();
  await api.refuse("ticket.get", { ticket: "00000000-0000-4000-8000-000000000000" });
  await api.read("ticket.search");
  return readSamples(await textOfMetrics(api));
}

/** A scrape answers within a second with what it has; the last of the list is there once all have been read. */
async function textOfMetrics(api: TestApi): Promise<string> {
  let text = "";
  await eventually("every gauge is told", async () => {
    ({ text } = await api.send("GET", "/metrics", { accept: "text/plain" }));
    return text.includes("\ndispatch_alert_threshold{");
  });
  return text;
}

async function expressionsOfDashboard(): Promise<string[]> {
  const dashboard: unknown = JSON.parse(await textOf("ops/grafana/dispatch.json"));
  assert.ok(isObject(dashboard) && Array.isArray(dashboard["panels"]));
  return dashboard["panels"]
    .filter(isObject)
    .flatMap(({ targets }) => (Array.isArray(targets) ? targets.filter(isObject).map(({ expr }) => String(expr)) : []));
}

describe("against a running desk", async () => {
  const api = await startTestApi();
  const samples = await samplesAfterTraffic(api);
  const recorded = new Set(recordings.map(({ name }) => name));
  const expressions = [...recordings, ...allRules].map(({ expression }) => expression);

  const check = (expression: string): void => {
    const { selectors, grouping } = readExpression(expression);
    assert.ok(selectors.length > 0, `reads nothing: ${expression}`);
    const labels = new Set(ownLabels);
    for (const { metric, matchers } of selectors) {
      if (ownSeries.has(metric) || recorded.has(metric)) continue;
      const told = samples.filter((sample) => sample.metric === metric);
      assert.ok(told.length > 0, `no metric ${metric}: ${expression}`);
      for (const sample of told) for (const label of Object.keys(sample.labels)) labels.add(label);
      for (const { label } of matchers)
        assert.ok(
          told.some((sample) => label in sample.labels),
          `${metric} has no label ${label}: ${expression}`,
        );
      const equal = matchers.filter(({ operator }) => operator === "=");
      assert.ok(
        told.some((sample) => equal.every(({ label, value }) => sample.labels[label] === value)),
        `${metric} never has ${JSON.stringify(equal)}: ${expression}`,
      );
    }
    for (const label of grouping) assert.ok(labels.has(label), `nothing has the label ${label}: ${expression}`);
  };

  test("every rule reads what is told", () => expressions.forEach(check));

  test("every panel of the dashboard reads what is told", async () => {
    const panels = await expressionsOfDashboard();
    assert.ok(panels.length > deskMetrics.length);
    panels.forEach(check);
  });

  test("what is told is what the list says, with its labels", () => {
    const told = new Map<string, Set<string>>();
    for (const { metric, labels } of samples.filter(({ metric }) => metric.startsWith("dispatch_"))) {
      const name = metric.replace(/_(bucket|sum|count)$/, "");
      const known = told.get(name) ?? new Set();
      told.set(name, known);
      for (const label of Object.keys(labels)) if (label !== "le") known.add(label);
    }
    const listed = Object.fromEntries(deskMetrics.map(({ name, labels }) => [name, [...labels].sort()]));
    assert.deepEqual(
      Object.fromEntries([...told].map(([name, labels]) => [name, [...labels].sort()]).sort()),
      Object.fromEntries(Object.entries(listed).sort()),
    );
  });
});

test("a worker's assignments are told with their time, the late ones apart; a ticket nobody looks at ages", async () => {
  const api = await startTestApi();
  await ticketIn(api, "SCHEDULED");
  api.clock.advance(2);
  const waiting = await textOfMetrics(api);
  assert.match(waiting, /^dispatch_assignment_oldest_wait_seconds (120|119\.9\d+)$/m);
  assert.match(waiting, /^dispatch_assignments_recent\{pace="late"\} 0$/m);

  const worker = await startTestWorker(api);
  await worker.wake();
  // A process asks the database for its gauges every few seconds at most; another has not asked yet.
  const text = await textOfMetrics(await startTestApi({ beside: api }));
  assert.match(text, /^dispatch_assignments_recent\{pace="in_time"\} 0$/m);
  assert.match(text, /^dispatch_assignments_recent\{pace="late"\} 1$/m);
  assert.match(text, /^dispatch_assignment_seconds\{quantile="0\.5"\} (120(\.\d+)?|119\.9\d+)$/m);
  assert.match(text, /^dispatch_assignment_oldest_wait_seconds 0$/m);

  api.clock.advance(6);
  assert.match(
    await textOfMetrics(await startTestApi({ beside: api })),
    /^dispatch_assignments_recent\{pace="late"\} 0$/m,
  );
});

describe("every alert", () => {
  for (const code of alertCodes) {
    test(`${code} has a rule, a runbook, and a first command that exists and knows it`, async () => {
      const { runbook, firstCommand } = alertList[code];
      assert.ok(
        allRules.some((rule) => rule.code === code),
        "no rule",
      );
      await access(join(root, runbook));
      const [, script = "", rest = ""] = /^pnpm (\S+) ?(.*)$/.exec(firstCommand) ?? [];
      const manifest: { scripts: Record<string, string> } = JSON.parse(await textOf("package.json"));
      assert.ok(manifest.scripts[script], firstCommand);
      if (rest !== "") assert.equal(rest, `--explain ${code}`);
    });
  }
});

test("expressions are read as they are meant", () => {
  const { selectors, grouping } = readExpression(
    'histogram_quantile(0.95, sum by (le, kind) (rate(a_bucket{kind="x",le!~"1.+"}[5m]))) > 1e3 * max(b) or vector(0) and c:d:ratio_5m',
  );
  assert.deepEqual(
    selectors.map(({ metric }) => metric),
    ["a_bucket", "b", "c:d:ratio_5m"],
  );
  assert.deepEqual(selectors[0]?.matchers, [
    { label: "kind", operator: "=", value: "x" },
    { label: "le", operator: "!~", value: "1.+" },
  ]);
  assert.deepEqual(grouping, ["le", "kind"]);
});
