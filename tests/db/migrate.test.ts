import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import pg from "pg";
import { startEmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { assertSchemaCurrent, migrate, MigrationError, schemaVersion } from "../../dispatch/db/migrate.ts";
import { createEmptyDatabase, createTestDatabase, databaseUrl, serverUrlVariable } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { serverThatAnswers } from "../support/old-server.ts";
import { memoryKept, throwAway } from "../support/server-settings.ts";

const quiet = (): void => {};
const two = {
  "0001_first.sql": "CREATE TABLE first (id int);\nINSERT INTO first VALUES (1);",
  "0002_second.sql": "CREATE TABLE second (id int);",
};

async function migrations(t: TestContext, files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-migrations-"));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql);
  return folder;
}

async function connected(t: TestContext, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", quiet);
  await client.connect();
  t.after(() => client.end());
  return client;
}

async function refusal(promise: Promise<unknown>): Promise<MigrationError> {
  try {
    await promise;
  } catch (cause) {
    assert.ok(cause instanceof MigrationError, String(cause));
    return cause;
  }
  assert.fail("it was not refused");
}

/** A login of no rights at all, with an empty database to be refused in. */
async function strangerOn(t: TestContext): Promise<{ url: string; owner: pg.Client; name: string }> {
  const database = await createEmptyDatabase(t);
  const owner = await connected(t, database.url);
  const url = new URL(database.url);
  const name = `stranger_of_${url.pathname.slice(1)}`;
  await owner.query(`CREATE ROLE ${name} LOGIN PASSWORD 'not-told'`);
  t.after(async () => {
    const admin = await connected(t, process.env[serverUrlVariable] ?? "");
    await admin.query(`DROP ROLE ${name}`);
  });
  url.username = name;
  url.password = "not-told";
  return { url: url.href, owner, name };
}

describe("migrating", () => {
  test("runs the pending files in order, once, and tells what it did", async (t) => {
    const { url } = await createEmptyDatabase(t);
    const folder = await migrations(t, two);
    const said: string[] = [];

    assert.deepEqual(await migrate({ databaseUrl: url, folder, log: (message) => said.push(message) }), {
      applied: ["0001_first", "0002_second"],
      version: "0002_second",
      path: folder,
    });
    assert.deepEqual(said, ["migrating: 0001_first", "migrating: 0002_second"]);
    const again = await migrate({ databaseUrl: url, folder, log: quiet });
    assert.deepEqual([again.applied, again.version], [[], "0002_second"]);
  });

  test("by eight at once is done once and succeeds for all", async (t) => {
    const { url } = await createEmptyDatabase(t);
    const folder = await migrations(t, two);
    const results = await Promise.all(
      Array.from({ length: 8 }, () => migrate({ databaseUrl: url, folder, log: quiet })),
    );

    assert.deepEqual(results.flatMap(({ applied }) => applied).toSorted(), ["0001_first", "0002_second"]);
    assert.ok(results.every(({ version }) => version === "0002_second"));
    const client = await connected(t, url);
    assert.equal((await client.query("SELECT FROM first")).rowCount, 1);
  });

  test("of eight databases of one new server at once succeeds for all, though they share a role", async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), "dispatch-migrate-"));
    const server = await startEmbeddedPostgres({ dataDir, log: quiet, settings: throwAway, environment: memoryKept });
    t.after(async () => {
      await server.stop();
      await rm(dataDir, { recursive: true });
    });
    const admin = await connected(t, server.url);
    const names = Array.from({ length: 8 }, (_, index) => `desk_${index}`);
    for (const name of names) await admin.query(`CREATE DATABASE ${name}`);

    await Promise.all(names.map((name) => migrate({ databaseUrl: databaseUrl(server.url, name), log: quiet })));
    const { rows } = await admin.query("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'dispatch_app'");
    assert.deepEqual(rows, [{ rolcanlogin: false }]);
  });

  test("is not held up by a migrator that died", async (t) => {
    const { url } = await createEmptyDatabase(t);
    const folder = await migrations(t, {
      "0001_slow.sql": "SELECT pg_sleep(600);",
      "0002_second.sql": two["0002_second.sql"],
    });
    const client = await connected(t, url);
    const killed = refusal(migrate({ databaseUrl: url, folder, log: quiet }));
    const sleeping =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    await eventually("the first migrator was killed", async () => (await client.query(sleeping)).rowCount === 1);
    assert.equal((await killed).code, "failed");

    await writeFile(join(folder, "0001_slow.sql"), "SELECT 1;");
    assert.equal((await migrate({ databaseUrl: url, folder, log: quiet })).version, "0002_second");
  });

  test("keeps the files before a failing one, and nothing of that one; names its line", async (t) => {
    const { url } = await createEmptyDatabase(t);
    const folder = await migrations(t, { ...two, "0002_second.sql": "CREATE TABLE half ();\n\nSELECT nothing_such;" });
    const error = await refusal(migrate({ databaseUrl: url, folder, log: quiet }));

    assert.equal(error.code, "failed");
    assert.match(
      error.message,
      /^Migration 0002_second failed and was rolled back \(.*0002_second\.sql, line 3\): column "nothing_such"/,
    );
    const client = await connected(t, url);
    assert.equal(await schemaVersion(client), "0001_first");
    assert.deepEqual((await client.query("SELECT to_regclass('half') AS half")).rows, [{ half: null }]);
  });

  test("runs a file whole, whatever its comments speak of", async (t) => {
    const { url } = await createEmptyDatabase(t);
    const folder = await migrations(t, {
      "0001_first.sql": "CREATE TABLE a ();\n-- Down migration: there is none.\nCREATE TABLE b ();",
    });
    await migrate({ databaseUrl: url, folder, log: quiet });
    const client = await connected(t, url);
    assert.deepEqual((await client.query("SELECT to_regclass('b')::text AS b")).rows, [{ b: "b" }]);
  });

  for (const [what, names, expected] of [
    ["a gap", ["0001_first.sql", "0003_third.sql"], "0002_what_it_does.sql"],
    ["a number used twice", ["0001_first.sql", "0001_other.sql"], "0002_what_it_does.sql"],
    ["another way of naming", ["first.sql"], "0001_what_it_does.sql"],
  ] as const) {
    test(`refuses files with ${what}`, async (t) => {
      const folder = await migrations(t, Object.fromEntries(names.map((name) => [name, "SELECT 1;"])));
      const error = await refusal(migrate({ databaseUrl: "postgresql://nowhere.invalid/none", folder, log: quiet }));
      assert.equal(error.code, "bad_files");
      assert.ok(error.message.includes(expected), error.message);
    });
  }
});

