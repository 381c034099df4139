// Every command of the webhooks' runbook, run as it is written, on a desk whose receiver was down long enough.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { deadLetters } from "../../dispatch/webhooks/dead-letters.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { hookedDesk, wakeUntil } from "../worker/webhook-desk.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

const runbook = await readFile(join(root, "ops/runbooks/outbox_dead_letters.md"), "utf8");
const blocks = [...runbook.matchAll(/^ *```sh.*\n([^]*?)^ *```/gm)].map(([, text = ""]) => text);
const afterBlock = "~~ end of a block ~~";

test("the runbook's commands work as written", async (t) => {
  const { api, db, endpoint, happen, receiver, worker: start } = await hookedDesk(t);
  const worker = await start({ random: () => 0 });
  receiver.answer = () => 503;
  await happen(1);
  await wakeUntil([worker], "it is given up", () => worker.told("worker.webhook_dead").length === 1);
  receiver.answer = () => 204;

  // The only part that is not as written: pnpm itself need not be on the machine.
  const pnpm =
    `pnpm() { [ "$1" != -s ] || shift; local script="\${1#dispatch:}"; shift; ` +
    `'${process.execPath}' '${join(root, "scripts")}/'"\${script//:/-}.ts" "$@"; }`;
  const { hostname, port } = new URL(api.url);
  const env = {
    ...bareEnvironment,
    DISPATCH_DATABASE_URL: api.databaseUrl,
    DISPATCH_DATA_DIR: api.dataDir,
    DISPATCH_API_HOST: hostname,
    DISPATCH_API_PORT: port,
  };
  // One terminal for all blocks, since they hand variables on.
  const typed = [pnpm, ...blocks.map((block) => `${block}\necho '${afterBlock}'`)].join("\n");
  const { stdout } = await run("bash", ["-e", "-o", "pipefail", "-c", typed], { env });
  const said = stdout.split(`${afterBlock}\n`).slice(0, -1);
  assert.equal(said.length, blocks.length);

  const all = said.join("");
  assert.match(all, /dispatch_webhook_dead_letters 1\n/);
  assert.match(all, /1 dead letters[^]*failing since .*: answered 503[^]*17 tries, answered 503/);
  assert.match(all, new RegExp(`^endpoint: ${endpoint.id}$`, "m"));
  for (const part of [
    /delivered: the endpoint answered 204/,
    /paused .*until it is resumed/,
    /resumed/,
    /secret {3}whsec_/,
    /put 1 dead letters back/,
  ])
    assert.match(all, part);
  assert.match(said.at(-1) ?? "", /, 0 dead letters/);
  assert.deepEqual(await deadLetters(db, { ids: null, endpointId: null, since: null, until: null }, 10), []);
});
