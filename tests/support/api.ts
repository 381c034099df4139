// dispatch-api in the test's own process, on a database and a folder of its own, and its tools called over HTTP by the
// contract's paths with development headers, which become tokens under a profile that believes none. An answer that breaks
// the contract's output schema fails the test.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import type { Agent, IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import pg from "pg";
import { pino } from "pino";
import { http } from "../../dispatch/api/node-http.ts";
import { startApi, type RunningApi, type StartOptions } from "../../dispatch/api/start.ts";
import {
  commands,
  queries,
  type BodyOf,
  type CommandName,
  type Entry,
  type QueryBodyOf,
  type QueryName,
  type ToolName,
} from "../../dispatch/contract/index.ts";
import type { BesideBody } from "../../dispatch/contract/responses.ts";
import { openLog } from "../../dispatch/process/log.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { createTestDatabase } from "./database.ts";
import { seedDirectory } from "./directory.ts";
import { patience } from "./patience.ts";
import { parseBody, parseRefusal, type RefusedBody } from "./response-schemas.ts";
import { TestClock } from "./test-clock.ts";
import { asToken, tokenSecret } from "./token.ts";

export type Profile = "pilot" | "strict";
export const profiles: readonly Profile[] = ["pilot", "strict"];

export type Reply = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string };

export type Refused = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly error: RefusedBody };

export type CallOptions = {
  /** The role, in any spelling; a dispatcher unless said otherwise. */
  readonly as?: string;
  /** The actor's id; by default one per role. */
  readonly actor?: string;
  readonly ticket?: string;
  readonly receipt?: string;
  readonly technician?: string;
  readonly plan?: string;
  readonly evidence?: string;
  readonly invoice?: string;
  readonly account?: string;
  readonly site?: string;
  readonly contact?: string;
  readonly asset?: string;
  readonly task?: string;
  /** The slug of a worker of desk tasks. */
  readonly worker?: string;
  /** A room by its id, name or an alias. */
  readonly room?: string;
  /** The number of an approval request, in any case. */
  readonly approvalRequest?: string;
  /** An object goes as JSON, a text or bytes as they are. */
  readonly body?: object | string;
  /** Without the question mark. */
  readonly query?: string;
  /** The Idempotency-Key; null sends none, and by default every call is a new intent. */
  readonly key?: string | null;
  /** Beside or in place of the development headers; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
};

export type TestApi = {
  readonly url: string;
  readonly port: number;
  readonly profile: Profile;
  readonly clock: TestClock;
  readonly desk: RunningApi["desk"];
  /** As the schema's owner: arranges what no command can, and looks at what was written. */
  readonly owner: pg.Pool;
  readonly databaseUrl: string;
  readonly dataDir: string;
  /** What it logs, where it was asked for. */
  readonly log: readonly JsonObject[];
  /** Sends a request, whatever comes back. */
  send(method: string, path: string, headers?: CallOptions["headers"], body?: string | Uint8Array): Promise<Reply>;
  /** Calls a tool, whatever comes back. */
  call(tool: ToolName, options?: CallOptions): Promise<Reply>;
  /** Gives a command that must be obeyed, with the contract's status and body. */
  run<N extends CommandName>(tool: N, options?: CallOptions): Promise<BodyOf<N> & BesideBody>;
  /** Asks a query that must be answered. */
  read<N extends QueryName>(tool: N, options?: CallOptions): Promise<QueryBodyOf<N>>;
  /** Calls a tool that must refuse. */
  refuse(tool: ToolName, options?: CallOptions): Promise<Refused>;
  /** Stops it before its end. @returns false when requests had to be cut off */
  stop(): Promise<boolean>;
};

