// Why somebody who follows the events does not see them all: what is missing, what holds the outbox back, who is connected,
// what the reader and the APIs do. For the report of a test that failed, so it must not fail itself, nor wait for long.
import { inspect } from "node:util";
import { dispatcher, headersOf } from "./callers.ts";
import type { EventReader } from "./event-reader.ts";
import { rowsOf } from "./field.ts";
import type { SupervisedDesk } from "./supervised-desk.ts";

const patienceMs = 10_000;

const horizonNow = `
  SELECT pg_current_snapshot()::text AS snapshot, (SELECT max(xact)::text FROM outbox) AS newest,
         (SELECT count(*)::int FROM outbox WHERE xact >= pg_snapshot_xmin(pg_current_snapshot())) AS held_back,
         (SELECT count(*)::int FROM pg_prepared_xacts) AS prepared, now() - pg_postmaster_start_time() AS up`;
const sessions = `
  SELECT pid, application_name AS name, state, backend_xid::text AS xact, backend_xmin::text AS xmin,
         wait_event_type || ' ' || wait_event AS waits, (clock_timestamp() - xact_start)::text AS since, left(query, 60) AS query
  FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY xact_start`;

/** All that is known, in lines. */
export async function explainFollowing(desk: SupervisedDesk, reader: EventReader): Promise<string> {
  const { url } = desk.postgres;
  const told = Map.groupBy(reader.seen, ({ id }) => id);
  const last = reader.seen.at(-1)?.id;
  const missing = async () => {
    const all = await rowsOf<{ id: string; subject: string }>(
      url,
      "SELECT xact || '.' || id AS id, subject FROM outbox ORDER BY outbox.xact, outbox.id",
    );
    return { all: all.length, unseen: all.filter(({ id }) => !told.has(id)) };
  };
  const parts: Record<string, () => Promise<unknown>> = {
    reader: async () => ({ doing: reader.doing, openings: reader.openings, seen: reader.seen.length, last }),
    twice: async () => [...told].filter(([, times]) => times.length > 1).map(([id]) => id),
    missing,
    horizon: () => rowsOf(url, horizonNow),
    sessions: async () => (await rowsOf(url, sessions)).map((row) => Object.values(row).join(" | ")),
    "ended by themselves": async () => desk.fallen,
    "first API": () => stateOf(desk, 0, last),
    "second API": () => stateOf(desk, 1, last),
  };
  const lines = await Promise.all(
    Object.entries(parts).map(
      async ([name, part]) => `${name}: ${inspect(await soon(part), { depth: 4, breakLength: 160 })}`,
    ),
  );
  return lines.join("\n");
}

/** What an API says about itself, and whether it tells what is behind the last event to somebody who asks afresh. */
async function stateOf(desk: SupervisedDesk, at: number, last: string | undefined): Promise<object> {
  const api = await desk.api(at);
  const headers = headersOf(dispatcher);
  const metrics = await soon(async () => {
    const text = await (await fetch(`${api.url}/metrics`, { headers: { accept: "text/plain" } })).text();
    return text.split("\n").filter((line) => /^dispatch_(event_streams|outbox|db_pool|dependency)/.test(line));
  });
  const afresh = await soon(async () => {
    const resumed = last === undefined ? {} : { "last-event-id": last };
    const signal = AbortSignal.timeout(patienceMs / 2);
    const response = await fetch(`${api.url}/events`, { headers: { ...headers, ...resumed }, signal });
    let text = "";
    try {
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += piece;
    } catch {
      // The time is up; what came is what there is.
    }
    return `${response.status} ${text.slice(0, 300)}`;
  });
  return { url: api.url, alive: api.alive(), metrics, afresh, complaints: api.complaints() };
}

async function soon(part: () => Promise<unknown>): Promise<unknown> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve(`no answer in ${patienceMs} ms`), patienceMs);
  try {
    return await Promise.race([part(), late.promise]);
  } catch (error) {
    return `failed: ${String(error)}`;
  } finally {
    clearTimeout(timer);
  }
}
