// The worker looks at audit chains and their rows by itself: what was changed past Dispatch is told without anybody asking, and is over
// once it is put right.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { noteLook } from "../../dispatch/kernel/audit-faults.ts";
import { activatePolicy } from "../../dispatch/ops/policy/activate.ts";
import { initFolder } from "../../dispatch/ops/policy/init-folder.ts";
import { verifyNamed } from "../../dispatch/kernel/verify-audit.ts";
import { ticketAggregate } from "../../dispatch/ticket/ticket-aggregate.ts";
import { placeNow, writtenTickets } from "../../dispatch/worker/uncounted-changes.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { testStatement } from "../support/statement.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker, type TestWorker } from "../support/worker.ts";

/** Codes of the trail that fire, with their counts. */
async function firing(api: TestApi): Promise<Record<string, number>> {
  // The API asks for its alerts once a second.
  api.clock.advanceMs(1_000);
  const { alerts }: { alerts: { code: string; count: number }[] } = JSON.parse(
    (await api.send("GET", "/ops/alerts")).text,
  );
  return Object.fromEntries(
    alerts.filter(({ code }) => code.startsWith("AUDIT_")).map(({ code, count }) => [code, count]),
  );
}

const found = async ({ owner }: TestApi) =>
  (await owner.query("SELECT chain, kind, found_by, mended_at IS NOT NULL AS mended FROM audit_faults ORDER BY id"))
    .rows;

const setLimit = testStatement("watch_set_limit", "UPDATE tickets SET nte_cents = $2 WHERE id = $1");
/** Whoever changed lately is looked at, and no round begins before long. */
const lookAtRecent = testStatement(
  "watch_no_round",
  "UPDATE audit_watch SET recent_at = $1, rested_at = $1, round_at = $2",
);
const addEvidence = testStatement(
  "watch_add_evidence",
  `INSERT INTO evidence_items (id, ticket_id, kind, uri, metadata, verification, created_by, created_at)
   SELECT gen_random_uuid(), $1, 'photo', 'https://photos.example/' || copy, '{}', 'referenced', 'nobody', now()
   FROM generate_series(1, 2) AS copy`,
);
/** One event a second; what was not read between two ticks may be made up for. */
const slow = { DISPATCH_AUDIT_EVENTS_PER_SECOND: "1", DISPATCH_WORKER_LOOP_MS: "1000" };

/** The limit a ticket has. */
const limitOf = async ({ owner }: TestApi, id: string): Promise<number> =>
  Number((await owner.query("SELECT nte_cents FROM tickets WHERE id = $1", [id])).rows[0].nte_cents);

const watched = async ({ owner }: TestApi) => (await owner.query("SELECT * FROM audit_watch")).rows[0];