export type TestApiOptions = {
  readonly profile?: Profile;
  readonly env?: Readonly<Record<string, string>>;
  readonly handlers?: StartOptions["handlers"];
  readonly policy?: StartOptions["policy"];
  /** Keeps what it logs; otherwise it logs nothing. */
  readonly logged?: boolean;
  /** A second process on the same database, objects and clock. */
  readonly beside?: TestApi;
  /** Reaches Postgres at another address, a proxy's for example. */
  readonly databaseUrl?: (url: string) => string;
  /** Whose end is the API's; by default the test's or describe's that starts it. */
  readonly t?: { after(fn: () => Promise<void>): void };
};

/**
 * Starts an API with the directory's rows. It ends with `t`; without one with the test, or the (async) `describe`, that
 * starts it, and nothing of it is left. Outside both it would keep the file from ending.
 */
export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const undo: (() => Promise<unknown>)[] = [];
  const end = async () => {
    for (const work of undo.splice(0).reverse()) await work();
  };
  if (options.t) options.t.after(end);
  else after(end);
  try {
    return await started(options, (work) => void undo.push(work));
  } catch (error) {
    // A file that fails to start must not hang on what did start.
    await end();
    throw error;
  }
}

async function started(options: TestApiOptions, atEnd: (work: () => Promise<unknown>) => void): Promise<TestApi> {
  const { profile = "pilot", env = {}, handlers, policy, beside } = options;
  const databaseUrl = beside?.databaseUrl ?? (await createTestDatabase({ after: atEnd })).url;
  const dataDir = beside?.dataDir ?? (await mkdtemp(join(tmpdir(), "dispatch-field-")));
  if (!beside) atEnd(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }));
  const owner = beside?.owner ?? new pg.Pool({ connectionString: databaseUrl, max: 3, options: "-c timezone=UTC" });
  if (!beside) {
    owner.on("error", () => undefined);
    atEnd(() => owner.end());
    await seedDirectory(owner);
  }
  const clock = beside?.clock ?? new TestClock();
  const settings = readSettings({
    DISPATCH_DATABASE_URL: options.databaseUrl?.(databaseUrl) ?? databaseUrl,
    DISPATCH_DATA_DIR: dataDir,
    DISPATCH_API_PORT: "0",
    DISPATCH_METRICS_PORT: "0",
    DISPATCH_DB_POOL_MAX: "6",
    ...patience,
    DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
    DISPATCH_POLICY_PROFILE: profile,
    // How full this machine's disk and the shared server are is no test's business, unless it says so itself.
    DISPATCH_ALERT_DISK_FREE_PERCENT: "0",
    DISPATCH_ALERT_DISK_CRITICAL_PERCENT: "0",
    DISPATCH_ALERT_CONNECTIONS_PERCENT: "100",
    ...(profile === "strict" && { DISPATCH_AUTH_JWT_SECRET: tokenSecret }),
    ...env,
  });
  const lines: JsonObject[] = [];
  const log = options.logged
    ? openLog("dispatch-api", settings, { write: (line) => void lines.push(parsed(line)) }).logger
    : pino({ level: "silent" });
  const api = await startApi({ settings, clock, log, ...(handlers && { handlers }), ...(policy && { policy }) });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  atEnd(async () => {
    agent.destroy();
    await api.stop();
  });

  const send: TestApi["send"] = (method, path, headers = {}, body) => {
    const credentials = profile === "strict" ? asToken(headers, clock, settings.jwtSecret ?? tokenSecret) : headers;
    return request(agent, new URL(path, api.url), method, credentials, body);
  };
  const call: TestApi["call"] = (tool, one = {}) => {
    const isCommand = Object.hasOwn(commands, tool);
    const { body = {}, query } = one;
    const path = pathOf(tool, one) + (query === undefined ? "" : `?${query}`);
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return send(entryOf(tool).method, path, headersOf(one, isCommand), isCommand ? text : undefined);
  };
  return {
    url: api.url,
    port: api.port,
    profile,
    clock,
    desk: api.desk,
    owner,
    databaseUrl,
    dataDir,
    log: lines,
    send,
    call,
    run: async (tool, one) => answerOf(tool, await call(tool, one)),
    read: async (tool, one) => answerOf(tool, await call(tool, one)),
    refuse: async (tool, one) => refusalOf(await call(tool, one)),
    stop: api.stop,
  };
}

