// Checkpoints: the heads of all audit chains outside the database, so that a chain whose tail was cut off or rewritten
// together with its ticket's row is found out after all.

import { aggregates } from "../../dispatch/aggregates.ts";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { describe, test } from "node:test";
import { auditHash, type AuditEvent } from "../../dispatch/kernel/audit.ts";
import {
  newestCheckpoint,
  verifyCheckpoint,
  verifyKeptCheckpoints,
  writeCheckpoint,
} from "../../dispatch/kernel/audit-checkpoint.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { testStatement } from "../support/statement.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker, type TestWorker } from "../support/worker.ts";

async function compared(api: TestApi) {
  const checkpoint = await newestCheckpoint(api.desk.store, api.clock.now());
  assert.ok(checkpoint);
  return verifyCheckpoint(api.desk.db, aggregates, checkpoint);
}

/** Cuts off a ticket's last event, and makes its row fit: what the database alone can no longer tell. */
async function cutTail(api: TestApi, id: string): Promise<void> {
  const { rows } = await api.owner.query(
    "SELECT id, seq, prev_hash, before_state FROM audit_events WHERE ticket_id = $1 ORDER BY seq DESC LIMIT 1",
    [id],
  );
  const last = rows[0];
  await api.owner.query("DELETE FROM state_transitions WHERE audit_event_id = $1", [last.id]);
  await api.owner.query("DELETE FROM audit_events WHERE id = $1", [last.id]);
  await api.owner.query("UPDATE tickets SET audit_seq = $2, audit_hash = $3, state = $4 WHERE id = $1", [
    id,
    last.seq - 1,
    last.prev_hash,
    last.before_state,
  ]);
}

/** Puts another actor into a ticket's last event and hashes it, and its row, anew. */
async function rewriteTail(api: TestApi, id: string): Promise<void> {
  const { rows } = await api.desk.db.transaction(async (tx) => ({
    rows: await tx.rows<AuditEvent>(
      { name: "test_last_event", text: "SELECT * FROM audit_events WHERE ticket_id = $1 ORDER BY seq DESC LIMIT 1" },
      [id],
    ),
  }));
  const [last] = rows;
  assert.ok(last);
  const hash = auditHash({ ...last, actor_id: "somebody else" });
  await api.owner.query("UPDATE audit_events SET actor_id = 'somebody else', hash = $2 WHERE id = $1", [last.id, hash]);
  await api.owner.query("UPDATE tickets SET audit_hash = $2 WHERE id = $1", [id, hash]);
}

const verify = (api: TestApi, ...args: string[]) =>
  promisify(execFile)(process.execPath, [join(import.meta.dirname, "../../scripts/audit-verify.ts"), ...args], {
    env: { ...bareEnvironment, DISPATCH_DATABASE_URL: api.databaseUrl, DISPATCH_DATA_DIR: api.dataDir },
  });

/** What the look before a checkpoint told; the watch may have found the same before. */
const toldBroken = (worker: TestWorker) =>
  worker.told("worker.audit_broken").filter((line) => line["found_by"] === "audit checkpoint");

/** What an alert counts; nothing while it does not fire. */
async function firing(api: TestApi, which = "AUDIT_BROKEN"): Promise<number[]> {
  const { alerts }: { alerts: { code: string; count: number }[] } = JSON.parse(
    (await api.send("GET", "/ops/alerts")).text,
  );
  return alerts.filter(({ code }) => code === which).map(({ count }) => count);
}

