// What whoever listens on Postgres itself hears: every committed event once, in the order of its position, and nothing that was undone.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import pg from "pg";
import { eventsChannel } from "../../dispatch/worker/notify-events.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker, type TestWorker } from "../support/worker.ts";
import { eventually } from "../support/eventually.ts";

type Notice = { readonly position: string; readonly subject: string };

type Ending = { after(fn: () => Promise<void>): void };

async function session(t: Ending, api: TestApi): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: api.databaseUrl });
  // The database is dropped before it says goodbye.
  client.on("error", () => undefined);
  await client.connect();
  t.after(() => client.end());
  return client;
}

/** A subscriber as anybody would write one. @returns what it has heard, once a notice of its own has come back behind all others */
async function subscribe(t: Ending, api: TestApi): Promise<() => Promise<Notice[]>> {
  const client = await session(t, api);
  const heard: Notice[] = [];
  client.on("notification", ({ payload = "" }) => {
    const notice: unknown = payload === "end" ? null : JSON.parse(payload);
    if (notice === null) return void client.emit("end of notices");
    assert.ok(isObject(notice) && Object.keys(notice).join() === "position,subject");
    heard.push({ position: String(notice["position"]), subject: String(notice["subject"]) });
  });
  await client.query(`LISTEN ${eventsChannel}`);
  return async () => {
    const ended = once(client, "end of notices");
    await client.query(`NOTIFY ${eventsChannel}, 'end'`);
    await ended;
    return heard;
  };
}

const eventsOf = async (api: TestApi): Promise<Notice[]> =>
  (await api.owner.query<Notice>("SELECT xact || '.' || id AS position, subject FROM outbox ORDER BY xact, id")).rows;

const happen = (client: pg.Client, subject: string, count: number) =>
  client.query(
    `INSERT INTO outbox (subject, event, payload, created_at)
     SELECT $1 || n, 'step', '{}', now() FROM generate_series(1, $2::int) AS n`,
    [subject, count],
  );

/** Wakes workers until everything that is committed has been told: a transaction of another test's may hold it back for a moment. */
const tellAll = (api: TestApi, workers: readonly TestWorker[]) =>
  eventually("all was told", async () => {
    await Promise.all(workers.map((worker) => worker.wake()));
    const { rows } = await api.owner.query(
      "SELECT FROM outbox o, event_notices n WHERE (o.xact, o.id) > (n.xact, n.id) LIMIT 1",
    );
    return rows.length === 0;
  });

test("every event is told once and in order, whoever of three workers tells it, and nothing that was undone", async (t) => {
  const api = await startTestApi({ t });
  const heard = await subscribe(t, api);
  const workers = await Promise.all([1, 2, 3].map(() => startTestWorker(api, { t })));
  const tickets = await Promise.all(Array.from({ length: 8 }, () => ticketIn(api, "SCHEDULE_PROPOSED")));
  const [{ id = "" } = {}] = tickets;
  await api.refuse("ticket.triage", { ticket: id, body: { priority: "URGENT", incident_type: "CANNOT_SECURE_ENTRY" } });
  const undone = await session(t, api);
  await undone.query("BEGIN");
  await happen(undone, "desk.undone_", 3);
  await undone.query("ROLLBACK");
  await tellAll(api, workers);
  const events = await eventsOf(api);
  assert.ok(events.length >= 8 * 3, `${events.length} events`);
  assert.deepEqual(await heard(), events);
});

test("a backlog longer than a statement tells is told whole, and what commits late comes at its place", async (t) => {
  const api = await startTestApi({ t });
  const heard = await subscribe(t, api);
  const worker = await startTestWorker(api, { t });
  const [late, early] = [await session(t, api), await session(t, api)];
  await late.query("BEGIN");
  await happen(late, "desk.late_", 1);
  await happen(early, "desk.early_", 1_200);
  await worker.wake();
  assert.deepEqual(await heard(), []);
  await late.query("COMMIT");
  await tellAll(api, [worker]);
  const told = await heard();
  assert.deepEqual(told, await eventsOf(api));
  assert.deepEqual([told.length, told[0]?.subject], [1_201, "desk.late_1"]);
});
