// Whoever owns the database can rewrite it; what they cannot do is rewrite it unseen. Each way of tampering is done for
// real to a trail that the API wrote, and must be found and named.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { after, before, describe, test, type TestContext } from "node:test";
import pg from "pg";
import { knownId, type ReceiptId } from "../../dispatch/contract/ids.ts";
import { isoTime } from "../../dispatch/db/pool.ts";
import { auditHash, type AuditEvent } from "../../dispatch/kernel/audit.ts";
import type { AuditFault } from "../../dispatch/kernel/chain-faults.ts";
import type { AuditReport } from "../../dispatch/kernel/verify-audit.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { startApiProcess } from "../support/api-process.ts";
import { copyTestDatabase, createTestDatabase } from "../support/database.ts";
import { post } from "./callers.ts";
import { layOutField, rowsOf, type Field } from "./field.ts";
import { lifeNames, lives, type LifeName } from "./lives.ts";
import { reportOn } from "./audit-report.ts";

const trail = await createTestDatabase();
const dataDir = await mkdtemp(join(tmpdir(), "dispatch-tamper-"));
after(() => rm(dataDir, { recursive: true, force: true }));
const { closed, invoiced } = await writeTrail();

/** Every life five times over, by commands of the API; the tickets that two of them left. */
async function writeTrail(): Promise<{ closed: string; invoiced: string }> {
  const api = await startApiProcess({ after }, { databaseUrl: trail.url, dataDir });
  const field = await layOutField(trail.url, 25);
  const made: { life: LifeName; id: string | undefined }[] = [];
  const jobs = lifeNames.flatMap((life) => [0, 1, 2, 3, 4].map((n) => ({ life, name: `${life} ${n}` })));
  await Promise.all(
    jobs.map(async ({ life, name }, n) => {
      made.push({ life, id: await play(api, field, { life, name, n }) });
    }),
  );
  // The database can be copied only once nobody is connected.
  await api.kill();
  const idOf = (life: LifeName) => made.find((one) => one.life === life)?.id ?? assert.fail(`no ticket of ${life}`);
  return { closed: idOf("repair"), invoiced: idOf("changedOnSite") };
}

async function play(
  api: { url: string },
  field: Field,
  { life, name, n }: { life: LifeName; name: string; n: number },
) {
  let ticket: string | undefined;
  const say = async (command: Parameters<typeof post>[1]) => {
    const reply = await post(api, command, randomUUID());
    assert.ok(reply.status < 300, `${command.path}: ${reply.text}`);
    ticket = reply.body.receipt?.ticket_id ?? ticket;
    return reply.body;
  };
  await lives[life](say, { field, techId: field.techIds[n] ?? "", day: 2 * n, name });
  return ticket;
}

/** One statement after the other, as the owner. */
type Sql = (text: string, ...values: unknown[]) => Promise<unknown[]>;

async function tampered(t: TestContext, tamper: (sql: Sql) => Promise<unknown>): Promise<string> {
  const copy = await copyTestDatabase(trail, t);
  const owner = new pg.Client({ connectionString: copy.url });
  await owner.connect();
  await tamper(async (text, ...values) => (await owner.query<Record<string, unknown>>(text, values)).rows);
  await owner.end();
  return copy.url;
}

const set = (column: string, value: string, seq: number) => (sql: Sql) =>
  sql(`UPDATE audit_events SET ${column} = ${value} WHERE ticket_id = $1 AND seq = $2`, closed, seq);

/** With all that hangs on them, as somebody would who wants no trace left. */
const remove = (chain: string | null, from: number, to: number) => async (sql: Sql) => {
  const events = "(SELECT id FROM audit_events WHERE aggregate_id = coalesce($1, 'desk') AND seq BETWEEN $2 AND $3)";
  await sql(`DELETE FROM state_transitions WHERE audit_event_id IN ${events}`, chain, from, to);
  await sql(`DELETE FROM completions WHERE audit_event_id IN ${events}`, chain, from, to);
  await sql(`DELETE FROM audit_events WHERE id IN ${events}`, chain, from, to);
};

