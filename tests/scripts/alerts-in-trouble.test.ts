// `pnpm dispatch:alerts` while something is broken in a way that keeps others waiting: it says what came, and it ends while the
// trouble still stands. Nothing here is mended before the command has ended.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttp } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import pg from "pg";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { apiAddress } from "../../dispatch/ops/alerts/address.ts";
import { advice } from "../../dispatch/ops/alerts/advice.ts";
import { ask, isAnswered } from "../../dispatch/ops/alerts/ask.ts";
import { identityOf } from "../../dispatch/ops/stack/process-identity.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { startTestApi } from "../support/api.ts";
import { eventually, until } from "../support/eventually.ts";

const scripts = join(import.meta.dirname, "../../scripts");

type Told = { readonly code: number; readonly out: string; readonly err: string };

const alerts = (env: Readonly<Record<string, string>>, ...args: string[]): Promise<Told> =>
  runScript("alerts.ts", env, ...args);

async function runScript(name: string, env: Readonly<Record<string, string>>, ...args: string[]): Promise<Told> {
  const options = { env: { ...bareEnvironment, ...env } };
  return promisify(execFile)(process.execPath, [join(scripts, name), ...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: unknown) => {
      assert.ok(error instanceof Error && "code" in error && "stdout" in error && "stderr" in error);
      return { code: Number(error.code), out: String(error.stdout), err: String(error.stderr) };
    },
  );
}

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "dispatch-alerts-"));
  t.after(() => rm(made, { recursive: true, force: true, maxRetries: 5 }));
  return made;
}

/** Its address, once it listens. */
async function listening(t: TestContext, server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(async () => void server.close());
  const { port } = server.address() as AddressInfo;
  return `127.0.0.1:${port}`;
}

/** Takes every connection and says nothing. */
const silent = (t: TestContext): Promise<string> =>
  listening(
    t,
    createServer((socket) => void t.after(() => void socket.destroy())),
  );

/** A process that is there and does nothing, to stand for one of a stack. */
async function somebody(t: TestContext): Promise<number> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "ignore" });
  const ended = once(child, "exit");
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  await once(child, "spawn");
  return child.pid ?? 0;
}

/** The file a supervisor writes, for an API at `url` and whatever else runs as these processes. */
async function stackFile(
  dataDir: string,
  url: string,
  { supervisor, ...parts }: { supervisor: number; api: number; "worker-1"?: number },
): Promise<void> {
  const services = Object.entries(parts).map(async ([name, pid]) => ({
    name,
    state: "running",
    process: await identityOf(pid),
    since: null,
    restarts: 0,
    failures: 0,
    lastEnd: null,
    nextStartAt: null,
    url: name === "api" ? url : null,
    log: join(dataDir, "stack", `${name}.log`),
  }));
  const record = {
    supervisor: await identityOf(supervisor),
    startedAt: new Date().toISOString(),
    ready: true,
    embeddedUrl: null,
    services: await Promise.all(services),
  };
  await mkdir(join(dataDir, "stack"), { recursive: true });
  await writeFile(join(dataDir, "stack", "stack.json"), JSON.stringify(record));
}

test("a Postgres that /health says is away fires its own alert, whatever the API can still read", async (t) => {
  const reason = "answers, and cannot write: it is read-only";
  const checks = { postgres: { status: "unavailable", reason }, object_store: { status: "ok" } };
  const answers = { health: { status: "unavailable", checks }, alerts: { alerts: [] } };
  const api = createHttp(({ url }, response) => {
    const isHealth = url === "/health";
    response.writeHead(isHealth ? 503 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify({ service: "dispatch-api", ...answers[isHealth ? "health" : "alerts"] }));
  });
  const { code, out } = await alerts({}, "--url", `http://${await listening(t, api)}`);
  assert.equal(code, 1);
  assert.match(
    out,
    /^alerts: 1 fire\n {2}DATABASE_UNAVAILABLE critical: .*\n {4}read ops\/runbooks\/database_unavailable\.md, /m,
  );
});

