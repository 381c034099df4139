import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { access, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test, type TestContext } from "node:test";
import pg from "pg";
import { queryHandlers } from "../../dispatch/handlers.ts";
import { commandHandlers } from "../../dispatch/handlers.ts";
import { deskQuery } from "../../dispatch/kernel/answer-query.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { createEmptyDatabase } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { patience } from "../support/patience.ts";
import { openEvents } from "./event-client.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { call, newTicket, post } from "./calls.ts";

/** The command in hand must not give up by itself before the test lets go, however slow the machine is. */
const patient = { ...patience, DISPATCH_SHUTDOWN_TIMEOUT_MS: "60000" };
const mainFile = join(import.meta.dirname, "../../dispatch/api/main.ts");

type Process = {
  child: ChildProcess;
  said: string;
  exited: Promise<number | null>;
  line(message: string): Promise<{ [key: string]: unknown }>;
};

/** Runs main.ts with nothing but these variables of ours. */
async function run(t: TestContext, environment: Record<string, string>): Promise<Process> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-main-test-"));
  const child = spawn(process.execPath, [mainFile], {
    env: {
      ...bareEnvironment,
      DISPATCH_DATA_DIR: folder,
      DISPATCH_API_PORT: "0",
      DISPATCH_METRICS_PORT: "0",
      ...environment,
    },
  });
  const exited = once(child, "exit").then(([code]): number | null => code);
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
    await rm(folder, { recursive: true, force: true });
  });
  const running: Process = { child, said: "", exited, line: () => Promise.reject(new Error("not yet")) };
  const lines = new Map<string, { [key: string]: unknown }>();
  let heard = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on("line", (text) => {
    running.said += `${text}\n`;
    if (text.startsWith("{")) {
      const line = JSON.parse(text);
      lines.set(line.message, line);
    }
    heard.resolve();
    heard = Promise.withResolvers();
  });
  child.stderr.on("data", (text) => (running.said += String(text)));
  running.line = async (message) => {
    while (!lines.has(message)) {
      await Promise.race([
        heard.promise,
        exited.then(() => assert.ok(lines.has(message), `ended without "${message}": ${running.said}`)),
      ]);
    }
    return lines.get(message) ?? {};
  };
  return running;
}

const urlOf = async (api: Process) => ({
  url: `http://127.0.0.1:${String((await api.line("dispatch-api started"))["port"])}`,
});

