// One that is not ready in time: ended, or left running where that helps nobody.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exit, WatchedProcess } from "../../dispatch/ops/gateway/watched-process.ts";
import { waitUntilReady } from "../../dispatch/ops/stack/wait-ready.ts";

const never = new AbortController().signal;

async function wait(isLeftRunning: () => Promise<boolean>, ended: Promise<Exit> = new Promise(() => undefined)) {
  const said: string[] = [];
  const process: WatchedProcess = { pid: 7, ended, kill: assert.fail, answers: isLeftRunning };
  await waitUntilReady({
    name: "worker-1",
    process,
    isReady: async () => false,
    isLeftRunning,
    withinMs: 1,
    log: "/there/is/no/such/log",
    logBegins: 0,
    say: (line) => void said.push(line),
    signal: never,
  });
  return said;
}

test("one that turns is left running, and told; one that does not is given up", async () => {
  assert.deepEqual(await wait(async () => true), ["worker-1 was not ready within 0 s, and is left running."]);
  await assert.rejects(
    wait(async () => false),
    /worker-1 was not ready within 0 s\./,
  );
});

test("one that ended while it was asked is not taken for one that runs", async () => {
  const ended = Promise.withResolvers<Exit>();
  const asked = async () => {
    ended.resolve({ code: 1, signal: null });
    await ended.promise;
    return true;
  };
  await assert.rejects(wait(asked, ended.promise), /worker-1 was not ready within/);
});