const swap = (one: number, other: number) => async (sql: Sql) => {
  const move = "UPDATE audit_events SET seq = $3 WHERE ticket_id = $1 AND seq = $2";
  for (const [from, to] of [
    [one, -1],
    [other, one],
    [-1, other],
  ])
    await sql(move, closed, from, to);
};

/** Somebody else's name on an event, and every hash from there to `last` made anew. */
const relink = (from: number, last: number) => async (sql: Sql) => {
  await sql("UPDATE audit_events SET actor_id = 'mallory' WHERE ticket_id = $1 AND seq = $2", closed, from);
  let previous: string | undefined;
  for (let seq = from; seq <= last; seq++) {
    const event = await eventAt(sql, seq);
    const relinked = { ...event, prev_hash: previous ?? event.prev_hash };
    previous = auditHash(relinked);
    await sql(
      "UPDATE audit_events SET prev_hash = $3, hash = $4 WHERE ticket_id = $1 AND seq = $2",
      closed,
      seq,
      relinked.prev_hash,
      previous,
    );
  }
};

async function eventAt(sql: Sql, seq: number): Promise<AuditEvent> {
  const [row] = await sql(
    "SELECT to_jsonb(e) || jsonb_build_object('created_at', e.created_at::text) AS event FROM " +
      "audit_events e WHERE ticket_id = $1 AND seq = $2",
    closed,
    seq,
  );
  assert.ok(typeof row === "object" && row !== null && "event" in row);
  const event: AuditEvent = JSON.parse(JSON.stringify(row.event));
  return { ...event, created_at: isoTime(event.created_at) };
}

const columns = `id, aggregate, aggregate_id, seq, actor_type, actor_id, actor_role, tool_name, request_id, correlation_id,
  trace_id, before_state, after_state, payload, prev_hash, hash, hash_version, created_at`;

/** The last event once more, with some of it changed. */
const append = (chain: string | null, change: object) => (sql: Sql) =>
  sql(
    `INSERT INTO audit_events (${columns})
     SELECT ${columns} FROM (
       SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid()) || $2::jsonb)).*
       FROM audit_events e WHERE aggregate_id = coalesce($1, 'desk') ORDER BY seq DESC LIMIT 1) AS forged`,
    chain,
    JSON.stringify(change),
  );

/** Well formed, and linked to the last event as if it followed. */
const forge = async (sql: Sql): Promise<unknown> => {
  const last = await eventAt(sql, 14);
  const forged = {
    ...last,
    id: knownId<ReceiptId>(randomUUID()),
    seq: 15,
    before_state: "CLOSED",
    prev_hash: last.hash,
  };
  return await append(closed, { ...forged, hash: auditHash(forged) })(sql);
};

const nowhere = "00000000-0000-7000-8000-000000000000";

