// A connection that is lost at the very moment it is handed over: the work that asked for it fails, and the process lives.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test, type TestContext } from "node:test";
import { isDatabaseAway } from "../../dispatch/db/failures.ts";
import { openDatabase } from "../../dispatch/db/pool.ts";
import { statement } from "../../dispatch/db/statement.ts";

/** Says in one breath that it is ready and that it goes, as a backend whose postmaster is killed may. @returns its URL */
async function serverThatGoes(t: TestContext): Promise<string> {
  const welcome = [message("R", Buffer.alloc(4)), message("Z", Buffer.from("I"))];
  const fields = ["SFATAL", "VFATAL", "C57P01", "Mterminating connection due to unexpected postmaster exit", ""];
  const farewell = message("E", Buffer.from(fields.map((field) => `${field}\0`).join("")));
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(Buffer.concat([...welcome, farewell])));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => void server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return `postgresql://me@127.0.0.1:${address.port}/desk`;
}

function message(kind: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

test("Postgres that goes as soon as it is ready is away, and no more than that", async (t) => {
  const db = openDatabase({
    url: await serverThatGoes(t),
    poolMax: 2,
    applicationName: "test",
    role: null,
    statementTimeoutMs: 10_000,
    lockTimeoutMs: 10_000,
    onError: () => undefined,
  });
  t.after(() => db.close());
  const one = statement("one", "SELECT 1");
  for (const work of [() => db.transaction((tx) => tx.rows(one)), () => db.rows(one)]) {
    await assert.rejects(work(), (error) => isDatabaseAway(error));
  }
});
