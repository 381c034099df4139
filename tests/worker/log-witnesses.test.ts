// Witnesses behind URLs: each gets the newest checkpoint with a proof that it continues the one it had, by a witness that checks it as
// c2sp.org/tlog-witness says; and one that was told another history raises AUDIT_BROKEN.
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { after, describe, test } from "node:test";
import { checkpointFrom, type ReadCheckpoint } from "../../dispatch/transparency/checkpoint.ts";
import { readHead } from "../../dispatch/transparency/log-rows.ts";
import { provesConsistency } from "../../dispatch/transparency/merkle.ts";
import { startTestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";

const cosignature = `\u2014 witness.example ${Buffer.alloc(76, 7).toString("base64")}\n`;

/** Keeps what it confirmed, and refuses what does not continue it. */
class Witness {
  held: ReadCheckpoint | null = null;
  readonly asked: string[] = [];
  isAway = false;
  readonly server: Server = createServer((request, response) => void this.#answer(request, response));
  url = "";

  async listen(): Promise<void> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const address = this.server.address();
    this.url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/add-checkpoint`;
  }

  async #answer(request: AsyncIterable<Buffer>, response: import("node:http").ServerResponse): Promise<void> {
    const body = await text(request);
    this.asked.push(body);
    if (this.isAway) return void response.writeHead(503).end();
    const at = body.indexOf("\n\n");
    const [old = "", ...proof] = body.slice(0, at).split("\n");
    const checkpoint = checkpointFrom(body.slice(at + 2));
    const { held } = this;
    if (old !== `old ${held?.size ?? 0}`) return void response.writeHead(409).end(`${held?.size ?? 0}\n`);
    const hashes = proof.map((line) => Buffer.from(line, "base64"));
    if (held && !provesConsistency(held, checkpoint, hashes)) return void response.writeHead(422).end();
    this.held = checkpoint;
    response.writeHead(200).end(cosignature);
  }
}

describe("a witness behind a URL", async () => {
  const api = await startTestApi();
  const { db } = api.desk;
  const witness = new Witness();
  await witness.listen();
  after(() => void witness.server.close());
  const env = { DISPATCH_LOG_WITNESSES: witness.url, DISPATCH_WEBHOOK_PRIVATE_ADDRESSES: "true" };
  const newest = async () => (await readHead(db)).newest ?? assert.fail("there is no checkpoint");
  const isTold = async () => (await newest()).size > 0 && witness.held?.number === (await newest()).number;

  test("is given each newest checkpoint, with the proof that it continues the one it had", async (t) => {
    const worker = await startTestWorker(api, { t, env });
    for (let n = 0; n < 4; n++) {
      await ticketIn(api, "TRIAGED");
      api.clock.advance(2);
      await worker.until("the witness has the newest", isTold);
    }
    const { log, number } = await newest();
    const { rows } = await api.owner.query(
      "SELECT answer FROM log_witnessed WHERE log = $1 AND number = $2 AND witness = $3",
      [log, number, witness.url],
    );
    assert.deepEqual(rows, [{ answer: cosignature }]);
    assert.ok(witness.asked.length >= 2 && witness.asked.slice(1).every((body) => !body.startsWith("old 0\n")));
  });

  test("is asked again after it was away, and after it had lost what it confirmed", async (t) => {
    const worker = await startTestWorker(api, { t, env });
    witness.isAway = true;
    await ticketIn(api, "TRIAGED");
    api.clock.advance(2);
    await worker.until("it was asked in vain", async () => worker.told("worker.log_witness_failed").length === 1);
    witness.isAway = false;
    witness.held = null;
    await worker.until("it has the newest", async () => (api.clock.advance(6), await isTold()));
  });

  test("that was told another history of the same desk is heard: AUDIT_BROKEN", async (t) => {
    const held = witness.held ?? assert.fail();
    witness.held = { ...held, root: Buffer.alloc(32, 1) };
    const worker = await startTestWorker(api, { t, env });
    await ticketIn(api, "TRIAGED");
    api.clock.advance(2);
    await worker.until("the fork is told", async () => {
      const { rows } = await api.owner.query("SELECT chain, kind FROM audit_faults WHERE kind = 'LOG_FORKED'");
      return rows.length === 1 && rows[0].chain === witness.url;
    });
  });
});

test("a witness in this network is not asked where webhooks may not go there", async (t) => {
  const api = await startTestApi({ t });
  const witness = new Witness();
  await witness.listen();
  t.after(() => void witness.server.close());
  const env = { DISPATCH_LOG_WITNESSES: witness.url, DISPATCH_WEBHOOK_PRIVATE_ADDRESSES: "false" };
  const worker = await startTestWorker(api, { t, env });
  await ticketIn(api, "TRIAGED");
  api.clock.advance(2);
  await eventually("it is refused", async () => {
    await worker.wake();
    return worker.told("worker.log_witness_failed").length === 1;
  });
  assert.match(String(worker.told("worker.log_witness_failed")[0]?.["reason"]), /leads to a private address/);
  assert.deepEqual(witness.asked, []);
});
