// The log as workers write and watch it: what becomes a leaf, that two never fork it, and that what was rewritten with its row is found.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { append } from "../../dispatch/transparency/append.ts";
import { checkpointFrom } from "../../dispatch/transparency/checkpoint.ts";
import { hashOfLeaf, nodesAt, proofFor, readHead, type Leaf } from "../../dispatch/transparency/log-rows.ts";
import { makeLogKey, readLogKey } from "../../dispatch/transparency/log-key.ts";
import {
  consistencyPlan,
  frontierOf,
  inclusionPlan,
  provesConsistency,
  provesInclusion,
  rootOf,
} from "../../dispatch/transparency/merkle.ts";
import { isSignedBy } from "../../dispatch/transparency/signed-note.ts";
import { verifyLogs } from "../../dispatch/transparency/verify-all.ts";
import pg from "pg";
import { eventually } from "../support/eventually.ts";
import { relink } from "../../lab/tampering/relink.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";

const leavesOf = async ({ owner }: TestApi): Promise<(Leaf & { index: number })[]> =>
  (
    await owner.query(
      `SELECT index::int AS index, aggregate, aggregate_id AS chain, seq, hash,
              to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at FROM log_leaves ORDER BY index`,
    )
  ).rows;

const firing = async (api: TestApi, which = "AUDIT_BROKEN"): Promise<unknown[]> => {
  api.clock.advance(1);
  const { alerts }: { alerts: { code: string }[] } = JSON.parse((await api.send("GET", "/ops/alerts")).text);
  return alerts.filter(({ code }) => code === which);
};

const faultsOf = async ({ desk, dataDir }: TestApi) => {
  const { publicKeys } = await readLogKey(join(dataDir, "log.key"));
  return (await verifyLogs(desk.db, desk.store, publicKeys)).faults;
};