describe("the schema's version", () => {
  test("is current after migrating with this release's files", async (t) => {
    const client = await connected(t, (await createTestDatabase(t)).url);
    await assertSchemaCurrent(client);
    assert.match(await schemaVersion(client), /^\d{4}_/);
  });

  test("refuses the start of newer code on an older database", async (t) => {
    const { url } = await createEmptyDatabase(t);
    const client = await connected(t, url);
    assert.equal(await schemaVersion(client), "none");
    await migrate({ databaseUrl: url, folder: await migrations(t, { "0001_first.sql": "SELECT 1;" }), log: quiet });

    const error = await refusal(assertSchemaCurrent(client, await migrations(t, two)));
    assert.equal(error.code, "schema_older");
    assert.match(error.message, /at version 0001_first and lacks 0002_second: run the migrations/);
  });

  test("refuses older code on a newer database, at the start and at migrating", async (t) => {
    const { url } = await createEmptyDatabase(t);
    await migrate({ databaseUrl: url, folder: await migrations(t, two), log: quiet });
    const older = await migrations(t, { "0001_first.sql": two["0001_first.sql"] });

    const client = await connected(t, url);
    const attempts = [
      () => assertSchemaCurrent(client, older),
      () => migrate({ databaseUrl: url, folder: older, log: quiet }),
    ];
    for (const attempt of attempts) {
      const error = await refusal(attempt());
      assert.equal(error.code, "schema_newer");
      assert.match(error.message, /0002_second, newer than this release \(0001_first\)/);
    }
  });
});

