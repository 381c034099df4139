// Whoever is refused after somebody changed a stack's secret is told of the change by the first command an operator types.

import assert from "node:assert/strict";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { explanations } from "../../dispatch/ops/alerts/explanations.ts";
import { secretLines } from "../../dispatch/ops/alerts/stack-secret.ts";
import { openForLook } from "../../dispatch/ops/alerts/tell-why.ts";
import { makeStackFolder } from "../../dispatch/ops/stack/folder.ts";
import { ensureSecretFile, jwtSecretFile } from "../../dispatch/ops/stack/secret-file.ts";
import { writeStackRecord, type ServiceRecord, type StackRecord } from "../../dispatch/ops/stack/state.ts";
import { readSettings } from "../../dispatch/process/settings.ts";

/** A part of a stack that is ready since then; one that starts where there is no such time. */
const part = (name: string, since: number | null): ServiceRecord => ({
  name,
  state: since === null ? "starting" : "running",
  process: null,
  since: since === null ? null : new Date(since).toISOString(),
  restarts: 0,
  failures: 0,
  lastEnd: null,
  ends: [],
  nextStartAt: null,
  silentSince: null,
  url: null,
  log: `${name}.log`,
});

test("a secret that was changed while the stack runs is told, and one that cannot be used", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-secret-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const settings = readSettings({ DISPATCH_DATA_DIR: dataDir });
  assert.deepEqual(await secretLines(settings), []);
  const folder = await makeStackFolder(dataDir);
  const started = Date.now() - 600_000;
  const path = jwtSecretFile(dataDir);
  const write = (secretUnusable: string | null, more: Partial<StackRecord> = {}) =>
    writeStackRecord(folder, {
      supervisor: { pid: process.pid, born: "" },
      startedAt: new Date(started).toISOString(),
      ready: true,
      embeddedUrl: null,
      secretFile: path,
      secretUnusable,
      services: [],
      ...more,
    });
  write(null);
  await ensureSecretFile(path);
  const changed = (ms: number) => utimes(path, new Date(ms), new Date(ms));
  await changed(started - 1_000);
  assert.deepEqual(await secretLines(settings), []);
  await changed(started + 1_000);
  assert.match((await secretLines(settings)).join(), /the token secret in \S+ was changed at .*, while the stack ran/);
  const outside = explanations.AUTH_POLICY_FAILURE_SPIKE.find(({ asksPostgres }) => !asksPostgres);
  const address = { url: "", from: "" };
  const told = await outside?.read({ settings, address, now: new Date(), db: openForLook("") });
  assert.match(JSON.stringify(told?.rows), /was changed at/, "whoever asks why callers are refused reads it too");

  const before = part("gateway", started);
  write(null, {
    services: [part("postgres", started), part("api", started + 9_000), before, part("worker-1", started)],
  });
  assert.match((await secretLines(settings)).join(), /before; api goes by it; gateway still goes by the one before$/);
  write(null, { services: [part("api", started + 9_000), part("gateway", null)] });
  assert.match((await secretLines(settings)).join(), /before; api goes by it; gateway is starting$/);

  const own = join(dataDir, "a-secret-of-their-own");
  await writeFile(own, "x".repeat(40));
  await utimes(own, new Date(started + 1_000), new Date(started + 1_000));
  write(null, { secretFile: own });
  assert.match((await secretLines(settings)).join(), /^the token secret in \S+\/a-secret-of-their-own was changed at /);
  write(null, { secretFile: null });
  assert.deepEqual(await secretLines(settings), [], "the variable's own is no file's");
  write("it is empty");
  assert.match((await secretLines(settings)).join(), /not taken up \(it is empty\)/);
});