describe("the process", () => {
  test("finishes the command in hand on SIGTERM, and exits with 0", async (t) => {
    const seed = await startTestApi({ t });
    const { databaseUrl } = seed;
    const id = await newTicket(seed);
    const api = await run(t, { ...patient, DISPATCH_DATABASE_URL: databaseUrl });
    const at = await urlOf(api);
    const stream = await openEvents(at);
    const lock = await lockTicket(t, seed, id);
    const answer = post(at, `/tickets/${id}/request-info`, { questions: ["a"] });
    await lock.waitedFor();
    api.child.kill("SIGTERM");
    await api.line("dispatch-api stops");
    await stream.ended();
    await lock.release();
    const reply = await answer;
    assert.equal(reply.status, 200);
    assert.equal(reply.headers.get("connection"), "close");
    assert.equal(await api.exited, 0);
    await assert.rejects(call(at, "/health"));
  });

  test("cuts off what does not end in time, and exits with 1", async (t) => {
    const seed = await startTestApi({ t });
    const { databaseUrl } = seed;
    const id = await newTicket(seed);
    const api = await run(t, { ...patient, DISPATCH_DATABASE_URL: databaseUrl, DISPATCH_SHUTDOWN_TIMEOUT_MS: "100" });
    const at = await urlOf(api);
    const lock = await lockTicket(t, seed, id);
    const answer = assert.rejects(post(at, `/tickets/${id}/request-info`, { questions: ["a"] }));
    await lock.waitedFor();
    api.child.kill("SIGINT");
    await answer;
    assert.equal(await api.exited, 1);
  });

  test("a second signal ends it at once", async (t) => {
    const seed = await startTestApi({ t });
    const { databaseUrl } = seed;
    const id = await newTicket(seed);
    const api = await run(t, { ...patient, DISPATCH_DATABASE_URL: databaseUrl });
    const at = await urlOf(api);
    const lock = await lockTicket(t, seed, id);
    const answer = assert.rejects(post(at, `/tickets/${id}/request-info`, { questions: ["a"] }));
    await lock.waitedFor();
    api.child.kill("SIGTERM");
    await api.line("dispatch-api stops");
    api.child.kill("SIGTERM");
    assert.equal(await api.exited, 1);
    await answer;
  });

  test("starts on the embedded Postgres by itself, and ends it", async (t) => {
    const api = await run(t, {});
    const at = await urlOf(api);
    assert.equal((await call(at, "/health")).status, 200);
    api.child.kill("SIGTERM");
    assert.equal(await api.exited, 0);
  });

  test("refuses a database that was not migrated, and says what to run", async (t) => {
    const { url } = await createEmptyDatabase(t);
    const api = await run(t, { DISPATCH_DATABASE_URL: url });
    assert.equal(await api.exited, 1);
    assert.match(api.said, /^dispatch-api cannot start: .*pnpm dispatch:migrate/m);
    assert.ok(!api.said.includes("    at "), "no stack for a person to read past");
  });

  const refusals: readonly (readonly [string, Record<string, string>, number, RegExp])[] = [
    [
      "a wrong setting",
      { DISPATCH_API_PORT: "http" },
      2,
      /^dispatch-api cannot start: CONFIG_INVALID: DISPATCH_API_PORT must be a whole number/m,
    ],
    [
      "approvals switched off in production",
      { NODE_ENV: "production", DISPATCH_CHAT_APPROVALS: "off" },
      2,
      /^dispatch-api cannot start: CONFIG_INVALID: DISPATCH_CHAT_APPROVALS must not be off in production/m,
    ],
    [
      "an environment nobody knows",
      { NODE_ENV: "prod" },
      2,
      /^dispatch-api cannot start: CONFIG_INVALID: NODE_ENV must be development, test, production or unset, not "prod"$/m,
    ],
    [
      "development headers on an address that others reach",
      { DISPATCH_API_HOST: "0.0.0.0" },
      2,
      /^dispatch-api cannot start: CONFIG_INVALID: DISPATCH_AUTH_ALLOW_DEV_HEADERS must be false where DISPATCH_API_HOST is 0\.0\.0\.0/m,
    ],
    ["a log file that cannot be written", { DISPATCH_LOG_SINK_PATH: "/nonexistent/log" }, 2, /DISPATCH_LOG_SINK_PATH/],
    [
      "an unreachable database",
      { DISPATCH_DATABASE_URL: "postgresql://u:secret@127.0.0.1:1/x", DISPATCH_DB_START_WAIT_SECONDS: "0" },
      1,
      /Cannot connect to the database x at 127\.0\.0\.1:1 \(DISPATCH_DATABASE_URL\)/,
    ],
  ];
  for (const [what, environment, code, sentence] of refusals) {
    test(`stops at ${what} with ${code}`, async (t) => {
      const api = await run(t, environment);
      assert.equal(await api.exited, code);
      assert.match(api.said, sentence);
      assert.ok(!api.said.includes("secret"));
    });
  }

  test("names the variable when its port is in use or its address is none of this machine's", async (t) => {
    const { databaseUrl } = await startTestApi({ t });
    const taken = createServer();
    await once(taken.listen(0, "127.0.0.1"), "listening");
    t.after(() => void taken.close());
    const address = taken.address();
    assert.ok(typeof address === "object" && address !== null);
    const rows = [
      [
        { DISPATCH_API_PORT: String(address.port) },
        `Port ${address.port} on 127.0.0.1 is in use: stop the process that has it, or set DISPATCH_API_PORT to another port.`,
      ],
      [
        { DISPATCH_API_HOST: "203.0.113.7", DISPATCH_AUTH_ALLOW_DEV_HEADERS: "false" },
        "203.0.113.7 is not an address of this machine: set DISPATCH_API_HOST",
      ],
    ] as const;
    for (const [environment, sentence] of rows) {
      const api = await run(t, { DISPATCH_DATABASE_URL: databaseUrl, ...environment });
      assert.equal(await api.exited, 1);
      assert.ok(api.said.includes(sentence), api.said);
    }
  });

  test("logs an unhandled error and ends with 1", async (t) => {
    const { databaseUrl } = await startTestApi({ t });
    const trap = "process.on('SIGUSR2', () => Promise.reject(new Error('nobody caught me')))";
    const api = await run(t, {
      DISPATCH_DATABASE_URL: databaseUrl,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(trap)}`,
    });
    await urlOf(api);
    api.child.kill("SIGUSR2");
    assert.equal(await api.exited, 1);
    assert.match(api.said, /"level":"fatal".*nobody caught me.*"message":"unhandled error, the process exits"/);
  });

  test("opens the log's copy anew on SIGHUP", async (t) => {
    const { databaseUrl, dataDir } = await startTestApi({ t });
    const path = join(dataDir, "copy.ndjson");
    const api = await run(t, { DISPATCH_DATABASE_URL: databaseUrl, DISPATCH_LOG_SINK_PATH: path });
    const at = await urlOf(api);
    await rename(path, `${path}.1`);
    api.child.kill("SIGHUP");
    await eventually("the log's copy is opened anew", () =>
      access(path).then(
        () => true,
        () => false,
      ),
    );
    await call(at, "/nowhere", { headers: { "x-correlation-id": "after-rotation" } });
    api.child.kill("SIGTERM");
    assert.equal(await api.exited, 0);
    assert.match(await readFile(path, "utf8"), /after-rotation/);
    assert.match(await readFile(`${path}.1`, "utf8"), /dispatch-api started/);
  });
});

/** Locks a ticket, so that a command on it hangs until the test lets go. */
async function lockTicket(t: TestContext, { databaseUrl, owner }: Pick<TestApi, "databaseUrl" | "owner">, id: string) {
  const holder = new pg.Client({ connectionString: databaseUrl });
  // Its database is dropped before it is closed.
  holder.on("error", () => undefined);
  await holder.connect();
  t.after(() => holder.end());
  await holder.query("BEGIN");
  await holder.query("SELECT FROM tickets WHERE id = $1 FOR UPDATE", [id]);
  const waiters = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
  return {
    /** Resolves once somebody waits for the ticket. */
    waitedFor: () =>
      eventually("somebody waits for the ticket", async () => (await owner.query(waiters)).rowCount !== 0),
    release: () => holder.query("ROLLBACK"),
  };
}

test("stopping waits for the query in hand, in one's own process too", async (t) => {
  const [asked, free] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = deskQuery("approval.list", async () => {
    asked.resolve();
    await free.promise;
    return { approvals: [] };
  });
  const api = await startTestApi({
    t,
    handlers: { commands: commandHandlers, queries: { ...queryHandlers, "approval.list": slow } },
  });
  const answer = call(api, "/approvals");
  await asked.promise;
  const stopped = api.stop();
  free.resolve();
  assert.equal((await answer).status, 200);
  assert.equal(await stopped, true);
});

test("a defect is a 500 with a reference that finds it in the log, and the process lives on", async (t) => {
  const broken = deskQuery("approval.list", async () => {
    throw new TypeError("it broke for ada@example.test");
  });
  const api = await startTestApi({
    logged: true,
    t,
    handlers: { commands: commandHandlers, queries: { ...queryHandlers, "approval.list": broken } },
  });
  const reply = await call(api, "/approvals", {
    headers: { "x-actor-id": "d", "x-actor-role": "dispatcher", "x-correlation-id": randomUUID() },
  });
  assert.equal(reply.status, 500);
  const { error } = JSON.parse(reply.text);
  assert.equal(error.code, "INTERNAL_ERROR");
  assert.ok(!reply.text.includes("it broke"));
  const line = api.log.find(({ reference }) => reference === error.reference);
  assert.match(JSON.stringify(line), /it broke for \[e-mail\]/);
  assert.equal((await call(api, "/health")).status, 200);
});