/** The body of an answer that must be the one the contract promises. */
function answerOf<N extends CommandName>(tool: N, reply: Reply): BodyOf<N> & BesideBody;
function answerOf<N extends QueryName>(tool: N, reply: Reply): QueryBodyOf<N>;
function answerOf(tool: ToolName, reply: Reply): unknown {
  const expected = isCommandName(tool) ? commands[tool].status : 200;
  assert.equal(reply.status, expected, `${tool} answered ${reply.status}: ${reply.text}`);
  assert.equal(reply.headers["content-type"], "application/json; charset=utf-8");
  return parseBody(tool, JSON.parse(reply.text));
}

/** An answer that must be a refusal in the contract's form. */
export function refusalOf(reply: Reply): Refused {
  assert.ok(reply.status >= 400, `not refused, but answered ${reply.status}: ${reply.text}`);
  assert.equal(reply.headers["content-type"], "application/json; charset=utf-8");
  return { status: reply.status, headers: reply.headers, error: parseRefusal(JSON.parse(reply.text)) };
}

/** A reply's JSON object, for what no schema of the contract describes. */
export const objectOf = ({ text }: Reply): JsonObject => parsed(text);

function parsed(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  assert.ok(isObject(value), `no JSON object: ${text}`);
  return value;
}

/** The objects of a list in an answer, for fields whose form no schema of the contract gives. */
export function objectsIn(value: unknown): JsonObject[] {
  assert.ok(Array.isArray(value), `no list: ${JSON.stringify(value)}`);
  const items: readonly unknown[] = value;
  return items.map((item) => (isObject(item) ? item : assert.fail(`no object: ${JSON.stringify(item)}`)));
}

/** The address of a tool, with the ids a call names. */
export function pathOf(
  tool: ToolName,
  {
    ticket,
    receipt,
    technician,
    plan,
    evidence,
    invoice,
    account,
    site,
    contact,
    asset,
    task,
    worker,
    room,
    approvalRequest,
  }: CallOptions = {},
): string {
  const { path } = entryOf(tool);
  const ids = {
    ticketId: ticket,
    receiptId: receipt,
    technicianId: technician,
    planId: plan,
    evidenceId: evidence,
    invoiceId: invoice,
    accountId: account,
    siteId: site,
    contactId: contact,
    assetId: asset,
    taskId: task,
    slug: worker,
    approvalRequestId: approvalRequest,
    // A control room's name holds a colon.
    roomId: room === undefined ? undefined : encodeURIComponent(room),
  };
  const filled = Object.entries(ids).reduce(
    (text, [name, id]) => (id === undefined ? text : text.replace(`{${name}}`, id)),
    String(path),
  );
  assert.ok(!filled.includes("{"), `${tool} needs an id: ${filled}`);
  return filled;
}

const entryOf = (tool: ToolName): Entry => (isCommandName(tool) ? commands[tool] : queries[tool]);
const isCommandName = (tool: ToolName): tool is CommandName => Object.hasOwn(commands, tool);

/** The actor's id a role has unless a call names another. */
export const actorIdOf = (role: string): string => `${role}-1`;

function headersOf(
  { as = "dispatcher", actor, key, headers }: CallOptions,
  isCommand: boolean,
): CallOptions["headers"] {
  return {
    "x-actor-id": actor ?? actorIdOf(as),
    "x-actor-role": as,
    "x-agent-id": actor ?? actorIdOf(as),
    // A file's facts, and not its bytes.
    accept: "application/json",
    ...(isCommand && {
      "content-type": "application/json",
      "idempotency-key": key === null ? undefined : (key ?? randomUUID()),
    }),
    ...headers,
  };
}

function request(
  agent: Agent,
  url: URL,
  method: string,
  headers: NonNullable<CallOptions["headers"]>,
  body?: string | Uint8Array,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    const outgoing = http.request(url, { agent, method, headers: Object.fromEntries(sent) }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