describe("a server that will not do is named with what it lacks:", () => {
  test("rights, each as the statement that grants it", async (t) => {
    const { url, name } = await strangerOn(t);
    const error = await refusal(migrate({ databaseUrl: url, log: quiet }));
    assert.equal(error.code, "missing_right");
    for (const right of [
      /GRANT CREATE ON SCHEMA public TO "stranger_of_/,
      /GRANT CREATE ON DATABASE "dispatch_test_/,
    ]) {
      assert.match(error.message, right);
    }
    assert.ok(error.message.startsWith(`User ${name} may not prepare database`), error.message);
  });

  test("and those statements are enough", async (t) => {
    const { url, owner } = await strangerOn(t);
    const error = await refusal(migrate({ databaseUrl: url, log: quiet }));
    await owner.query(error.message.replace(/^.* can allow it by: /, ""));
    assert.match((await migrate({ databaseUrl: url, log: quiet })).version, /^\d{4}_/);
  });

  test("an address nobody listens at, without its password", async () => {
    const error = await refusal(migrate({ databaseUrl: "postgresql://me:s3cret@127.0.0.1:1/desk", log: quiet }));
    assert.equal(error.code, "unreachable");
    assert.match(error.message, /^Cannot connect to database desk at 127\.0\.0\.1:1: .*ECONNREFUSED/);
    assert.doesNotMatch(error.message, /s3cret/);
  });

  test("a database that is not there", async (t) => {
    const { url, drop } = await createEmptyDatabase(t);
    await drop();
    assert.match(
      (await refusal(migrate({ databaseUrl: url, log: quiet }))).message,
      /database "dispatch_test_\w+" does not exist/,
    );
  });

  test("an address that is none, without its password", async () => {
    const error = await refusal(migrate({ databaseUrl: "postgresql://me:s3cret@host:port/desk", log: quiet }));
    assert.equal(error.code, "bad_url");
    assert.doesNotMatch(JSON.stringify([error.message, error.cause]), /s3cret/);
  });

  test("a version too old", async (t) => {
    const url = await serverThatAnswers(t, { version_number: "140011", version: "14.11", read_only: "f" });
    const error = await refusal(migrate({ databaseUrl: url, log: quiet }));
    assert.equal(error.code, "server_too_old");
    assert.equal(error.message, "The database server is PostgreSQL 14.11; Dispatch needs 15 or newer.");
  });

  test("being read-only", async (t) => {
    const { url } = await createEmptyDatabase(t);
    const readOnly = new URL(url);
    readOnly.searchParams.set("options", "-c default_transaction_read_only=on");
    assert.equal((await refusal(migrate({ databaseUrl: readOnly.href, log: quiet }))).code, "read_only");
  });
});

describe("node scripts/migrate.ts", () => {
  async function run(
    args: string[],
    env: Record<string, string> = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const script = join(import.meta.dirname, "..", "..", "scripts", "migrate.ts");
    const { DISPATCH_DATABASE_URL: _, ...inherited } = process.env;
    return await new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [script, ...args],
        { env: { ...inherited, ...env } },
        (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  }

  test("--help says how to use it", async () => {
    const { code, stdout } = await run(["--help"]);
    assert.equal(code, 0);
    assert.match(stdout, /--database-url/);
  });

  test("refuses what it does not know, with 2", async () => {
    const { code, stderr } = await run(["--down"]);
    assert.equal(code, 2);
    assert.match(stderr, /--down[^]*Usage:/);
  });

  test("migrates the database it is given, then has nothing to do", async (t) => {
    const { url } = await createEmptyDatabase(t);
    const first = await run(["--database-url", url]);
    assert.deepEqual([first.code, first.stderr], [0, ""]);
    assert.match(first.stdout, /now at \d{4}_/);
    assert.match((await run([], { DISPATCH_DATABASE_URL: url })).stdout, /already at \d{4}_/);
  });

  test("starts the embedded server for the run when none is configured", async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), "dispatch-migrate-"));
    t.after(() => rm(dataDir, { recursive: true }));
    const { code, stdout } = await run([], { DISPATCH_DATA_DIR: dataDir });
    assert.equal(code, 0);
    assert.match(stdout, /first start[^]*ready in[^]*now at \d{4}_/);
  });

  test("names a setting that is wrong", async () => {
    const { code, stderr } = await run([], { DISPATCH_DATABASE_URL: "desk" });
    assert.equal(code, 1);
    assert.match(stderr, /^CONFIG_INVALID: DISPATCH_DATABASE_URL must be a URL[^\n]*\n$/);
  });

  test("fails with 1 and one sentence", async () => {
    const { code, stdout, stderr } = await run(["--database-url", "postgresql://me:s3cret@127.0.0.1:1/desk"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^Cannot connect to database desk at 127\.0\.0\.1:1: [^\n]*\n$/);
  });
});
