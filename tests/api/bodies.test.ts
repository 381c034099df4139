import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { startTestApi } from "../support/api.ts";
import { call, dispatcher, errorOf } from "./calls.ts";
import { jsonOf, sendRaw, statusOf } from "./raw-http.ts";

const limit = 256 * 1024;

describe("bodies", async () => {
  const api = await startTestApi();
  const create = (raw: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    call(api, "/tickets", { method: "POST", raw, headers: { ...dispatcher, ...headers } });
  const head = (more: string) =>
    "POST /tickets HTTP/1.1\r\nHost: localhost\r\nX-Actor-Id: d\r\nX-Actor-Role: dispatcher\r\n" +
    `Idempotency-Key: ${randomUUID()}\r\n${more}\r\n\r\n`;

  const broken: readonly (readonly [string, string | Uint8Array<ArrayBuffer>])[] = [
    ["not JSON", "{"],
    ["a list", "[]"],
    ["a text", '"a"'],
    ["null", "null"],
    ["broken UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ["nested too deeply", `{"a":${"[".repeat(40)}${"]".repeat(40)}}`],
    ["nested without end", `{"a":${"[".repeat(100_000)}`],
  ];
  for (const [what, body] of broken) {
    test(`a body that is ${what} is INVALID_JSON`, async () => {
      const reply = await create(body);
      assert.deepEqual([reply.status, errorOf(reply)["code"]], [400, "INVALID_JSON"]);
    });
  }

  test("no body is an empty object", async () => {
    const reply = await create("");
    assert.equal(errorOf(reply)["code"], "INVALID_REQUEST");
  });

  test("any content type is read as JSON", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "image/png", "nonsense"]) {
      assert.equal(errorOf(await create("{}", { "content-type": type }))["code"], "INVALID_REQUEST", type);
    }
  });

  test("a compressed body is UNSUPPORTED_MEDIA_TYPE", async () => {
    const reply = await create(new Uint8Array(gzipSync("{}")), { "content-encoding": "gzip" });
    assert.deepEqual([reply.status, errorOf(reply)["code"]], [415, "UNSUPPORTED_MEDIA_TYPE"]);
    assert.equal(errorOf(await create("{}", { "content-encoding": "identity" }))["code"], "INVALID_REQUEST");
  });

  test("256 KiB is read, a byte more is PAYLOAD_TOO_LARGE", async () => {
    const padded = (size: number) => `{"a":"${"x".repeat(size - 8)}"}`;
    assert.equal(errorOf(await create(padded(limit)))["code"], "INVALID_REQUEST");
    const reply = await create(padded(limit + 1));
    assert.deepEqual([reply.status, errorOf(reply)["code"]], [413, "PAYLOAD_TOO_LARGE"]);
  });

  test("a body in chunks is bounded as well", async () => {
    const chunk = `${(64 * 1024).toString(16)}\r\n${"x".repeat(64 * 1024)}\r\n`;
    const answer = await sendRaw(api.port, `${head("Transfer-Encoding: chunked")}${chunk.repeat(5)}0\r\n\r\n`);
    assert.equal(statusOf(answer), 413);
  });

  test("a body that breaks its framing before anybody reads it is answered", async () => {
    for (const size of ["zz", "-1", "ffffffffffffffffff"])
      for (const end of [false, true]) {
        const answer = await sendRaw(api.port, `${head("Transfer-Encoding: chunked")}${size}\r\nabcde\r\n0\r\n\r\n`, {
          end,
        });
        assert.equal(statusOf(answer), 400, `${size}, ${end}`);
        assert.match(JSON.stringify(jsonOf(answer)), /INVALID_JSON.*broke off/);
      }
  });

  test("a body that never ends is answered, and its connection closed", async () => {
    const chunk = `${(64 * 1024).toString(16)}\r\n${"x".repeat(64 * 1024)}\r\n`;
    const said = await new Promise<string>((resolve) => {
      let heard = "";
      const socket = connect(api.port, "127.0.0.1", () => {
        socket.write(head("Transfer-Encoding: chunked"));
        const more = () => {
          while (socket.writable && socket.write(chunk));
        };
        socket.on("drain", more);
        more();
      });
      socket.on("data", (data) => (heard += data.toString()));
      socket.on("error", () => undefined).on("close", () => resolve(heard));
    });
    assert.equal(statusOf(said), 413);
    assert.match(said, /^connection: close\r$/im);
  });

  test("a body of an announced gigabyte is answered without waiting for it", async () => {
    const answer = await sendRaw(api.port, head("Content-Length: 1073741824"));
    assert.equal(statusOf(answer), 413);
  });

  test("a body that does not arrive in time is refused", async (t) => {
    // Alone with so little time, which a slow machine takes to send the large ones above.
    const hasty = await startTestApi({ t, beside: api, env: { DISPATCH_REQUEST_TIMEOUT_MS: "300" } });
    const answer = await sendRaw(hasty.port, `${head("Content-Length: 100")}{`);
    assert.equal(statusOf(answer), 400);
    assert.match(JSON.stringify(jsonOf(answer)), /INVALID_JSON.*in time/);
  });

  test("a client that hangs up in the middle does no harm", async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(api.port, "127.0.0.1", () =>
        socket.write(`${head("Content-Length: 100")}{`, () => socket.destroy()),
      );
      socket.on("close", () => resolve());
    });
    assert.equal((await call(api, "/health")).status, 200);
  });

  test("a body nobody asked for does not stop the next request on the connection", async () => {
    for (const size of [10, 100_000]) {
      const reply = await call(api, "/nowhere", { method: "POST", raw: "x".repeat(size) });
      assert.equal(reply.status, 404);
      assert.equal((await call(api, "/health")).status, 200);
    }
  });
});
