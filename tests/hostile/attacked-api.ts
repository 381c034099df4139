// dispatch/api/main.ts as a child process under attack, with what is needed to judge how it takes it: its log, its
// memory and files, its connections to Postgres, and whether ordinary work still goes through it.

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import {
  commands,
  type BodyOf,
  type CommandName,
  type QueryBodyOf,
  type QueryName,
  type ToolName,
} from "../../dispatch/contract/index.ts";
import type { BesideBody } from "../../dispatch/contract/responses.ts";
import { systemClock } from "../../dispatch/kernel/clock.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import {
  pathOf,
  refusalOf,
  startTestApi,
  type CallOptions,
  type Profile,
  type Reply,
  type TestApi,
} from "../support/api.ts";
import { addTechnician, cleo, dirk } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { parseBody } from "../support/response-schemas.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { asToken } from "../support/token.ts";
import { requestBytes, type HttpRequest } from "./request-bytes.ts";
import { Wire } from "./wire.ts";

export type Vitals = {
  readonly heapUsed: number;
  readonly rss: number;
  readonly external: number;
  readonly openFiles: number | null;
};

export type AttackedApi = {
  readonly port: number;
  readonly profile: Profile;
  /** The same desk served in this process, for arranging things without disturbing what is measured. */
  readonly aside: TestApi;
  /** The header that says who its headers name, under a profile that believes no headers. */
  credentials(headers: HttpRequest["headers"]): HttpRequest["headers"];
  /** The attacked process, called as an ordinary client does. */
  readonly front: TestApi;
  /** Collects the child's garbage and tells what is left. */
  vitals(): Promise<Vitals>;
  /** What its log tells of defects, once it tells of one. */
  defects(): Promise<string>;
  /** Fails unless the child is the process that was started, well, and still does a whole ticket's work. */
  assertWell(): Promise<void>;
};

export const jwtSecret = "an-hmac-secret-of-the-hostile-tests-0123456789";
export const issuer = "https://idp.example.invalid";
export const audience = "dispatch";
const poolMax = 8;
const endWithinMs = 120_000;
const program = join(import.meta.dirname, "../../dispatch/api/main.ts");
const preload = new URL("report-memory.ts", import.meta.url).href;

/** Everything in a request that no log may repeat carries this word, or is a token. */
export const canary = "canary";
const secret =
  /canary|eyJ[\w-]{8,}|signature=|bearer\s+[\w.~+/-]{20}|(?<![\w-])5550\d{6}|an-hmac-secret|postgres(ql)?:/i;

type Life = { after(fn: () => Promise<void>): void };

/** Starts one that ends with the test. */
export async function startAttackedApi(
  t: Life,
  profile: Profile,
  settings: Readonly<Record<string, string>> = {},
): Promise<AttackedApi> {
  const undo: (() => Promise<void>)[] = [];
  t.after(async () => {
    // A pool that leaks connections never ends. Without its connections this process does, and fails for it.
    const stuck = setTimeout(() => void endSessions(aside), endWithinMs);
    for (const work of undo.toReversed()) await work();
    clearTimeout(stuck);
  });
  const life: Life = { after: (work) => void undo.push(work) };
  const aside = await startTestApi({ profile, t: life });
  aside.clock.set(new Date().toISOString());
  for (const id of [cleo, dirk]) await addTechnician(aside.owner, { id, quality: 10 });
  const child = spawn(process.execPath, ["--import", preload, program], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      ...bareEnvironment,
      DISPATCH_API_PORT: "0",
      DISPATCH_METRICS_PORT: "0",
      DISPATCH_DATABASE_URL: aside.databaseUrl,
      DISPATCH_DATA_DIR: aside.dataDir,
      DISPATCH_DB_POOL_MAX: String(poolMax),
      DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
      DISPATCH_POLICY_PROFILE: profile,
      ...(profile === "pilot" && { DISPATCH_AUTH_ALLOW_DEV_HEADERS: "true" }),
      DISPATCH_AUTH_JWT_SECRET: jwtSecret,
      DISPATCH_AUTH_JWT_ISSUER: issuer,
      DISPATCH_AUTH_JWT_AUDIENCE: audience,
      // So that a body which never comes is answered while the test waits.
      DISPATCH_REQUEST_TIMEOUT_MS: "1000",
      ...settings,
    },
  });
  const gone = once(child, "exit");
  life.after(async () => {
    child.kill("SIGKILL");
    await gone;
  });
  const log = new LogReader(child);
  const port = await log.port(gone);
  const { pid } = child;
  const front = clientOf(aside, port, profile, life);

  return {
    port,
    profile,
    aside,
    front,
    credentials: (headers) => {
      const { authorization } = credentialsUnder(profile, Object.fromEntries(headers));
      return authorization === undefined ? [] : [["Authorization", authorization]];
    },
    vitals: async () => {
      const answered = once(child, "message");
      child.send("report");
      const [vitals]: Vitals[] = await Promise.race([
        answered,
        gone.then(() => assert.fail(`the API has ended:\n${log.tail()}`)),
      ]);
      assert.ok(vitals);
      return vitals;
    },
    defects: async () => {
      await eventually("the log tells of the defect", async () => log.defects.length > 0);
      return log.defects.join("\n");
    },
    assertWell: async () => {
      assert.ok(child.exitCode === null && child.signalCode === null, `the API has ended:\n${log.tail()}`);
      assert.equal(child.pid, pid);
      assert.deepEqual(log.betrayals, [], "the log repeats what it must not");
      assert.deepEqual(log.defects, [], "the log tells of defects");
      const health = await front.send("GET", "/health");
      assert.equal(health.status, 200, health.text);
      await resumeAll(front);
      await ticketIn(front, "CLOSED");
      await assertDatabaseWell(aside);
    },
  };
}