describe("an address at which no Dispatch answers", () => {
  // A busy machine may need some of it to take the connection.
  const shortMs = 2_000;
  const told = async (url: string, withinMs = 60_000): Promise<string> => {
    const reply = await ask(`${url}/health`, withinMs);
    assert.ok(!isAnswered(reply), JSON.stringify(reply));
    return advice(url, reply, null);
  };

  test("one that takes connections and says nothing hangs, and is no API to be started", async (t) => {
    const said = await told(`http://${await silent(t)}`, shortMs);
    assert.match(
      said,
      /^the API takes connections and gives no answer within 2\.0 s: it hangs\. Find its process with ss /,
    );
    assert.doesNotMatch(said, /[Ss]tart it:/);
  });

  test("another program on the port of a stack's API is to be found and ended, not passed by", () => {
    const url = "http://127.0.0.1:8080";
    const reply = { ok: false, error: { kind: "other_program", words: "HTTP 404, text/html" } } as const;
    const part = { last_end: null, log: "x" };
    const supervisor = { ...part, name: "supervisor", pid: 1, state: "runs", url: null } as const;
    const api = { ...part, name: "api", pid: null, state: "waiting", url } as const;
    assert.match(advice(url, reply, [supervisor, api]), /the stack's API is waiting, .*: ss -ltnp 'sport = :8080' /);
    assert.match(advice(url, reply, [supervisor, { ...api, pid: 2, state: "runs" }]), /with --url\.$/);
  });

  test("one that answers in pieces for ever does too", async (t) => {
    const dripping = await listening(
      t,
      createServer((socket) => {
        t.after(() => void socket.destroy());
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{");
      }),
    );
    assert.match(await told(`http://${dripping}`, shortMs), /it hangs/);
  });

  test("nobody, another program, one that speaks no HTTP, one that hangs up, a name of nobody, and no TLS are told apart", async (t) => {
    assert.match(
      await told("http://127.0.0.1:1"),
      /^nothing listens at 127\.0\.0\.1:1 \(.*ECONNREFUSED.*\)\. Start it: /,
    );
    const page = await listening(
      t,
      createHttp((_request, response) =>
        response.writeHead(200, { "content-type": "text/html" }).end("<h1>It works</h1>"),
      ),
    );
    assert.match(
      await told(`http://${page}`),
      /^another program than Dispatch answers at \S+ \(HTTP 200, text\/html\)/,
    );
    const mail = await listening(
      t,
      createServer((socket) => socket.end("220 mail.invalid ESMTP\r\n")),
    );
    assert.match(await told(`http://${mail}`), /^another program than Dispatch answers at /);
    const rude = await listening(
      t,
      createServer((socket) => socket.once("data", () => socket.resetAndDestroy())),
    );
    assert.match(await told(`http://${rude}`), /closed the connection without an answer \(/);
    assert.match(await told("http://nowhere.invalid"), /^the name nowhere\.invalid is not found \(/);
    assert.match(await told(`https://${page}`), /^no TLS with \S+ \(/);
  });

  test("the command ends all the same, and as JSON tells of each question", async (t) => {
    const url = `http://${await silent(t)}`;
    const { code, out } = await alerts({ DISPATCH_DATA_DIR: await folder(t) }, "--url", url, "--json");
    const answered: unknown = JSON.parse(out);
    assert.ok(isObject(answered));
    const silence = (reply: unknown): unknown => isObject(reply) && isObject(reply["error"]) && reply["error"]["kind"];
    assert.deepEqual(
      [code, silence(answered["health"]), silence(answered["alerts"]), answered["stack"]],
      [1, "hangs", "hangs", null],
    );
  });
});

describe("a stack's own file", () => {
  test("says where the API is and which process hangs", async (t) => {
    const dataDir = await folder(t);
    const pids = { supervisor: await somebody(t), api: await somebody(t) };
    const url = `http://${await silent(t)}`;
    await stackFile(dataDir, url, pids);
    const { out } = await alerts({ DISPATCH_DATA_DIR: dataDir });
    assert.equal(out.split("\n")[0], `api: ${url}, from the stack in ${dataDir}`);
    assert.match(out, new RegExp(`it hangs\\. kill -9 ${pids.api}; its supervisor starts it again\\.`));
    assert.match(out, new RegExp(`^stack: supervisor ${pids.supervisor}, api ${pids.api} run$`, "m"));
    // What the environment names is where its reader meant to ask.
    const env = { DISPATCH_DATA_DIR: dataDir, DISPATCH_API_PORT: "1" };
    assert.deepEqual(apiAddress(undefined, readSettings(env), env), {
      url: "http://127.0.0.1:1",
      from: "DISPATCH_API_PORT",
    });
  });

  test("and the system say which process was stopped, and that nothing is there to start it again", async (t) => {
    const dataDir = await folder(t);
    const pids = { supervisor: await somebody(t), api: await somebody(t) };
    const url = `http://${await silent(t)}`;
    await stackFile(dataDir, url, pids);
    process.kill(pids.api, "SIGSTOP");
    const { out } = await alerts({ DISPATCH_DATA_DIR: dataDir });
    assert.match(
      out,
      new RegExp(
        `^health: .* hangs\\. api ${pids.api} is stopped \\(SIGSTOP\\) and does nothing: kill -CONT ${pids.api} `,
        "m",
      ),
    );

    const another = await folder(t);
    const gone = await somebody(t);
    await stackFile(another, "http://127.0.0.1:1", { supervisor: gone, api: gone });
    process.kill(gone, "SIGKILL");
    await eventually("it is gone", async () => (await identityOf(gone)) === null);
    assert.match(
      (await alerts({ DISPATCH_DATA_DIR: another })).out,
      new RegExp(
        `^health: nothing listens at 127\\.0\\.0\\.1:1 .* supervisor ${gone} is gone: pnpm dispatch:stack:up`,
        "m",
      ),
    );
  });
});

test("a part of the stack that does nothing is pointed at while no alert fires yet", async (t) => {
  const api = await startTestApi({ t });
  const dataDir = await folder(t);
  const worker = await somebody(t);
  await stackFile(dataDir, api.url, { supervisor: await somebody(t), api: await somebody(t), "worker-1": worker });
  const told = async () => (await alerts({ DISPATCH_DATA_DIR: dataDir })).out;
  process.kill(worker, "SIGSTOP");
  const out = await told();
  assert.match(out, /^alerts: none fires yet, but see worker-1 below$/m);
  assert.match(
    out,
    new RegExp(`^ {2}worker-1 ${worker} is stopped \\(SIGSTOP\\) and does nothing: kill -CONT ${worker} `, "m"),
  );
  process.kill(worker, "SIGCONT");
  assert.match(await told(), /^alerts: none fires$/m);
});

describe("Postgres", async () => {
  const at: { server?: EmbeddedPostgres; dataDir: string } = {
    dataDir: await mkdtemp(join(tmpdir(), "dispatch-alerts-pg-")),
  };
  after(async () => {
    await at.server?.stop();
    await rm(at.dataDir, { recursive: true, force: true, maxRetries: 5 });
  });
  const settings = {
    max_connections: "10",
    superuser_reserved_connections: "0",
    reserved_connections: "0",
    fsync: "off",
  };
  at.server = await startEmbeddedPostgres({ dataDir: at.dataDir, log: () => undefined, settings });
  const { url, pid } = at.server;
  const explain = (code: string, ...more: string[]) =>
    alerts({ DISPATCH_DATA_DIR: at.dataDir }, "--explain", code, ...more);

  test("whose connections are all taken is quoted, and its disk and process are told of", async (t) => {
    const clients = Array.from({ length: 20 }, () => new pg.Client({ connectionString: url }));
    for (const client of clients) client.on("error", () => undefined);
    await Promise.all(clients.map((client) => client.connect().catch(() => undefined)));
    t.after(async () => void (await Promise.all(clients.map((client) => client.end().catch(() => undefined)))));
    const { code, out, err } = await explain("DATABASE_UNAVAILABLE");
    assert.equal(code, 1);
    assert.match(out, /^Postgres, as connecting to it says: 53300: sorry, too many clients already$/m);
    assert.match(out, new RegExp(`^its process: ${pid} runs, and says it is ready$`, "m"));
    assert.match(out, /^last errors in \S+postgres\.log: \d+$/m);
    assert.match(out, /^disk of \S+: [\d.]+ GB free of [\d.]+ GB \(\d+ %\)$/m);
    assert.match(out, /^connections to this database by use: cannot be read: Postgres cannot be used$/m);
    assert.match(err, /^Postgres cannot be used: 53300: sorry, too many clients already\. Read /);
    const ended = await alerts({ DISPATCH_DATA_DIR: at.dataDir }, "--end-transaction", "1");
    assert.deepEqual([ended.code, ended.err], [1, err]);
    const other = await runScript("webhooks.ts", { DISPATCH_DATABASE_URL: url }, "list");
    assert.deepEqual([other.code, other.err], [1, err], "another command says the same, and no stack");
  });

  test("that stands still is said to, with its process", async (t) => {
    t.after(() => void process.kill(pid, "SIGCONT"));
    process.kill(pid, "SIGSTOP");
    const told = JSON.parse((await explain("DATABASE_UNAVAILABLE", "--json")).out) as JsonObject;
    const noteOf = (title: string): unknown => {
      const section = told[title];
      return isObject(section) ? section["note"] : null;
    };
    assert.match(String(noteOf("Postgres, as connecting to it says")), /^no answer within [\d.]+ s$/);
    assert.equal(
      noteOf("its process"),
      `${pid} is stopped (SIGSTOP) and does nothing: kill -CONT ${pid} lets it go on`,
    );
  });

  test("a section that cannot be read says why, and the others are told", async () => {
    // There is no schema on this server.
    const { code, out } = await explain("WORKER_SILENT");
    assert.equal(code, 1);
    assert.match(out, /^workers: cannot be read: 42P01: relation "workers" does not exist$/m);
    assert.match(out, /^who waits for locks, the longest first: 0$/m);
  });

  test("that does not run is said not to, and is not started", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "dispatch-alerts-"));
    try {
      const { code, out, err } = await alerts({ DISPATCH_DATA_DIR: dataDir }, "--explain", "OUTBOX_STUCK");
      assert.equal(code, 1);
      assert.match(err, /^Postgres cannot be used: no server runs in /);
      assert.match(out, /^its process: none/m);
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });
});

test("a mount that does not answer keeps neither the other disks back nor the command from its end", async (t) => {
  const dataDir = await folder(t);
  // What asks after the disks never ends, as it does not where a network mount is gone.
  const bin = await folder(t);
  await writeFile(join(bin, "df"), '#!/bin/sh\ncase "$*" in *stack) exec sleep 600 ;; *) exec /bin/df "$@" ;; esac\n', {
    mode: 0o755,
  });
  const env = { DISPATCH_DATA_DIR: dataDir, PATH: `${bin}:${process.env["PATH"]}` };
  // Where a machine is so busy that no df answers within its 1.5 s, the command says so of all of them, and is typed again.
  let { code, out }: Partial<Told> = {};
  await until(t, "the command told of the disks that answer", async () => {
    ({ code, out } = await alerts(env, "--explain", "DISK_LOW"));
    return code === 0 && /use data, free_percent \d/.test(out);
  });
  assert.match(
    out ?? "",
    new RegExp(`^ {2}use logs, free_percent –, trouble its mount does not answer, folder ${dataDir}/stack$`, "m"),
  );
  assert.match(
    out ?? "",
    new RegExp(`^ {2}use data, free_percent \\d+, free_mb \\d+, size_mb \\d+, folder ${dataDir}$`, "m"),
  );
});

test("a locked table: who holds it is named, what can be read is read, and the holder can be ended", async (t) => {
  const api = await startTestApi({ t, env: { DISPATCH_DB_LOCK_TIMEOUT_MS: "200" } });
  const env = { DISPATCH_DATABASE_URL: api.databaseUrl, DISPATCH_DATA_DIR: api.dataDir };
  const holder = new pg.Client({ connectionString: api.databaseUrl, application_name: "a report" });
  const gone = new Promise<void>((resolve) => void holder.on("error", () => resolve()));
  await holder.connect();
  const { rows } = await holder.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const pid = rows[0]?.pid;
  await holder.query("BEGIN");
  await holder.query("LOCK TABLE tickets");

  const { code, out } = await alerts(env, "--url", api.url);
  assert.equal(code, 1);
  assert.match(out, /^health: ok$/m);
  assert.match(
    out,
    /^alerts: cannot be read: 503 DEPENDENCY_UNAVAILABLE: Postgres answers, and another session of it holds a lock /m,
  );
  assert.match(out, /^ {2}DATABASE_LOCKED critical: .*\n.* then pnpm dispatch:alerts --explain DATABASE_LOCKED;/m);

  const why = await alerts(env, "--explain", "STUCK_SCHEDULING");
  assert.equal(why.code, 1);
  assert.match(why.out, /^tickets in scheduling .*: cannot be read: 55P03: canceling statement due to lock timeout$/m);
  assert.match(why.out, /^workers: 0$/m);
  assert.match(why.out, new RegExp(`^who holds locks .*: 1\n {2}pid ${pid}, application a report, `, "m"));

  while ((await alerts(env, "--end-transaction", String(pid))).code !== 0);
  await gone;
  api.clock.advanceMs(1_000);
  assert.equal((await alerts(env, "--url", api.url)).code, 0);
});
