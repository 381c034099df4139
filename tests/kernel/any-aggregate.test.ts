// The pipeline and the API run any aggregate: toys, which only tests know, go through all of it, side by side with nothing of
// the house but the kernel and the API.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, describe, test } from "node:test";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { startToyApi, toyAggregates as aggregates } from "./toy-api.ts";

const account = randomUUID();
const site = randomUUID();
const part = randomUUID();
const api = await startToyApi({ after });
const { owner } = api;

type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: JsonObject;
  readonly replayed: boolean;
};

async function send(
  method: string,
  path: string,
  body?: object,
  { key = randomUUID(), headers = {} }: { key?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const response = await fetch(`${api.url}${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      "x-actor-id": "dana",
      "x-actor-role": "dispatcher",
      ...(method !== "GET" && { "idempotency-key": key }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed: unknown = text === "" ? {} : JSON.parse(text);
  assert.ok(isObject(parsed));
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: parsed,
    replayed: response.headers.get("idempotency-replayed") === "true",
  };
}

const codeOf = ({ body }: Reply): unknown => (isObject(body["error"]) ? body["error"]["code"] : undefined);
const made = async (name: string): Promise<string> => {
  const reply = await send("POST", "/toys", { name, account_id: account, site_id: site });
  assert.equal(reply.status, 201, reply.text);
  return name;
};
const receiptIn = ({ body }: Reply): JsonObject =>
  isObject(body["receipt"]) ? body["receipt"] : assert.fail("no receipt");

describe("an aggregate of another wing", () => {
  test("is made, changed, touched and ended by its own methods, statuses and ids", async () => {
    await made("red-train");
    const painted = await send("PATCH", "/toys/red-train", { colour: "red" });
    assert.deepEqual([painted.status, painted.body["state"], painted.body["colour"]], [200, "PAINTED", "red"]);
    const seen = await send("PUT", `/toys/red-train/parts/${part}`, { context: null });
    assert.deepEqual([seen.status, seen.body["part"]], [202, part]);
    assert.deepEqual((await send("GET", "/toys/red-train")).body, {
      name: "red-train",
      state: "PAINTED",
      colour: "red",
    });
    const broken = await send("DELETE", "/toys/red-train", {});
    assert.deepEqual([broken.status, broken.text, broken.headers.get("content-length")], [204, "", null]);
    assert.equal((await send("GET", "/toys/Red-Train")).body["state"], "BROKEN", "ids are found in any letter case");
  });

  test("has an audit chain, moves and receipts of its own", async () => {
    await made("chained");
    const first = receiptIn(await send("PATCH", "/toys/chained", { colour: "red" }));
    assert.deepEqual(
      [first["ticket_id"], first["aggregate"], first["aggregate_id"], first["before_state"], first["after_state"]],
      [null, "toy", "chained", "NEW", "PAINTED"],
    );
    assert.deepEqual((await send("GET", `/receipts/${String(first["receipt_id"])}`)).body, first);
    const { rows } = await owner.query(
      "SELECT seq, hash_version, ticket_id FROM audit_events WHERE aggregate = 'toy' AND aggregate_id = 'chained' ORDER BY seq",
    );
    assert.deepEqual(
      rows,
      [1, 2].map((seq) => ({ seq, hash_version: 3, ticket_id: null })),
    );
    const moves = await owner.query(
      "SELECT from_state, to_state FROM state_transitions WHERE aggregate = 'toy' AND aggregate_id = 'chained' ORDER BY audit_event_id",
    );
    assert.deepEqual(moves.rows, [
      { from_state: "@new", to_state: "NEW" },
      { from_state: "NEW", to_state: "PAINTED" },
    ]);
    assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, []);
    await owner.query("UPDATE toys SET state = 'NEW' WHERE name = 'chained'");
    const { faults } = await verifyAudit(api.desk.db, aggregates);
    assert.deepEqual(
      faults.map(({ aggregate, chain, kind }) => [aggregate, chain, kind]),
      [["toy", "chained", "STATE_UNEXPLAINED"]],
    );
    await owner.query("UPDATE toys SET state = 'PAINTED', colour = 'blue' WHERE name = 'chained'");
    assert.deepEqual(
      (await verifyAudit(api.desk.db, aggregates)).faults.map(({ chain, kind }) => [chain, kind]),
      [["chained", "ROW_CHANGED"]],
    );
    await owner.query("UPDATE toys SET colour = 'red' WHERE name = 'chained'");
  });

  test("is refused by its own machine, names and kinds of ids", async () => {
    await made("refused");
    await send("DELETE", "/toys/refused", {});
    const again = await send("PATCH", "/toys/refused", { colour: "red" });
    assert.deepEqual([again.status, codeOf(again)], [409, "INVALID_STATE_TRANSITION"]);
    for (const path of ["/toys/nobody", "/toys/not%20a%20name", "/toys/-begins-wrongly", `/toys/${"x".repeat(64)}`]) {
      assert.deepEqual(
        [(await send("PATCH", path, { colour: "red" })).status, (await send("GET", path)).status],
        [404, 404],
        path,
      );
    }
    assert.equal((await send("PUT", "/toys/refused/parts/no-uuid", { context: 1 })).status, 404);
    const other = await send("POST", "/toys/refused", {});
    assert.deepEqual([other.status, codeOf(other)], [405, "METHOD_NOT_ALLOWED"]);
    assert.equal((await send("PATCH", "/toys/refused", { colour: "" })).status, 400);
  });

  test("is given again under its key, whatever its answer says of tickets", async () => {
    await made("told");
    const key = randomUUID();
    const body = { context: { ticket_id: "door 7" } };
    const first = await send("PUT", `/toys/told/parts/${part}`, body, { key });
    const second = await send("PUT", `/toys/told/parts/${part}`, body, { key });
    assert.deepEqual([first.status, first.replayed, second.status, second.replayed], [202, false, 202, true]);
    assert.equal(second.text, first.text);
    assert.equal(
      codeOf(await send("PUT", `/toys/told/parts/${randomUUID()}`, body, { key })),
      "IDEMPOTENCY_PAYLOAD_MISMATCH",
    );
    const ended = randomUUID();
    assert.equal((await send("DELETE", "/toys/told", {}, { key: ended })).replayed, false);
    const [once, more] = [
      await send("DELETE", "/toys/told", {}, { key: ended }),
      await send("DELETE", "/toys/told", {}, { key: ended }),
    ];
    assert.deepEqual([once.status, once.replayed, more.text], [204, true, ""]);
  });

  test("keeps to its caller's scope, on replays too", async () => {
    await made("scoped");
    const elsewhere = { "x-account-scope": randomUUID() };
    assert.equal(codeOf(await send("GET", "/toys/scoped", undefined, { headers: elsewhere })), "FORBIDDEN_SCOPE");
    assert.equal(
      codeOf(await send("PATCH", "/toys/scoped", { colour: "red" }, { headers: elsewhere })),
      "FORBIDDEN_SCOPE",
    );
    const key = randomUUID();
    const painted = await send("PATCH", "/toys/scoped", { colour: "red" }, { key });
    assert.equal(
      codeOf(await send("PATCH", "/toys/scoped", { colour: "red" }, { key, headers: elsewhere })),
      "FORBIDDEN_SCOPE",
    );
    assert.equal(
      codeOf(
        await send("GET", `/receipts/${String(receiptIn(painted)["receipt_id"])}`, undefined, { headers: elsewhere }),
      ),
      "FORBIDDEN_SCOPE",
    );
  });

  test("is heard at /events under its own subject", async () => {
    const abort = new AbortController();
    const stream = await fetch(`${api.url}/events?subject=toys.*.*`, {
      headers: { "x-actor-id": "dana", "x-actor-role": "dispatcher" },
      signal: abort.signal,
    });
    assert.ok(stream.body);
    const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
    await made("heard");
    let text = "";
    while (!text.includes("toys.heard.toy_make"))
      text += (await reader.read()).value ?? assert.fail("the stream ended");
    assert.match(text, /"aggregate":"toy"/);
    assert.match(text, /"aggregate_id":"heard"/);
    abort.abort();
    await reader.cancel().catch(() => undefined);
  });

  test("stands in the OpenAPI document, on the docs page and in the contract's hash", async () => {
    const { paths } = (await send("GET", "/openapi.json")).body;
    assert.ok(isObject(paths));
    const one = paths["/toys/{toyName}"];
    assert.ok(isObject(one));
    assert.deepEqual(Object.keys(one).sort(), ["delete", "get", "patch"]);
    assert.match(JSON.stringify(one["patch"]), /\^\[a-z0-9\]/);
    assert.match(JSON.stringify(paths["/toys/{toyName}/parts/{partId}"]), /"202"/);
    const page = await (await fetch(`${api.url}/docs`)).text();
    assert.match(page, /id="toy\.paint"/);
    const { tool_names } = (await send("GET", "/contract")).body;
    assert.deepEqual(tool_names, ["toy.make", "toy.paint", "toy.inspect", "toy.break", "toy.get", "receipt.get"]);
  });

  test("is worked on by many at once: two commands on one toy follow one another, others share a transaction", async () => {
    const names = Array.from({ length: 12 }, (_, n) => `crowd-${n}`);
    await Promise.all(names.map(made));
    const replies = await Promise.all(
      [...names, ...names].map((name, n) => send("PATCH", `/toys/${name}`, { colour: `c${n}` })),
    );
    assert.deepEqual(
      replies.map(({ status }) => status),
      replies.map(() => 200),
    );
    const { rows } = await owner.query(
      `SELECT count(*)::int AS events, count(DISTINCT xmin::text)::int AS transactions
       FROM audit_events WHERE aggregate_id LIKE 'crowd-%' AND seq > 1`,
    );
    assert.equal(rows[0].events, 24);
    assert.ok(rows[0].transactions < 24, `24 commands took ${rows[0].transactions} transactions`);
    const { rows: made3 } = await owner.query(
      "SELECT aggregate_id FROM audit_events WHERE aggregate_id LIKE 'crowd-%' GROUP BY aggregate_id HAVING count(*) <> 3 OR max(seq) <> 3",
    );
    assert.deepEqual(made3, []);
  });

  test("whose name was taken at the same moment is told so by the database, and its neighbours in the transaction go on", async () => {
    const twins = await Promise.all([
      ...Array.from({ length: 2 }, () => send("POST", "/toys", { name: "twin", account_id: account, site_id: site })),
      send("POST", "/toys", { name: "bystander", account_id: account, site_id: site }),
    ]);
    assert.deepEqual(twins.map(({ status }) => status).sort(), [201, 201, 409]);
    assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, []);
  });
});
