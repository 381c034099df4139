// What the supervisor writes on a disk that takes nothing: its record stays whole, is written when there is room again, and
// logs are cut where no copy fits.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { tryLock } from "../../dispatch/db/embedded/lock.ts";
import { stackFolderOf } from "../../dispatch/ops/stack/folder.ts";
import { KeptRecord } from "../../dispatch/ops/stack/kept-record.ts";
import { readStackRecord, writeStackRecord, type StackRecord } from "../../dispatch/ops/stack/state.ts";
import { rotateLog } from "../../dispatch/process/rotate-log.ts";
import { eventually } from "../support/eventually.ts";
import { mountSmallDisk, noSmallDisk } from "../support/small-disk.ts";

const recordWith = (pid: number): StackRecord => ({
  supervisor: { pid: 1, born: "then" },
  startedAt: "2026-03-02T09:00:00.000Z",
  ready: true,
  embeddedUrl: null,
  secretFile: null,
  secretUnusable: null,
  services: [
    {
      name: "api",
      state: "running",
      process: { pid, born: "then" },
      since: null,
      restarts: 0,
      failures: 0,
      lastEnd: null,
      ends: [],
      nextStartAt: null,
      silentSince: null,
      url: null,
      log: "api.log",
    },
  ],
});

test("a record that cannot be written is written as soon as it can, as all stands then", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-record-"));
  t.after(() => rm(dataDir, { recursive: true }));
  const folder = stackFolderOf(dataDir);
  const said: string[] = [];
  let pid = 7;
  const record = new KeptRecord(
    () => writeStackRecord(folder, recordWith(pid)),
    (line) => void said.push(line),
  );
  t.after(() => record.close());
  record.changed();
  pid = 8;
  record.changed();
  assert.equal(readStackRecord(folder), null);
  await mkdir(folder.root);
  await eventually("the record is written", () => said.length > 1);
  assert.equal(readStackRecord(folder)?.services[0]?.process?.pid, 8);
  assert.equal(await readFile(folder.pidFile("api"), "utf8"), "8\n");
  assert.match(
    said.join("\n"),
    /^the stack's record cannot be written \(ENOENT.*second\nthe stack's record is written again$/,
  );
});

test("on a full disk the record and the pid files stay what they were", { skip: noSmallDisk }, async (t) => {
  const disk = await mountSmallDisk(t, 1);
  const folder = stackFolderOf(disk.folder);
  await mkdir(folder.root);
  writeStackRecord(folder, recordWith(7));
  disk.fill();
  assert.throws(() => writeStackRecord(folder, recordWith(8)), { code: "ENOSPC" });
  assert.equal(readStackRecord(folder)?.services[0]?.process?.pid, 7);
  assert.equal(await readFile(folder.pidFile("api"), "utf8"), "7\n");
  await disk.free();
  writeStackRecord(folder, recordWith(8));
  assert.equal(readStackRecord(folder)?.services[0]?.process?.pid, 8);
});

test(
  "a log is cut on a full disk too: the oldest copies make room, or there is no copy",
  { skip: noSmallDisk },
  async (t) => {
    const disk = await mountSmallDisk(t, 1);
    const path = join(disk.folder, "api.log");
    const large = 300_000;
    await writeFile(`${path}.1`, "o".repeat(large));
    await writeFile(path, "n".repeat(large));
    disk.fill();
    await rotateLog(path, 50_000);
    assert.equal((await stat(path)).size, 0);
    assert.equal(await readFile(`${path}.1`, "utf8"), "n".repeat(100_000), "the newest took the oldest's place");
    await rm(`${path}.1`);
    await writeFile(path, "n".repeat(large));
    disk.fill();
    await rotateLog(path, 50_000);
    assert.equal((await stat(path)).size, 0);
    assert.deepEqual((await readdir(disk.folder)).sort(), ["api.log", "filler"]);
  },
);

test("of a log of any size its end is kept, and of two who rotate it one does", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-rotate-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "log");
  await writeFile(path, `${"old ".repeat(10_000)}er`);
  await Promise.all([rotateLog(path, 1_001), rotateLog(path, 1_001), rotateLog(path, 1_001)]);
  assert.equal(await readFile(`${path}.1`, "utf8"), `${"old ".repeat(500)}er`);
  assert.deepEqual((await readdir(folder)).sort(), ["log", "log.1"]);
});

test("a lock that a full disk cannot take says so, and not to remove its file", { skip: noSmallDisk }, async (t) => {
  const disk = await mountSmallDisk(t, 1);
  const path = join(disk.folder, "server.lock");
  tryLock(path)?.release();
  disk.fill();
  assert.throws(() => tryLock(path), { code: "disk_full", message: /a full disk.*Free some space and start again/s });
  await disk.free();
  const lock = tryLock(path);
  assert.ok(lock);
  lock.release();
});
