// `pnpm dispatch:demo:ci` on an empty machine: Postgres, API and the real gateway come up, one ticket goes from call to
// invoice through the gateway's tools, and nothing stays.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { readWritten, stateFolderOf } from "../../dispatch/ops/gateway/state-folder.ts";
import { isRunning } from "../support/eventually.ts";

const script = join(import.meta.dirname, "../../scripts/demo.ts");

test("dispatch:demo:ci tells the story through a real gateway, by its owner's grants, and leaves nothing running", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-demo-"));
  t.after(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const env = { ...bareEnvironment, LANG: "C.UTF-8", DISPATCH_DATA_DIR: dataDir, DISPATCH_API_PORT: "0" };
  const { code, stdout, stderr } = await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [script, "--ci"], { env, signal: t.signal }, (error, out, err) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout: out, stderr: err });
    });
  });
  assert.equal(code, 0, stderr + stdout);
  assert.equal(stderr, "");

  assert.match(stdout, /The OpenClaw gateway answers at http:\/\/127\.0\.0\.1:\d+ after/);
  assert.match(stdout, /Model of the chat: a scripted stand-in/);
  assert.match(stdout, /Dana +dispatches Ana Alvarez -> DISPATCHED/);
  assert.match(stdout, /Dana as Ana +tries to complete: REFUSED, MISSING_SIGNATURE_CONFIRMATION/);
  assert.match(stdout, /the same answer, still one item/);
  assert.match(stdout, /Eve +tries to complete somebody else's work: REFUSED, NOT_ASSIGNED_TECH/);
  assert.match(stdout, /Dana +moves it in one step, since the shop is closed then: /);
  assert.match(stdout, /Dana +books it, and has \S+ \S+ go along with \S+ \S+: both are taken from /);
  assert.match(stdout, /The desk +says OVERRUN: Planned until .*, and the work goes on\./);
  assert.match(stdout, /: T-\d{6} follows T-000001 as warranty -> NEW/);
  assert.match(
    stdout,
    /Dana +types "have somebody check the warranty": Handed out: the task is (?:pending|assigned), /,
  );
  assert.match(
    stdout,
    /The archivist +is told of it, and does it by the gateway's tools: .*Done: the task is completed, archivist has it/,
  );
  assert.match(stdout, /Dana +types "is that done yet\?": .* It is with archivist\. In warranty until 1 May 2028\./);
  assert.match(stdout, /The clerk +does it -> completed, at the cost of 1 retry/);
  const summary = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
  assert.deepEqual(Object.keys(summary), ["ticket_id", "state", "timeline_events", "receipts_verified", "duration_ms"]);
  assert.equal(summary.state, "INVOICED");
  assert.equal(summary.receipts_verified, summary.timeline_events);

  const { pid } = await readWritten(stateFolderOf(dataDir));
  assert.ok(pid);
  assert.equal(await isRunning(pid), false);
  await assert.rejects(readFile(join(dataDir, "postgres/postmaster.pid")), { code: "ENOENT" });
});