describe("a checkpoint", async () => {
  const api = await startTestApi();

  test("is written by the worker once a day, and once only by several", async () => {
    await ticketIn(api, "TRIAGED");
    const workers = await Promise.all([startTestWorker(api), startTestWorker(api)]);
    const written = () =>
      workers
        .flatMap((worker) => worker.told("worker.checkpoint_written"))
        .map((line) => line["key"])
        .toSorted();
    const wakeAll = () => Promise.all(workers.map((worker) => worker.wake()));
    await eventually("the first", () => written().length > 0);
    const first = await compared(api);
    assert.ok(first.chains >= 1 && first.faults.length === 0, JSON.stringify(first));
    api.clock.advance(60);
    await wakeAll();
    assert.deepEqual(written(), ["audit/checkpoints/2026-03-02/00.ndjson"]);
    api.clock.advance(24 * 60);
    await wakeAll();
    assert.deepEqual(written(), ["audit/checkpoints/2026-03-02/00.ndjson", "audit/checkpoints/2026-03-03/00.ndjson"]);
    assert.equal((await compared(api)).key, "audit/checkpoints/2026-03-03/00.ndjson");
    await Promise.all(workers.map((worker) => worker.stop()));
  });

  test("stays true while the desk works on, and names exactly the chains that were cut off or rewritten", async () => {
    const [cut, rewritten, honest] = await Promise.all([1, 2, 3].map(() => ticketIn(api, "READY_TO_SCHEDULE")));
    assert.ok(cut && rewritten && honest);
    // An event that leaves the ticket as it was: cutting off any other also leaves a row that no event explains.
    await api.run("ticket.add_note", { ticket: cut.id, body: { text: "call back" } });
    await api.run("ops.autonomy.pause", { body: {} });
    await writeCheckpoint(api.desk.db, api.desk.store, aggregates, api.clock.now());
    for (const { id } of [honest, rewritten])
      await api.run("ticket.cancel", { ticket: id, body: { reason: "called off" }, key: randomUUID() });
    assert.deepEqual((await compared(api)).faults, []);

    await cutTail(api, cut.id);
    await rewriteTail(api, honest.id);
    assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, [], "the database alone does not tell");
    assert.deepEqual(
      (await compared(api)).faults.map(({ chain, kind }) => [chain, kind]),
      [[cut.id, "TAIL_CUT"]],
      "what came after the checkpoint is not its to tell",
    );

    await writeCheckpoint(api.desk.db, api.desk.store, aggregates, api.clock.now());
    await rewriteTail(api, rewritten.id);
    assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, []);
    assert.deepEqual(
      (await compared(api)).faults.map(({ chain, kind }) => [chain, kind]),
      [[rewritten.id, "RELINKED"]],
    );
  });
});

describe("the newest checkpoint", async () => {
  const api = await startTestApi();
  const { db, store } = api.desk;
  const faults = async () =>
    (await verifyKeptCheckpoints(db, store, aggregates, api.clock.now())).faults.map(({ kind, chain }) => [
      kind,
      chain,
    ]);
  const keys = [0, 1].map((number) => `audit/checkpoints/2026-03-02/0${number}.ndjson`);

  test("is missed within minutes when it is gone, though no later one names it", async (t) => {
    await ticketIn(api, "TRIAGED");
    const worker = await startTestWorker(api, { t });
    await eventually("the first", () => worker.told("worker.checkpoint_written").length === 1);
    await worker.wake();
    const key = await writeCheckpoint(db, store, aggregates, api.clock.now());
    assert.equal(key, keys[1]);
    assert.deepEqual(await faults(), []);
    await store.remove(key);
    api.clock.advance(6);
    await worker.wake();
    assert.deepEqual(await firing(api), [1]);
    assert.deepEqual(await faults(), [["CHECKPOINT_CHANGED", key]]);
    api.clock.advance(24 * 60);
    await worker.wake();
    assert.equal(worker.told("worker.checkpoint_written").length, 1, "no further one is written");
  });

  test("is known by what was written, and one before it that is gone is missed as well", async () => {
    const accepted = await writeCheckpoint(db, store, aggregates, api.clock.now(), "a drill");
    assert.deepEqual(await faults(), []);
    await store.remove(accepted);
    await store.writeOnce(accepted, Buffer.from(`{"taken_at":"2026-03-02T00:00:00Z"}\n`), "application/x-ndjson");
    assert.deepEqual(await faults(), [["CHECKPOINT_CHANGED", accepted]]);
    const later = (seconds: number) => new Date(api.clock.now().getTime() + seconds * 1_000);
    await writeCheckpoint(db, store, aggregates, later(1), "a drill");
    const middle = await writeCheckpoint(db, store, aggregates, later(2));
    await writeCheckpoint(db, store, aggregates, later(3));
    assert.deepEqual(await faults(), []);
    await store.remove(middle);
    assert.deepEqual(await faults(), [["CHECKPOINT_CHANGED", middle]], "the days' numbers have a gap now");
  });
});

