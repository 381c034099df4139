// Whether a process of the stack does its work, asked from outside it: a process may be there and hang.

import { hostname } from "node:os";
import pg from "pg";
import { isObject } from "../../kernel/json.ts";
import { statement } from "../../db/statement.ts";
import { readiness } from "../gateway/readiness.ts";

const answerWithinMs = 3_000;
/** A server that answers closes a connection at once. */
const endsWithinMs = 250;

/** `ok`, or in a few words what is wrong. */
export type Health = string;

/** What is said of a part that does not answer at all. */
export const noAnswer: Health = "no answer";

/** GET /health: Postgres and the object store, as the API sees them. */
export async function apiHealth(url: string): Promise<Health> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(answerWithinMs) });
    const body: unknown = await response.json();
    if (response.ok) return "ok";
    return isObject(body) && isObject(body["checks"]) ? whatIsAway(body["checks"]) : `answers ${response.status}`;
  } catch {
    return noAnswer;
  }
}

function whatIsAway(checks: Record<string, unknown>): string {
  const away = Object.entries(checks)
    .filter(([, check]) => !isObject(check) || check["status"] !== "ok")
    .map(([name]) => name);
  return `without ${away.join(" and ")}`;
}

export const postgresHealth = (databaseUrl: string): Promise<Health> => asked(databaseUrl, async () => "ok");

/**
 * Whether a process answers at all, be it with a refusal: its parts may all be away. An address where nobody listens is no silence: a
 * gateway that starts again within its process has none for a while.
 */
export async function httpAnswers(url: string, withinMs: number): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(withinMs) });
    await response.body?.cancel();
    return true;
  } catch (error) {
    return !(error instanceof Error && error.name === "TimeoutError");
  }
}

export async function gatewayHealth(url: string): Promise<Health> {
  const state = await readiness(url);
  return state === null ? noAnswer : state.ready ? "ok" : "not ready";
}

type Beat = { readonly seen: boolean };

const selectBeat = statement<Beat>(
  "stack_worker_beat",
  `SELECT seen_at > now() - 3 * heartbeat_ms * interval '1 millisecond' AS seen
   FROM workers
   WHERE host = $1 AND pid = $2
   ORDER BY started_at DESC
   LIMIT 1`,
);

/** A worker shows itself in the database; one that has not for three of its beats hangs, or is cut off. */
export async function workerHealth(databaseUrl: string, pid: number): Promise<Health> {
  return asked(databaseUrl, async (client) => {
    const { rows } = await client.query<Beat>({ ...selectBeat, values: [hostname(), pid] });
    return rows[0] === undefined ? "no heartbeat yet" : rows[0].seen ? "ok" : "heartbeat late";
  });
}

/** Every look is a connection of its own: a kept one would outlive the server it belongs to. */
async function asked(databaseUrl: string, use: (client: pg.Client) => Promise<Health>): Promise<Health> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: answerWithinMs,
    query_timeout: answerWithinMs,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await use(client);
  } catch {
    return "cannot ask Postgres";
  } finally {
    // A server that hangs never confirms the end, and would keep this process from its own.
    const giveUp = setTimeout(() => client.connection.stream.destroy(), endsWithinMs);
    void client
      .end()
      .catch(() => undefined)
      .finally(() => clearTimeout(giveUp));
  }
}
