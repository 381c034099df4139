// A backup taken while commands go on, restored elsewhere: the same rows, the same chains, the same bytes, and an API that
// goes on from there.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import pg from "pg";
import { migrate, schemaVersion } from "../../dispatch/db/migrate.ts";
import { filledByMigrations, loadDatabase } from "../../dispatch/ops/backup/load.ts";
import { copiesIn, loadObjects } from "../../dispatch/ops/backup/objects.ts";
import { prove } from "../../dispatch/ops/backup/prove.ts";
import { takeBackup } from "../../dispatch/ops/backup/take.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { schemaPage } from "../../lab/generate/schema-page.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { copyTestDatabase, createEmptyDatabase, createTestDatabase } from "../support/database.ts";
import { acme } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { quietWork, schemes, startUsedDesk, storeIn } from "./used-desk.ts";

const work = quietWork();

async function questions<T>(url: string, ask: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await ask(client);
  } finally {
    await client.end();
  }
}

const one = async (url: string, sql: string): Promise<Record<string, unknown>> =>
  (await questions(url, (client) => client.query<Record<string, unknown>>(sql))).rows[0] ?? {};

const behind = "0198c000-0000-7000-8000-00000000000a";
const abreast = "0198c000-0000-7000-8000-00000000000b";

/** Two webhooks: one that has read nothing, one that has read everything so far. */
async function addCursors({ owner }: TestApi): Promise<void> {
  for (const id of [behind, abreast]) {
    await owner.query(
      "INSERT INTO webhook_endpoints (id, url, secret, created_at) VALUES ($1, 'https://hooks.example/', 'whsec_x', now())",
      [id],
    );
  }
  await owner.query(
    "INSERT INTO webhook_cursors (endpoint_id, xact, id, since) VALUES ($1, '0', 0, pg_current_snapshot())",
    [behind],
  );
  await owner.query(
    "INSERT INTO webhook_cursors (endpoint_id, xact, id) SELECT $1, xact, id FROM outbox ORDER BY xact DESC, id DESC LIMIT 1",
    [abreast],
  );
  for (const table of ["nats_relay", "room_follow"])
    await owner.query(
      `UPDATE ${table} SET (xact, id) = (SELECT xact, id FROM outbox ORDER BY xact DESC, id DESC LIMIT 1)`,
    );
  await owner.query("UPDATE rooms SET status_xact = pg_current_xact_id()");
}

