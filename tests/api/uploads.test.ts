import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { call, errorOf } from "./calls.ts";
import { sendRaw, statusOf } from "./raw-http.ts";

describe("uploads to the file store", async () => {
  const api = await startTestApi();
  let made = 0;
  const ticketFor = (sizeBytes: number, maxBytes = 1_000) =>
    api.desk.store.presignUpload({
      key: `incoming/u${++made}`,
      contentType: "text/plain",
      sizeBytes,
      maxBytes,
      now: api.clock.now(),
      expiresInSeconds: 60,
    });
  const put = (url: string, raw: string, type = "text/plain") =>
    call({ url: "" }, url, { method: "PUT", raw, headers: { "content-type": type } });

  test("are taken by the address that was handed out, once", async () => {
    const { url, method, headers } = await ticketFor(5);
    assert.ok(url.startsWith(api.url));
    const reply = await call({ url: "" }, url, { method, headers, raw: "hello" });
    assert.deepEqual([reply.status, reply.body], [201, { uploaded: true, size_bytes: 5 }]);
    assert.deepEqual(await api.desk.store.stat(`incoming/u${made}`), { sizeBytes: 5 });
    const again = await put(url, "hello");
    assert.deepEqual([again.status, errorOf(again)["code"]], [409, "EVIDENCE_CHECKSUM_MISMATCH"]);
  });

  const rows: readonly (readonly [
    string,
    (url: string) => Promise<Awaited<ReturnType<typeof put>>>,
    number,
    string,
  ])[] = [
    [
      "a changed signature",
      (url) =>
        put(
          url.replace(/signature=(.)/, (_, first) => `signature=${first === "A" ? "B" : "A"}`),
          "hello",
        ),
      401,
      "INVALID_AUTH_TOKEN",
    ],
    ["no signature", (url) => put(url.replace(/signature=.*$/, ""), "hello"), 401, "INVALID_AUTH_TOKEN"],
    ["another key", (url) => put(url.replace("incoming/u", "incoming/v"), "hello"), 401, "INVALID_AUTH_TOKEN"],
    [
      "a way out of the folder",
      (url) => put(url.replace("incoming/u", "incoming/..%2f..%2fu"), "hello"),
      401,
      "INVALID_AUTH_TOKEN",
    ],
    ["broken encoding", (url) => put(url.replace("incoming/u", "incoming/%zz"), "hello"), 404, "NOT_FOUND"],
    ["another type", (url) => put(url, "hello", "image/png"), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["another size", (url) => put(url, "hell"), 409, "EVIDENCE_CHECKSUM_MISMATCH"],
    ["too many bytes", (url) => put(url, "x".repeat(2_000)), 413, "EVIDENCE_TOO_LARGE"],
  ];
  for (const [what, send, status, code] of rows) {
    test(`are refused for ${what}: ${status} ${code}`, async () => {
      const { url } = await ticketFor(5);
      const reply = await send(url);
      assert.deepEqual([reply.status, errorOf(reply)["code"]], [status, code]);
    });
  }

  test("are refused once the address has expired", async () => {
    const { url } = await ticketFor(5);
    api.clock.advanceMs(60_000);
    const reply = await put(url, "hello");
    assert.equal(errorOf(reply)["code"], "INVALID_AUTH_TOKEN");
    assert.match(String(errorOf(reply)["message"]), /expired/);
  });

  test("may be larger than a command's body", async () => {
    const size = 3 * 1024 * 1024;
    const { url } = await ticketFor(size, size);
    assert.equal((await put(url, "x".repeat(size))).status, 201);
  });

  test("take PUT alone", async () => {
    const { url } = await ticketFor(5);
    const reply = await call({ url: "" }, url);
    assert.deepEqual([reply.status, reply.headers.get("allow")], [405, "PUT"]);
  });

  test("a client that hangs up leaves nothing behind", async () => {
    const { url } = await ticketFor(5);
    const path = url.slice(api.url.length);
    const answer = await sendRaw(
      api.port,
      `PUT ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhe`,
      { end: true },
    );
    assert.equal(statusOf(answer), 409);
    assert.equal(await api.desk.store.stat(`incoming/u${made}`), null);
    assert.equal((await put(url, "hello")).status, 201);
  });
});
