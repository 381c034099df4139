// The log as workers write and watch it: what becomes a leaf, that two never fork it, and that what was rewritten with its row is found.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { aggregates } from "../../dispatch/aggregates.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { append } from "../../dispatch/transparency/append.ts";
import { checkpointFrom } from "../../dispatch/transparency/checkpoint.ts";
import { beginLog, hashOfLeaf, nodesAt, proofFor, readHead, type Leaf } from "../../dispatch/transparency/log-rows.ts";
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
import { connect } from "../../lab/tampering/desk.ts";
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
    const { rows } = await api.owner.query("SELECT chain, seq, kind, found_by FROM audit_faults");
    assert.deepEqual(rows, [{ chain: id, seq: 2, kind: "RELINKED", found_by: "log watch" }]);
    assert.equal((await firing(api)).length, 1);
  });

  test("names the first event that was rewritten between two leaves: by kept answers, else the first it may be", async (t) => {
    const worker = await startTestWorker(api, { t, env });
    const ticket = await ticketIn(api, "TRIAGED");
    await logged(worker);
    const note = (text: string) => api.run("ticket.add_note", { ticket: ticket.id, body: { text } });
    const [left] = (await api.owner.query("SELECT audit_seq FROM tickets WHERE id = $1", [ticket.id])).rows;
    const last: number = left.audit_seq;
    for (const text of ["one", "two", "three", "four"]) await note(text);
    await logged(worker);
    await note("five");
    await logged(worker);
    const rewritten = async () =>
      (await faultsOf(api))
        .filter(({ chain }) => chain === ticket.id)
        .map(({ seq, kind, detail }) => ({ seq, kind, detail }));
    assert.deepEqual(await rewritten(), []);
    const chain = { aggregate: "ticket", chain: ticket.id, from: last + 3 };
    await relink(api.owner, chain, (event) => ({ ...event, actor_id: "mallory" }));
    const [fault, ...others] = await rewritten();
    assert.deepEqual(others, [], "a leaf behind the first says nothing new");
    assert.deepEqual([fault?.seq, fault?.kind], [last + 3, "RELINKED"]);
    assert.match(
      fault?.detail ?? "",
      new RegExp(`from one of its events ${last + 1} to ${last + 4} on: leaf \\d+ of the log knows event ${last + 4} `),
    );
    await api.owner.query("DELETE FROM idempotency_keys WHERE aggregate_id = $1", [ticket.id]);
    assert.deepEqual(
      await rewritten(),
      [{ ...fault, seq: last + 1 }],
      "the same words, by which an acceptance is known",
    );
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
    assert.deepEqual(kinds.toSorted(), ["LOG_FORKED", "RELINKED", "RELINKED"], "with those of the tests before");
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

test("a log that nobody signs is told of behind one that was signed, until the owner accepts it", async (t) => {
  const api = await startTestApi();
  const { db } = api.desk;
  const owner = connect(api.databaseUrl);
  t.after(() => owner.close());
  const healthSays = (standing: string) =>
    eventually(`the log is ${standing}`, async () =>
      (await api.send("GET", "/health")).text.includes(`"log":"${standing}"`),
    );
  const keyFile = join(api.dataDir, "log.key");
  await healthSays("empty");
  await makeLogKey(keyFile, (await readHead(db)).origin);
  const { signerFor } = await readLogKey(keyFile);
  /** All that waits becomes leaves of the newest log. */
  const written = (signer: typeof signerFor | null) =>
    eventually("a checkpoint", async () => {
      const appending = { aggregates, signerFor: signer ?? (() => null), now: api.clock.now() };
      return (await append(db, appending)).kind === "written";
    });
  await ticketIn(api, "TRIAGED");
  await written(signerFor);
  const worker = await startTestWorker(api, { t, env: { DISPATCH_LOG_KEY_FILE: keyFile } });
  const look = async () => {
    api.clock.advance(2);
    await worker.wake();
    return (await firing(api)).length;
  };
  assert.equal(await look(), 0);
  await beginLog(owner, "a restore");
  await written(signerFor);
  await healthSays("signed");
  assert.equal(await look(), 0, "a log that goes on signed is as good");
  const second = await beginLog(owner, "another");
  await written(null);
  assert.equal(await look(), 1);
  await healthSays("unsigned");
  const { rows } = await api.owner.query("SELECT chain, seq, kind, detail FROM audit_faults");
  const detail = `${second} begins with it, signed by nobody, and the log before was signed`;
  assert.deepEqual(rows, [{ chain: "log_checkpoints", seq: 1, kind: "LOG_CHANGED", detail }]);
  // As the owner accepts it, although the worker has recorded it: a third log begins, and behind one that nobody signed it is no news.
  const { stderr } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, "../../scripts/audit-verify.ts"), "--accept", "the key is lost"],
    {
      env: {
        ...bareEnvironment,
        DISPATCH_DATABASE_URL: api.databaseUrl,
        DISPATCH_DATA_DIR: api.dataDir,
        DISPATCH_LOG_KEY_FILE: keyFile,
      },
    },
  );
  assert.match(stderr, /^began the log dispatch-log-/m);
  await written(null);
  assert.equal(await look(), 0);
  assert.deepEqual(
    (await faultsOf(api)).map(({ detail: told }) => told),
    [detail],
  );
});