describe("the watch over the audit trail", async () => {
  const api = await startTestApi();

  test("tells within a minute of a changed row of a ticket that was worked on lately, and ends it when it is put back", async (t) => {
    const { id } = await ticketIn(api, "TRIAGED");
    const limit = await limitOf(api, id);
    const worker = await startTestWorker(api, { t });
    // Until the day's checkpoint is there, whatever its duty finds is no news to the watch.
    await worker.wake();
    assert.equal(worker.told("worker.audit_looked_through").length, 1);
    await api.desk.db.row(setLimit, [id, 9_900_000]);
    api.clock.advanceMs(60_000);
    await worker.wake();
    assert.deepEqual(await firing(api), { AUDIT_CHAIN_BROKEN: 1 });
    const fault = { chain: id, kind: "ROW_CHANGED", found_by: "audit watch" };
    assert.deepEqual(await found(api), [{ ...fault, mended: false }]);
    assert.equal(worker.told("worker.audit_broken").length, 1);

    api.clock.advance(2);
    await worker.wake();
    assert.equal(worker.told("worker.audit_broken").length, 1, "what is known already is not told again");

    await api.desk.db.row(setLimit, [id, limit]);
    api.clock.advance(2);
    await worker.wake();
    assert.deepEqual(await firing(api), {});
    assert.equal(worker.told("worker.audit_whole_again").length, 1);
    assert.deepEqual(await found(api), [{ ...fault, mended: true }], "that there was one stays on record");

    await api.desk.db.row(setLimit, [id, 9_900_000]);
    api.clock.advance(2);
    await worker.wake();
    assert.deepEqual(await firing(api), { AUDIT_CHAIN_BROKEN: 1 }, "the same once more fires once more");
    await api.desk.db.row(setLimit, [id, limit]);
  });

  test("finds in its round what nobody has worked on for an hour: a changed row, and a move that names no event", async (t) => {
    const [row, moved] = await Promise.all([1, 2].map(() => ticketIn(api, "TRIAGED")));
    assert.ok(row && moved);
    const limit = await limitOf(api, row.id);
    const worker = await startTestWorker(api, { t });
    api.clock.advance(60);
    await worker.wake();
    assert.deepEqual(await firing(api), {});
    await api.desk.db.row(setLimit, [row.id, 5]);
    await api.owner.query(
      `ALTER TABLE state_transitions DISABLE TRIGGER known_moves;
       INSERT INTO state_transitions (audit_event_id, step, aggregate_id, aggregate, from_state, to_state, created_at)
       SELECT audit_event_id, 9, '${moved.id}', aggregate, from_state, to_state, created_at FROM state_transitions
       WHERE aggregate_id = '${row.id}' ORDER BY created_at LIMIT 1;
       ALTER TABLE state_transitions ENABLE TRIGGER known_moves`,
    );
    api.clock.advance(5);
    await worker.wake();
    assert.deepEqual(await firing(api), { AUDIT_CHAIN_BROKEN: 2 });
    await api.desk.db.row(setLimit, [row.id, limit]);
    await api.owner.query("DELETE FROM state_transitions WHERE step = 9");
    api.clock.advance(2);
    await worker.wake();
    assert.deepEqual(await firing(api), {});
  });

  test("tells of a ticket that got several rows and moves which no event adds, and goes on", async (t) => {
    const [one, other] = await Promise.all([1, 2].map(() => ticketIn(api, "TRIAGED")));
    assert.ok(one && other);
    const worker = await startTestWorker(api, { t });
    await worker.wake();
    const before = (await found(api)).length;
    await api.desk.db.row(addEvidence, [one.id]);
    await api.owner.query(
      `ALTER TABLE state_transitions DISABLE TRIGGER known_moves;
       INSERT INTO state_transitions (audit_event_id, step, aggregate_id, aggregate, from_state, to_state, created_at)
       SELECT audit_event_id, 90 + copy, '${one.id}', aggregate, from_state, to_state, created_at
       FROM state_transitions, generate_series(1, 2) AS copy WHERE aggregate_id = '${other.id}' AND to_state = 'TRIAGED';
       ALTER TABLE state_transitions ENABLE TRIGGER known_moves`,
    );
    api.clock.advance(2);
    await worker.wake();
    assert.deepEqual(worker.told("worker.duty_failed"), []);
    assert.deepEqual(
      (await found(api)).slice(before).map(({ chain, kind }) => [chain, kind]),
      [
        [one.id, "ROW_UNRECORDED"],
        [one.id, "STATE_UNEXPLAINED"],
      ],
    );
    assert.deepEqual(await firing(api), { AUDIT_CHAIN_BROKEN: 2 });
    const removed = "DELETE FROM evidence_items WHERE id = (SELECT min(id::text)::uuid FROM evidence_items)";
    await api.owner.query(`DELETE FROM state_transitions WHERE step > 90; ${removed}`);
    api.clock.advance(2);
    await worker.wake();
    assert.deepEqual(await firing(api), { AUDIT_CHAIN_BROKEN: 1 }, "one of the rows is there still");
    await api.owner.query(removed);
    api.clock.advance(2);
    await worker.wake();
    assert.deepEqual(await firing(api), {});
  });

  test("tells of a version of the policy that was changed or deleted, as of whatever the desk's chain activated", async (t) => {
    const folder = join(await mkdtemp(join(tmpdir(), "dispatch-policy-")), "rules");
    t.after(() => rm(dirname(folder), { recursive: true }));
    initFolder(folder, "pilot");
    await activatePolicy(folder, { settings: api.desk.settings, by: "olga", say: () => undefined });
    const worker = await startTestWorker(api, { t });
    const past = async (text: string) => {
      const trigger = (is: string) => `ALTER TABLE policy_versions ${is} TRIGGER keep_versions`;
      await api.owner.query(`${trigger("DISABLE")}; ${text}; ${trigger("ENABLE")}`);
      api.clock.advance(6);
      await worker.wake();
      return firing(api);
    };
    await api.owner.query("CREATE TABLE kept AS SELECT * FROM policy_versions WHERE version = 1");
    t.after(() => api.owner.query("DROP TABLE kept"));
    const putBack = "DELETE FROM policy_versions WHERE version = 1; INSERT INTO policy_versions SELECT * FROM kept";
    assert.deepEqual(await past("SELECT"), {});
    const dearer =
      "UPDATE policy_versions SET content = jsonb_set(content, '{files,price-book.json}', '{}') WHERE version = 1";
    assert.deepEqual(await past(dearer), { AUDIT_CHAIN_BROKEN: 1 });
    assert.deepEqual((await found(api)).at(-1), {
      chain: "desk",
      kind: "ROW_UNRECORDED",
      found_by: "audit watch",
      mended: false,
    });
    assert.deepEqual(await past(putBack), {});
    assert.deepEqual(await past("DELETE FROM policy_versions WHERE version = 1"), { AUDIT_CHAIN_BROKEN: 1 });
    assert.deepEqual(await past(putBack), {});
  });

  test("goes by the later moment, where looks end in another order than they began", async () => {
    const { id } = await ticketIn(api, "TRIAGED");
    const limit = await limitOf(api, id);
    const { db } = api.desk;
    const look = () => verifyNamed(db, ticketAggregate, [id], 1_000);
    const whole = await look();
    await db.row(setLimit, [id, 8]);
    const broken = await look();
    assert.deepEqual(
      (await noteLook(db, "ticket", broken, "a look")).open.map(({ kind }) => kind),
      ["ROW_CHANGED"],
    );
    assert.deepEqual((await noteLook(db, "ticket", whole, "a look")).mended, [], "it was looked before the change");
    await db.row(setLimit, [id, limit]);
    assert.equal((await noteLook(db, "ticket", await look(), "a look")).mended.length, 1);
    assert.equal((await noteLook(db, "ticket", broken, "a look")).added, 0, "it was looked before the mend");
    assert.deepEqual(await firing(api), {});
  });

  test("knows of tickets that were written and have no event of it, and looks at them however far off its round is", async (t) => {
    const { db } = api.desk;
    const worker = await startTestWorker(api, { t });
    const [row, moved, proven, told] = await Promise.all([1, 2, 3, 4].map(() => ticketIn(api, "TRIAGED")));
    assert.ok(row && moved && proven && told);
    api.clock.advance(60);
    await worker.wake();
    const { place } = await placeNow(db, null);
    const limit = await limitOf(api, row.id);
    await db.row(setLimit, [row.id, 6]);
    await api.owner.query(
      `SET session_replication_role = replica;
       INSERT INTO state_transitions (audit_event_id, step, aggregate_id, aggregate, from_state, to_state, created_at)
       SELECT audit_event_id, 80, aggregate_id, aggregate, from_state, to_state, created_at FROM state_transitions
       WHERE aggregate_id = '${moved.id}' ORDER BY created_at LIMIT 1;
       RESET session_replication_role`,
    );
    await db.row(addEvidence, [proven.id]);
    await api.run("ticket.add_note", { ticket: told.id, body: { text: "called back" } });
    assert.deepEqual((await writtenTickets(db, place, 10)).toSorted(), [row.id, moved.id, proven.id].toSorted());
    api.clock.advance(1);
    await db.row(lookAtRecent, [api.clock.iso, api.clock.in(50)]);
    await worker.wake();
    assert.equal((await watched(api)).began_at, null, "no round is under way");
    assert.deepEqual(await firing(api), { AUDIT_CHAIN_BROKEN: 3 });
    await db.row(setLimit, [row.id, limit]);
    await api.owner.query("DELETE FROM state_transitions WHERE step = 80");
    await api.owner.query("DELETE FROM evidence_items WHERE ticket_id = $1", [proven.id]);
    api.clock.advance(2);
    await worker.wake();
    assert.deepEqual(await firing(api), {});
  });

  for (const [what, state, change, restore] of [
    [
      "an event that was changed",
      "TRIAGED",
      "UPDATE audit_events SET tool_name = upper(tool_name) WHERE aggregate_id = $1",
      "UPDATE audit_events SET tool_name = lower(tool_name) WHERE aggregate_id = $1",
    ],
    [
      "a booking that was deleted",
      "SCHEDULED",
      "WITH gone AS (DELETE FROM bookings WHERE ticket_id = $1::uuid RETURNING *) INSERT INTO gone_bookings SELECT * FROM gone",
      "INSERT INTO bookings SELECT * FROM gone_bookings WHERE ticket_id = $1::uuid",
    ],
  ] as const)
    test(`finds within a minute what the server was told not to count: ${what}`, async (t) => {
      const worker = await startTestWorker(api, { t });
      const { id } = await ticketIn(api, state);
      const client = await api.owner.connect();
      t.after(() => client.release());
      await client.query("CREATE TEMP TABLE IF NOT EXISTS gone_bookings AS SELECT * FROM bookings LIMIT 0");
      const uncounted = async (sql: string) => {
        await client.query("SET track_counts = off; SET session_replication_role = replica");
        assert.ok((await client.query(sql, [id])).rowCount);
        await client.query("RESET track_counts; RESET session_replication_role");
      };
      api.clock.advance(60);
      await worker.wake();
      for (const [sql, found] of [
        [change, { AUDIT_CHAIN_BROKEN: 1 }],
        [restore, {}],
      ] as const) {
        await uncounted(sql);
        api.clock.advance(1);
        await api.desk.db.row(lookAtRecent, [api.clock.iso, api.clock.in(50)]);
        await worker.wake();
        assert.deepEqual(await firing(api), found);
      }
    });

  test("leaves a long chain to its round", async () => {
    const { id } = await ticketIn(api, "TRIAGED");
    const chainsWithin = async (longest: number) =>
      (await verifyNamed(api.desk.db, ticketAggregate, [id], longest)).chains;
    assert.deepEqual([await chainsWithin(1), await chainsWithin(2)], [0, 1]);
  });

  test("looks through all of it at once when history was changed, however slowly it may look otherwise", async (t) => {
    const { id } = await ticketIn(api, "TRIAGED");
    const worker = await startTestWorker(api, { t, env: slow });
    api.clock.advance(60);
    await worker.wake();
    await worker.wake();
    assert.ok(Date.parse((await watched(api)).rested_at) > api.clock.now().getTime(), "it is not to look for now");
    const owner = await api.owner.connect();
    try {
      await owner.query("UPDATE audit_events SET actor_id = 'somebody else' WHERE aggregate_id = $1 AND seq = 1", [id]);
      await owner.query("SELECT pg_stat_force_next_flush()");
      await owner.query("SELECT");
    } finally {
      owner.release();
    }
    await worker.wake();
    assert.notEqual(worker.told("worker.audit_history_changed").length, 0);
    assert.deepEqual((await found(api)).at(-1), { chain: id, kind: "EDITED", found_by: "audit watch", mended: false });
  });
});

