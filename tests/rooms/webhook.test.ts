// A push to a room by its webhook: signed, by one id however often it is sent, not into this network unless that is allowed, no redirects;
// and what must never be seen of its secret.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { startTestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { startTestWorker } from "../support/worker.ts";
import { addRoom, ask, pushed, pushesOf } from "./rooms.ts";

const secret = "a-secret-that-nobody-else-has";
type Call = { readonly headers: IncomingMessage["headers"]; readonly text: string };

async function startReceiver(t: TestContext, answer: (response: ServerResponse, nth: number) => void) {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      calls.push({ headers: request.headers, text: Buffer.concat(chunks).toString("utf8") });
      answer(response, calls.length);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return { calls, url: `http://127.0.0.1:${address.port}/hook` };
}

describe("a push by a webhook", async () => {
  const api = await startTestApi();
  const open = { DISPATCH_WEBHOOK_PRIVATE_ADDRESSES: "true" };
  const stateOf = async (room: string) => (await pushesOf(api, room)).at(-1)?.state;

  test("is signed, says its id and what is wanted, and the answer says that it was heard", async (t) => {
    const worker = await startTestWorker(api, { t, env: open });
    const { calls, url } = await startReceiver(t, (response) => response.end('{"ack":true}'));
    await addRoom(api, "hooked", { transport: "webhook", address: url, secret });
    const [made] = await pushed(api, "hooked", "/queue-check 'a' \\;");
    await worker.wake();
    await eventually("it is heard", async () => (await stateOf("hooked")) === "acked");
    const [call] = calls;
    assert.ok(call);
    const { push_id, command, room, attempt } = JSON.parse(call.text) as Record<string, unknown>;
    assert.deepEqual([push_id, command, room, attempt], [made?.["push_id"], "/queue-check 'a' \\;", "hooked", 1]);
    const signed = createHmac("sha256", secret)
      .update(`${String(call.headers["x-dispatch-timestamp"])}.${call.text}`)
      .digest("hex");
    assert.deepEqual(
      [call.headers["x-dispatch-push-id"], call.headers["x-dispatch-signature"]],
      [push_id, `v1=${signed}`],
    );
  });

  test("that is refused, or sent elsewhere, comes again under the same id", async (t) => {
    const worker = await startTestWorker(api, { t, env: open });
    const answers = [
      (response: ServerResponse) => response.writeHead(500).end(),
      (response: ServerResponse) => response.writeHead(302, { location: "http://127.0.0.1:9/" }).end(),
      (response: ServerResponse) => response.end('{"ack":true}'),
    ];
    const { calls, url } = await startReceiver(t, (response, nth) => answers[nth - 1]?.(response));
    await addRoom(api, "stubborn", { transport: "webhook", address: url });
    await pushed(api, "stubborn", "/queue-check");
    for (let attempt = 1; attempt <= 2; attempt++) {
      await worker.wake();
      await eventually(
        "the try is noted",
        async () => (await pushesOf(api, "stubborn"))[0]?.reason !== null && calls.length === attempt,
      );
      await eventually("it waits", async () => (await stateOf("stubborn")) === "queued");
      api.clock.advanceMs(20_000);
    }
    await worker.wake();
    await eventually("it is heard", async () => (await stateOf("stubborn")) === "acked");
    assert.equal(new Set(calls.map(({ headers }) => headers["x-dispatch-push-id"])).size, 1);
    assert.deepEqual(
      calls.map(({ text }) => (JSON.parse(text) as { attempt: number }).attempt),
      [1, 2, 3],
    );
  });

  test("goes nowhere in this network unless that is allowed", async (t) => {
    const worker = await startTestWorker(api, { t });
    const { calls, url } = await startReceiver(t, (response) => response.end());
    await addRoom(api, "inside", { transport: "webhook", address: url.replace("127.0.0.1", "localhost") });
    await pushed(api, "inside", "/queue-check");
    await worker.wake();
    await eventually(
      "the try is noted",
      async () => (await stateOf("inside")) === "queued" && (await pushesOf(api, "inside"))[0]?.reason !== null,
    );
    assert.match((await pushesOf(api, "inside"))[0]?.reason ?? "", /private address/);
    assert.equal(calls.length, 0);
  });

  test("its secret is in no answer, event, trail or line of the log", async (t) => {
    const worker = await startTestWorker(api, { t, env: open });
    await worker.wake();
    const answers = [
      await ask(api, "GET", "/rooms"),
      await ask(api, "GET", "/rooms/hooked"),
      await ask(api, "GET", "/rooms/hooked/history"),
    ];
    const { rows } = await api.owner.query<{ text: string }>(
      `SELECT payload::text AS text FROM audit_events UNION ALL SELECT payload::text FROM outbox
       UNION ALL SELECT response_body::text FROM idempotency_keys`,
    );
    const seen = [...answers.map(({ text }) => text), ...rows.map(({ text }) => text), JSON.stringify(worker.log)];
    assert.ok(seen.length > 10);
    assert.deepEqual(
      seen.filter((text) => text.includes(secret)),
      [],
    );
  });
});
