// An API and a worker that have nothing but one file of settings, and a stack whose settings come under further names.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readSettings } from "../../dispatch/process/settings.ts";
import { environmentWithout } from "../../dispatch/process/settings/setting.ts";
import { configVariable, settingsList } from "../../dispatch/process/settings/settings-list.ts";
import { startApiProcess } from "../support/api-process.ts";
import { createTestDatabase } from "../support/database.ts";
import { startWorkerProcess } from "../support/worker-process.ts";
import { yamlOf } from "./settings-samples.ts";

test("run from it, and say that others can read its secret", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-one-file-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { url } = await createTestDatabase(t);
  const path = join(folder, "dispatch.yaml");
  const texts = {
    "server.port": "0",
    "server.metrics_port": "0",
    "database.url": url,
    "data.dir": folder,
    "worker.identity": "worker-of-the-file",
  };
  await writeFile(path, yamlOf(texts), { mode: 0o644 });
  // An empty variable counts as unset.
  const settings = {
    ...Object.fromEntries(Object.values(settingsList).map(({ variable }) => [variable, ""])),
    [configVariable]: path,
  };
  const processes = { databaseUrl: "", dataDir: "", settings };
  const api = await startApiProcess(t, processes);
  const worker = await startWorkerProcess(t, processes);
  assert.equal((await fetch(`${api.url}/health`)).status, 200);
  assert.equal(worker.told("worker.started")[0]?.["identity"], "worker-of-the-file");
  const warning = `${path} can be read by others, and has secrets in it (database.url): chmod 600 ${path}`;
  assert.equal(worker.told(warning)[0]?.["level"], "warn");
  assert.ok(api.complaints().includes(warning), api.complaints());
});

test("who gives settings anew hands on no other name of theirs", () => {
  const { apiPort, lifecycleToken } = settingsList;
  const environment = { DISPATCH_PORT: "0", DISPATCH_WARREN_TOKEN_FILE: "/none", DISPATCH_LOG_LEVEL: "warn" };
  const left = environmentWithout([apiPort, lifecycleToken], environment);
  assert.deepEqual(left, { DISPATCH_LOG_LEVEL: "warn" });
  assert.equal(readSettings({ ...left, DISPATCH_API_PORT: "8181" }).apiPort, 8181);
});
