// While Postgres is away the API says so soon, in a way that makes a retry safe, and comes back by itself when Postgres
// does: nobody restarts it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { after, describe, test, type TestContext } from "node:test";
import pg from "pg";
import { startApiProcess, type ApiProcess } from "../support/api-process.ts";
import { eventually, until } from "../support/eventually.ts";
import { get, post, type Command, type Reply } from "./callers.ts";
import { effectsOfEach, nothing, once, type Effects } from "./effects.ts";
import { createTicket, layOutField, rowsOf, triage } from "./field.ts";
import { beforeCommit, holdLock } from "./gate.ts";
import { startOwnPostgres } from "./own-postgres.ts";
import { startPostgresProxy } from "./postgres-proxy.ts";

const poolMax = 10;
/** Longer than any test here. */
const tooLongMs = "600000";
/** For those that are to run into it; long enough for a plain statement, and for all that a start asks, on a busy machine. */
const statementTimeoutMs = "2000";
/**
 * How soon "not now" must come when connections are refused or lost: less than the ten seconds of connecting, and fifty times
 * what it took on two cores with sixteen processes waiting for them.
 */
const soonMs = 9_000;

const postgres = await startOwnPostgres({ after });
const field = await layOutField(postgres.url);
const start = (settings: Record<string, string> = {}, databaseUrl = postgres.url): Promise<ApiProcess> =>
  startApiProcess(
    { after },
    {
      databaseUrl,
      dataDir: join(postgres.folder, "desk"),
      settings: { DISPATCH_DB_POOL_MAX: String(poolMax), ...settings },
    },
  );
const api = await start({ DISPATCH_DB_LOCK_TIMEOUT_MS: tooLongMs, DISPATCH_DB_STATEMENT_TIMEOUT_MS: tooLongMs });

type Intent = { key: string; command: Command };
const intents = (count: number): Intent[] =>
  Array.from({ length: count }, () => ({ key: randomUUID(), command: createTicket(field) }));
const sendAll = (to: ApiProcess, all: readonly Intent[]): Promise<Reply[]> =>
  Promise.all(all.map(({ key, command }) => post(to, command, key)));

async function assertRefused(replies: Promise<readonly Reply[]>, withinMs = soonMs): Promise<void> {
  const begun = performance.now();
  for (const { status, body, retryAfter, text } of await replies) {
    assert.equal(
      `${status} ${body.error?.code} ${body.error?.dependency}`,
      "503 DEPENDENCY_UNAVAILABLE postgres",
      text,
    );
    assert.equal(retryAfter, "1");
  }
  const took = performance.now() - begun;
  assert.ok(took < withinMs, `took ${took} ms`);
}

