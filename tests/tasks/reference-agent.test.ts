// `pnpm dispatch:agent`, as a process of its own: it comes onto the roster, does tasks by a command, fails one, gives one back when it
// is killed, finishes what is in hand when it is told to end, and makes way for a later run.

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { describe, test, after } from "node:test";
import { startTestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { startTestWorker } from "../support/worker.ts";
import { addTask, heard } from "./agents.ts";

/** Reads its task, and does as the context says. */
const clerk = `
  const task = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const { does, file } = task.context ?? {};
  console.log(JSON.stringify({ progress: { message: "looking", percent: 10 } }));
  if (does === "fail") { console.error("the maker does not answer"); process.exit(3); }
  const end = () => console.log(JSON.stringify({ result: { title: task.title }, summary: "Looked it up", tokens_used: 7 }));
  if (does === "wait") {
    require("node:fs").writeFileSync(file + ".pid", String(process.pid));
    const look = setInterval(() => { if (require("node:fs").existsSync(file)) { clearInterval(look); end(); } }, 20);
  } else end();
`;

describe("the reference agent", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const children: ChildProcess[] = [];
  after(() => children.forEach((child) => child.kill("SIGKILL")));

  const start = (...more: string[]) => {
    const child = spawn(
      process.execPath,
      [
        "dispatch/agent/main.ts",
        "--slug",
        "clerk",
        "--url",
        api.url,
        "--command",
        JSON.stringify([process.execPath, "-e", clerk]),
        ...more,
      ],
      { stdio: ["ignore", "pipe", "inherit"], env: { PATH: process.env["PATH"] ?? "" } },
    );
    children.push(child);
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    return { child, says: (words: string) => eventually(`the agent says: ${words}`, async () => said.includes(words)) };
  };
  const ended = (task: string, status: string) =>
    eventually(`the task is ${status}`, async () => (await api.read("task.check", { task })).status === status);

  test("comes onto the roster, and does a task by its command", async () => {
    const agent = start("--capabilities", "Warranty, quote", "--type", "clerk");
    await agent.says("waiting for tasks");
    const { id } = await addTask(api);
    await worker.wake();
    await ended(id, "completed");
    const done = await api.read("task.check", { task: id });
    assert.deepEqual(
      [done.result, done.result_summary, done.tokens_used],
      [{ title: "Check the warranty" }, "Looked it up", 7],
    );
    assert.deepEqual((await heard(api, id)).slice(0, 3), ["created", "assigned", "started"]);
    const one = (await api.read("worker.list", { as: "admin" })).find(({ kind }) => kind === "agent");
    assert.deepEqual([one?.capabilities, one?.agent_type], [["warranty", "quote"], "clerk"]);
  });

  test("says what a command complained of when it fails", async () => {
    const { id } = await addTask(api, { max_retries: 0, context: { does: "fail" } });
    await worker.wake();
    await ended(id, "failed");
    const { error } = await api.read("task.check", { task: id });
    assert.match(error ?? "", /ended with 3\nthe maker does not answer/);
  });

  test("that is killed leaves its task to the next run, and finishes what is in hand when it is told to end", async () => {
    const file = `${api.dataDir}/go-on`;
    const { id } = await addTask(api, { context: { does: "wait", file } });
    await worker.wake();
    await ended(id, "in_progress");
    const [first] = children;
    assert.ok(first);
    const pidFile = `${file}.pid`;
    await eventually("its command runs", async () => existsSync(pidFile) && readFileSync(pidFile, "utf8") !== "");
    const command = Number(readFileSync(pidFile, "utf8"));
    first.kill("SIGKILL");
    await once(first, "exit");
    await eventually("its command ends with it", async () => !isAlive(command));
    const second = start();
    await second.says("waiting for tasks");
    await worker.wake();
    await ended(id, "in_progress");
    const { retry_count, assignee } = await api.read("task.check", { task: id });
    assert.deepEqual([retry_count, assignee], [0, "clerk"]);
    second.child.kill("SIGTERM");
    await second.says("draining: 1 in hand");
    const exited = once(second.child, "exit");
    await writeFile(file, "");
    assert.deepEqual(await exited, [0, null]);
    await ended(id, "completed");
    const one = (await api.read("worker.list", { as: "admin" })).find(({ kind }) => kind === "agent");
    assert.equal(one?.status, "stopped");
  });

  test("ends when a later run has started", async () => {
    const earlier = start();
    await earlier.says("waiting for tasks");
    const exited = once(earlier.child, "exit");
    const later = start();
    await later.says("waiting for tasks");
    // It hears of it with its next word to the desk.
    const { id } = await addTask(api);
    await worker.wake();
    await ended(id, "completed");
    await earlier.says("another run of this agent has started");
    assert.deepEqual(await exited, [1, null]);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