describe("the log", async () => {
  const api = await startTestApi();
  const { db, store } = api.desk;
  const keyFile = join(api.dataDir, "log.key");
  const { origin } = await readHead(db);
  const { verifier } = await makeLogKey(keyFile, origin);
  const env = { DISPATCH_LOG_KEY_FILE: keyFile };
  const round = async (worker: { wake(): Promise<void> }) => {
    api.clock.advance(2);
    await worker.wake();
  };

  const unlogged = `SELECT FROM (
       SELECT DISTINCT ON (aggregate, aggregate_id) * FROM audit_events ORDER BY aggregate, aggregate_id, seq DESC
     ) e WHERE NOT EXISTS (SELECT FROM log_leaves l WHERE l.aggregate_id = e.aggregate_id AND l.seq >= e.seq)`;
  // Events wait for every transaction on the server, also those of other tests.
  const logged = (worker: { wake(): Promise<void> }) =>
    eventually("a leaf for every head", async () => {
      await round(worker);
      return (await api.owner.query(unlogged)).rowCount === 0;
    });

  test("gets a leaf for each chain that moved, signed checkpoints, and proofs that hold", async (t) => {
    const worker = await startTestWorker(api, { t, env });
    const first = await ticketIn(api, "TRIAGED");
    await logged(worker);
    const before = (await readHead(db)).newest ?? assert.fail("there is no checkpoint");
    const leaves = await leavesOf(api);
    assert.ok(leaves.some(({ chain }) => chain === first.id));
    assert.equal(new Set(leaves.map(({ chain }) => chain)).size, leaves.length, "one leaf for each chain");

    await round(worker);
    assert.equal((await readHead(db)).newest?.size, before.size, "nothing moved");
    await api.run("ticket.add_note", { ticket: first.id, body: { text: "call back" } });
    await logged(worker);
    const { newest } = await readHead(db);
    assert.ok(newest);
    assert.equal(newest.size, before.size + 1);
    const read = checkpointFrom(newest.note);
    assert.ok(isSignedBy(read.note, verifier));

    const root = Buffer.from(newest.root, "hex");
    assert.deepEqual(rootOf(await nodesAt(db, 1, frontierOf(newest.size))), root);
    for (const leaf of await leavesOf(api)) {
      const proof = await proofFor(db, 1, inclusionPlan(leaf.index, newest.size));
      assert.ok(provesInclusion({ leaf: hashOfLeaf(leaf), index: leaf.index, size: newest.size, root }, proof));
    }
    const proof = await proofFor(db, 1, consistencyPlan(before.size, newest.size));
    const older = { size: before.size, root: Buffer.from(before.root, "hex") };
    assert.ok(provesConsistency(older, { size: newest.size, root }, proof));
    assert.deepEqual(await faultsOf(api), []);
    assert.deepEqual(await firing(api), []);
  });

  test("that lags behind what happened is told of, until it has caught up", async (t) => {
    await ticketIn(api, "TRIAGED");
    assert.deepEqual(await firing(api, "LOG_LATE"), []);
    api.clock.advance(15);
    assert.equal((await firing(api, "LOG_LATE")).length, 1);
    const worker = await startTestWorker(api, { t, env });
    await logged(worker);
    await worker.until("the store has it", async () => (await firing(api, "LOG_LATE")).length === 0);
  });

  test("is never forked by workers that come at once, and passes over no event of a transaction that still runs", async () => {
    const slow = new pg.Client({ connectionString: api.databaseUrl });
    await slow.connect();
    await slow.query("BEGIN");
    await slow.query("SELECT pg_current_xact_id()");
    const behind = await ticketIn(api, "TRIAGED");
    for (let n = 0; n < 5; n++) {
      await Promise.all([1, 2, 3].map(() => ticketIn(api, "TRIAGED")));
      const { signerFor } = await readLogKey(keyFile);
      const appending = { aggregates, signerFor, now: api.clock.now() };
      await Promise.all([1, 2, 3].map(() => append(db, appending)));
    }
    assert.ok((await leavesOf(api)).every(({ chain }) => chain !== behind.id));
    await slow.end();
    const { signerFor } = await readLogKey(keyFile);
    const now = api.clock.now();
    await eventually("its leaf", async () => {
      await append(db, { aggregates, signerFor, now });
      return (await leavesOf(api)).some(({ chain }) => chain === behind.id);
    });
    const { rows } = await api.owner.query("SELECT number, size::int AS size FROM log_checkpoints ORDER BY number");
    assert.deepEqual(
      rows.map(({ number }) => number),
      rows.map((_, n) => n + 1),
    );
    assert.deepEqual(await faultsOf(api), []);
  });

  test("shows within a round what was rewritten with its row, and names the event", async (t) => {
    const worker = await startTestWorker(api, { t, env });
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    await logged(worker);
    await relink(api.owner, { aggregate: "ticket", chain: id, from: 2 }, (event) => ({
      ...event,
      actor_id: "mallory",
    }));
    assert.deepEqual((await verifyAudit(db, aggregates)).faults, [], "the database alone does not tell");
    await round(worker);
    const { rows } = await api.owner.query("SELECT chain, kind, found_by FROM audit_faults");
    assert.deepEqual(rows, [{ chain: id, kind: "RELINKED", found_by: "log watch" }]);
    assert.equal((await firing(api)).length, 1);
  });

  test("goes no further once it was set back, and the store's checkpoint says so", async (t) => {
    const worker = await startTestWorker(api, { t, env });
    await ticketIn(api, "TRIAGED");
    await logged(worker);
    const { newest } = await readHead(db);
    assert.ok(newest);
    // As an older backup would have it.
    const { number } = newest;
    const { rows } = await api.owner.query("SELECT size FROM log_checkpoints WHERE number = $1", [number - 1]);
    await api.owner.query("DELETE FROM log_witnessed WHERE number = $1", [number]);
    await api.owner.query("DELETE FROM log_checkpoints WHERE number = $1", [number]);
    await api.owner.query("DELETE FROM log_leaves WHERE index >= $1", [rows[0].size]);
    await api.owner.query("DELETE FROM log_nodes WHERE (index + 1) * 2 ^ level > $1", [rows[0].size]);
    await round(worker);
    await round(worker);
    assert.equal((await readHead(db)).newest?.number, number - 1);
    const found = await api.owner.query("SELECT chain, seq, kind FROM audit_faults WHERE aggregate = 'log'");
    assert.deepEqual(found.rows, [{ chain: "object store", seq: number, kind: "LOG_FORKED" }]);
    const kinds = (await faultsOf(api)).map(({ kind }) => kind);
    assert.deepEqual(kinds.toSorted(), ["LOG_FORKED", "RELINKED"]);
    assert.ok(await store.stat(`transparency/${origin}/${String(number).padStart(10, "0")}`));
  });

  test("is not gone on with by the login of the API alone: it may add, and change nothing", async () => {
    for (const sql of [
      "UPDATE log_leaves SET seq = 1",
      "DELETE FROM log_checkpoints",
      "INSERT INTO log_origins VALUES (2, 'x', 'x', now())",
    ])
      await assert.rejects(db.rows({ name: `test_${sql.length}`, text: sql }), /permission denied/);
  });
});

test("a worker does not start with a key that is none", async () => {
  const api = await startTestApi();
  const file = join(api.dataDir, "wrong.key");
  await writeFile(file, generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" }));
  await assert.rejects(
    startTestWorker(api, { env: { DISPATCH_LOG_KEY_FILE: file } }),
    /DISPATCH_LOG_KEY_FILE .*Ed25519/,
  );
  await assert.rejects(startTestWorker(api, { env: { DISPATCH_LOG_KEY_FILE: `${file}.not` } }), /cannot be read/);
});