describe("a restored backup", async () => {
  const desk = await startUsedDesk({ after });
  const { api } = desk;
  let busy = true;
  const goOn = async (): Promise<number> => {
    let commands = 0;
    for (; busy; commands++)
      await api.run("ticket.create", {
        body: { account_id: acme.id, site_id: acme.oakland, summary: `call ${commands}` },
      });
    return commands;
  };
  await addCursors(api);
  const going = [goOn(), goOn()];
  const backup = await desk.take("whole");
  busy = false;
  const commands = (await Promise.all(going)).reduce((sum, count) => sum + count);
  await ticketIn(api, "NEW", { summary: "after the backup" });
  const restored = await createEmptyDatabase({ after });
  await loadDatabase(restored.url, backup.folder, backup.manifest, work);

  const proof = (url = restored.url) =>
    prove(
      { databaseUrl: url, folder: backup.folder, manifest: backup.manifest, objects: copiesIn(backup.folder), schemes },
      work,
    );

  test("has every row, whole audit chains and every piece of evidence, of one moment", async () => {
    assert.ok(commands > 0, "no command ran beside the backup");
    const found = await proof();
    assert.deepEqual(found.faults, []);
    assert.equal(found.events, backup.manifest.audit.events);
    assert.equal(
      found.rows,
      backup.manifest.database.tables.reduce((sum, { rows }) => sum + rows, 0),
    );
    assert.ok(found.evidence >= 3 && found.objects > found.evidence, JSON.stringify(found));
    assert.equal(
      (await one(restored.url, "SELECT count(*)::int AS tickets FROM tickets WHERE summary = 'after the backup'"))[
        "tickets"
      ],
      0,
    );
  });

  for (const [who, table] of [
    ["the relay to NATS", "nats_relay"],
    ["who follows for the rooms", "room_follow"],
  ] as const)
    test(`takes ${who} back to just before the first event it has not told`, async () => {
      const { unread, there } = await one(
        restored.url,
        `SELECT (SELECT count(*)::int FROM outbox o, ${table} r WHERE (o.xact, o.id) > (r.xact, r.id)) AS unread,
                (SELECT count(*)::int FROM outbox) AS there`,
      );
      assert.ok(Number(unread) > 0 && Number(unread) < Number(there), `${unread} of ${there} events are untold`);
    });

  test("lets whoever sits in a room be heard in a cluster whose transactions begin anew", async () => {
    const { rooms, xact } = await one(
      restored.url,
      "SELECT count(*)::int AS rooms, max(status_xact::text) AS xact FROM rooms",
    );
    assert.ok(Number(rooms) > 0);
    assert.equal(xact, "0");
  });

  test("takes each webhook back to just before the first event it has not read", async () => {
    const first = "SELECT min(id)::int AS id FROM outbox";
    assert.deepEqual(
      await one(
        restored.url,
        `SELECT id::int AS id, xact::text, since FROM webhook_cursors WHERE endpoint_id = '${behind}'`,
      ),
      { id: Number((await one(restored.url, first))["id"]) - 1, xact: "0", since: null },
    );
    const unread =
      "SELECT count(*)::int AS events FROM outbox o, webhook_cursors c WHERE c.endpoint_id = " +
      `'${abreast}' AND (o.xact, o.id) > (c.xact, c.id)`;
    const all = "SELECT count(*)::int AS events FROM outbox";
    const [read, there] = [
      Number((await one(restored.url, unread))["events"]),
      Number((await one(restored.url, all))["events"]),
    ];
    assert.ok(read > 0 && read < there, `${read} of ${there} events are unread`);
  });

  test("has the schema the migrations make: no guard, key or trigger was left off", async () => {
    const fresh = await createTestDatabase({ after });
    assert.equal(await questions(restored.url, schemaPage), await questions(fresh.url, schemaPage));
    const app = questions(restored.url, async (client) => {
      await client.query("SET ROLE dispatch_app");
      await client.query("DELETE FROM audit_events");
    });
    await assert.rejects(app, { code: "42501" });
  });

  test("computes what is computed, counts on where it stood, and begins transaction ids anew", async () => {
    const same = `SELECT (SELECT last FROM number_series WHERE series = 'invoice') AS invoices,
      (SELECT string_agg(id || is_open::text || coalesce(proposal_ends, ''), ',' ORDER BY id) FROM tickets
       WHERE summary NOT LIKE 'call %' AND summary <> 'after the backup') AS generated`;
    assert.deepEqual(await one(restored.url, same), await one(desk.api.databaseUrl, same));
    const outbox =
      "SELECT bool_and(xact = '0'::xid8) AS zero, count(*)::int > 0 AS some, max(id) < " +
      "nextval(pg_get_serial_sequence('outbox', 'id')) AS behind FROM outbox";
    assert.deepEqual(await one(restored.url, outbox), { zero: true, some: true, behind: true });
  });

  for (const [what, harm, fault] of [
    ["a row that was changed", "UPDATE sites SET city = 'Elsewhere'", /^table sites has other rows/],
    ["a row that is gone", "DELETE FROM ticket_words", /^table ticket_words has 0 rows/],
    ["an event that was edited", "UPDATE audit_events SET actor_id = 'nobody' WHERE seq = 2", /^audit chain .* EDITED/],
    [
      "a chain that ends elsewhere",
      "UPDATE tickets SET audit_seq = audit_seq + 1 WHERE state = 'CLOSED'",
      /^audit: the chains do not end/,
    ],
    [
      "evidence with another hash",
      "UPDATE evidence_items SET checksum = repeat('0', 64)",
      /^evidence .* recorded SHA-256$/,
    ],
  ] as const) {
    test(`does not pass with ${what}`, async (t) => {
      const harmed = await copyTestDatabase(restored, t);
      await one(harmed.url, harm);
      const { faults } = await proof(harmed.url);
      assert.ok(
        faults.some((each) => fault.test(each)),
        faults.join("\n"),
      );
    });
  }

  test("names what the owner of the database accepted, and passes", async (t) => {
    const harmed = await copyTestDatabase(restored, t);
    await one(harmed.url, "UPDATE audit_events SET actor_id = 'nobody' WHERE seq = 2");
    const ofTrail = async () => {
      const { faults, accepted } = await proof(harmed.url);
      return [faults.filter((fault) => fault.startsWith("audit chain ")).length, accepted.length];
    };
    const [broken = 0, none] = await ofTrail();
    assert.ok(broken > 0 && none === 0);
    await promisify(execFile)(
      process.execPath,
      [join(import.meta.dirname, "../../scripts/audit-verify.ts"), "--accept", "a drill"],
      { env: { ...bareEnvironment, DISPATCH_DATABASE_URL: harmed.url, DISPATCH_DATA_DIR: api.dataDir } },
    );
    assert.deepEqual(await ofTrail(), [0, broken]);
  });

  test("is a desk that goes on: its timeline reads back, the next invoice has the next number, evidence is there", async (t) => {
    const next = await startTestApi({ profile: "strict", t, databaseUrl: () => restored.url });
    assert.ok((await loadObjects(await storeIn(next.dataDir), backup.folder, work)) > 0);
    const { events } = await next.read("ticket.timeline", { ticket: desk.closed });
    assert.ok(events.length > 5);
    const { id } = await ticketIn(next, "INVOICED", {
      window: { start: next.clock.in(200 * 1_440), end: next.clock.in(200 * 1_440 + 60) },
    });
    const { number } = await one(restored.url, `SELECT number FROM invoices WHERE ticket_id = '${id}'`);
    assert.equal(number, "INV-000002");
    // The objects are there already and are left.
    assert.equal(await loadObjects(await storeIn(next.dataDir), backup.folder, work), 0);
  });

  test("replaces nothing: a database in use is refused and stays as it was", async () => {
    const { folder, manifest } = backup;
    const tickets = "SELECT count(*)::int AS tickets FROM tickets";
    const stood = await one(api.databaseUrl, tickets);
    await assert.rejects(
      loadDatabase(api.databaseUrl, folder, manifest, work),
      (error) => error instanceof CommandFailure && /is in use: its table \w+ has rows/.test(error.message),
    );
    assert.deepEqual(await one(api.databaseUrl, tickets), stood);
  });
});

