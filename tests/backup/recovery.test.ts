// Recovery to a point in time, for real: a base copy of a working server, commands before and after a moment, the server
// and its files destroyed, and the desk as it was at that moment.

import assert from "node:assert/strict";
import { appendFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import pg from "pg";
import { startEmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { takeBase } from "../../dispatch/ops/backup/base.ts";
import { recover, type RecoverOptions } from "../../dispatch/ops/backup/recover.ts";
import { intoNewFolder } from "../../dispatch/ops/backup/take.ts";
import { startTestApi } from "../support/api.ts";
import { seedDirectory } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { placeReadyCluster } from "../support/ready-cluster.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { quietWork } from "./used-desk.ts";

const work = quietWork();
const quiet = () => undefined;

describe("an embedded server that was destroyed", async () => {
  const root = await mkdtemp(join(tmpdir(), "dispatch-pitr-"));
  after(() => rm(root, { recursive: true, force: true, maxRetries: 5 }));
  // Blanks, quotes and per cent signs mean something to the shell or to PostgreSQL.
  const archive = join(root, "o'r 100%f log");
  const dataDir = join(root, "data");
  const base = join(root, "base");
  await placeReadyCluster(dataDir);
  const server = await startEmbeddedPostgres({ dataDir, log: quiet, walArchive: archive });
  after(() => server.stop());
  const owner = new pg.Pool({ connectionString: server.url, max: 2 });
  owner.on("error", quiet);
  await seedDirectory(owner);
  const ask = async (sql: string): Promise<Record<string, unknown>> =>
    (await owner.query<Record<string, unknown>>(sql)).rows[0] ?? {};
  const copyBase = async () => {
    const client = await owner.connect();
    try {
      return await intoNewFolder(base, (folder) => takeBase(client, folder, work));
    } finally {
      client.release();
    }
  };

  const stopApi: (() => Promise<void>)[] = [];
  const api = await startTestApi({ t: { after: (end) => void stopApi.push(end) }, databaseUrl: () => server.url });
  const earlier = await ticketIn(api, "DISPATCHED");
  const copied = copyBase();
  const during = await ticketIn(api, "SCHEDULED");
  const copy = await copied;
  const kept = await ticketIn(api, "CLOSED");
  const { moment } = await ask("SELECT clock_timestamp() AS moment");
  assert.ok(moment instanceof Date);
  const lost = await ticketIn(api, "NEW");
  const { piece } = await ask("SELECT pg_walfile_name(pg_switch_wal()) AS piece");
  await eventually("the log is archived", async () => (await readdir(archive)).includes(`${String(piece)}.gz`));
  for (const end of stopApi) await end();
  await owner.end();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });

  const recovered = (name: string, options: Partial<RecoverOptions> = {}) =>
    recover({ folder: base, dataDir: join(root, name), archive, archiveOn: null, until: moment, ...options }, work);

  const ticketsIn = async (name: string): Promise<unknown[]> => {
    const again = await startEmbeddedPostgres({ dataDir: join(root, name), log: quiet });
    try {
      const client = new pg.Client({ connectionString: again.url });
      await client.connect();
      const { rows } = await client.query<{ id: string }>("SELECT id FROM tickets ORDER BY id");
      await client.end();
      return rows.map(({ id }) => id);
    } finally {
      await again.stop();
    }
  };

  test("comes back as it was at the moment: all before, nothing after, audit chains whole", async () => {
    const { audit, newest_event } = await recovered("then");
    assert.deepEqual(audit.open, []);
    assert.ok(audit.events > 10 && newest_event !== null);
    assert.deepEqual(await ticketsIn("then"), [earlier.id, during.id, kept.id].toSorted());
  });

  test("comes back with all that the archive has when no moment is asked for, and archives on in a timeline of its own", async () => {
    await recovered("all", { until: null, archiveOn: archive });
    assert.deepEqual(await ticketsIn("all"), [earlier.id, during.id, kept.id, lost.id].toSorted());
    assert.ok((await readdir(archive)).includes("00000002.history.gz"));
  });

  test("is not recovered over another, nor to a moment before the copy, nor to one the log does not reach", async () => {
    await assert.rejects(recovered("then"), /then\/postgres holds a database, and a recovery replaces nothing/);
    await assert.rejects(
      recovered("early", { until: new Date(Date.parse(copy.begun_at) - 1) }),
      /nothing before can be recovered from it/,
    );
    await assert.rejects(
      recovered("late", { until: new Date(Date.now() + 86_400_000) }),
      /recovery ended before configured recovery target was reached/,
    );
    assert.deepEqual(
      (await readdir(join(root, "late"))).filter((name) => name.startsWith("postgres")),
      [],
    );
  });

  test("is not recovered from a damaged copy", async () => {
    await appendFile(join(base, "cluster/global/pg_control"), "x");
    await assert.rejects(recovered("harmed"), /damaged: .*pg_control/);
  });
});

describe("a server without an archive", () => {
  test("is not copied: the copy would be worth nothing", async (t) => {
    const root = await mkdtemp(join(tmpdir(), "dispatch-pitr-"));
    t.after(() => rm(root, { recursive: true, force: true }));
    const client = new pg.Client({ connectionString: process.env["DISPATCH_TEST_SERVER_URL"] });
    await client.connect();
    t.after(() => client.end());
    await assert.rejects(
      intoNewFolder(join(root, "base"), (folder) => takeBase(client, folder, work)),
      /DISPATCH_WAL_ARCHIVE_DIR/,
    );
    assert.deepEqual(await readdir(root), []);
  });
});
