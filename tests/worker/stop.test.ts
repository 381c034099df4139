// The worker as a process: it ends in good order, finishing the ticket in hand, and by force when that takes too long.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import pg from "pg";
import { startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { startWorkerProcess } from "../support/worker-process.ts";

/** Keeps the worker in the middle of a ticket: its recommendation cannot be stored. */
async function heldUp(
  t: { after(fn: () => Promise<void>): void },
  api: TestApi,
): Promise<{ release(): Promise<void> }> {
  const client = new pg.Client({ connectionString: api.databaseUrl });
  client.on("error", () => undefined);
  await client.connect();
  t.after(() => client.end());
  await client.query("BEGIN");
  await client.query("LOCK TABLE recommendation_snapshots IN ACCESS EXCLUSIVE MODE");
  return { release: async () => void (await client.query("ROLLBACK")) };
}

const isWaiting = async (api: TestApi): Promise<boolean> => {
  // The table has the same number in every copy of the template.
  const { rowCount } = await api.owner.query(
    `SELECT FROM pg_locks WHERE NOT granted AND relation = 'recommendation_snapshots'::regclass
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rowCount !== 0;
};

/** The worker is a process of its own and goes by the machine's clock: on another one every proposal would be overdue to it. */
async function startDesk(t: TestContext): Promise<TestApi> {
  const api = await startTestApi({ t });
  api.clock.set(new Date().toISOString());
  return api;
}

test("SIGTERM lets the ticket in hand be finished, and only that", async (t) => {
  const api = await startDesk(t);
  const worker = await startWorkerProcess(t, api);
  const hold = await heldUp(t, api);
  const soon = (minutes: number) => ({ window: { start: api.clock.in(minutes), end: api.clock.in(minutes + 60) } });
  const first = await ticketIn(api, "SCHEDULED", soon(60));
  await eventually("the worker is in the middle of it", () => isWaiting(api));
  const second = await ticketIn(api, "SCHEDULED", soon(180));
  worker.signal("SIGTERM");
  await eventually("it was heard", () => worker.told("worker.shutdown_requested").length > 0);
  await hold.release();
  assert.equal(await worker.ended, 0);
  assert.equal((await api.read("ticket.get", { ticket: first.id })).state, "DISPATCHED");
  assert.equal((await api.read("ticket.get", { ticket: second.id })).state, "SCHEDULED");
  const [complete] = worker.told("worker.shutdown_complete");
  assert.ok(complete && Number(complete["cycles"]) > 0);
  assert.deepEqual([complete["dispatches"], complete["errors"]], [1, 0]);
  assert.deepEqual((await api.owner.query("SELECT id FROM workers")).rows, [], "it signed off");
  assert.equal(worker.told("worker.started").length, 1);
});

test("a worker that does not finish in time is ended by force", async (t) => {
  const api = await startDesk(t);
  const worker = await startWorkerProcess(t, { ...api, settings: { DISPATCH_WORKER_SHUTDOWN_TIMEOUT_MS: "200" } });
  const hold = await heldUp(t, api);
  const { id } = await ticketIn(api, "SCHEDULED");
  await eventually("the worker is in the middle of it", () => isWaiting(api));
  worker.signal("SIGTERM");
  assert.equal(await worker.ended, 1);
  assert.equal(worker.told("worker.shutdown_forced").length, 1);
  assert.equal(worker.told("worker.shutdown_complete").length, 0);
  await hold.release();
  // Nothing by halves, and the next worker takes it up when the claim has lapsed.
  assert.equal((await api.read("ticket.get", { ticket: id })).state, "SCHEDULED");
});

test("a worker whose database is not there says so and ends", async (t) => {
  const api = await startTestApi({ t });
  const away = new URL(api.databaseUrl);
  away.pathname = "/nowhere";
  const worker = await startWorkerProcess(t, { databaseUrl: away.href, dataDir: api.dataDir });
  assert.equal(await worker.ended, 1);
  assert.equal(worker.told("worker.fatal_error").length, 1);
});
