// The stack's logs: bounded while they are written, and followed across that.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, openSync } from "node:fs";
import { appendFile, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { FollowedLog } from "../../dispatch/ops/stack/followed-log.ts";
import { restoreDeletedLog } from "../../dispatch/process/deleted-log.ts";
import { rotateLog } from "../../dispatch/process/rotate-log.ts";
import { followLogs, showLogs } from "../../dispatch/ops/stack/show-logs.ts";
import { eventually } from "../support/eventually.ts";

describe("logs", () => {
  let folder = "";
  before(async () => void (folder = await mkdtemp(join(tmpdir(), "dispatch-logs-"))));
  after(() => rm(folder, { recursive: true, force: true }));

  test("a log that is too large is put aside, three deep, and its writer goes on in the same file", async () => {
    const path = join(folder, "api.log");
    for (const text of ["first", "second", "third", "fourth", "fifth"]) {
      await appendFile(path, text);
      await rotateLog(path, 4);
    }
    const read = await Promise.all(["", ".1", ".2", ".3"].map((end) => readFile(path + end, "utf8")));
    assert.deepEqual(read, ["", "fifth", "fourth", "third"]);
    await assert.rejects(readFile(`${path}.4`), { code: "ENOENT" });
    await appendFile(path, "few");
    await rotateLog(path, 4);
    assert.equal(await readFile(path, "utf8"), "few");
    await rotateLog(join(folder, "none.log"), 4);
  });

  test("what is written while a log is put aside is in the copy or in the log", async () => {
    const path = join(folder, "busy.log");
    await writeFile(path, `${"x".repeat(4_000_000)}\n`);
    let lines = 0;
    let isDone = false;
    const rotating = rotateLog(path, 3_000_000).finally(() => (isDone = true));
    while (!isDone) {
      appendFileSync(path, `${lines++}\n`);
      await setImmediate();
    }
    await rotating;
    const copy = await readFile(`${path}.1`, "utf8");
    const kept = `${copy}${await readFile(path, "utf8")}`.trimEnd().split("\n").slice(1);
    assert.deepEqual(kept.map(Number), [...Array(lines).keys()]);
    assert.ok(copy.length > 4_000_001, "some were written meanwhile");
  });

  test(
    "a log that is deleted under its writer comes back with all that was written, and the deleted file does not grow",
    { skip: process.platform === "linux" ? false : "deleted files are read in /proc" },
    async (t) => {
      const path = join(folder, "deleted.log");
      const output = openSync(path, "a");
      const writer = spawn("cat", { stdio: ["pipe", output, "ignore"] });
      t.after(() => writer.kill());
      const { pid } = writer;
      assert.ok(pid);
      const has = async (bytes: number) => (await stat(`/proc/${pid}/fd/1`)).size === bytes;
      writer.stdin?.write("one\n");
      await eventually("one is written", () => has(4));
      await restoreDeletedLog({ path, pid });
      assert.equal(await readFile(path, "utf8"), "one\n", "a log that is there is left alone");
      await rm(path);
      await restoreDeletedLog({ path, pid });
      assert.equal(await readFile(path, "utf8"), "one\n");
      writer.stdin?.write("two\n");
      await eventually("two is written", () => has(4));
      await restoreDeletedLog({ path, pid });
      assert.equal(await readFile(path, "utf8"), "one\ntwo\n");
      assert.ok(await has(0));
    },
  );

  test("the last lines are shown under the name of who wrote them; a single log's stand alone", async () => {
    const logs = ["api", "worker-1"].map((name) => ({ name, path: join(folder, `${name}-shown.log`) }));
    for (const { name, path } of logs) await writeFile(path, `${name} one\n${name} two\n\n${name} three\n`);
    const lines: string[] = [];
    await showLogs(logs, 2, (line) => void lines.push(line));
    assert.deepEqual(lines, [
      "api      | api two",
      "api      | api three",
      "worker-1 | worker-1 two",
      "worker-1 | worker-1 three",
    ]);
    lines.length = 0;
    await showLogs(logs.slice(0, 1), 1, (line) => void lines.push(line));
    assert.deepEqual(lines, ["api three"]);
  });

  test("a log that was cut and has grown past its old length since is read from its beginning", async () => {
    const path = join(folder, "regrown.log");
    await writeFile(path, "12:00:01 an old line\n12:00:02 another\n");
    const log = await FollowedLog.fromItsEnd(path);
    await appendFile(path, "12:00:03 read before the cut\n12:00:04 half a");
    assert.deepEqual(await log.newLines(), ["12:00:03 read before the cut"]);
    await rotateLog(path, 1);
    const anew = Array.from({ length: 9 }, (_, n) => `12:01:0${n} written within one look`);
    await appendFile(path, `${anew.join("\n")}\n`);
    assert.deepEqual(await log.newLines(), anew);
    await appendFile(path, "12:02:00 goes on\n");
    assert.deepEqual(await log.newLines(), ["12:02:00 goes on"]);
    // As other programs rotate: the file is moved away, and for a moment there is none.
    await rename(path, `${path}.moved`);
    assert.deepEqual(await log.newLines(), []);
    await writeFile(path, `12:03:00 ${"a new file ".repeat(60)}\n`);
    assert.equal((await log.newLines()).length, 1);
    assert.deepEqual(await log.newLines(), []);
  });

  test("a line is given whole, however it comes", async () => {
    const path = join(folder, "pieces.log");
    const log = await FollowedLog.fromItsEnd(path);
    const bytes = Buffer.from("Ärger at the Türschließer\n\nnext\n");
    const lines: string[] = [];
    for (const byte of bytes) {
      await appendFile(path, Buffer.of(byte));
      lines.push(...(await log.newLines()));
    }
    assert.deepEqual(lines, ["Ärger at the Türschließer", "", "next"]);
    const long = "x".repeat(600_000);
    await appendFile(path, `${long}\nend\n`);
    const pieces = [await log.newLines(), await log.newLines(), await log.newLines()];
    assert.deepEqual([pieces.flat().slice(0, -1).join("").length, pieces.flat().at(-1)], [long.length, "end"]);
  });

  test("whoever follows a log gets whole lines, also after it was cut in the middle of one", async (t) => {
    const path = join(folder, "followed.log");
    await writeFile(path, "an old line that is longer than what follows\n");
    const lines: string[] = [];
    const stopping = new AbortController();
    t.after(() => stopping.abort());
    const following = followLogs([{ name: "api", path }], (line) => void lines.push(line), stopping.signal);
    // The first look has to have been at the old file: only what comes after it is new.
    await eventually("a new line is printed", async () => {
      await appendFile(path, "half ");
      await appendFile(path, "a line\n");
      return lines.length > 0;
    });
    await appendFile(path, "no end");
    await rotateLog(path, 1);
    await appendFile(path, "anew\n");
    await eventually("the line after the cut is printed", () => lines.includes("anew"));
    stopping.abort();
    await following;
    assert.deepEqual([...new Set(lines)], ["half a line", "anew"]);
  });
});
