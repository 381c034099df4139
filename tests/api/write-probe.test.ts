// Health says when Postgres answers and takes no writes, and why, and says when it takes them again.

import assert from "node:assert/strict";
import { chown, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isObject } from "../../dispatch/kernel/json.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { query } from "../support/data-folder.ts";
import { eventually } from "../support/eventually.ts";
import { mountSmallDisk, noSmallDisk } from "../support/small-disk.ts";
import { call } from "./calls.ts";

async function reasonOf(api: TestApi, part: "postgres" | "object_store"): Promise<unknown> {
  const { status, body } = await call(api, "/health", { headers: {} });
  if (status === 200) return "ok";
  const check = isObject(body["checks"]) ? body["checks"][part] : undefined;
  return isObject(check) ? (check["reason"] ?? "ok") : undefined;
}

const says = (api: TestApi, reason: string, part: "postgres" | "object_store" = "postgres") =>
  eventually(`health says: ${reason}`, async () => (await reasonOf(api, part)) === reason);

/** For new connections; those that are open are ended. */
async function setOfDatabase({ databaseUrl }: TestApi, setting: string): Promise<void> {
  // The default may forbid what sets it right again.
  await query(
    { url: databaseUrl },
    `SET transaction_read_only = off;
     DO $$ BEGIN EXECUTE format('ALTER DATABASE %I ${setting}', current_database()); END $$;
     SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}

test("a server that takes reads alone is unavailable", async (t) => {
  const api = await startTestApi({ t });
  await says(api, "ok");
  await setOfDatabase(api, "SET default_transaction_read_only = on");
  await says(api, "answers, and cannot write: it is read-only");
  await setOfDatabase(api, "RESET default_transaction_read_only");
  await says(api, "ok");
});

test("a lock in the way of the write is named, and not taken for a server that cannot write", async (t) => {
  const api = await startTestApi({ t, env: { DISPATCH_DB_LOCK_TIMEOUT_MS: "300" } });
  await says(api, "ok");
  const holder = await api.owner.connect();
  try {
    await holder.query("BEGIN; LOCK TABLE write_probes");
    await says(api, "answers, and does not get on: a lock is in the way of a write");
  } finally {
    holder.release(true);
  }
  await says(api, "ok");
});

test("a lock on the workers' table makes no well desk unavailable", async (t) => {
  const api = await startTestApi({ t });
  const holder = await api.owner.connect();
  try {
    await holder.query("BEGIN; LOCK TABLE workers");
    for (let look = 0; look < 3; look++) {
      const { status, body } = await call(api, "/health", { headers: {} });
      assert.deepEqual([status, body["workers"]], [200, null]);
    }
  } finally {
    holder.release(true);
  }
  await eventually("workers are told again", async () =>
    isObject((await call(api, "/health", { headers: {} })).body["workers"]),
  );
});

test("a server that allows no large temporary files is well, and is asked for a row alone", async (t) => {
  const api = await startTestApi({ t });
  await setOfDatabase(api, "SET temp_file_limit = 64");
  await says(api, "ok");
  await setOfDatabase(api, "SET default_transaction_read_only = on");
  await says(api, "answers, and cannot write: it is read-only");
});

test(
  "a server whose disk is full is unavailable, while what needs no new room still works",
  { skip: noSmallDisk },
  async (t) => {
    const api = await startTestApi({ t });
    const disk = await mountSmallDisk(t, 1);
    const folder = join(disk.folder, "space");
    const owner = { url: api.databaseUrl };
    const [server] = await query(owner, "SHOW data_directory");
    const found = await stat(String(server?.["data_directory"])).catch(() => null);
    if (found === null) return t.skip("the server is on another machine");
    await mkdir(folder);
    await chown(folder, found.uid, found.gid);
    const space = `small_${process.pid}`;
    await query(owner, `CREATE TABLESPACE ${space} LOCATION '${folder}'`);
    await query(owner, `GRANT CREATE ON TABLESPACE ${space} TO dispatch_app`);
    await setOfDatabase(api, `SET temp_tablespaces = ${space}`);
    await says(api, "ok");
    disk.fill();
    await says(api, "answers, and cannot write: its disk is full");
    await disk.free();
    await says(api, "ok");
    await setOfDatabase(api, "RESET temp_tablespaces");
    await query(owner, `DROP TABLESPACE ${space}`);
  },
);

test("an object store whose disk is full says so", { skip: noSmallDisk }, async (t) => {
  const disk = await mountSmallDisk(t, 1);
  const api = await startTestApi({ t, env: { DISPATCH_DATA_DIR: disk.folder } });
  await says(api, "ok", "object_store");
  disk.fill();
  await says(api, "cannot write: its disk is full", "object_store");
  await disk.free();
  await says(api, "ok", "object_store");
});
