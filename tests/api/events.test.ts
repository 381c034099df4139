import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import pg from "pg";
import { streamLimits } from "../../dispatch/api/events.ts";
import {
  maxLooks,
  positionFrom,
  readPage,
  type Page,
  type Position,
  type View,
} from "../../dispatch/kernel/outbox-reader.ts";
import type { Actor } from "../../dispatch/kernel/actor.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { openEvents } from "./event-client.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { accountId, call, dispatcher, errorOf, newTicket, otherAccountId, post, siteId } from "./calls.ts";

const outboxChannel = "dispatch_outbox";
const insert = `INSERT INTO outbox (subject, event, aggregate_id, account_id, site_id, payload, created_at)
                VALUES ($1, 'test', NULL, $2, $3, '{}', now())`;
const everybody: Actor = { id: "a", type: "HUMAN", role: "dispatcher", techId: null, accounts: "*", sites: "*" };

async function session(t: { after(fn: () => Promise<void>): void }, api: TestApi): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: api.databaseUrl });
  await client.connect();
  t.after(() => client.end());
  return client;
}

describe("the event stream", async () => {
  const api = await startTestApi();

  test("tells what happens from now on, in order, with the receipt of each command", async () => {
    await newTicket(api);
    const events = await openEvents(api);
    assert.equal(events.response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    const id = await newTicket(api);
    await post(api, `/tickets/${id}/request-info`, { questions: ["Which door?"] });
    const [made, asked] = [await events.next(), await events.next()];
    assert.equal(made.data["subject"], `field.ticket.${id}.ticket_create`);
    assert.equal(made.data["event"], "ticket_create");
    assert.equal(asked.data["subject"], `field.ticket.${id}.ticket_request_info`);
    assert.ok(isObject(asked.data["payload"]));
    assert.equal(asked.data["payload"]["after_state"], "NEEDS_INFO");
    const receipt = await call(api, `/receipts/${String(asked.data["payload"]["receipt_id"])}`);
    assert.equal(receipt.status, 200);
    events.close();
  });

  test("tells nothing that was there before, though an older transaction runs", async (t) => {
    const older = await session(t, api);
    await older.query("BEGIN");
    await older.query("SELECT pg_current_xact_id()");
    await newTicket(api);
    const events = await openEvents(api);
    const id = await newTicket(api);
    await older.query("COMMIT");
    await api.owner.query(`NOTIFY ${outboxChannel}`);
    assert.equal((await events.next()).data["subject"], `field.ticket.${id}.ticket_create`);
    events.close();
  });

  test("goes on behind the last event seen, by header or by parameter", async () => {
    const events = await openEvents(api);
    const ids = [await newTicket(api), await newTicket(api), await newTicket(api)];
    const first = await events.next();
    events.close();
    for (const resume of [{ headers: { "last-event-id": first.id } }, { query: `?after=${first.id}` }]) {
      const again = await openEvents(api, resume);
      for (const id of ids.slice(1))
        assert.equal((await again.next()).data["subject"], `field.ticket.${id}.ticket_create`);
      again.close();
    }
  });

  test("keeps to the caller's scope", async () => {
    const scoped = await openEvents(api, { headers: { "x-account-scope": accountId, "x-site-scope": siteId } });
    const elsewhere = await openEvents(api, { headers: { "x-account-scope": otherAccountId } });
    const nowhere = await openEvents(api, { headers: { "x-account-scope": accountId, "x-site-scope": "" } });
    const [other, own] = [await newTicket(api, "other"), await newTicket(api)];
    assert.equal((await scoped.next()).data["subject"], `field.ticket.${own}.ticket_create`);
    assert.equal((await elsewhere.next()).data["subject"], `field.ticket.${other}.ticket_create`);
    for (const stream of [scoped, elsewhere, nowhere]) stream.close();
  });

  test("filters by subject: * is one token, > all that follow, several patterns add up", async () => {
    const id = await newTicket(api);
    const filters: readonly (readonly [string, readonly string[]])[] = [
      [`?subject=field.ticket.${id}.*`, ["a", "c"]],
      [`?subject=field.ticket.*.c`, ["c"]],
      [`?subject=field.%3E`, ["a", "b", "c"]],
      [`?subject=desk.x&subject=field.ticket.*.b`, ["b", "x"]],
      ["", ["a", "b", "x", "c"]],
    ];
    const streams = await Promise.all(filters.map(([query]) => openEvents(api, { query })));
    for (const subject of [`field.ticket.${id}.a`, "field.ticket.other.b", "desk.x", `field.ticket.${id}.c`]) {
      await api.owner.query(insert, [subject, accountId, siteId]);
    }
    await api.owner.query(`NOTIFY ${outboxChannel}`);
    for (const [at, [query, expected]] of filters.entries()) {
      for (const last of expected) {
        const message = await streams[at]?.next();
        assert.equal(String(message?.data["subject"]).split(".").at(-1), last, query);
      }
      streams[at]?.close();
    }
  });

  test("misses nothing when two transactions commit in the other order, and tells nothing twice", async (t) => {
    const events = await openEvents(api);
    const [early, late] = [await session(t, api), await session(t, api)];
    const start = positionFrom((await firstPosition(api)).id, { xact: String(2n ** 62n), id: "0" });
    await late.query("BEGIN");
    await late.query(insert, ["field.late", accountId, siteId]);
    await early.query(insert, ["field.early", accountId, siteId]);
    await early.query(`NOTIFY ${outboxChannel}`);
    const page = await readPage(api.desk.db, start, { actor: everybody, subjects: null });
    assert.deepEqual(
      [page.events.map(({ subject }) => subject), page.withheld],
      [[], true],
      "the committed row waits for the older one",
    );
    await late.query("COMMIT");
    await late.query(`NOTIFY ${outboxChannel}`);
    await api.owner.query(insert, ["field.last", accountId, siteId]);
    await api.owner.query(`NOTIFY ${outboxChannel}`);
    const told: unknown[] = [];
    while (told.at(-1) !== "field.last") {
      const { subject } = (await events.next()).data;
      if (subject !== marker) told.push(subject);
    }
    assert.deepEqual(told, ["field.late", "field.early", "field.last"]);
    events.close();
  });

  test("goes on when a transaction that held rows back is rolled back, which nobody announces", async (t) => {
    const events = await openEvents(api);
    const held = await session(t, api);
    await held.query("BEGIN");
    await held.query(insert, ["field.never", accountId, siteId]);
    await api.owner.query(insert, ["field.waits", accountId, siteId]);
    await api.owner.query(`NOTIFY ${outboxChannel}`);
    await held.query("ROLLBACK");
    assert.equal((await events.next()).data["subject"], "field.waits");
    events.close();
  });

  test("hands out more than a page without a further announcement", async () => {
    const events = await openEvents(api, { query: "?subject=bulk.*" });
    await api.owner.query(
      `INSERT INTO outbox (subject, event, payload, created_at) SELECT 'bulk.' || n, 'test', '{}', now() FROM generate_series(1, 450) AS n`,
    );
    await api.owner.query(`NOTIFY ${outboxChannel}`);
    for (let n = 1; n <= 450; n++) assert.equal((await events.next()).data["subject"], `bulk.${n}`);
    events.close();
  });

  test("looks past any number of events that are not wanted, a bounded number at a time", async () => {
    const events = await openEvents(api, { query: "?subject=rare.*" });
    const start = positionFrom((await firstPosition(api)).id, { xact: String(2n ** 62n), id: "0" });
    await api.owner.query(
      `INSERT INTO outbox (subject, event, payload, created_at)
       SELECT CASE n WHEN $1 THEN 'rare.one' ELSE 'common.' || n END, 'test', '{}', now() FROM generate_series(1, $1) AS n`,
      [2 * maxLooks + 1],
    );
    await api.owner.query(`NOTIFY ${outboxChannel}`);
    assert.equal((await events.next()).data["subject"], "rare.one");
    events.close();

    const view = { actor: everybody, subjects: ["^rare"] };
    const [first, second, third] = await pagesBehind(api, start, view);
    assert.deepEqual([first?.events, first?.full, second?.events, second?.full], [[], true, [], true]);
    assert.deepEqual([third?.events.map(({ subject }) => subject), third?.full], [["rare.one"], false]);
  });

  test("listens again after its connection was cut", async () => {
    const events = await openEvents(api);
    await api.owner.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dispatch-api " +
        "listen' AND datname = current_database()",
    );
    const id = await newTicket(api);
    assert.equal((await events.next()).data["subject"], `field.ticket.${id}.ticket_create`);
    events.close();
  });

  const refused: readonly (readonly [string, string, Record<string, string>, number, string])[] = [
    ["no credentials", "", { "x-actor-id": "" }, 400, "MISSING_ACTOR_CONTEXT"],
    ["a technician", "", { "x-actor-role": "tech" }, 403, "FORBIDDEN"],
    ["a customer", "", { "x-actor-role": "customer" }, 403, "FORBIDDEN"],
    ["an unknown parameter", "?since=1", {}, 400, "INVALID_QUERY"],
    ["a subject that is none", "?subject=a..b", {}, 400, "INVALID_QUERY"],
    ["> in the middle", "?subject=a.%3E.b", {}, 400, "INVALID_QUERY"],
    ["a regular expression", "?subject=(a%2B)%2B%24", {}, 400, "INVALID_QUERY"],
    ["a position that is none", "?after=abc", {}, 400, "INVALID_QUERY"],
    ["a position out of range", "?after=99999999999999999999.1", {}, 400, "INVALID_QUERY"],
    ["a position nobody reached", "?after=9000000000000000000.1", {}, 400, "INVALID_QUERY"],
    ["a header that is no position", "", { "last-event-id": "x'; --" }, 400, "INVALID_QUERY"],
    ["two positions", "?after=1.1&after=1.2", {}, 400, "INVALID_QUERY"],
  ];
  for (const [what, query, headers, status, code] of refused) {
    test(`refuses ${what}: ${status} ${code}`, async () => {
      const reply = await call(api, `/events${query}`, { headers: { ...dispatcher, ...headers } });
      assert.deepEqual([reply.status, errorOf(reply)["code"]], [status, code]);
    });
  }

  test("serves a bounded number of streams", async () => {
    const streams = await Promise.all(
      Array.from({ length: streamLimits.most }, (_, n) =>
        openEvents(api, { headers: { "x-actor-id": `reader-${n % (streamLimits.most / streamLimits.each)}` } }),
      ),
    );
    const reply = await call(api, "/events");
    assert.deepEqual([reply.status, errorOf(reply)["code"]], [429, "RATE_LIMITED"]);
    assert.ok(Number(reply.headers.get("retry-after")) > 0);
    const id = await newTicket(api);
    for (const stream of streams)
      assert.equal((await stream.next()).data["subject"], `field.ticket.${id}.ticket_create`);
    for (const stream of streams) stream.close();
  });

  test("ends at once for HEAD", async () => assert.equal((await call(api, "/events", { method: "HEAD" })).status, 200));
});

test("a stop ends the streams", async (t) => {
  const api = await startTestApi({ t });
  const events = await openEvents(api);
  assert.equal(await api.stop(), true);
  await events.ended();
});

async function pagesBehind(api: TestApi, start: Position, view: View): Promise<Page[]> {
  const pages: Page[] = [];
  for (let after = start; pages.at(-1)?.full !== false; after = pages.at(-1)?.position ?? start) {
    pages.push(await readPage(api.desk.db, after, view));
  }
  return pages;
}

const marker = `marker.${randomUUID()}`;

/** An event that is certainly out, to start behind. */
async function firstPosition(api: TestApi): Promise<{ id: string }> {
  const stream = await openEvents(api, { query: `?subject=${marker}` });
  await api.owner.query(insert, [marker, accountId, siteId]);
  await api.owner.query(`NOTIFY ${outboxChannel}`);
  const message = await stream.next();
  stream.close();
  return message;
}
