// The embedded PostgreSQL for real: first start, sharing, crashes, and the end of its owner.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import pg from "pg";
import { startEmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { keepLogBounded } from "../../dispatch/db/embedded/server-log.ts";
import { dataFolders, fromBefore, hold, keptRows, query, quiet, start } from "../support/data-folder.ts";
import { eventually, isRunning } from "../support/eventually.ts";

const { root, made } = await dataFolders();
const noProc = process.platform === "linux" ? false : "a process's variables are read in /proc";

/** A living process of this user that has nothing to do with PostgreSQL. */
async function unrelatedProcess(t: TestContext): Promise<number> {
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  t.after(() => child.kill());
  await once(child, "spawn");
  assert.ok(child.pid);
  return child.pid;
}

describe("the first start", () => {
  test("makes folders only this user may enter, says what it does, and answers", async (t) => {
    const said: string[] = [];
    const dataDir = join(root, "fresh");
    const postgres = await start(t, dataDir, (message) => said.push(message));

    assert.equal(postgres.started, true);
    assert.equal(said[0], "creating the database folder (first start)…");
    assert.match(said[1] ?? "", /^PostgreSQL 18\.\d+ ready in \d+\.\d s$/);
    assert.deepEqual((await readdir(dataDir)).toSorted(), ["logs", "postgres", "run"]);
    for (const folder of ["logs", "postgres", "run", "run/.s.PGSQL.5432"]) {
      assert.equal((await stat(join(dataDir, folder))).mode & 0o777, 0o700, folder);
    }
  });

  test("gives a durable UTF-8 database that no network reaches", async (t) => {
    const postgres = await start(t, join(root, "settings"));
    const [database] = await query(
      postgres,
      `SELECT current_user AS "user", current_database() AS "database", pg_encoding_to_char(encoding) AS encoding,
              datlocprovider AS provider, datlocale AS locale FROM pg_database WHERE datname = current_database()`,
    );
    assert.deepEqual(database, {
      user: "dispatch_owner",
      database: "dispatch",
      encoding: "UTF8",
      provider: "b",
      locale: "C.UTF-8",
    });
    const settings = await query(
      postgres,
      `SELECT name, setting FROM pg_settings
        WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'listen_addresses', 'jit')`,
    );
    assert.deepEqual(Object.fromEntries(settings.map(({ name, setting }) => [name, setting])), {
      data_checksums: "on",
      fsync: "on",
      full_page_writes: "on",
      jit: "off",
      listen_addresses: "",
      synchronous_commit: "on",
    });
  });

  test("works under a path with blanks, quotes, commas and signs", async (t) => {
    const dataDir = join(root, `o d,d "q' ü%41#?@`);
    await cp(made, dataDir, { recursive: true });
    assert.deepEqual(await keptRows(await start(t, dataDir)), fromBefore);
  });

  test(
    "has the variables it is given, and of this process's own no more than the path",
    { skip: noProc },
    async (t) => {
      const environment = { GLIBC_TUNABLES: "glibc.malloc.top_pad=1048576" };
      const postgres = await startEmbeddedPostgres({ dataDir: made, log: quiet, environment });
      t.after(() => postgres.stop());
      const variables = (await readFile(`/proc/${postgres.pid}/environ`, "utf8")).split("\0");
      assert.ok(variables.includes("GLIBC_TUNABLES=glibc.malloc.top_pad=1048576"), variables.join("\n"));
      const own = Object.keys(process.env).filter((name) => variables.some((text) => text.startsWith(`${name}=`)));
      const setAnyway = new Set(["GLIBC_TUNABLES", "PATH", "LC_ALL", "TZ", "PWD", "OLDPWD", "_", "SHLVL"]);
      assert.deepEqual(
        own.filter((name) => !setAnyway.has(name)),
        [],
      );
    },
  );

  test("puts the socket elsewhere when its path would be too long", async (t) => {
    const dataDir = join(root, "long-".repeat(30));
    await cp(made, dataDir, { recursive: true });
    const postgres = await start(t, dataDir);
    const socket = decodeURIComponent(new URL(postgres.url).hostname);
    t.after(() => rm(socket, { recursive: true }));

    assert.deepEqual(await keptRows(postgres), fromBefore);
    assert.equal((await stat(socket)).mode & 0o777, 0o700);
  });

  test("starts on a folder that somebody opened to others, and closes it again", async (t) => {
    const dataDir = join(root, "opened");
    await cp(made, dataDir, { recursive: true });
    await chmod(join(dataDir, "postgres"), 0o777);
    assert.deepEqual(await keptRows(await start(t, dataDir)), fromBefore);
    assert.equal((await stat(join(dataDir, "postgres"))).mode & 0o777, 0o700);
  });

  test("interrupted half-way, does not stop the next one", async (t) => {
    const dataDir = join(root, "interrupted");
    const first = hold(t, dataDir);
    await first.says("log", (message) => message.startsWith("creating"));
    await first.kill();
    await mkdir(join(dataDir, "postgres.unfinished-power-cut", "base"), { recursive: true });

    await query(await start(t, dataDir), "SELECT 1");
    assert.deepEqual((await readdir(dataDir)).toSorted(), ["logs", "postgres", "run"]);
  });
});

describe("a running server", () => {
  test("is attached to by a second start, which does not stop it", async (t) => {
    const first = await start(t, made);
    const second = await startEmbeddedPostgres({ dataDir: made, log: quiet });

    assert.deepEqual([second.started, second.pid, second.url], [false, first.pid, first.url]);
    await second.stop();
    assert.deepEqual(await keptRows(first), fromBefore);
  });

  test("is started by exactly one of several at once, on a folder that does not exist yet", async (t) => {
    const fresh = join(root, "race");
    const holders = Array.from({ length: 4 }, () => hold(t, fresh));
    const servers = await Promise.all(holders.map((holder) => holder.says("ready")));

    assert.equal(servers.filter(({ started }) => started).length, 1);
    assert.equal(new Set(servers.map(({ pid }) => pid)).size, 1);
  });

  test("does not get the terminal's Ctrl-C", async (t) => {
    const holder = hold(t, made);
    const server = await holder.says("ready");
    assert.ok(holder.child.pid);
    process.kill(-holder.child.pid, "SIGINT");

    await holder.says("signal");
    assert.deepEqual(await keptRows(server), fromBefore);
  });

  test("stops in good order with clients connected, and again without harm", async (t) => {
    const postgres = await start(t, made);
    const client = new pg.Client({ connectionString: postgres.url });
    const disconnected = new Promise((resolve) => client.once("end", resolve).on("error", () => {}));
    await client.connect();
    await Promise.all([postgres.stop(), postgres.stop()]);
    await disconnected;
    await postgres.stop();
    assert.equal(await isRunning(postgres.pid), false);
  });

  test("says when it ends unexpectedly, and starts again at once", async (t) => {
    const said: string[] = [];
    const postgres = await start(t, made, (message) => said.push(message));
    process.kill(postgres.pid, "SIGKILL");

    assert.deepEqual(await keptRows(await start(t, made)), fromBefore);
    assert.match(said.at(-1) ?? "", /ended unexpectedly \(SIGKILL\)/);
  });

  test("is not started over the backends a killed one left, but as soon as they are gone", async (t) => {
    const postgres = await start(t, made);
    const client = new pg.Client({ connectionString: postgres.url });
    client.on("error", quiet);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const backend = rows[0]?.pid ?? assert.fail("no backend");
    process.kill(backend, "SIGSTOP");
    t.after(() => isRunning(backend).then((running) => running && process.kill(backend, "SIGKILL")));
    process.kill(postgres.pid, "SIGKILL");
    await eventually("the postmaster is gone", async () => !(await isRunning(postgres.pid)));

    const next = start(t, made);
    const log = join(made, "logs", "postgres.log");
    await eventually("a start was refused", async () => /still in use/.test(await readFile(log, "utf8")));
    process.kill(backend, "SIGCONT");
    assert.deepEqual(await keptRows(await next), fromBefore);
  });

  test("keeps statements and their values out of its log", async (t) => {
    const postgres = await start(t, made);
    await assert.rejects(query(postgres, "SELECT 'Jane Doe'::uuid"));
    await assert.rejects(query(postgres, "INSERT INTO kept VALUES ('from before')"));
    await postgres.stop();

    const log = await readFile(join(made, "logs", "postgres.log"), "utf8");
    assert.match(log, /ready to accept connections/);
    assert.doesNotMatch(log, /Jane|kept|before/);
  });
});

describe("the end of the process that started it", () => {
  test("by kill -9 ends the server, and the next start comes at once with everything committed", async (t) => {
    const holder = hold(t, made);
    const server = await holder.says("ready");
    await query(server, "INSERT INTO kept VALUES ('just now')");
    await holder.kill();

    const next = await start(t, made);
    assert.deepEqual([next.started, await isRunning(server.pid)], [true, false]);
    assert.deepEqual(await query(next, "DELETE FROM kept WHERE what = 'just now' RETURNING what"), [
      { what: "just now" },
    ]);
  });

  test("by kill -9 ends the server when nobody comes after", async (t) => {
    const holder = hold(t, made);
    const { pid } = await holder.says("ready");
    await holder.kill();
    await eventually("PostgreSQL is gone", async () => !(await isRunning(pid)));
  });

  test("by an exit that forgot to stop it ends the server", async (t) => {
    const holder = hold(t, made);
    const { pid } = await holder.says("ready");
    await holder.tell("leave");
    await eventually("PostgreSQL is gone", async () => !(await isRunning(pid)));
  });

  test("in good order leaves no server and no lock", async (t) => {
    const holder = hold(t, made);
    const { pid } = await holder.says("ready");
    await holder.tell("stop");
    assert.equal(await isRunning(pid), false);
    assert.deepEqual(await readdir(join(made, "run")), ["server.lock"]);
  });
});

describe("what a crash left behind", () => {
  test("a lock file whose process id belongs to someone else now does not stop the start", async (t) => {
    const unrelated = await unrelatedProcess(t);
    const cluster = join(made, "postgres");
    const lockFile = [unrelated, cluster, 1_700_000_000, 5432, join(made, "run"), "", "  1234  5678", "ready   ", ""];
    await writeFile(join(cluster, "postmaster.pid"), lockFile.join("\n"), { mode: 0o600 });

    const postgres = await start(t, made);
    assert.equal(postgres.started, true);
    assert.deepEqual(await keptRows(postgres), fromBefore);
  });

  test("a socket and its lock do not stop the start either", async (t) => {
    const unrelated = await unrelatedProcess(t);
    await writeFile(join(made, "run", ".s.PGSQL.5432"), "");
    await writeFile(join(made, "run", ".s.PGSQL.5432.lock"), `${unrelated}\n${join(made, "postgres")}\n`, {
      mode: 0o600,
    });

    assert.deepEqual(await keptRows(await start(t, made)), fromBefore);
  });

  test("a log is emptied when it outgrows its bound while the server runs", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const log = join(root, "growing.log");
    await writeFile(log, "x".repeat(9 * 1024 * 1024));
    const bounded = keepLogBounded(log);
    t.after(() => bounded.stop());
    t.mock.timers.tick(60_000);
    await eventually("the log is empty", async () => (await stat(log)).size === 0);
  });

  test("an overlong log is put aside", async (t) => {
    const log = join(made, "logs", "postgres.log");
    await writeFile(log, "x".repeat(9 * 1024 * 1024));
    await start(t, made);
    assert.ok((await stat(log)).size < 100_000);
    assert.equal((await stat(`${log}.1`)).size, 9 * 1024 * 1024);
  });
});
