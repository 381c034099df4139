// One stream and a client that takes nothing: it is let go, and nobody else suffers from it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { test, type TestContext } from "node:test";
import { EventStream } from "../../dispatch/api/event-stream.ts";

const nowhere = { xact: "0", id: "0" };
const nothing = async () => ({ events: [], position: nowhere, full: false, withheld: false });
/** More than the buffers of two sockets hold. */
const muchBytes = 32 * 1024 * 1024;

/** A response whose client reads nothing and which is full. */
async function fullResponse(t: TestContext): Promise<ServerResponse> {
  const server = createServer();
  t.after(() => void server.close().closeAllConnections());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const client = connect(address.port, "127.0.0.1").pause();
  t.after(() => void client.destroy());
  client.write("GET / HTTP/1.1\r\nhost: here\r\n\r\n");
  const asked: unknown[] = await once(server, "request");
  const response = asked[1];
  assert.ok(isResponse(response));
  response.write(Buffer.alloc(muchBytes));
  assert.ok(response.writableNeedDrain);
  return response;
}

const isResponse = (value: unknown): value is ServerResponse =>
  typeof value === "object" && value !== null && "writableNeedDrain" in value;

for (const ended of [false, true]) {
  test(`a client that takes nothing is let go, ${ended ? "also when its stream has ended" : "while its stream goes on"}`, async (t) => {
    const response = await fullResponse(t);
    const failed: unknown[] = [];
    response.on("error", (error) => failed.push(error));
    const stream = new EventStream(response, nowhere, nothing, (error) => failed.push(error));
    if (ended) stream.end();
    const closed = once(response, "close");
    for (let beats = 0; !response.destroyed; beats++) {
      assert.ok(beats < 10, "it is still there");
      stream.beat();
    }
    await closed;
    assert.deepEqual(failed, []);
  });
}
