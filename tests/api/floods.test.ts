// What many connections, and much of what they send, can take from everybody else: nothing beyond a stated bound.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, test, type TestContext } from "node:test";
import pg from "pg";
import { clockLeewaySeconds } from "../../dispatch/api/bearer-token.ts";
import { bodyLimits } from "../../dispatch/api/body-reader.ts";
import { streamLimits } from "../../dispatch/api/events.ts";
import { affordable, sparePlaces } from "../../dispatch/api/connection-room.ts";
import { httpServer } from "../../dispatch/api/http-server.ts";
import { Shares } from "../../dispatch/kernel/shares.ts";
import { answering } from "../support/broken-s3.ts";
import { photoFile, requestUpload } from "../support/evidence.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { refusalOf, startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { speaking, tokenSecret } from "../support/token.ts";
import { call, dispatcher, errorOf, newTicket, post } from "./calls.ts";
import { openEvents } from "./event-client.ts";
import { jsonOf, sendRaw, statusOf } from "./raw-http.ts";

/** One byte short of the largest body. */
const almostWhole = 256 * 1024 - 1;

const head = (actor: string | null, more: string): string =>
  `POST /tickets HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: ${randomUUID()}\r\n` +
  `${actor === null ? "" : `X-Actor-Id: ${actor}\r\nX-Actor-Role: dispatcher\r\n`}${more}\r\n\r\n`;

/** A connection that sends something and then waits; what it hears, and whether the server has closed it. */
function hanging(
  t: TestContext,
  { port }: Pick<TestApi, "port">,
  bytes: string,
): { heard: string; closed: boolean; socket: Socket } {
  const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
  const one = { heard: "", closed: false, socket };
  socket.setEncoding("utf8").on("data", (text: string) => (one.heard += text));
  socket.on("error", () => undefined).on("close", () => (one.closed = true));
  t.after(() => void socket.destroy());
  return one;
}

describe("bodies that never end", async () => {
  const api = await startTestApi();
  const actor = (id: string) => ({ "x-actor-id": id, "x-actor-role": "dispatcher" });

  test("of one caller take a share, of all together a bound; nobody else waits, and all of it is given back", async (t) => {
    const perCaller = Math.ceil(bodyLimits.each / almostWhole) + 3;
    const flood = (id: string) =>
      Array.from({ length: perCaller }, () =>
        hanging(t, api, head(id, `Content-Length: ${almostWhole + 1}`) + "x".repeat(almostWhole)),
      );
    const refusedOf = (some: ReturnType<typeof flood>, status: number) =>
      some.filter(({ heard }) => statusOf(heard) === status && heard.includes("\r\n\r\n"));

    const greedy = flood("greedy");
    await eventually("one caller's share is used up", async () => refusedOf(greedy, 429).length >= 3);
    const [refused] = refusedOf(greedy, 429);
    assert.match(refused?.heard ?? "", /^retry-after: 1\r$/im);
    assert.match(JSON.stringify(jsonOf(refused?.heard ?? "")), /RATE_LIMITED.*let one of them end/);
    const isBounded = (some: ReturnType<typeof flood>, most: number) =>
      eventually(
        "all others are refused",
        async () => some.filter(({ heard }) => heard === "").length * almostWhole <= most,
      );
    await isBounded(greedy, bodyLimits.each);
    const large = { description: "x".repeat(almostWhole - 100) };
    assert.equal((await post(api, "/tickets", large, actor("greedy"))).status, 429);
    await newTicket(api);

    const others = ["b", "c", "d", "e"].flatMap(flood);
    await eventually("all that there is is used up", async () => refusedOf(others, 503).length > 0);
    const [away] = refusedOf(others, 503);
    assert.match(away?.heard ?? "", /^retry-after: 1\r$/im);
    assert.match(JSON.stringify(jsonOf(away?.heard ?? "")), /DEPENDENCY_UNAVAILABLE.*"dependency":"api"/);
    await isBounded([...greedy, ...others], bodyLimits.most);
    assert.equal((await call(api, "/tickets", { headers: actor("reader") })).status, 200, "a query has no body");

    for (const { socket } of [...greedy, ...others]) socket.destroy();
    await eventually(
      "it is given back",
      async () => (await post(api, "/tickets", large, actor("greedy"))).status === 400,
    );
  });

  test("sent byte by byte cost what they hold", async () => {
    const pieces = "1\r\nx\r\n".repeat(Math.ceil(bodyLimits.each / 256));
    assert.equal(statusOf(await sendRaw(api.port, head("piecemeal", "Transfer-Encoding: chunked") + pieces)), 429);
  });

  test("are not read for a stranger", async (t) => {
    const strict = { DISPATCH_AUTH_ALLOW_DEV_HEADERS: "false", DISPATCH_AUTH_JWT_SECRET: tokenSecret };
    const closed = await startTestApi({ t, beside: api, env: strict });
    const forged = `Authorization: Bearer a.b.c\r\nContent-Length: 5000`;
    for (const more of ["Content-Length: 5000", "Transfer-Encoding: chunked", forged]) {
      const answer = await sendRaw(closed.port, head(null, more));
      assert.equal(statusOf(answer), 401, more);
      assert.match(answer, /^connection: close\r$/im);
    }
    // What is small is looked at, so that the contract's order of checks holds; for as long as it may take to arrive.
    const small = await sendRaw(closed.port, `${head(null, "Content-Length: 1")}{`);
    assert.match(JSON.stringify(jsonOf(small)), /INVALID_JSON/);
  });
});