test("tables that are too large to be read at once are left to the round", async (t) => {
  const api = await startTestApi();
  const { db } = api.desk;
  const worker = await startTestWorker(api, { t });
  const { id } = await ticketIn(api, "TRIAGED");
  api.clock.advance(60);
  await worker.wake();
  await db.row(setLimit, [id, 6]);
  for (const [pages, found] of [
    [200_000, {}],
    [10, { AUDIT_CHAIN_BROKEN: 1 }],
  ] as const) {
    await api.owner.query(
      `SET allow_system_table_mods = on; UPDATE pg_class SET relpages = ${pages} WHERE oid = 'tickets'::regclass;
       RESET allow_system_table_mods`,
    );
    api.clock.advance(1);
    await db.row(lookAtRecent, [api.clock.iso, api.clock.in(50)]);
    await worker.wake();
    assert.deepEqual(await firing(api), found);
  }
});

describe("a round", async () => {
  const api = await startTestApi();
  await ticketIn(api, "TRIAGED");
  const { rows } = await api.owner.query(
    "SELECT count(DISTINCT aggregate_id)::int AS chains FROM audit_events WHERE aggregate = 'ticket'",
  );
  const tickets: number = rows[0].chains;

  test("keeps to the speed that is allowed, and goes on where another worker left off", async (t) => {
    const first = await startTestWorker(api, { t, env: slow });
    /** Lets the worker look once more, as soon as it may. */
    const next = async (worker: TestWorker) => {
      const { rested_at: rested } = await watched(api);
      api.clock.set(new Date(Math.max(Date.parse(rested), api.clock.now().getTime())).toISOString());
      await worker.wake();
    };
    await eventually("a page", async () => {
      await next(first);
      return (await watched(api)).aggregate === "desk";
    });
    const { chains, rested_at: rested } = await watched(api);
    assert.equal(chains, String(tickets));
    assert.ok(Date.parse(rested) > api.clock.now().getTime());
    await first.stop();
    const second = await startTestWorker(api, { t, env: slow });
    await second.wake();
    assert.equal((await watched(api)).aggregate, "desk", "the rest is everybody's");
    await eventually("its end", async () => {
      await next(second);
      return second.told("worker.audit_looked_through").length === 1;
    });
    const { last_chains: last, aggregate } = await watched(api);
    assert.deepEqual([last, aggregate], [String(tickets + 1), null]);
    await second.stop();
  });

  test("is one for all workers", async (t) => {
    api.clock.advance(6);
    const workers = await Promise.all([1, 2, 3].map(() => startTestWorker(api, { t })));
    await Promise.all(workers.map((worker) => worker.wake()));
    await Promise.all(workers.map((worker) => worker.wake()));
    assert.equal(workers.flatMap((worker) => worker.told("worker.audit_looked_through")).length, 1);
  });

  test("that nobody has ended for a day is told of", async () => {
    assert.deepEqual(await firing(api), {});
    api.clock.advance(24 * 60);
    assert.deepEqual(await firing(api), { AUDIT_UNVERIFIED: 24 });
  });
});

