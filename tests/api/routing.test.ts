import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { toolEntries } from "../../dispatch/contract/index.ts";
import { startTestApi } from "../support/api.ts";
import { accountId, call, dispatcher, errorOf, newTicket, post, siteId } from "./calls.ts";
import { jsonOf, sendRaw, statusOf } from "./raw-http.ts";

describe("routing", async () => {
  const api = await startTestApi();

  test("every tool of the contract answers at its path, and another method is told which it takes", async () => {
    for (const [tool, entry] of toolEntries) {
      const path = entry.path.replace(/\{\w+\}/g, () => randomUUID());
      const reply = await call(api, path, {
        method: entry.method,
        headers: { ...dispatcher, "x-actor-role": "nobody" },
      });
      assert.notEqual(errorOf(reply)["code"], "NOT_FOUND", tool);
      const refused = await call(api, path, { method: "DELETE" });
      assert.equal(refused.status, 405, tool);
      assert.equal(errorOf(refused)["code"], "METHOD_NOT_ALLOWED", tool);
      assert.ok(refused.headers.get("allow")?.split(", ").includes(entry.method), tool);
    }
  });

  const nowhere = [
    "/nowhere",
    "/",
    "//",
    "//tickets",
    "/tickets/",
    "/Tickets",
    "/TICKETS",
    "/tickets//",
    "/health/",
    "/tickets/a/b/c/d/e",
    "/%",
    "/%zz",
    "/tickets%2f",
    "/%00",
    "/tickets/%E0%A4%A/timeline/x",
    "/.",
    "/..",
    "/ops",
    "/object-store",
    "/tickets;a=b",
    `/${"a".repeat(8_000)}`,
    "/__proto__",
    "/constructor",
  ];
  for (const path of nowhere) {
    test(`GET ${path.slice(0, 40)} is not found`, async () => {
      const answer = await sendRaw(api.port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      assert.equal(statusOf(answer), 404);
      assert.match(JSON.stringify(jsonOf(answer)), /"NOT_FOUND"/);
    });
  }

  const ids = [
    ["GET", "/tickets/abc", 400, "INVALID_TICKET_ID"],
    ["GET", "/tickets/abc/timeline", 400, "INVALID_TICKET_ID"],
    ["GET", "/ux/technician/job-packet/abc", 400, "INVALID_TICKET_ID"],
    ["GET", "/ops/autonomy/replay/%zz", 400, "INVALID_TICKET_ID"],
    ["GET", "/receipts/abc", 404, "RECEIPT_NOT_FOUND"],
    ["POST", "/tickets/abc", 404, "NOT_FOUND"],
    ["POST", "/tickets/abc/triage", 404, "NOT_FOUND"],
    ["POST", "/tickets/abc/evidence", 404, "NOT_FOUND"],
    ["GET", "/tickets/abc/triage", 404, "NOT_FOUND"],
    ["POST", "/tickets/abc/nothing", 404, "NOT_FOUND"],
    ["GET", "/tickets/intake", 405, "METHOD_NOT_ALLOWED"],
    ["POST", `/tickets/${randomUUID()}`, 405, "METHOD_NOT_ALLOWED"],
    ["GET", `/tickets/${randomUUID()}`, 404, "TICKET_NOT_FOUND"],
    ["GET", `/receipts/${randomUUID()}`, 404, "RECEIPT_NOT_FOUND"],
  ] as const;
  for (const [method, path, status, code] of ids) {
    test(`${method} ${path} is ${status} ${code}`, async () => {
      const reply = await call(api, path, { method });
      assert.deepEqual([reply.status, errorOf(reply)["code"]], [status, code]);
    });
  }

  test("an id in upper case is the same ticket, and the same command under one key", async () => {
    const id = await newTicket(api);
    assert.equal((await call(api, `/tickets/${id.toUpperCase()}`)).body["id"], id);
    const headers = { ...dispatcher, "idempotency-key": randomUUID() };
    const body = { questions: ["Which door?"] };
    const first = await post(api, `/tickets/${id}/request-info`, body, headers);
    const second = await post(api, `/tickets/${id.toUpperCase()}/request-info`, body, headers);
    assert.equal(first.status, 200, first.text);
    assert.equal(second.text, first.text);
    assert.equal(second.headers.get("idempotency-replayed"), "true");
    assert.equal(first.headers.get("idempotency-replayed"), null);
  });

  test("HEAD answers as GET without the body", async () => {
    const reply = await call(api, "/health", { method: "HEAD" });
    assert.equal(reply.status, 200);
    assert.equal(reply.text, "");
    assert.ok(Number(reply.headers.get("content-length")) > 0);
  });

  test("methods nobody serves are answered in JSON", async () => {
    for (const method of ["OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "PROPFIND", "QUERY"]) {
      const answer = await sendRaw(api.port, `${method} /tickets HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      assert.equal(statusOf(answer), 405, method);
      assert.match(answer, /^allow: POST, GET, HEAD\r$/m, method);
    }
    assert.equal(statusOf(await sendRaw(api.port, "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")), 404);
    assert.equal(statusOf(await sendRaw(api.port, "CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\n")), 405);
  });

  const broken: readonly (readonly [string, string, number])[] = [
    ["an unknown method", "BREW /tickets HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
    ["no HTTP at all", "hello\r\n\r\n", 400],
    ["huge headers", `GET /health HTTP/1.1\r\nHost: localhost\r\nX-Much: ${"a".repeat(20_000)}\r\n\r\n`, 431],
    ["a huge URL", `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    [
      "two lengths",
      "POST /tickets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
      400,
    ],
    [
      "a length and chunks",
      "POST /tickets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["a broken target", "GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n", 403],
  ];
  for (const [what, bytes, status] of broken) {
    test(`${what} is answered with ${status} in JSON`, async () => {
      const answer = await sendRaw(api.port, bytes);
      assert.equal(statusOf(answer), status);
      assert.match(answer, /^content-type: application\/json; charset=utf-8\r$/m);
      assert.match(JSON.stringify(jsonOf(answer)), status === 403 ? /"error"/ : /"field":"request"/);
    });
  }

  test("a command with rubbish behind it is answered as a command, and the rubbish behind it", async () => {
    const body = JSON.stringify({ account_id: accountId, site_id: siteId, summary: "Door" });
    const request = (size: number, text: string) =>
      "POST /tickets HTTP/1.1\r\nHost: localhost\r\nX-Actor-Id: d\r\nX-Actor-Role: " +
      `dispatcher\r\nIdempotency-Key: ${randomUUID()}\r\nContent-Length: ${size}\r\n\r\n${text}`;
    const answer = await sendRaw(api.port, request(body.length, `${body}rubbish\r\n\r\n`), { answers: 2 });
    assert.deepEqual(answer.match(/HTTP\/1\.1 \d{3}/g), ["HTTP/1.1 201", "HTTP/1.1 400"]);
    const short = await sendRaw(api.port, request(body.length - 5, body), { answers: 2 });
    assert.match(short, /^HTTP\/1\.1 400 [^]*"INVALID_JSON"[^]*HTTP\/1\.1 400 [^]*"INVALID_REQUEST"/);
  });

  test("rubbish in the middle of a body is the end of that request", async () => {
    const answer = await sendRaw(
      api.port,
      "POST /tickets HTTP/1.1\r\nHost: localhost\r\nX-Actor-Id: d\r\nX-Actor-Role: " +
        `dispatcher\r\nIdempotency-Key: ${randomUUID()}\r\nTransfer-Encoding: ` +
        `chunked\r\n\r\n5\r\n{"a":\r\nzz\r\n`,
    );
    assert.equal(statusOf(answer), 400);
    assert.match(JSON.stringify(jsonOf(answer)), /INVALID_JSON/);
  });

  const fine: readonly (readonly [string, string])[] = [
    ["no Host", "GET /health HTTP/1.1\r\n\r\n"],
    ["a proxy's absolute target", "GET http://localhost:1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["an expectation nobody knows", "GET /health HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\n\r\n"],
    [
      "an upgrade nobody serves",
      "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
    ["HTTP/1.0", "GET /health HTTP/1.0\r\n\r\n"],
  ];
  for (const [what, bytes] of fine) {
    test(`a request with ${what} is served`, async () => assert.equal(statusOf(await sendRaw(api.port, bytes)), 200));
  }

  test("headers that are too large are answered on a connection that was used before, too", async () => {
    assert.equal((await call(api, "/health")).status, 200);
    const reply = await call(api, "/health", { headers: { "x-much": "a".repeat(20_000) } });
    assert.equal(reply.status, 431);
  });

  test("answers carry the headers of an API and nothing about what it is built with", async () => {
    const reply = await call(api, "/health", { headers: { "x-correlation-id": "abc-1", "x-request-id": "req-1" } });
    assert.equal(reply.headers.get("content-type"), "application/json; charset=utf-8");
    assert.equal(reply.headers.get("cache-control"), "no-store");
    assert.equal(reply.headers.get("x-content-type-options"), "nosniff");
    assert.equal(reply.headers.get("x-powered-by"), null);
    assert.equal(reply.headers.get("etag"), null);
    assert.equal(reply.headers.get("x-correlation-id"), "abc-1");
    assert.equal(reply.headers.get("x-request-id"), "req-1");
  });

  test("a correlation id that cannot be used is replaced", async () => {
    for (const sent of ["with blank", "a".repeat(201), "ü"]) {
      const reply = await call(api, "/health", { headers: { "x-correlation-id": sent } });
      assert.match(reply.headers.get("x-correlation-id") ?? "", /^[0-9a-f-]{36}$/);
    }
  });
});