// The closed ticket's life: 1 created, 2 triaged, 3 proposed, 4 confirmed, 5 recommended, 6 dispatched, 7 checked in,
// 8 to 10 evidence, 11 completed, 12 verified, 13 invoiced, 14 closed.
type Expected = readonly [chain: string, seq: number, kind: AuditFault["kind"]];
const waysToTamper: { name: string; tamper: (sql: Sql) => Promise<unknown>; faults: Expected[] }[] = [
  {
    name: "a payload is edited",
    tamper: set("payload", `payload || '{"was_proposed": false}'`, 4),
    faults: [[closed, 4, "EDITED"]],
  },
  { name: "an actor is edited", tamper: set("actor_id", "'mallory'", 6), faults: [[closed, 6, "EDITED"]] },
  {
    name: "a time is moved by a millisecond",
    tamper: set("created_at", "created_at + interval '1 ms'", 2),
    faults: [[closed, 2, "EDITED"]],
  },
  {
    name: "a state is edited",
    tamper: set("after_state", "'CLOSED'", 12),
    faults: [
      [closed, 12, "EDITED"],
      [closed, 12, "STATE_UNEXPLAINED"],
    ],
  },
  { name: "a hash is edited", tamper: set("hash", "md5(hash)", 9), faults: [[closed, 9, "EDITED"]] },
  { name: "an event is deleted from the middle", tamper: remove(closed, 9, 9), faults: [[closed, 9, "DELETED"]] },
  {
    name: "a move is deleted from the middle",
    tamper: remove(closed, 6, 6),
    faults: [
      [closed, 6, "DELETED"],
      [closed, 7, "STATE_UNEXPLAINED"],
    ],
  },
  {
    name: "the first event is deleted",
    tamper: remove(closed, 1, 1),
    faults: [
      [closed, 1, "DELETED"],
      [closed, 2, "STATE_UNEXPLAINED"],
    ],
  },
  { name: "two events change places", tamper: swap(8, 9), faults: [[closed, 8, "REORDERED"]] },
  {
    name: "the tail is cut off",
    tamper: remove(closed, 12, 14),
    faults: [
      [closed, 12, "TAIL_CUT"],
      [closed, 11, "STATE_UNEXPLAINED"],
    ],
  },
  {
    name: "all events are deleted",
    tamper: remove(closed, 1, 14),
    faults: [
      [closed, 1, "TAIL_CUT"],
      [closed, 0, "STATE_UNEXPLAINED"],
    ],
  },
  { name: "an event is rewritten, hash and all", tamper: relink(6, 6), faults: [[closed, 7, "RELINKED"]] },
  { name: "the chain is rewritten up to its old head", tamper: relink(6, 14), faults: [[closed, 14, "RELINKED"]] },
  {
    name: "an event is repeated",
    tamper: append(closed, { seq: 15 }),
    faults: [
      [closed, 15, "EDITED"],
      [closed, 15, "STATE_UNEXPLAINED"],
    ],
  },
  { name: "an event is forged behind the head", tamper: forge, faults: [[closed, 15, "EDITED"]] },
  {
    name: "an event is moved to another ticket",
    tamper: (sql) =>
      sql("UPDATE audit_events SET aggregate_id = $2, seq = 19 WHERE ticket_id = $1 AND seq = 10", closed, invoiced),
    faults: [
      [closed, 10, "DELETED"],
      [invoiced, 19, "EDITED"],
      [invoiced, 19, "STATE_UNEXPLAINED"],
    ],
  },
  {
    name: "a ticket's state is edited",
    tamper: (sql) => sql("UPDATE tickets SET state = 'VERIFIED' WHERE id = $1", closed),
    faults: [[closed, 14, "STATE_UNEXPLAINED"]],
  },
  {
    name: "a ticket's state is edited and a transition is made up for it",
    tamper: async (sql) => {
      await sql("UPDATE tickets SET state = 'CLOSED' WHERE id = $1", invoiced);
      await sql(
        `INSERT INTO state_transitions (audit_event_id, step, aggregate, aggregate_id, from_state, to_state, created_at)
         SELECT id, 2, aggregate, aggregate_id, 'INVOICED', 'CLOSED', created_at FROM audit_events WHERE ticket_id = $1 AND seq = 18`,
        invoiced,
      );
    },
    faults: [[invoiced, 18, "STATE_UNEXPLAINED"]],
  },
  {
    name: "a transition is deleted",
    tamper: (sql) => sql("DELETE FROM state_transitions WHERE aggregate_id = $1 AND to_state = 'ON_SITE'", closed),
    faults: [[closed, 7, "STATE_UNEXPLAINED"]],
  },
  {
    name: "a move is given to another ticket",
    tamper: (sql) =>
      sql(
        "UPDATE state_transitions SET aggregate_id = $2 WHERE aggregate_id = $1 AND to_state = 'ON_SITE'",
        closed,
        invoiced,
      ),
    faults: [
      [closed, 7, "STATE_UNEXPLAINED"],
      [invoiced, 0, "STATE_UNEXPLAINED"],
    ],
  },
  {
    name: "events are given to a ticket that never was",
    tamper: (sql) =>
      sql("UPDATE audit_events SET aggregate_id = $2 WHERE aggregate_id = $1 AND seq = 14", closed, nowhere),
    faults: [
      [closed, 14, "TAIL_CUT"],
      [closed, 13, "STATE_UNEXPLAINED"],
      [closed, 0, "STATE_UNEXPLAINED"],
      [nowhere, 14, "UNOWNED"],
    ],
  },
  {
    name: "an event is given to an aggregate nobody knows",
    tamper: (sql) => sql("UPDATE audit_events SET aggregate = 'ghost' WHERE aggregate_id = $1 AND seq = 10", closed),
    faults: [
      [closed, 10, "DELETED"],
      ["*", 0, "UNOWNED"],
    ],
  },
  {
    name: "an event claims the older kind of hash",
    tamper: set("hash_version", "1", 6),
    faults: [[closed, 6, "EDITED"]],
  },
  { name: "the desk's chain loses an event", tamper: remove(null, 4, 4), faults: [["desk", 4, "DELETED"]] },
  { name: "the desk's chain loses its tail", tamper: remove(null, 9, 10), faults: [["desk", 9, "TAIL_CUT"]] },
  { name: "the desk's chain loses everything", tamper: remove(null, 1, 10), faults: [["desk", 1, "TAIL_CUT"]] },
  {
    name: "an event is hidden before the desk's first",
    tamper: append(null, { seq: -7 }),
    faults: [["desk", 1, "DELETED"]],
  },
];