async function assertUnhealthy(of: ApiProcess): Promise<void> {
  // An answer to /health may be a quarter of a second old, and all of this can take less.
  await eventually(
    "/health says that something is away",
    async () => (await get(of, "/health")).status !== 200,
    soonMs,
  );
  const begun = performance.now();
  const { status, text } = await get(of, "/health");
  assert.equal(status, 503);
  assert.match(text, /"status":"unavailable".*"postgres":\{"status":"unavailable"/);
  const took = performance.now() - begun;
  assert.ok(took < soonMs, `took ${took} ms`);
}

/** Healthy, without having been started again, and every intent can be carried out, once. */
async function assertRecovered(t: TestContext, of: ApiProcess, refused: readonly Intent[]): Promise<void> {
  await until(t, "/health says that all is well", async () => (await get(of, "/health")).status === 200);
  assert.ok(of.alive());
  for (const { status, text } of await Promise.all(refused.map((intent) => carriedOut(t, of, intent)))) {
    assert.equal(status, 201, text);
  }
  await assertEffects(refused, once);
}

/** A machine that is slow may take longer than the time limits some of these APIs have; so the caller comes again. */
async function carriedOut(t: TestContext, by: ApiProcess, { key, command }: Intent): Promise<Reply> {
  for (;;) {
    const reply = await post(by, command, key);
    if (reply.status !== 503) return reply;
    t.signal.throwIfAborted();
  }
}

async function assertEffects(all: readonly Intent[], effects: Effects): Promise<void> {
  const found = await effectsOfEach(
    postgres.url,
    all.map(({ key }) => key),
  );
  assert.deepEqual(
    found,
    all.map(() => effects),
  );
}

/** As many connections as the pool may have, all of them idle. */
async function fillPool(t: TestContext, of: ApiProcess): Promise<void> {
  const gate = await holdLock(t, postgres.url, "LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE");
  const calls = Promise.all(Array.from({ length: poolMax }, () => get(of, "/tickets")));
  await gate.crowd(poolMax);
  await gate.open();
  for (const { status, text } of await calls) assert.equal(status, 200, text);
}

describe("Postgres goes away and comes back", () => {
  const ways = [
    { how: "stopped in good order", goAway: () => postgres.stop() },
    { how: "killed", goAway: () => postgres.kill() },
  ];
  for (const { how, goAway } of ways) {
    test(`${how}, with idle connections in the pool`, async (t) => {
      t.after(() => postgres.start());
      await fillPool(t, api);
      const ticket = (await post(api, createTicket(field), randomUUID())).body.id ?? "";
      await goAway();
      const refused = intents(2 * poolMax);
      await assertRefused(sendAll(api, refused));
      await assertRefused(
        Promise.all([post(api, triage(ticket), randomUUID()), get(api, `/tickets/${ticket}`), get(api, "/tickets")]),
      );
      await assertUnhealthy(api);
      await postgres.start();
      await assertRecovered(t, api, refused);
    });

    test(`${how}, with commands waiting in it and before it`, async (t) => {
      t.after(() => postgres.start());
      const gate = await holdLock(t, postgres.url, beforeCommit);
      const waiting = intents(3 * poolMax);
      const replies = sendAll(api, waiting);
      // Two transactions, each of several commands; the others wait in the process.
      await gate.crowd(2);
      await goAway();
      // The lock falls with its holder, and Postgres may let some commit before it ends their sessions too.
      const notDone = replies.then((all) => all.filter(({ status }) => status !== 201));
      await assertRefused(notDone);
      assert.ok((await notDone).length > 0, "every command was done before Postgres went away");
      await postgres.start();
      await gate.open();
      await assertRecovered(t, api, waiting);
    });
  }
});

test("an API can be stopped in good order while Postgres is away", async (t) => {
  t.after(() => postgres.start());
  const leaving = await start();
  for (const { status, text } of await sendAll(leaving, intents(poolMax))) assert.equal(status, 201, text);
  await postgres.kill();
  const begun = performance.now();
  assert.equal(await leaving.stop(), 0);
  const took = performance.now() - begun;
  assert.ok(took < soonMs, `took ${took} ms`);
});

describe("Postgres is there and cannot work", () => {
  test("statements run into their time limit", async (t) => {
    const hasty = await start({
      DISPATCH_DB_STATEMENT_TIMEOUT_MS: statementTimeoutMs,
      DISPATCH_DB_LOCK_TIMEOUT_MS: tooLongMs,
    });
    const gate = await holdLock(t, postgres.url, beforeCommit);
    const tooLong = intents(3 * poolMax);
    await assertRefused(sendAll(hasty, tooLong), 2 * Number(statementTimeoutMs) + soonMs);
    await assertEffects(tooLong, nothing);
    await gate.open();
    await assertRecovered(t, hasty, tooLong);
  });

  test("no byte comes back, and no connection is closed", async (t) => {
    const proxy = await startPostgresProxy(t, postgres.url);
    const hasty = await start({ DISPATCH_DB_STATEMENT_TIMEOUT_MS: statementTimeoutMs }, proxy.url);
    await assertRecovered(t, hasty, intents(poolMax));
    proxy.fallSilent();
    const lost = intents(poolMax);
    // Postgres cannot end a statement it is cut off from, so the API does, five seconds after its time limit; connecting
    // anew it gives up after ten.
    await Promise.all([assertRefused(sendAll(hasty, lost), 11_000 + soonMs), assertUnhealthy(hasty)]);
    proxy.speak();
    await assertRecovered(t, hasty, lost);
  });

  test("it takes no further connections", async (t) => {
    await rowsOf(postgres.url, "CREATE ROLE limited LOGIN CONNECTION LIMIT 3 IN ROLE dispatch_app");
    const url = new URL(postgres.url);
    url.username = "limited";
    const crowded = await start({}, url.href);
    const sessions = await takeConnections(t, url.href, 3);
    const refused = intents(poolMax);
    await assertRefused(sendAll(crowded, refused));
    await assertUnhealthy(crowded);
    await Promise.all(sessions.map((session) => session.end()));
    await until(t, "a connection is free", async () => (await get(crowded, "/health")).status === 200);
    const [first] = refused;
    assert.ok(first);
    await assertRecovered(t, crowded, [first]);
  });

  test("it has become read-only", async (t) => {
    const readOnly = async (value: "on" | "off") => {
      await rowsOf(postgres.url, `ALTER SYSTEM SET default_transaction_read_only = ${value}`);
      await rowsOf(postgres.url, "SELECT pg_reload_conf()");
      await until(t, `every session has read the setting (${value})`, async () => {
        const [row] = await rowsOf<{ setting: string }>(
          postgres.url,
          "SELECT current_setting('default_transaction_read_only') AS setting",
        );
        return row?.setting === value;
      });
    };
    const refused = intents(poolMax);
    await readOnly("on");
    await until(t, "commands are refused", async () => (await sendAll(api, intents(1)))[0]?.status === 503);
    await assertRefused(sendAll(api, refused));
    await readOnly("off");
    await until(t, "commands are obeyed", async () => (await sendAll(api, intents(1)))[0]?.status === 201);
    await assertRecovered(t, api, refused);
  });
});

/** Takes connections away from the API, which comes for the freed ones too, so that it may need some tries. */
async function takeConnections(t: TestContext, databaseUrl: string, count: number): Promise<pg.Client[]> {
  const taken: pg.Client[] = [];
  await until(t, `${count} connections are taken`, async () => {
    await rowsOf(
      postgres.url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND application_name LIKE 'dispatch-api%'",
      [new URL(databaseUrl).username],
    );
    const session = new pg.Client({ connectionString: databaseUrl });
    session.on("error", () => undefined);
    await session.connect().then(
      () => taken.push(session),
      () => undefined,
    );
    return taken.length === count;
  });
  return taken;
}
