// An API in the test's own process, on a database of its own, with a clock the test holds and a log it can read.

import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { openLog } from "../../dispatch/process/log.ts";
import { startApi, type RunningApi } from "../../dispatch/api/start.ts";
import type { Handlers } from "../../dispatch/api/tool-routes.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { createTestDatabase } from "../support/database.ts";

type TestLife = { after(fn: () => Promise<void>): void };

/** A clock that stands still until the test moves it. */
export class TestClock {
  #now = new Date("2026-03-02T09:00:00.000Z");
  now(): Date {
    return this.#now;
  }
  advance(ms: number): void {
    this.#now = new Date(this.#now.getTime() + ms);
  }
}

export type TestApi = RunningApi & {
  readonly clock: TestClock;
  readonly log: JsonObject[];
  readonly folder: string;
  /** As the schema's owner. */
  readonly sql: pg.Client;
  readonly databaseUrl: string;
};

export type TestApiOptions = {
  readonly environment?: Record<string, string>;
  readonly handlers?: Handlers;
  readonly databaseUrl?: string;
};

export const accountId = "11111111-1111-4111-8111-111111111111";
export const siteId = "22222222-2222-4222-8222-222222222222";
export const otherAccountId = "33333333-3333-4333-8333-333333333333";
export const otherSiteId = "44444444-4444-4444-8444-444444444444";

/** Starts one that ends with the test. */
export async function startTestApi(test: TestLife, options: TestApiOptions = {}): Promise<TestApi> {
  // node:test runs its hooks in the order they were made; an API ends before the database it uses.
  const ends: (() => Promise<void>)[] = [];
  test.after(async () => {
    for (const end of ends) await end();
  });
  const t: TestLife = { after: (end) => void ends.unshift(end) };
  const databaseUrl = options.databaseUrl ?? (await createTestDatabase(t)).url;
  const folder = await mkdtemp(join(tmpdir(), "dispatch-api-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const sql = new pg.Client({ connectionString: databaseUrl });
  // The database may be dropped under it.
  sql.on("error", () => undefined);
  await sql.connect();
  t.after(() => sql.end());
  await insertPlaces(sql);
  const settings = readSettings({
    DISPATCH_DATABASE_URL: databaseUrl,
    DISPATCH_DATA_DIR: folder,
    DISPATCH_API_PORT: "0",
    DISPATCH_METRICS_PORT: "0",
    DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
    ...options.environment,
  });
  const log: JsonObject[] = [];
  const { logger } = openLog("dispatch-api", settings, { write: (line) => void log.push(parsed(line)) });
  const clock = new TestClock();
  const api = await startApi({ settings, log: logger, clock, ...(options.handlers && { handlers: options.handlers }) });
  t.after(async () => void (await api.stop()));
  return { ...api, clock, log, folder, sql, databaseUrl };
}

async function insertPlaces(sql: pg.Client): Promise<void> {
  await sql.query("INSERT INTO accounts (id, name) VALUES ($1, 'Glass & Co'), ($2, 'Other') ON CONFLICT DO NOTHING", [
    accountId,
    otherAccountId,
  ]);
  await sql.query(
    "INSERT INTO sites (id, account_id, name, region) VALUES ($1, $2, 'North', 'CA'), ($3, $4, 'South', 'CA') ON CONFLICT DO NOTHING",
    [siteId, accountId, otherSiteId, otherAccountId],
  );
}

export type Call = {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** The body's bytes, where `body` as JSON would not do. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
};

export type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: JsonObject;
};

export const dispatcher = { "x-actor-id": "dora", "x-actor-role": "dispatcher" };

/** Sends a request; a POST gets a fresh Idempotency-Key unless it brings one. */
export async function call(
  api: { url: string },
  path: string,
  { method = "GET", headers = dispatcher, body, raw }: Call = {},
): Promise<Reply> {
  const key: Record<string, string> = method === "POST" ? { "idempotency-key": randomUUID() } : {};
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(api.url + path, {
    method,
    headers: { ...key, ...headers },
    ...(sent !== undefined && { body: sent }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: response.headers.get("content-type")?.startsWith("application/json") && text ? parsed(text) : {},
  };
}

/** Sends a command. */
export const post = (
  api: { url: string },
  path: string,
  body: unknown = {},
  headers: Record<string, string> = dispatcher,
): Promise<Reply> => call(api, path, { method: "POST", body, headers });

/** Opens a ticket and tells its id. */
export async function newTicket(api: { url: string }, site: "own" | "other" = "own"): Promise<string> {
  const place =
    site === "own" ? { account_id: accountId, site_id: siteId } : { account_id: otherAccountId, site_id: otherSiteId };
  const reply = await post(api, "/tickets", { ...place, summary: "Door will not close" });
  if (reply.status !== 201) throw new Error(`no ticket: ${reply.text}`);
  return String(reply.body["id"]);
}

/** The error of a reply's body. */
export function errorOf(reply: Reply): JsonObject {
  const { error } = reply.body;
  return isObject(error) ? error : {};
}

function parsed(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error(`not a JSON object: ${text}`);
  return value;
}
