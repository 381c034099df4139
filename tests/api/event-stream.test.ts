// One stream by itself: how often it looks while events wait for an older transaction, and a client that takes nothing.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, IncomingMessage, ServerResponse } from "node:http";
import { connect, Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
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
  assert.ok(response instanceof ServerResponse);
  response.write(Buffer.alloc(muchBytes));
  assert.ok(response.writableNeedDrain);
  return response;
}

/** A response that never goes anywhere. */
const idleResponse = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));

test("events that wait for an older transaction are looked at soon, and ever more seldom", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const looks: number[] = [];
  let now = 0;
  let withheld = true;
  const stream = new EventStream(
    idleResponse(),
    nowhere,
    async () => {
      looks.push(now);
      return { ...(await nothing()), withheld };
    },
    (error) => assert.fail(String(error)),
  );
  const pass = async (ms: number): Promise<void> => {
    await setImmediate();
    for (const end = now + ms; now < end; await setImmediate()) {
      now += 100;
      t.mock.timers.tick(100);
    }
  };
  stream.wake();
  await pass(6_500);
  assert.deepEqual(looks, [0, 100, 300, 700, 1_500, 3_100, 4_700, 6_300]);

  withheld = false;
  await pass(6_500);
  assert.equal(looks.length, 9, "nothing waits, so nothing is looked for");
  withheld = true;
  stream.wake();
  await pass(400);
  assert.equal(looks.length, 12, "soon again");
});

test("a stream whose source says nothing does not say that it lives, and ends", async () => {
  const response = idleResponse();
  const written: string[] = [];
  response.write = (chunk: unknown) => written.push(String(chunk)) > 0;
  let silent = false;
  const never = new Promise<never>(() => undefined);
  const stream = new EventStream(
    response,
    nowhere,
    () => (silent ? never : nothing()),
    (error) => assert.fail(String(error)),
  );
  const tick = async (): Promise<void> => {
    stream.tick();
    await setImmediate();
    stream.beat();
  };
  for (const _ of [1, 2, 3]) await tick();
  assert.equal(written.length, 3, "a source that has nothing new is none that is silent");

  silent = true;
  await tick();
  assert.equal(written.length, 4, "it has answered since the last tick");
  await tick();
  assert.equal(written.length, 4);
  assert.ok(!response.writableEnded);
  await tick();
  assert.ok(response.writableEnded);
});

test("a stream that fails and was woken meanwhile tries again at once", async () => {
  const failures: unknown[] = [];
  let reads = 0;
  const stream = new EventStream(
    idleResponse(),
    nowhere,
    async () => {
      if (++reads === 1) throw new Error("away");
      return nothing();
    },
    (error) => failures.push(error),
  );
  stream.wake();
  stream.wake();
  await setImmediate();
  assert.deepEqual([reads, failures.length], [2, 1]);
});

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
