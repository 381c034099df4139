// What is about to run out is told before it has: room on a disk, and connections of Postgres.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { explanations } from "../../dispatch/ops/alerts/explanations.ts";
import { objectsIn, startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { metricsWith } from "../support/metrics.ts";
import { mountSmallDisk, noSmallDisk } from "../support/small-disk.ts";
import { mountHungDisk, noHungDisk } from "../support/hung-disk.ts";
import { call } from "./calls.ts";

const limits = { DISPATCH_ALERT_DISK_FREE_PERCENT: "15", DISPATCH_ALERT_DISK_CRITICAL_PERCENT: "5" };

async function alertOf(api: TestApi, code: string) {
  // An answer is shared by all who ask within a moment.
  api.clock.advance(1);
  const { status, body } = await call(api, "/ops/alerts");
  assert.equal(status, 200);
  return objectsIn(body["alerts"]).find((alert) => alert["code"] === code);
}

test(
  "a disk that fills up is a warning, then critical, and told also while nothing can be written",
  { skip: noSmallDisk },
  async (t) => {
    const disk = await mountSmallDisk(t, 8);
    const api = await startTestApi({ t, env: { ...limits, DISPATCH_DATA_DIR: disk.folder } });
    assert.equal(await alertOf(api, "DISK_LOW"), undefined);
    disk.fill(10);
    const runbook = "ops/runbooks/disk_full.md";
    const low = { code: "DISK_LOW", threshold: 86, runbook };
    assert.deepEqual(await alertOf(api, "DISK_LOW"), { ...low, severity: "warning", count: 91 });
    await disk.free();
    disk.fill();
    assert.deepEqual(await alertOf(api, "DISK_LOW"), { ...low, severity: "critical", count: 100 });
    for (const use of ["data", "objects"])
      await metricsWith(
        api,
        new RegExp(`^dispatch_disk_free_bytes\\{use="${use}"\\} 0$`, "m"),
        new RegExp(`^dispatch_disk_size_bytes\\{use="${use}"\\} ${8 * 1024 ** 2}$`, "m"),
      );
    const { db, settings, clock } = api.desk;
    const address = { url: api.url, from: "the test" };
    const read = () => explanations.DISK_LOW[0]?.read({ db, settings, now: clock.now(), address });
    let row: object | undefined;
    // A busy machine's df may come too late to tell.
    await eventually("df has answered", async () => !("trouble" in (row = (await read())?.rows[0] ?? {})));
    assert.deepEqual(row, { use: "data", free_percent: 0, free_mb: 0, size_mb: 8, folder: disk.folder });
    await disk.free();
    assert.equal(await alertOf(api, "DISK_LOW"), undefined);
  },
);

test(
  "an archive's mount that hangs takes no thread but one, and keeps no alert from being told",
  { skip: noHungDisk },
  async (t) => {
    const disk = await mountHungDisk(t);
    const api = await startTestApi({
      t,
      env: { DISPATCH_WAL_ARCHIVE_DIR: disk.folder, DISPATCH_ALERT_DISK_FREE_PERCENT: "100" },
    });
    // More looks than node has threads.
    for (let look = 0; look < 6; look++)
      await eventually("the other disks are told", async () => (await alertOf(api, "DISK_LOW")) !== undefined);
    const text = await metricsWith(api, /^dispatch_disk_free_bytes\{use="data"\}/m);
    assert.doesNotMatch(text, /use="wal_archive"|reading_age_seconds\{reading="disks"\}/);
    await readFile(import.meta.filename);
    await disk.end();
  },
);

test("many connections are told before there are too many", async (t) => {
  const api = await startTestApi({ t, env: { DISPATCH_ALERT_CONNECTIONS_PERCENT: "1" } });
  const alert = await alertOf(api, "CONNECTIONS_HIGH");
  assert.deepEqual([alert?.["severity"], alert?.["threshold"]], ["warning", 1]);
  assert.ok(Number(alert?.["count"]) >= 1 && Number(alert?.["count"]) <= 100);
  const text = await metricsWith(api, /^dispatch_db_server_connections/m);
  const used = Number(/^dispatch_db_server_connections\{which="used"\} (\d+)$/m.exec(text)?.[1]);
  const most = Number(/^dispatch_db_server_connections\{which="most"\} (\d+)$/m.exec(text)?.[1]);
  assert.ok(used > 0 && used <= most, `${used} of ${most}`);
});
