// The stack's logs: bounded while they are written, and followed across that.

import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { rotateLog } from "../../scripts/stack/rotate-log.ts";
import { followLogs, showLogs } from "../../scripts/stack/show-logs.ts";
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

  test("the last lines are shown under the name of who wrote them; a single log's stand alone", async () => {
    const logs = ["api", "worker-1"].map((name) => ({ name, path: join(folder, `${name}-shown.log`) }));
    for (const { name, path } of logs) await writeFile(path, `${name} one\n${name} two\n\n${name} three\n`);
    const lines: string[] = [];
    await showLogs(logs, 2, (line) => void lines.push(line));
    assert.deepEqual(lines, ["api      | api two", "api      | api three", "worker-1 | worker-1 two", "worker-1 | worker-1 three"]);
    lines.length = 0;
    await showLogs(logs.slice(0, 1), 1, (line) => void lines.push(line));
    assert.deepEqual(lines, ["api three"]);
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
    assert.deepEqual([...new Set(lines)].filter((line) => line !== "no end"), ["half a line", "anew"]);
  });
});
