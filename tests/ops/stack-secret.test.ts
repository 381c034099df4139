// Whoever is refused after somebody changed a stack's secret is told of the change by the first command an operator types.

import assert from "node:assert/strict";
import { mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { explanations } from "../../dispatch/ops/alerts/explanations.ts";
import { secretLines } from "../../dispatch/ops/alerts/stack-secret.ts";
import { openForLook } from "../../dispatch/ops/alerts/tell-why.ts";
import { makeStackFolder } from "../../dispatch/ops/stack/folder.ts";
import { ensureSecretFile, jwtSecretFile } from "../../dispatch/ops/stack/secret-file.ts";
import { writeStackRecord } from "../../dispatch/ops/stack/state.ts";
import { readSettings } from "../../dispatch/process/settings.ts";

test("a secret that was changed while the stack runs is told, and one that cannot be used", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-secret-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const settings = readSettings({ DISPATCH_DATA_DIR: dataDir });
  assert.deepEqual(await secretLines(settings), []);
  const folder = await makeStackFolder(dataDir);
  const started = Date.now() - 600_000;
  const write = (secretUnusable: string | null) =>
    writeStackRecord(folder, {
      supervisor: { pid: process.pid, born: "" },
      startedAt: new Date(started).toISOString(),
      ready: true,
      embeddedUrl: null,
      secretUnusable,
      services: [],
    });
  write(null);
  const path = jwtSecretFile(dataDir);
  await ensureSecretFile(path);
  const changed = (ms: number) => utimes(path, new Date(ms), new Date(ms));
  await changed(started - 1_000);
  assert.deepEqual(await secretLines(settings), []);
  await changed(started + 1_000);
  assert.match((await secretLines(settings)).join(), /the token secret in \S+ was changed at .*, while the stack ran/);
  const part = explanations.AUTH_POLICY_FAILURE_SPIKE.find(({ asksPostgres }) => !asksPostgres);
  const address = { url: "", from: "" };
  const told = await part?.read({ settings, address, now: new Date(), db: openForLook("") });
  assert.match(JSON.stringify(told?.rows), /was changed at/, "whoever asks why callers are refused reads it too");
  write("it is empty");
  assert.match((await secretLines(settings)).join(), /not taken up \(it is empty\)/);
});
