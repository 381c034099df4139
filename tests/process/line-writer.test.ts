// A log that cannot be written is no trouble of the process's: it goes on, answers and ends as ever, and says afterwards how
// many lines are missing.

import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdtemp, readFile, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { LineWriter } from "../../dispatch/process/line-writer.ts";
import { eventually } from "../support/eventually.ts";
import type { Answered, Told } from "./logging-process.ts";

/** More lines than may wait, at some 1,000 bytes each. */
const tooMany = 10_000;
const hasFullDevice = existsSync("/dev/full") ? false : "this system has no /dev/full";

function start(t: TestContext, stdout: number | "pipe", env: Record<string, string> = {}) {
  const child = fork(join(import.meta.dirname, "logging-process.ts"), {
    stdio: ["ignore", stdout, "inherit", "ipc"],
    env: { ...process.env, ...env },
  });
  t.after(() => void child.kill("SIGKILL"));
  return child;
}

async function tell(child: ChildProcess, told: Told): Promise<Answered> {
  const answer = once(child, "message");
  child.send(told);
  const [answered] = await answer;
  return answered;
}

async function end(child: ChildProcess, told: Omit<Told, "end"> = { lines: 0 }): Promise<unknown> {
  const gone = once(child, "exit");
  child.send({ ...told, end: true });
  return (await gone)[0];
}

test("a full disk drops lines and stops nothing, not even the last words", { skip: hasFullDevice }, async (t) => {
  const full = openSync("/dev/full", "a");
  const child = start(t, full, { DISPATCH_LOG_SINK_PATH: "/dev/full" });
  closeSync(full);
  assert.equal((await tell(child, { lines: 10 })).dropped, 0, "a few lines wait");
  await tell(child, { lines: tooMany, fatal: true });
  // Of the log and of its copy.
  const { dropped } = await tell(child, { lines: 1 });
  assert.ok(dropped > tooMany, `${dropped} lines dropped`);
  assert.equal(await end(child, { lines: 1, fatal: true }), 0);
});

test("a reader that has gone stops nothing", async (t) => {
  const child = start(t, "pipe");
  child.stdout?.destroy();
  await tell(child, { lines: 10, fatal: true });
  assert.ok((await tell(child, { lines: tooMany })).dropped > 0);
  assert.equal(await end(child, { lines: 1, fatal: true }), 0);
});

test("a reader that does not read holds nothing up, and reads later how many lines it missed", async (t) => {
  const child = start(t, "pipe");
  const { dropped } = await tell(child, { lines: tooMany, fatal: true });
  assert.ok(dropped > 0);
  const { stdout } = child;
  assert.ok(stdout);
  let text = "";
  stdout.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  const linesOf = () =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line): { number?: number; lines_dropped?: number; level?: string } => JSON.parse(line));
  await eventually("what waited has been read", () => linesOf().length > tooMany - dropped);
  await tell(child, { lines: 1 });
  assert.equal(await end(child), 0);
  await eventually("the newest line has been read", () => linesOf().at(-1)?.number === tooMany + 1);
  const lines = linesOf();
  assert.equal(
    lines.reduce((sum, { lines_dropped: missing = 0 }) => sum + missing, 0),
    dropped,
  );
  assert.equal(lines.filter(({ level }) => level === "fatal").length, 1, "there was room for the last words");
  assert.equal(lines.filter(({ number }) => number !== undefined).length, tooMany + 1 - dropped);
});

test("a reader that never reads keeps no process from its end", async (t) => {
  const child = start(t, "pipe");
  await tell(child, { lines: tooMany });
  assert.equal(await end(child, { lines: 1, fatal: true }), 0);
});

test("lines keep their order across a flush, and go on in a new file when the old one was moved", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-lines-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "log");
  const writer = new LineWriter({ destination: path, lineForDropped: String });
  writer.write("one\n");
  writer.write("two\n");
  writer.flushSync();
  assert.equal(await readFile(path, "utf8"), "one\ntwo\n");
  await rename(path, `${path}.moved`);
  writer.reopen();
  writer.write("three\n");
  await eventually("the line is in the new file", async () => (await readFile(path, "utf8")) === "three\n");
  assert.equal(await readFile(`${path}.moved`, "utf8"), "one\ntwo\n");
});

test(
  "what the system had in hand when the log was flushed, and could not write, is not lost",
  { skip: hasFullDevice },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "dispatch-lines-"));
    t.after(() => rm(folder, { recursive: true }));
    const path = join(folder, "log");
    await symlink("/dev/full", path);
    const writer = new LineWriter({ destination: path, lineForDropped: String });
    writer.write("one\n");
    // The writer's own turn came first: the line is in hand, and its failure is told in a later one.
    await new Promise(setImmediate);
    writer.write("two\n");
    writer.flushSync();
    writer.flushSync();
    await rm(path);
    writer.reopen();
    await eventually("all is in the new file", async () => (await readFile(path, "utf8")) === "one\ntwo\n");
  },
);