describe("connections", () => {
  const most = 12;
  const env = { DISPATCH_API_MAX_CONNECTIONS: String(most) };

  test("that nobody uses make room for those who do", async (t) => {
    const api = await startTestApi({ t, env });
    const idle = Array.from({ length: 4 * most }, (_, n) =>
      hanging(t, api, n % 2 === 0 ? "" : "GET /health HTTP/1.1\r\nX-Slow: "),
    );
    await eventually("the oldest are closed", async () => idle.filter(({ closed }) => closed).length >= 3 * most);
    await newTicket(api);
    assert.ok(
      idle.slice(1 - most).every(({ closed }) => !closed),
      "the newest stay",
    );
  });

  test("that are all busy leave seats for questions of health, and everybody else is told to come again", async (t) => {
    const api = await startTestApi({ t, env });
    const waiting = head("busy", "Content-Length: 10\r\nExpect: 100-continue");
    const busy = Array.from({ length: most }, () => hanging(t, api, waiting));
    await Promise.all(busy.map(({ socket }) => once(socket, "data")));
    const get = (path: string) => sendRaw(api.port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const answer = await get("/contract");
    assert.match(answer, /^retry-after: 1\r$/im);
    assert.match(JSON.stringify(jsonOf(answer)), /DEPENDENCY_UNAVAILABLE.*"dependency":"api"/);
    assert.equal(statusOf(await get("/health")), 200);
    assert.equal(statusOf(await get("/ops/alerts?x")), 200);
    assert.ok(busy.every(({ closed }) => !closed));

    busy[0]?.socket.destroy();
    await eventually("a place is free", async () => statusOf(await get("/contract")) === 400);
    for (const { socket } of busy) socket.destroy();
  });

  /** Answers all but /slow, by more than the system takes in a client's place where that is asked. */
  const largeOrSlow = async (t: TestContext) => {
    const large = Buffer.alloc(32 * 1024 * 1024);
    const { server } = httpServer(({ url }, response) => {
      if (url !== "/slow") response.end(url === "/health?large" ? large : "");
    }, most);
    await once(server.listen(0, "127.0.0.1"), "listening");
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    return { server, port: address.port };
  };
  const asking = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

  test("whose clients do not read make room too, the one used longest ago first", async (t) => {
    const { server, port } = await largeOrSlow(t);
    const working = hanging(t, { port }, asking("/slow"));
    const served: Socket[] = [];
    server.on("request", ({ socket }) => void served.push(socket));
    await eventually("it is at work", async () => served.length === 1);
    for (let n = 1; n < most + sparePlaces; n++) {
      hanging(t, { port }, asking("/health?large")).socket.pause();
      await eventually("it is answered", async () => served.length === n + 1);
    }
    assert.equal(statusOf(await sendRaw(port, asking("/contract"))), 200);
    assert.equal(working.closed, false);
    assert.deepEqual(
      served.map(({ destroyed }) => destroyed).slice(0, -1),
      Array.from({ length: most + sparePlaces }, (_, n) => n > 0 && n <= sparePlaces + 1),
    );
  });

  test("whose clients read nothing for long are closed, those whose answer is still being made are not", async (t) => {
    const { server, port } = await largeOrSlow(t);
    assert.equal(server.timeout, 60_000);
    server.on("request", ({ socket }) => void socket.setTimeout(20));
    const silent = new Set<Socket>();
    server.on("timeout", (socket) => silent.add(socket));
    hanging(t, { port }, asking("/health?large")).socket.pause();
    const working = hanging(t, { port }, asking("/slow"));
    await eventually("both were silent for long", async () => silent.size === 2);
    await eventually("one is closed", async () => [...silent].filter(({ destroyed }) => destroyed).length === 1);
    assert.equal(working.closed, false);
  });

  test("are as many as the system lets the process have files for", () => {
    assert.equal(affordable(1_000, 1_048_576), 1_000);
    assert.equal(affordable(1_000, 512), 512 - 200 - sparePlaces);
    assert.equal(affordable(1_000, null), 1_000);
  });
});

test("a share is taken whole or not at all, and given back", () => {
  const shares = new Shares({ most: 10, each: 6 });
  assert.deepEqual(
    [shares.take("a", 4), shares.take("a", 3), shares.take("b", 6), shares.take("c", 1)],
    ["taken", "each", "taken", "most"],
  );
  assert.equal(shares.total, 10);
  shares.give("a", 4);
  assert.deepEqual([shares.take("c", 4), shares.take("a", 1), shares.total], ["taken", "most", 10]);
});

test("uploads that one actor has read at the same time leave places to others", async (t) => {
  const held: ServerResponse[] = [];
  let waits = true;
  const s3 = await answering(
    (_request, response) => void (waits ? held.push(response) : response.writeHead(404).end()),
  );
  t.after(() => s3.stop());
  const api = await startTestApi({
    t,
    env: {
      DISPATCH_OBJECT_STORE_ENDPOINT: s3.endpoint,
      DISPATCH_OBJECT_STORE_KEY: "key",
      DISPATCH_OBJECT_STORE_SECRET: "secret",
    },
  });
  const add = async (actor: string) => {
    const { id } = await ticketIn(api, "IN_PROGRESS");
    const { uri } = await requestUpload(api, { ticket: id, actor }, photoFile(id));
    const sent = api.call("closeout.add_evidence", { ticket: id, actor, body: { kind: "PHOTO", uri } });
    return sent.then(refusalOf);
  };
  const greedy = Array.from({ length: 4 }, () => add("greedy"));
  await eventually("four are read", async () => held.length === 4);
  const refused = await add("greedy");
  assert.deepEqual([refused.status, refused.error.code, refused.headers["retry-after"]], [429, "RATE_LIMITED", "1"]);
  const other = add("somebody else");
  await eventually("another's is read", async () => held.length === 5);
  waits = false;
  for (const response of held) response.writeHead(404).end();
  for (const { error } of await Promise.all([...greedy, other])) assert.notEqual(error.code, "RATE_LIMITED");
});

test("calls of one person's model wait for each other without the database's connections", async (t) => {
  const env = { DISPATCH_AUTH_JWT_SECRET: tokenSecret, DISPATCH_DB_POOL_MAX: "2" };
  const api = await startTestApi({ t, env });
  const ids = await Promise.all(Array.from({ length: 4 }, () => newTicket(api)));
  const holder = new pg.Client({ connectionString: api.databaseUrl });
  // Its database is dropped before it is closed.
  holder.on("error", () => undefined);
  await holder.connect();
  t.after(() => holder.end());
  await holder.query("BEGIN");
  await holder.query("SELECT FROM tickets WHERE id = $1 FOR UPDATE", [ids[0]]);
  const headers = speaking(api, { via: "chat" });
  const note = (ticket: string) => api.call("ticket.add_note", { ticket, body: { text: "by a model" }, headers });
  const [first = "", ...others] = ids;
  const held = note(first);
  const waiters = async () => {
    const waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    return (await api.owner.query(waiting)).rowCount;
  };
  await eventually("it waits for its ticket", async () => (await waiters()) === 1);
  const rest = others.map(note);
  assert.equal((await call(api, "/tickets", { headers: { ...dispatcher } })).status, 200);
  assert.equal((await post(api, `/tickets/${first}/triage`, {})).status, 400);
  assert.equal(await waiters(), 1);
  await holder.query("ROLLBACK");
  for (const { status, text } of await Promise.all([held, ...rest])) assert.equal(status, 200, text);
});

describe("streams of events", async () => {
  const env = { DISPATCH_AUTH_JWT_SECRET: tokenSecret };
  const tokenOf = (api: TestApi, sub: string, seconds: number) =>
    speaking(api, { sub, exp: api.clock.now().getTime() / 1_000 + seconds });

  test("of one actor leave places to others", async (t) => {
    const api = await startTestApi({ t, env });
    const mine = await Promise.all(Array.from({ length: streamLimits.each }, () => openEvents(api)));
    const refused = await call(api, "/events");
    assert.deepEqual(
      [refused.status, errorOf(refused)["code"], errorOf(refused)["limit"]],
      [429, "RATE_LIMITED", streamLimits.each],
    );
    assert.equal(refused.headers.get("retry-after"), "5");
    (await openEvents(api, { headers: { "x-actor-id": "somebody else" } })).close();
    for (const stream of mine) stream.close();
    await eventually("its places are given back", async () => {
      const { status, body } = await fetch(`${api.url}/events`, { headers: dispatcher });
      await body?.cancel();
      return status === 200;
    });
  });

  test("end with their token, and say so", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const api = await startTestApi({ t, env });
    const short = await openEvents(api, { headers: tokenOf(api, "short", 1 - clockLeewaySeconds) });
    const end = (await short.next()).data;
    assert.equal(end["code"], "INVALID_AUTH_CLAIMS");
    assert.match(String(end["message"]), /exp/);
    await short.ended();

    // Whatever else makes a token worthless is noticed at the next beat; here its time, by a clock that jumped.
    const long = await openEvents(api, { headers: tokenOf(api, "long", 600) });
    api.clock.advance(12);
    for (const _ of [1, 2]) {
      t.mock.timers.tick(5_000);
      const id = await newTicket(api);
      assert.equal((await long.next()).data["subject"], `field.ticket.${id}.ticket_create`);
    }
    t.mock.timers.tick(5_000);
    assert.equal((await long.next()).data["code"], "INVALID_AUTH_CLAIMS");
    await long.ended();
  });
});