describe("a day's look through all chains and rows", async () => {
  const api = await startTestApi();

  test("tells of a row that was written past Dispatch, long after its last event, and of an edited event", async (t) => {
    const [row, event] = await Promise.all([1, 2].map(() => ticketIn(api, "TRIAGED")));
    assert.ok(row && event);
    const worker = await startTestWorker(api, { t });
    await eventually("the first", () => worker.told("worker.checkpoint_written").length === 1);
    const limit = testStatement("checkpoint_row", "UPDATE tickets SET nte_cents = 9900000 WHERE id = $1");
    await api.desk.db.row(limit, [row.id]);
    await api.owner.query("UPDATE audit_events SET actor_id = 'somebody else' WHERE aggregate_id = $1 AND seq = 1", [
      event.id,
    ]);
    api.clock.advance(1);
    await worker.wake();
    assert.deepEqual(await firing(api, "AUDIT_CHAIN_BROKEN"), [2], "the watch has found both");
    api.clock.advance(24 * 60);
    await worker.wake();
    assert.deepEqual(
      toldBroken(worker).map((line) => line["count"]),
      [2],
    );
    // Meanwhile a command may have come across the row, whose fault then stands at that command's event: the next look sees both so.
    api.clock.advance(1);
    await worker.wake();
    const open = "SELECT chain, kind FROM audit_faults WHERE mended_at IS NULL ORDER BY kind";
    const { rows } = await api.owner.query(open);
    assert.deepEqual(rows, [
      { chain: event.id, kind: "EDITED" },
      { chain: row.id, kind: "ROW_CHANGED" },
    ]);
    assert.deepEqual(await firing(api, "AUDIT_CHAIN_BROKEN"), [2]);
    assert.equal(worker.told("worker.checkpoint_written").length, 1, "no further one is written");
  });

  test("does not tell again of what the owner accepted, and tells of what comes on top", async (t) => {
    const { stdout, stderr } = await verify(api, "--accept", "a drill");
    assert.match(stderr, /^closed 2 faults that were found before$/m);
    assert.match(stdout, /, 2 broken$/m);
    // The command has the real time.
    api.clock.set(new Date().toISOString());
    const worker = await startTestWorker(api, { t });
    api.clock.advance(24 * 60);
    await worker.wake();
    assert.equal(worker.told("worker.checkpoint_written").length, 1);
    assert.deepEqual(await firing(api, "AUDIT_CHAIN_BROKEN"), []);

    const { rows } = await api.owner.query("SELECT chain FROM audit_faults WHERE kind = 'ROW_CHANGED'");
    const ticket: string = rows[0].chain;
    await api.run("ticket.add_note", { ticket, body: { text: "the limit was set right by hand" } });
    assert.match((await verify(api)).stdout, /, 0 broken, 2 accepted$/m, "a command that came across it is no news");
    const limit = testStatement("checkpoint_row_again", "UPDATE tickets SET nte_cents = 9 WHERE id = $1");
    await api.desk.db.row(limit, [ticket]);
    const broken = /^BROKEN chain .*ROW_CHANGED[^]*, 1 broken, 2 accepted$/m;
    const database = new URL(api.databaseUrl).pathname.slice(1);
    await api.owner.query(`ALTER DATABASE "${database}" SET default_transaction_read_only = on`);
    await assert.rejects(verify(api), { code: 1, stdout: broken, stderr: /^no alert will tell/m }, "as on a standby");
    await api.owner.query(`ALTER DATABASE "${database}" RESET default_transaction_read_only`);
    await assert.rejects(verify(api), { code: 1, stdout: broken });
    api.clock.advance(1);
    assert.deepEqual(await firing(api, "AUDIT_CHAIN_BROKEN"), [1], "the command records what it finds");
  });

  test("no login of the API may add a fault as accepted", async () => {
    const accepted = testStatement(
      "checkpoint_accept",
      `INSERT INTO audit_faults (aggregate, chain, seq, kind, detail, found_by, found_at, resolved_at, resolution)
       VALUES ('ticket', 'x', 1, 'EDITED', 'x', 'x', now(), now(), 'x')`,
    );
    await assert.rejects(api.desk.db.row(accepted), /permission denied for table audit_faults/);
  });
});

