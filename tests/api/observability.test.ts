import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { prefersText } from "../../dispatch/api/accept.ts";
import { withoutSecrets } from "../../dispatch/process/log.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { speaking, tokenSecret } from "../support/token.ts";
import { proxyDatabase } from "./database-proxy.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { metricsWith } from "../support/metrics.ts";
import { accountId, call, dispatcher, errorOf, newTicket, post, siteId } from "./calls.ts";

const lineOf = (api: TestApi, correlationId: string): JsonObject => {
  const line = api.log.find(({ correlation_id }) => correlation_id === correlationId);
  assert.ok(line, "no line was logged");
  return line;
};

describe("the log", async () => {
  const api = await startTestApi({ logged: true });

  test("says where it listens", () => {
    const line = api.log.find(({ message }) => message === "dispatch-api started");
    assert.deepEqual(
      [line?.["service"], line?.["level"], line?.["host"], line?.["port"]],
      ["dispatch-api", "info", "127.0.0.1", api.port],
    );
  });

  test("has one line per request with all its fields", async () => {
    const headers = {
      ...dispatcher,
      "idempotency-key": randomUUID(),
      "x-correlation-id": "log-1",
      traceparent: "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
      tracestate: "vendor=1",
    };
    const body = { account_id: accountId, site_id: siteId, summary: "Door" };
    const { body: ticket } = await post(api, "/tickets", body, headers);
    const { time, duration_ms, ...line } = lineOf(api, "log-1");
    assert.ok(Date.parse(String(time)) > 0);
    assert.ok(Number(duration_ms) > 0);
    assert.deepEqual(line, {
      level: "info",
      service: "dispatch-api",
      method: "POST",
      path: "/tickets",
      endpoint: "/tickets",
      request_id: headers["idempotency-key"],
      correlation_id: "log-1",
      trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
      trace_parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      trace_state: "vendor=1",
      actor_type: "HUMAN",
      actor_id: "dora",
      actor_role: "dispatcher",
      tool_name: "ticket.create",
      ticket_id: ticket["id"],
      replay: false,
      status: 201,
    });
    await post(api, "/tickets", body, { ...headers, "x-correlation-id": "log-2" });
    assert.deepEqual([lineOf(api, "log-2")["replay"], lineOf(api, "log-2")["ticket_id"]], [true, ticket["id"]]);
  });

  test("says of an error which it was and why", async () => {
    await call(api, `/tickets/${randomUUID()}`, { headers: { ...dispatcher, "x-correlation-id": "log-3" } });
    const line = lineOf(api, "log-3");
    assert.deepEqual(
      [line["level"], line["status"], line["error_code"], line["message"]],
      ["warn", 404, "TICKET_NOT_FOUND", "No ticket has this id."],
    );
    assert.ok("reason" in line);
  });

  test("an invalid traceparent falls back to X-Trace-Id", async () => {
    const headers = {
      ...dispatcher,
      "x-correlation-id": "log-4",
      traceparent: `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
      "x-trace-id": "mine",
    };
    await call(api, "/tickets", { headers });
    assert.deepEqual([lineOf(api, "log-4")["trace_id"], lineOf(api, "log-4")["trace_parent"]], ["mine", null]);
  });

  test("holds no secret and nothing personal", async () => {
    const personal = {
      customer_name: "Ada Lovelace",
      contact_phone: "+1 (555) 010-9999",
      contact_email: "ada@example.test",
    };
    const intake = {
      account_id: accountId,
      site_id: siteId,
      summary: "Ada cannot lock up",
      incident_type: "CANNOT_SECURE_ENTRY",
      priority: "URGENT",
      identity_confidence: 90,
      classification_confidence: 90,
    };
    const taken = await post(api, "/tickets/intake", { ...personal, ...intake });
    assert.equal(taken.status, 201, taken.text);
    await post(api, "/tickets/intake", { ...personal, ...intake });
    await call(api, `/tickets?q=${encodeURIComponent("Ada Lovelace")}&nope=ada@example.test`);
    for (const path of [
      "/tickets/ada@example.test",
      "/contacts/ada%40example.test/%2B1-555-010-9999",
      "/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln",
    ])
      await call(api, path);
    await call(api, "/object-store/incoming/x?signature=s3cr3tsignature", { method: "PUT", raw: "x" });
    await call(api, "/tickets", {
      headers: { authorization: "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl" },
    });
    const text = JSON.stringify(api.log);
    for (const secret of [
      "Lovelace",
      "010-9999",
      "5550109999",
      "ada@",
      "ada%40",
      "s3cr3tsignature",
      "eyJ",
      "cannot lock",
      "nope=",
    ])
      assert.ok(!text.includes(secret), secret);
  });

  test("says that a model chose a call, and nothing else that the token says", async (t) => {
    const started = await startTestApi({ t, logged: true, env: { DISPATCH_AUTH_JWT_SECRET: tokenSecret } });
    const approval = {
      tool: "ticket.cancel",
      target: { aggregate: "ticket", id: randomUUID() },
      arguments_hash: "0".repeat(64),
      request_id: randomUUID(),
      approved_by: "olga the owner",
      at: "2026-03-02T09:00:00Z",
    };
    const token = speaking(started, { via: "chat", claimed_by: "the king himself", human_approval: approval });
    await call(started, "/contract", { headers: { ...token, "x-correlation-id": "log-6" } });
    await call(started, "/contract", { headers: { ...speaking(started), "x-correlation-id": "log-7" } });
    assert.deepEqual([lineOf(started, "log-6")["via"], "via" in lineOf(started, "log-7")], ["chat", false]);
    const text = JSON.stringify(started.log);
    for (const word of ["king", "olga", approval.request_id, "eyJ"]) assert.ok(!text.includes(word), word);
  });

  test("keeps quiet about health and metrics unless debugging", async () => {
    await call(api, "/health", { headers: { "x-correlation-id": "log-5" } });
    assert.equal(
      api.log.some(({ correlation_id }) => correlation_id === "log-5"),
      false,
    );
  });

  test("writes a copy to a file", async (t) => {
    const path = join(api.dataDir, "copy.ndjson");
    const copied = await startTestApi({ t, logged: true, env: { DISPATCH_LOG_SINK_PATH: path } });
    await call(copied, "/nowhere");
    await copied.stop();
    const lines = (await readFile(path, "utf8")).trim().split("\n");
    assert.ok(lines.some((line) => line.includes("dispatch-api started")));
    assert.ok(lines.some((line) => line.includes('"endpoint":"UNMATCHED"')));
  });

  test("cleans what other people's errors say", () => {
    const dirty =
      "Bearer abc.def.ghi for ada@example.test at postgres://u:pass@host/db?x, call +1 555 010 9999, signature=abcdef&a=1, eyJh.eyJz.c2ln";
    assert.equal(
      withoutSecrets(dirty),
      "Bearer [redacted] for [e-mail] at postgres://u:[redacted]@host/db?x, call [phone], signature=[redacted]&a=1, [token]",
    );
  });
});

describe("metrics", async () => {
  const api = await startTestApi();
  const counters = async (): Promise<JsonObject> => {
    const { body } = await call(api, "/metrics");
    assert.equal(body["service"], "dispatch-api");
    assert.ok(isObject(body["counters"]));
    return body["counters"];
  };

  test("count requests, errors, moves, replays and conflicts, sorted by label, themselves included", async () => {
    const id = await newTicket(api);
    const headers = { ...dispatcher, "idempotency-key": randomUUID() };
    for (let i = 0; i < 3; i++) await post(api, `/tickets/${id}/request-info`, { questions: ["a"] }, headers);
    await post(api, `/tickets/${id}/request-info`, { questions: ["b"] }, headers);
    await call(api, "/some/where");
    await call(api, "/else/where");
    const found = await counters();
    assert.deepEqual(found["requests_total"], [
      { method: "GET", endpoint: "/metrics", status: 200, count: 1 },
      { method: "GET", endpoint: "UNMATCHED", status: 404, count: 2 },
      { method: "POST", endpoint: "/tickets", status: 201, count: 1 },
      { method: "POST", endpoint: "/tickets/{ticketId}/request-info", status: 200, count: 3 },
      { method: "POST", endpoint: "/tickets/{ticketId}/request-info", status: 409, count: 1 },
    ]);
    assert.deepEqual(found["errors_total"], [
      { code: "IDEMPOTENCY_PAYLOAD_MISMATCH", count: 1 },
      { code: "NOT_FOUND", count: 2 },
    ]);
    assert.deepEqual(found["transitions_total"], [
      { from_state: null, to_state: "NEW", count: 1 },
      { from_state: "NEW", to_state: "NEEDS_INFO", count: 1 },
    ]);
    assert.deepEqual([found["idempotency_replay_total"], found["idempotency_conflict_total"]], [2, 1]);
    assert.deepEqual(
      [found["dispatch_assignments_with_snapshot_total"], found["dispatch_assignments_without_snapshot_total"]],
      [0, 0],
    );
  });

  test("come as Prometheus text when Accept asks for it", async () => {
    await metricsWith(api, /^dispatch_queue_tickets\{phase="new"\} 1$/m);
    for (const accept of [
      "text/plain",
      "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    ]) {
      const reply = await call(api, "/metrics", { headers: { accept } });
      assert.match(reply.headers.get("content-type") ?? "", /^text\/plain/);
      assert.match(reply.text, /^dispatch_requests_total\{method="POST",endpoint="\/tickets",status="201"\} 1$/m);
      assert.match(
        reply.text,
        /^dispatch_request_duration_seconds_bucket\{le="[\d.]+",kind="command",tool="ticket\.create"\} \d+$/m,
      );
      assert.match(reply.text, /^dispatch_db_pool_connections\{use="idle"\} \d+$/m);
      assert.match(reply.text, /^dispatch_queue_tickets\{phase="new"\} 1$/m);
      assert.match(reply.text, /^nodejs_eventloop_lag_seconds /m);
    }
  });

  test("come as JSON to everybody else", () => {
    assert.equal(prefersText(undefined), false);
    assert.equal(prefersText("*/*"), false);
    assert.equal(prefersText("application/json, text/plain, */*"), false);
    assert.equal(prefersText("text/html,application/xhtml+xml"), false);
    assert.equal(prefersText("application/json;q=0.5, text/plain"), true);
  });

  test("are on their own port too, as text alone, with the health", async (t) => {
    const port = await freePort();
    await startTestApi({ t, env: { DISPATCH_METRICS_PORT: String(port) } });
    const watch = { url: `http://127.0.0.1:${port}` };
    const metrics = await call(watch, "/metrics", { headers: { accept: "application/json" } });
    assert.equal(metrics.status, 200);
    assert.match(metrics.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    for (const line of metrics.text.split("\n").filter((one) => one !== ""))
      assert.match(
        line,
        /^(# (HELP|TYPE) [a-z_:][a-z\d_:]* .+|[a-z_:][a-z\d_:]*(\{([a-z_]+="[^"]*",?)*\})? (-?[\d.]+(e[+-]?\d+)?|NaN|[+-]Inf))$/i,
      );
    const health = await call(watch, "/health", { headers: {} });
    assert.deepEqual([health.status, health.text], [200, '{"status":"ok"}']);
    assert.equal((await call(watch, "/tickets")).status, 404);
  });

  test("on their own port health is of the database alone: down while it is silent, and well again", async (t) => {
    const proxy = await proxyDatabase(api.databaseUrl);
    t.after(() => proxy.close());
    const port = await freePort();
    const env = { DISPATCH_METRICS_PORT: String(port) };
    const beside = await startTestApi({ t, beside: api, databaseUrl: () => proxy.url, env });
    await rm(join(beside.dataDir, "objects"), { recursive: true });
    const health = async () => {
      const { status, text } = await call({ url: `http://127.0.0.1:${port}` }, "/health", { headers: {} });
      return `${status} ${text}`;
    };
    const isWell = async () => (await health()) === '200 {"status":"ok"}';
    assert.equal((await call(beside, "/health")).status, 503, "the store is away");
    assert.ok(await isWell());
    proxy.silence();
    await eventually("it is down", async () => (await health()) === '503 {"status":"down"}');
    proxy.speak();
    await eventually("it is well again", isWell);
    await proxy.cut();
    await eventually("it is down", async () => (await health()) === '503 {"status":"down"}');
    await proxy.restore();
    await eventually("it is well again", isWell);
  });

  test("a metrics port in use is a warning and no reason not to start", async (t) => {
    const taken = createServer();
    await once(taken.listen(0, "127.0.0.1"), "listening");
    t.after(async () => void taken.close());
    const address = taken.address();
    assert.ok(typeof address === "object" && address !== null);
    const started = await startTestApi({ t, logged: true, env: { DISPATCH_METRICS_PORT: String(address.port) } });
    assert.equal((await call(started, "/metrics")).status, 200);
    assert.ok(
      started.log.some(({ level, message }) => level === "warn" && String(message).includes("DISPATCH_METRICS_PORT")),
    );
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("health", async () => {
  const api = await startTestApi();

  test("is ok while Postgres and the object store can be used", async () => {
    const { status, body } = await call(api, "/health", { headers: {} });
    assert.deepEqual(
      [status, body],
      [
        200,
        {
          status: "ok",
          service: "dispatch-api",
          now: api.clock.now().toISOString(),
          workers: { alive: 0, stale: 0, oldest_age_seconds: null },
          nats: "off",
          log: "empty",
        },
      ],
    );
  });

  test("says which part is away, and commands say so too", async (t) => {
    const away = await startTestApi({ t });
    await rm(join(away.dataDir, "objects"), { recursive: true });
    const { status, body } = await call(away, "/health");
    assert.equal(status, 503);
    assert.deepEqual(
      [
        body["status"],
        isObject(body["checks"]) &&
          isObject(body["checks"]["object_store"]) &&
          body["checks"]["object_store"]["status"],
      ],
      ["unavailable", "unavailable"],
    );
  });

  test("Postgres away: 503 everywhere, and all is well when it is back", async (t) => {
    const proxy = await proxyDatabase(api.databaseUrl);
    t.after(() => proxy.close());
    const away = await startTestApi({ t, beside: api, databaseUrl: () => proxy.url });
    const id = await newTicket(away);
    await proxy.cut();
    const headers = { ...dispatcher, "idempotency-key": randomUUID() };
    for (const path of ["/health", `/tickets/${id}`, "/ops/alerts", "/events"])
      assert.equal((await call(away, path)).status, 503, path);
    const refused = await post(away, `/tickets/${id}/request-info`, { questions: ["a"] }, headers);
    assert.deepEqual(
      [refused.status, errorOf(refused)["code"], errorOf(refused)["dependency"]],
      [503, "DEPENDENCY_UNAVAILABLE", "postgres"],
    );
    assert.equal((await call(away, "/metrics")).status, 200);
    await proxy.restore();
    assert.equal((await post(away, `/tickets/${id}/request-info`, { questions: ["a"] }, headers)).status, 200);
  });
});