describe("tampering is found and named", () => {
  test("and a trail that nobody touched is clean", async () => {
    const { chains, events, faults } = await reportOn(trail.url);
    assert.deepEqual(faults, []);
    const [written] = await rowsOf<{ events: number; tickets: number }>(
      trail.url,
      "SELECT (SELECT count(*)::int FROM audit_events) AS events, (SELECT count(*)::int FROM tickets) AS tickets",
    );
    assert.deepEqual({ chains, events }, { chains: 1 + (written?.tickets ?? 0), events: written?.events });
    assert.ok(events >= 300, `a trail of only ${events} events proves little`);
  });

  for (const { name, tamper, faults } of waysToTamper) {
    test(name, async (t) => {
      const report = await reportOn(await tampered(t, tamper));
      const found = report.faults.map(({ chain, seq, kind }) => `${chain} ${seq} ${kind}`);
      assert.deepEqual(found.toSorted(), faults.map((fault) => fault.join(" ")).toSorted());
    });
  }
});

describe("the command that verifies", () => {
  let folder = "";
  before(async () => void (folder = await mkdtemp(join(tmpdir(), "dispatch-verify-"))));
  after(() => rm(folder, { recursive: true, force: true }));
  const verify = (databaseUrl: string, ...args: string[]) =>
    new Promise<{ code: number; stdout: string }>((resolve) => {
      const script = join(import.meta.dirname, "../../scripts/audit-verify.ts");
      // Its own folder: a demo on this machine has left checkpoints of its own in the usual one.
      const env = { ...bareEnvironment, DISPATCH_DATA_DIR: folder };
      const child = execFile(
        process.execPath,
        [script, "--database-url", databaseUrl, ...args],
        { env },
        (_error, stdout) => resolve({ code: child.exitCode ?? -1, stdout }),
      );
    });

  test("ends with 0 when all is well", async () => {
    const { code, stdout } = await verify(trail.url);
    assert.equal(code, 0);
    assert.match(stdout, /^\d+ chains, \d+ events, 0 broken$/m);
  });

  test("ends with 1 and prints what is broken, for people and as JSON", async (t) => {
    const url = await tampered(t, set("actor_id", "'mallory'", 6));
    const [forPeople, asJson] = await Promise.all([verify(url), verify(url, "--json")]);
    assert.equal(forPeople.code, 1);
    assert.match(forPeople.stdout, new RegExp(`^BROKEN chain ${closed} seq 6: EDITED, assignment\\.dispatch `, "m"));
    assert.match(forPeople.stdout, /, 1 broken$/m);
    assert.equal(asJson.code, 1);
    const report: AuditReport = JSON.parse(asJson.stdout);
    assert.deepEqual(
      report.faults.map(({ chain, seq, kind }) => ({ chain, seq, kind })),
      [{ chain: closed, seq: 6, kind: "EDITED" }],
    );
  });
});