describe("a checkpoint that is damaged", async () => {
  const api = await startTestApi();

  test("is told of by the worker, which writes no further one, until the owner of the database accepts it", async (t) => {
    api.clock.set(new Date().toISOString());
    await ticketIn(api, "TRIAGED");
    const key = await writeCheckpoint(api.desk.db, api.desk.store, aggregates, api.clock.now());
    const body = await api.desk.store.read(key);
    assert.ok(body);
    const whole = await text(body);
    await api.desk.store.remove(key);
    await api.desk.store.writeOnce(key, Buffer.from(whole.slice(0, -20)), "application/x-ndjson");
    api.clock.advance(24 * 60);
    const worker = await startTestWorker(api, { t });
    await worker.wake();
    assert.deepEqual(worker.told("worker.duty_failed"), []);
    assert.equal(worker.told("worker.checkpoint_written").length, 0);
    assert.deepEqual(await firing(api), [1]);
    const stdout = /^BROKEN chain audit\/checkpoints\/.* CHECKPOINT_CHANGED, it is damaged [^]*, 1 broken$/m;
    await assert.rejects(verify(api), { code: 1, stdout });
    assert.match((await verify(api, "--accept", "a drill")).stderr, /^wrote audit\/checkpoints\//m);
    api.clock.advance(1);
    assert.deepEqual(await firing(api), []);
    assert.match((await verify(api)).stdout, /^compared with [^]*, 0 broken$/m);
  });
});

describe("a checkpoint of a trail that is broken", async () => {
  const api = await startTestApi();
  const { db, store } = api.desk;
  const kept = () => verifyKeptCheckpoints(db, store, aggregates, api.clock.now());

  test("is not written, an alert says so, and no login of the API ends it", async (t) => {
    const { id } = await ticketIn(api, "TRIAGED");
    const worker = await startTestWorker(api, { t });
    await eventually("the first", () => worker.told("worker.checkpoint_written").length === 1);
    await rewriteTail(api, id);
    assert.deepEqual((await verifyAudit(db, aggregates)).faults, [], "the database alone does not tell");
    for (let day = 1; day <= 2; day++) {
      api.clock.advance(24 * 60);
      await worker.wake();
      assert.equal(toldBroken(worker).length, day);
    }
    assert.equal(worker.told("worker.checkpoint_written").length, 1);
    assert.deepEqual(await firing(api), [1]);
    const close = testStatement(
      "checkpoint_close",
      "UPDATE audit_faults SET resolved_at = now(), resolution = 'nothing'",
    );
    await assert.rejects(db.row(close), /permission denied for table audit_faults/);
  });

  test("does not hide what an older one knows, and a changed one is known by the next", async () => {
    // As a release did that did not look.
    await writeCheckpoint(db, store, aggregates, api.clock.now());
    assert.deepEqual((await compared(api)).faults, [], "the newest was written over the break");
    const found = await kept();
    assert.equal(found.compared, 2);
    assert.deepEqual(
      found.faults.map(({ kind }) => kind),
      ["RELINKED"],
    );
    const first = "audit/checkpoints/2026-03-02/00.ndjson";
    const body = await store.read(first);
    assert.ok(body);
    const changed = (await text(body)).replaceAll(/"hash":"[0-9a-f]+"/g, '"hash":"0"');
    await store.remove(first);
    await store.writeOnce(first, Buffer.from(changed), "application/x-ndjson");
    assert.ok((await kept()).faults.some(({ kind, chain }) => kind === "CHECKPOINT_CHANGED" && chain === first));
    await store.remove(first);
    const gone = (await kept()).faults;
    assert.deepEqual(
      gone.map(({ kind, chain }) => [kind, chain]),
      [["CHECKPOINT_CHANGED", first]],
    );
  });

  test("is written once the owner of the database accepts what is broken, with the reason, and the alert ends", async () => {
    // The command has the real time, and looks back ninety days from there.
    const { stderr } = await verify(api, "--accept", "a drill");
    assert.match(stderr, /^closed 1 faults that were found before$/m);
    assert.match(stderr, /^wrote audit\/checkpoints\//m);
    api.clock.advance(1);
    assert.deepEqual(await firing(api), []);
    api.clock.set(new Date().toISOString());
    assert.deepEqual([(await kept()).compared, (await kept()).faults], [1, []]);
    const sentence = /nothing was accepted, since nothing is broken/;
    await assert.rejects(verify(api, "--accept", "once more"), { code: 1, stderr: sentence });
    assert.equal((await kept()).compared, 1, "no checkpoint was written");
  });
});