describe("who has the API's login", async () => {
  const api = await startTestApi();
  const endAll = testStatement("watch_end_all", "UPDATE audit_faults SET mended_at = '2000-01-01Z'");

  test("ends what was found for a minute, until the next look, and has nobody rest for longer than an hour", async (t) => {
    const { id } = await ticketIn(api, "TRIAGED");
    const limit = await limitOf(api, id);
    const worker = await startTestWorker(api, { t });
    await api.desk.db.row(setLimit, [id, 5]);
    api.clock.advance(60);
    await worker.wake();
    assert.deepEqual(await firing(api), { AUDIT_CHAIN_BROKEN: 1 });
    await api.desk.db.row(endAll);
    assert.deepEqual(await firing(api), {});
    api.clock.advance(1);
    await worker.wake();
    assert.deepEqual(await firing(api), { AUDIT_CHAIN_BROKEN: 1 });

    const rest = testStatement("watch_rest", "UPDATE audit_watch SET rested_at = $1, recent_at = $1, round_at = $1");
    await api.desk.db.row(endAll);
    await api.desk.db.row(rest, [new Date(api.clock.now().getTime() + 61 * 60_000).toISOString()]);
    await worker.wake();
    assert.deepEqual(await firing(api), { AUDIT_CHAIN_BROKEN: 1 });
    await api.desk.db.row(setLimit, [id, limit]);
    api.clock.advance(1);
    await worker.wake();
    assert.deepEqual(await firing(api), {});
  });

  test("cannot silence a fault by a mend that is yet to come", async (t) => {
    const { id } = await ticketIn(api, "TRIAGED");
    const limit = await limitOf(api, id);
    const worker = await startTestWorker(api, { t });
    await worker.wake();
    await api.desk.db.row(setLimit, [id, 7]);
    api.clock.advance(2);
    await worker.wake();
    assert.deepEqual(await firing(api), { AUDIT_CHAIN_BROKEN: 1 });
    await api.desk.db.row(testStatement("watch_mend_ahead", "UPDATE audit_faults SET mended_at = 'infinity'"));
    api.clock.advance(2);
    await worker.wake();
    assert.deepEqual(await firing(api), { AUDIT_CHAIN_BROKEN: 1 });
    await api.desk.db.row(setLimit, [id, limit]);
    api.clock.advance(2);
    await worker.wake();
    assert.deepEqual(await firing(api), {});
  });

  test("can add to what was found, and end nothing that a checkpoint says", async () => {
    await api.owner.query(
      `INSERT INTO audit_faults (aggregate, chain, seq, kind, detail, source, found_by, found_at)
       VALUES ('ticket', 'x', 1, 'RELINKED', 'x', 'checkpoint', 'x', now()), ('ticket', 'x', 1, 'RELINKED', 'x', 'history', 'x', now()),
              ('ticket', 'x', 2, 'TAIL_CUT', 'x', 'checkpoint', 'x', now())`,
    );
    assert.deepEqual(await firing(api), { AUDIT_BROKEN: 1, AUDIT_CHAIN_BROKEN: 1 }, "what both say fires once");
    await api.desk.db.row(testStatement("watch_mend", "UPDATE audit_faults SET mended_at = now()"));
    assert.deepEqual(await firing(api), { AUDIT_BROKEN: 2 });
    for (const [name, column] of [
      ["watch_source", "source = 'history'"],
      ["watch_resolve", "resolved_at = now(), resolution = 'x'"],
      ["watch_chain", "chain = 'y'"],
    ] as const)
      await assert.rejects(
        api.desk.db.row(testStatement(name, `UPDATE audit_faults SET ${column}`)),
        /permission denied for table audit_faults/,
      );
  });
});
