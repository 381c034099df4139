// One intent, one effect, also when a hundred equal calls arrive at the same moment at two processes: they are held
// together in the database first, so that they meet on every run.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test, type TestContext } from "node:test";
import { startApiProcess, type ApiProcess } from "../support/api-process.ts";
import { createTestDatabase } from "../support/database.ts";
import { post, type Command, type Reply } from "./callers.ts";
import { effectsOf, once } from "./effects.ts";
import { addEvidence, blindIntake, createTicket, layOutField, otherIncident, pauseAutonomy, triage } from "./field.ts";
import { beforeCommit, holdLock } from "./gate.ts";

const calls = 100;
const poolMax = 10;
/** Longer than any test here. */
const tooLongMs = 600_000;

const database = await createTestDatabase();
const dataDir = await mkdtemp(join(tmpdir(), "dispatch-race-"));
after(() => rm(dataDir, { recursive: true, force: true }));
const start = (lockTimeoutMs: number): Promise<ApiProcess> =>
  startApiProcess(
    { after },
    {
      databaseUrl: database.url,
      dataDir,
      settings: {
        DISPATCH_DB_POOL_MAX: String(poolMax),
        DISPATCH_DB_LOCK_TIMEOUT_MS: String(lockTimeoutMs),
        DISPATCH_DB_STATEMENT_TIMEOUT_MS: String(tooLongMs),
      },
    },
  );
// Patient ones, so that holding the calls together cannot end them, and one that gives up soon.
const [one, other, impatient] = await Promise.all([start(tooLongMs), start(tooLongMs), start(100)]);
const field = await layOutField(database.url);

/**
 * Sends all of them, alternating between the processes, and lets them go once calls of both stand before the commit. How many
 * each process lets run into each other is its own affair: calls of one key wait for one another within it.
 */
async function together(t: TestContext, commands: readonly Command[], key: string): Promise<Reply[]> {
  const gate = await holdLock(t, database.url, beforeCommit);
  const replies = commands.map((command, i) => post(i % 2 === 0 ? one : other, command, key));
  await gate.crowd(2);
  await gate.open();
  return await Promise.all(replies);
}

async function newTicket(): Promise<string> {
  const { body } = await post(one, createTicket(field), randomUUID());
  assert.ok(body.id);
  return body.id;
}

/** One answer in as many copies, and one of them the original. */
function assertOneAnswer(replies: readonly Reply[], status: number): void {
  assert.deepEqual(
    new Set(replies.map((reply) => reply.status)),
    new Set([status]),
    replies.find((reply) => reply.status !== status)?.text,
  );
  assert.equal(new Set(replies.map((reply) => reply.text)).size, 1, "every body is the same, byte for byte");
  assert.equal(replies.filter((reply) => !reply.replayed).length, 1, "one answer is not a replay");
}

describe("a hundred equal calls at two processes have one effect and one answer", () => {
  const cases = [
    { name: "a command that creates", make: async () => createTicket(field), status: 201, effects: once },
    {
      name: "an intake, which also looks for its own duplicate",
      make: async () => blindIntake(field),
      status: 201,
      effects: once,
    },
    { name: "a command on a ticket", make: async () => triage(await newTicket()), status: 200, effects: once },
    {
      name: "a command that only touches its ticket",
      make: async () => addEvidence(await newTicket()),
      status: 201,
      effects: { ...once, evidence: 1 },
    },
    {
      name: "a command about the desk",
      make: async () => pauseAutonomy(otherIncident),
      status: 200,
      effects: { ...once, tickets: 0, pauses: 1 },
    },
  ];
  for (const { name, make, status, effects } of cases) {
    test(name, async (t) => {
      const command = await make();
      const key = randomUUID();
      const replies = await together(
        t,
        Array.from({ length: calls }, () => command),
        key,
      );
      assertOneAnswer(replies, status);
      assert.deepEqual(await effectsOf(database.url, key), effects);
    });
  }
});

describe("a key that stands for two things at once serves one of them", () => {
  const cases = [
    {
      name: "two tickets to be created",
      make: async () => [createTicket(field, "The front door"), createTicket(field, "The back door")],
    },
    {
      name: "two changes of one ticket",
      make: async () => {
        const change = triage(await newTicket());
        return [change, { ...change, body: { ...change.body, priority: "ROUTINE" } }];
      },
    },
    {
      name: "the same change of two tickets",
      make: async () => [triage(await newTicket()), triage(await newTicket())],
    },
    { name: "two pauses", make: async () => [pauseAutonomy(otherIncident), pauseAutonomy("FRAME_OR_GLASS_DAMAGE")] },
  ];
  for (const { name, make } of cases) {
    test(name, async (t) => {
      const bodies = await make();
      const commands = Array.from({ length: calls }, (_, i) => bodies[Math.floor(i / 2) % 2]).filter(
        (command) => command !== undefined,
      );
      const key = randomUUID();
      const replies = await together(t, commands, key);

      const served = Map.groupBy(replies, ({ status }) => status < 300);
      assertOneAnswer(served.get(true) ?? [], served.get(true)?.[0]?.status ?? 0);
      const refused = served.get(false) ?? [];
      assert.equal(refused.length, calls / 2);
      assert.deepEqual(
        new Set(refused.map(({ status, body }) => `${status} ${body.error?.code}`)),
        new Set(["409 IDEMPOTENCY_PAYLOAD_MISMATCH"]),
      );
      const { audit, outbox, answers } = await effectsOf(database.url, key);
      assert.deepEqual({ audit, outbox, answers }, { audit: 1, outbox: 1, answers: 1 });
    });
  }
});

describe("a call that cannot wait any longer is told to come again", () => {
  const cases = [
    { name: "a command that creates", make: async () => createTicket(field), status: 201 },
    {
      name: "an intake, which also waits for its like",
      make: async () => blindIntake(field, "Ina Impatient"),
      status: 201,
    },
    { name: "a command on a ticket", make: async () => triage(await newTicket()), status: 200 },
    { name: "a command about the desk", make: async () => pauseAutonomy("AUTO_OPERATOR_FAULT"), status: 200 },
  ];
  for (const { name, make, status } of cases) {
    test(`and has its one effect then: ${name}`, async (t) => {
      const command = await make();
      const key = randomUUID();
      const gate = await holdLock(t, database.url, beforeCommit);
      const busy = await Promise.all(Array.from({ length: 5 }, () => post(impatient, command, key)));
      for (const reply of busy) {
        assert.equal(`${reply.status} ${reply.body.error?.code}`, "409 IDEMPOTENCY_IN_FLIGHT", reply.text);
        assert.equal(reply.retryAfter, "1");
      }
      assert.deepEqual((await effectsOf(database.url, key)).audit, 0);
      await gate.open();

      const again = await Promise.all(Array.from({ length: 5 }, () => post(one, command, key)));
      assertOneAnswer(again, status);
      assert.deepEqual((await effectsOf(database.url, key)).audit, 1);
    });
  }
});
