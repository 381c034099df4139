// `pnpm dispatch:webhooks` as an operator runs it, from adding an endpoint to a replay, with a worker beside it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { startTestApi } from "../support/api.ts";
import { createEmptyDatabase } from "../support/database.ts";
import { isSignedBy, startReceiver } from "../support/webhook-receiver.ts";
import { startTestWorker } from "../support/worker.ts";
import { wakeUntil } from "../worker/webhook-desk.ts";

const script = join(import.meta.dirname, "../../scripts/webhooks.ts");

type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

function run(databaseUrl: string, args: readonly string[], more: Record<string, string> = {}): Promise<Outcome> {
  const env = { ...bareEnvironment, HOME: process.env["HOME"] ?? "", DISPATCH_DATABASE_URL: databaseUrl, ...more };
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { env, timeout: 600_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

describe("dispatch:webhooks", async () => {
  const api = await startTestApi();
  const nobody = "00000000-0000-7000-8000-000000000000";

  const done = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(api.databaseUrl, args);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    return stdout;
  };
  const objects = async (...args: string[]): Promise<JsonObject[]> => {
    const value: unknown = JSON.parse(await done(...args, "--json"));
    return (Array.isArray(value) ? value : [value]).map((one: unknown) =>
      isObject(one) ? one : assert.fail(`no object: ${String(one)}`),
    );
  };
  const only = async (...args: string[]): Promise<JsonObject> => (await objects(...args))[0] ?? assert.fail("nothing");

  test("adds, tests, shows, pauses, resumes, rotates and removes an endpoint, and shows a secret once", async (t) => {
    const receiver = await startReceiver(t);
    assert.match(await done("list"), /no endpoints/);
    const { id, secret } = await only("add", "--url", receiver.url, "--subject", "field.>", "--subject", "desk.*");
    const endpoint = ["--endpoint", String(id)];
    assert.match(await done("test", ...endpoint), /answered 204/);
    const [sent] = receiver.received;
    assert.ok(sent && isSignedBy(String(secret), sent));
    assert.deepEqual([sent.subject, sent.body["position"]], ["desk.webhook_test", null]);

    await done("pause", ...endpoint, "--reason", "the receiver moves");
    const paused = await only("list");
    assert.deepEqual(
      [paused["id"], paused["subjects"], paused["pause_reason"], paused["pending"]],
      [id, ["field.>", "desk.*"], "the receiver moves", 0],
    );
    await done("resume", ...endpoint);
    assert.equal((await only("list"))["paused_at"], null);

    const rotated = await only("rotate", ...endpoint, "--overlap-hours", "2");
    await done("test", ...endpoint);
    const both = receiver.received.at(-1);
    assert.ok(both && isSignedBy(String(secret), both) && isSignedBy(String(rotated["secret"]), both));
    const shown = (await done("list")) + (await done("list", "--json"));
    assert.match(shown, /the secret before signs too until/);
    for (const one of [secret, rotated["secret"]]) assert.ok(!shown.includes(String(one).slice(6, 30)));

    receiver.answer = () => 500;
    const failed = await run(api.databaseUrl, ["test", ...endpoint]);
    assert.deepEqual([failed.code, failed.stdout], [1, "not delivered: answered 500\n"]);
    assert.match(await done("remove", ...endpoint), /removed/);
    assert.match(await done("list"), /no endpoints/);
  });

  test("shows dead letters, replays those it is told to, and throws others away", async (t) => {
    const receiver = await startReceiver(t);
    const { id } = await only("add", "--url", receiver.url);
    // The command lives by the machine's clock, and so must the worker beside it.
    api.clock.set(new Date().toISOString());
    receiver.answer = () => 500;
    const worker = await startTestWorker(api, { t, random: () => 0 });
    await api.owner.query(
      "INSERT INTO outbox (subject, event, payload, created_at) SELECT 'desk.' || n, n::text, '{}', $1 FROM generate_series(1, 3) AS n",
      [api.clock.iso],
    );
    await wakeUntil([worker], "all are given up", () => worker.told("worker.webhook_dead").length === 3);
    await worker.wake();
    const letters = await objects("dead-letters");
    assert.deepEqual(letters.map((one) => one["subject"]).toSorted(), ["desk.1", "desk.2", "desk.3"]);
    assert.deepEqual(
      [...new Set(letters.map((one) => `${String(one["endpoint_id"])} ${String(one["last_error"])}`))],
      [`${String(id)} answered 500`],
    );
    assert.match(
      await done("dead-letters", "--endpoint", String(id), "--limit", "1"),
      /^\S+ {2}\S+ {2}desk\.\d {2}to .*17 tries, answered 500\n$/,
    );

    receiver.answer = () => 200;
    const before = receiver.received.length;
    assert.deepEqual(await objects("replay", "--since", "2000-01-01", "--until", "2001-01-01"), [{ replayed: 0 }]);
    assert.match(await done("replay", "--id", String(letters[0]?.["id"])), /put 1 dead letter/);
    api.clock.set(new Date().toISOString());
    await wakeUntil([worker], "it arrived", () => receiver.received.length === before + 1);
    assert.equal(receiver.received.at(-1)?.id, letters[0]?.["id"]);
    assert.match(await done("replay", "--endpoint", String(id), "--since", "2000-01-01"), /put 2 dead letters/);
    api.clock.set(new Date().toISOString());
    await wakeUntil([worker], "they arrived", () => receiver.received.length === before + 3);
    assert.match(await done("dead-letters"), /no dead letters/);
    assert.deepEqual(await objects("discard", "--all"), [{ discarded: 0 }]);
    await done("remove", "--endpoint", String(id));
  });

  test("says what a database or its login lacks", async (t) => {
    const empty = await createEmptyDatabase(t);
    const older = await run(empty.url, ["list"]);
    assert.deepEqual(
      [older.code, older.stderr],
      [1, "the database is older than this release; pnpm dispatch:migrate brings it up to date\n"],
    );
    const name = `dispatch_clerk_${randomBytes(4).toString("hex")}`;
    await api.owner.query(`CREATE ROLE ${name} LOGIN PASSWORD 'not-told' IN ROLE dispatch_app`);
    t.after(async () => void (await api.owner.query(`DROP ROLE ${name}`)));
    const asClerk = new URL(api.databaseUrl);
    asClerk.username = name;
    asClerk.password = "not-told";
    const refused = await run(asClerk.href, ["add", "--url", "https://hooks.example/"]);
    assert.deepEqual(
      [refused.code, refused.stderr],
      [1, "this database login may not manage webhooks; use the one that migrates\n"],
    );
  });

  const wrong: readonly [string, readonly string[], RegExp, Record<string, string>?][] = [
    ["an action it does not know", ["sing"], /no action sing; one of add, list/],
    ["no address", ["add"], /needs --url/],
    ["an address with a password", ["add", "--url", "https://a:b@hooks.example/"], /user and password/],
    ["plain http in production", ["add", "--url", "http://hooks.example/"], /https/, { NODE_ENV: "production" }],
    ["a pattern that is none", ["add", "--url", "https://hooks.example/", "--subject", "field.(.*)"], /--subject/],
    ["no endpoint", ["pause"], /--endpoint is needed/],
    ["an endpoint that is no id", ["pause", "--endpoint", "x"], /must be an id, not x/],
    ["an endpoint that is not there", ["remove", "--endpoint", nobody], /no endpoint/],
    ["a test of an endpoint that is not there", ["test", "--endpoint", nobody], /no endpoint/],
    ["a replay of nothing in particular", ["replay"], /say which/],
    ["a discard of nothing in particular", ["discard"], /say which/],
    ["a time that is none", ["replay", "--since", "yesterday"], /must be a time/],
  ];
  for (const [name, args, said, env] of wrong) {
    test(`refuses ${name} in a sentence`, async () => {
      const { code, stdout, stderr } = await run(api.databaseUrl, args, env);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, said);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    });
  }
});