async function endSessions({ databaseUrl }: TestApi): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
  );
  await client.end();
}

/** Pauses that an attack left behind would stop ordinary work too, as they should. */
export async function resumeAll(api: TestApi): Promise<void> {
  const everywhere = [
    {},
    ...["DOOR_WONT_LATCH", "CANNOT_SECURE_ENTRY", "FRAME_OR_GLASS_DAMAGE"].map((incident_type) => ({
      scope_type: "INCIDENT",
      incident_type,
    })),
  ];
  for (const body of everywhere) await api.run("ops.autonomy.rollback", { body });
}

async function assertDatabaseWell({ owner }: TestApi): Promise<void> {
  const count = async (condition: string): Promise<number> => {
    const { rows } = await owner.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND ${condition}`,
    );
    return rows[0]?.count ?? 0;
  };
  // The attacked process and the one aside, each with its pool; and one connection that listens.
  assert.ok(
    (await count("application_name = 'dispatch-api'")) <= poolMax + 6,
    "more connections than the pools may have",
  );
  assert.ok((await count("application_name = 'dispatch-api listen'")) <= 2);
  await eventually("no transaction is left open", async () => (await count("state LIKE 'idle in transaction%'")) === 0);
  const { rows } = await owner.query(
    `SELECT sessions_abandoned + sessions_fatal + sessions_killed AS broken, conflicts
     FROM pg_stat_database WHERE datname = current_database()`,
  );
  assert.deepEqual(rows, [{ broken: "0", conflicts: "0" }], "sessions of Postgres broke");
}

/** Reads the child's log to the end of its life, or the pipe would fill and stop it. */
class LogReader {
  readonly betrayals: string[] = [];
  readonly defects: string[] = [];
  readonly #last: string[] = [];
  readonly #port = Promise.withResolvers<number>();

  constructor({ stdout, stderr }: ChildProcess) {
    assert.ok(stdout && stderr);
    createInterface({ input: stdout }).on("line", (line) => this.#read(line));
    // Nothing belongs there but a warning of node's, a leak of listeners for example.
    createInterface({ input: stderr }).on("line", (line) => this.#keep(this.defects, line));
  }

  async port(gone: Promise<unknown>): Promise<number> {
    return await Promise.race([
      this.#port.promise,
      gone.then(() => assert.fail(`the API did not start:\n${this.tail()}`)),
    ]);
  }

  tail(): string {
    return this.#last.join("\n");
  }

  #read(line: string): void {
    this.#last.push(line);
    if (this.#last.length > 20) this.#last.shift();
    if (secret.test(line)) this.#keep(this.betrayals, line);
    if (line.startsWith('{"level":"error"') || line.startsWith('{"level":"fatal"')) this.#keep(this.defects, line);
    const port = /"port":(\d+),"message":"dispatch-api started"/.exec(line)?.[1];
    if (port !== undefined) this.#port.resolve(Number(port));
  }

  #keep(lines: string[], line: string): void {
    if (lines.length < 5) lines.push(line);
  }
}

/** What development headers say, by a token where the profile wants one. */
const credentialsUnder = (profile: Profile, headers: NonNullable<CallOptions["headers"]>) =>
  profile === "pilot" ? headers : asToken(headers, systemClock, jwtSecret, { iss: issuer, aud: audience });

/** The test client's calls, sent to the attacked process. */
function clientOf(aside: TestApi, port: number, profile: Profile, life: Life): TestApi {
  const wire = new Wire(port);
  life.after(async () => wire.close());
  const send: TestApi["send"] = async (method, target, headers = {}, body = "") => {
    const sent = Object.entries(credentialsUnder(profile, headers)).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    const answer = await wire.ask(
      requestBytes({ method, target, headers: sent, body: Buffer.from(body) }),
      method === "HEAD",
    );
    assert.ok(answer, `no answer to ${method} ${target}`);
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text: answer.text };
  };
  const call: TestApi["call"] = (tool, options = {}) => {
    const isCommand = Object.hasOwn(commands, tool);
    const { as = "dispatcher", actor = `${as}-1`, body = {}, query, key, headers } = options;
    const target = pathOf(tool, options) + (query === undefined ? "" : `?${query}`);
    const own = {
      "x-actor-id": actor,
      "x-actor-role": as,
      ...(isCommand && key !== null && { "idempotency-key": key ?? crypto.randomUUID() }),
    };
    return send(isCommand ? "POST" : "GET", target, { ...own, ...headers }, isCommand ? textOf(body) : undefined);
  };
  const run = async <N extends CommandName>(tool: N, options?: CallOptions): Promise<BodyOf<N> & BesideBody> =>
    parseBody(tool, bodyOf(tool, commands[tool].status, await call(tool, options)));
  const read = async <N extends QueryName>(tool: N, options?: CallOptions): Promise<QueryBodyOf<N>> =>
    parseBody(tool, bodyOf(tool, 200, await call(tool, options)));
  const refuse: TestApi["refuse"] = async (tool, options) => refusalOf(await call(tool, options));
  return { ...aside, url: `http://127.0.0.1:${port}`, send, call, run, read, refuse };
}

const textOf = (body: object | string): string => (typeof body === "string" ? body : JSON.stringify(body));

function bodyOf(tool: ToolName, status: number, reply: Reply): unknown {
  assert.equal(reply.status, status, `${tool}: ${reply.text}`);
  const body: unknown = JSON.parse(reply.text);
  assert.ok(isObject(body));
  return body;
}
