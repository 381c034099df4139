// What is said of a Postgres that cannot be asked: no advice that makes things worse, or that cannot be followed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { processNote } from "../../dispatch/ops/alerts/postgres-outside.ts";
import type { StackPart } from "../../dispatch/ops/alerts/stack-parts.ts";

const supervisor: StackPart = {
  name: "supervisor",
  pid: process.pid,
  state: "runs",
  last_end: null,
  url: null,
  log: "supervisor.log",
};
const running = { pid: process.pid, alive: true, status: "ready" };
const gone = { pid: process.pid, alive: false, status: null };
const ended = { pid: null, alive: false, status: null };

test("a server that gave no answer in time may be a slow one: it is told apart before anything is ended", async () => {
  const note = await processNote(running, "no_answer", [supervisor]);
  assert.match(note, /says it is ready, but did not answer in time: it hangs, or is slow\. /);
  assert.match(note, /ops\/runbooks\/database_unavailable\.md, Fix, 2/);
  assert.doesNotMatch(note, /kill/);
  assert.equal(await processNote(running, null, [supervisor]), `${process.pid} runs, and says it is ready`);
});

test("a server that is gone is started by its supervisor, or, where none runs, by hand", async () => {
  for (const traces of [gone, ended]) {
    assert.match(await processNote(traces, "unreachable", [supervisor]), /the supervisor starts it again$/);
    for (const parts of [null, [], [{ ...supervisor, state: "gone" as const }]])
      assert.match(await processNote(traces, "unreachable", parts), /pnpm dispatch:stack:up starts it$/);
  }
});