for (const { what, taken } of [
  { what: "some behind those", taken: "number IN (3, 4)" },
  { what: "all of an older log", taken: "true" },
])
  test(`checkpoints that nobody signed are of a time without a key, unless the store has them signed: ${what}`, async (t) => {
    const api = await startTestApi();
    const { db } = api.desk;
    const owner = connect(api.databaseUrl);
    t.after(() => owner.close());
    const keyFile = join(api.dataDir, "log.key");
    await makeLogKey(keyFile, (await readHead(db)).origin);
    const { signerFor } = await readLogKey(keyFile);
    const written = async (...signers: (typeof signerFor | null)[]) => {
      for (const signer of signers) {
        await ticketIn(api, "NEW");
        await eventually("a checkpoint", async () => {
          const appending = { aggregates, signerFor: signer ?? (() => null), now: api.clock.now() };
          return (await append(db, appending)).kind === "written";
        });
      }
    };
    await written(null, null, signerFor, signerFor, signerFor);
    const worker = await startTestWorker(api, { t, env: { DISPATCH_LOG_KEY_FILE: keyFile } });
    const found = async () => {
      api.clock.advance(2);
      await worker.wake();
      return (await api.owner.query("SELECT chain, seq, kind FROM audit_faults")).rows;
    };
    const isHeld = () =>
      eventually("the store has them all", async () => {
        assert.deepEqual(await found(), []);
        const { log, newest } = await readHead(db);
        const { rowCount } = await api.owner.query("SELECT FROM log_witnessed WHERE log = $1 AND number >= $2", [
          log,
          newest?.number ?? 1,
        ]);
        return rowCount !== 0;
      });
    await isHeld();
    await beginLog(owner, "a restore");
    await written(signerFor, signerFor);
    await isHeld();
    await api.owner.query(
      `UPDATE log_checkpoints SET note = split_part(note, E'\\n\\n', 1) || E'\\n\\n' WHERE log = 1 AND ${taken}`,
    );
    assert.deepEqual(await found(), [{ chain: "object store", seq: 3, kind: "LOG_FORKED" }]);
    // While the store is away the database is looked at all the same.
    await rename(join(api.dataDir, "objects"), join(api.dataDir, "away"));
    await api.owner.query(
      "UPDATE log_leaves SET leaf_hash = decode(repeat('00', 32), 'hex') WHERE log = 1 AND index = 0",
    );
    const kinds = async () => (await found()).map(({ chain, kind }) => `${chain} ${kind}`);
    await eventually("the leaf is named", async () => (await kinds()).includes("log_leaves LOG_CHANGED"));
  });

test("an older log is looked at as well: beginning another hides nothing", async (t) => {
  const api = await startTestApi();
  const owner = connect(api.databaseUrl);
  t.after(() => owner.close());
  const worker = await startTestWorker(api, { t });
  const { id } = await ticketIn(api, "TRIAGED");
  const wake = async () => {
    api.clock.advance(2);
    await worker.wake();
  };
  const isLogged = (log: number) =>
    eventually(`a leaf in log ${log}`, async () => {
      await wake();
      return (
        (await api.owner.query("SELECT FROM log_leaves WHERE log = $1 AND aggregate_id = $2", [log, id])).rowCount === 1
      );
    });
  await isLogged(1);
  await relink(api.owner, { aggregate: "ticket", chain: id, from: 1 }, (event) => ({ ...event, actor_id: "mallory" }));
  await beginLog(owner, "so that nobody looks at the first");
  await isLogged(2);
  await wake();
  const { rows } = await api.owner.query("SELECT chain, seq, kind FROM audit_faults");
  assert.deepEqual(rows, [{ chain: id, seq: 1, kind: "RELINKED" }]);
});

test("a worker without a key says so, in production as a warning with what to do", async (t) => {
  const api = await startTestApi();
  const lines = async (env: Record<string, string>) => {
    const worker = await startTestWorker(api, { t, env: { DISPATCH_LOG_KEY_FILE: "", ...env } });
    return worker
      .told("worker.log_unsigned")
      .map(({ level, way_out: advice }) => [level, String(advice).includes("dispatch:log:key")]);
  };
  assert.deepEqual(await lines({}), [[30, true]]);
  assert.deepEqual(await lines({ NODE_ENV: "production", DISPATCH_AUTH_JWT_SECRET: "x".repeat(32) }), [[40, true]]);
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