describe("a restore", () => {
  test("brings an older backup to this release's schema", async (t) => {
    const old = await createEmptyDatabase(t);
    await migrate({ databaseUrl: old.url, log: () => undefined, upTo: "0002_worker" });
    await one(old.url, "INSERT INTO accounts (id, name) VALUES (gen_random_uuid(), 'Old')");
    const root = await mkdtemp(join(tmpdir(), "dispatch-backup-"));
    t.after(() => rm(root, { recursive: true, force: true }));
    const folder = join(root, "old");
    const store = await storeIn(root);
    const manifest = await takeBackup({ databaseUrl: old.url, store, copyObjects: false, out: folder }, work);
    assert.equal(manifest.database.schema, "0002_worker");
    const target = await createEmptyDatabase(t);
    await loadDatabase(target.url, folder, manifest, work);
    const fresh = await createTestDatabase(t);
    assert.equal(await questions(target.url, schemaVersion), await questions(fresh.url, schemaVersion));
    const { faults } = await prove({ databaseUrl: target.url, folder, manifest, objects: store, schemes }, work);
    assert.deepEqual(faults, []);
  });

  test("knows which tables the migrations fill", async (t) => {
    const { url } = await createTestDatabase(t);
    const { rows } = await questions(url, (client) =>
      client.query<{ name: string }>(
        `SELECT c.relname AS name FROM pg_class c,
           LATERAL (SELECT (xpath('//c/text()',
             query_to_xml(format('SELECT count(*) AS c FROM %s', c.oid::regclass), false, true, '')))[1]::text::int AS rows) AS counted
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'schema_migrations'
           AND counted.rows > 0 ORDER BY 1`,
      ),
    );
    assert.deepEqual(
      rows.map(({ name }) => name),
      filledByMigrations,
    );
  });
});
