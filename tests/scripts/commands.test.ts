// The pnpm commands as a user runs them: the demo from nothing, bootstrap and smoke beside a running API, the benchmark.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pino } from "pino";
import { startApi, type RunningApi } from "../../dispatch/api/start.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { objectsIn } from "../support/api.ts";
import { createTestDatabase } from "../support/database.ts";

const root = join(import.meta.dirname, "../..");

type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

function run(script: string, args: readonly string[], environment: Record<string, string>): Promise<Outcome> {
  const env = { ...bareEnvironment, HOME: process.env["HOME"] ?? "", ...environment };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, "scripts", script), ...args],
      { env, timeout: 600_000 },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
      },
    );
  });
}

const lastLine = (text: string): Record<string, unknown> => JSON.parse(text.trimEnd().split("\n").at(-1) ?? "");

const database = await createTestDatabase();

describe("commands", () => {
  let folder = "";
  let api: RunningApi;
  let environment: Record<string, string> = {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dispatch-scripts-"));
    environment = {
      DISPATCH_DATABASE_URL: database.url,
      DISPATCH_DATA_DIR: folder,
      DISPATCH_API_PORT: "0",
      DISPATCH_METRICS_PORT: "0",
      DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
    };
    api = await startApi({ settings: readSettings(environment), log: pino({ level: "silent" }) });
  });
  after(async () => {
    await api.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("dispatch:demo:ci --no-gateway takes a ticket from call to invoice on an empty machine and leaves nothing running", async () => {
    const dataDir = join(folder, "demo");
    const { code, stdout, stderr } = await run("demo.ts", ["--ci", "--no-gateway"], {
      DISPATCH_DATA_DIR: dataDir,
      DISPATCH_API_PORT: "0",
    });
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    assert.match(stdout, /REFUSED, MISSING_SIGNATURE_CONFIRMATION/);
    assert.match(stdout, /REFUSED, NOT_ASSIGNED_TECH/);
    const summary = lastLine(stdout);
    assert.deepEqual(Object.keys(summary), [
      "ticket_id",
      "state",
      "timeline_events",
      "receipts_verified",
      "duration_ms",
    ]);
    assert.equal(summary["state"], "INVOICED");
    assert.equal(summary["receipts_verified"], summary["timeline_events"]);
    await assert.rejects(readFile(join(dataDir, "postgres/postmaster.pid")), { code: "ENOENT" });
  });

  test("dispatch:bootstrap makes the demo's rows, shows them as evidence, and changes nothing when run again", async () => {
    const path = join(folder, "evidence.json");
    const once = await run("bootstrap.ts", ["--url", api.url], {
      ...environment,
      DISPATCH_BOOTSTRAP_EVIDENCE_PATH: path,
    });
    assert.equal(once.code, 0, once.stderr);
    for (const line of once.stderr.trimEnd().split("\n")) assert.match(line, /^\[dispatch-bootstrap\] /);
    const evidence = JSON.parse(once.stdout);
    assert.deepEqual(JSON.parse(await readFile(path, "utf8")), evidence);
    assert.deepEqual(Object.keys(evidence), ["timestamp", "migration", "fixtures", "counts", "ready_check"]);
    assert.equal(evidence.fixtures.account.name, "Demo Home Services");
    assert.equal(evidence.fixtures.site.name, "Demo Site North");
    assert.equal(evidence.fixtures.contact.name, "Dispatcher Front Desk");
    assert.equal(evidence.ready_check.status, "ok");
    const again = JSON.parse((await run("bootstrap.ts", ["--skip-ready-check"], environment)).stdout);
    assert.deepEqual(again.counts, evidence.counts);
    assert.deepEqual(again.fixtures, evidence.fixtures);
    assert.equal(again.ready_check.status, "skipped");
  });

  test("dispatch:bootstrap fails and says why when the API does not become ready", async () => {
    const { code, stderr } = await run("bootstrap.ts", ["--url", "http://127.0.0.1:9"], {
      ...environment,
      DISPATCH_BOOTSTRAP_API_HEALTH_RETRIES: "2",
      DISPATCH_BOOTSTRAP_API_HEALTH_DELAY_MS: "1",
    });
    assert.equal(code, 1);
    assert.match(stderr, /127\.0\.0\.1:9\/health is not ready after 2 tries/);
  });

  test("dispatch:demo:smoke tells the story against an API that runs", async () => {
    const { code, stdout, stderr } = await run("demo-smoke.ts", ["--url", api.url, "--quiet"], environment);
    assert.equal(code, 0, stderr);
    assert.equal(lastLine(stdout)["state"], "INVOICED");
  });

  test("dispatch:demo:smoke says in a sentence that nothing answers", async () => {
    const { code, stderr } = await run("demo-smoke.ts", ["--url", "http://127.0.0.1:9"], environment);
    assert.equal(code, 1);
    assert.match(stderr, /^No answer from the API at http:\/\/127\.0\.0\.1:9/);
  });

  test("dispatch:bench measures and compares, whatever the figures", async () => {
    const { code, stdout, stderr } = await run(
      "bench.ts",
      ["--seconds", "0.3", "--rounds", "1", "--small", "100", "--large", "200", "--turns", "3"],
      {},
    );
    assert.equal(code, 0, stderr);
    const report = lastLine(stdout);
    assert.ok(Number(report["ratio"]) > 0 && Number(report["replay_ratio"]) > 0);
    assert.ok(Array.isArray(report["growth"]) && report["growth"].length >= 8);
  });

  test("dispatch:bench:slots measures the search for a time beside its parts, whatever the figures", async () => {
    const { code, stdout, stderr } = await run(
      "bench-slots.ts",
      ["--technicians", "4", "--bookings", "8", "--calls", "10", "--clients", "2"],
      {},
    );
    assert.equal(code, 0, stderr);
    const { rows, technicians, bookings } = lastLine(stdout);
    assert.deepEqual([technicians, bookings], [4, 8]);
    assert.deepEqual(
      objectsIn(rows).map(({ measured, clients }) => [measured, clients]),
      [1, 2].flatMap((clients) => [
        ["schedule.slots over HTTP", clients],
        ["ticket.get over HTTP", clients],
        ["the calendar through pg", clients],
      ]),
    );
    for (const row of objectsIn(rows))
      assert.ok(Number(row["p50_ms"]) > 0 && Number(row["p50_ms"]) <= Number(row["p99_ms"]), JSON.stringify(row));
  });

  test("dispatch:bench:slots says in a sentence what it cannot measure", async () => {
    const { code, stderr } = await run("bench-slots.ts", ["--clients", "0"], {});
    assert.equal(code, 1);
    assert.match(stderr, /^--technicians, --calls and --clients must be at least 1/);
  });
});
