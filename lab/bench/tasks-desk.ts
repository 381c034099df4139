// Desks for the benchmark of tasks: agents who are awake and stay so, and tasks that wait, written as rows, since only what happens to
// them then is measured.

import { createDatabase } from "./throwaway-database.ts";
import { withClient } from "./seed.ts";

export type TaskDesk = {
  readonly agents: number;
  readonly places: number;
  readonly pending: number;
  readonly queues: number;
};

/**
 * Makes a copy of a migrated database with pending tasks in it, and nobody to do them.
 * @returns its address
 */
export async function makeTaskDesk(
  serverUrl: string,
  template: string,
  { pending, queues }: TaskDesk,
): Promise<string> {
  const url = await createDatabase(serverUrl, template);
  await withClient(url, async (client) => {
    await client.query(
      `INSERT INTO tasks (id, kind, title, scope, priority, status, requester, required_capabilities, requirement, timeout_ms,
                          max_retries, retry_count, review_required, paused, version, created_at, updated_at,
                          audit_seq, audit_hash, audit_at)
       SELECT gen_random_uuid(), 'desk', 'Task ' || n, 'queue-' || n % $2::int, 1 + n % 5, 'pending', 'bench',
              ARRAY['queue-' || n % $2::int], 'queue-' || n % $2::int, 86400000, 1, 0, false, false, 0,
              now() - n * interval '1 ms', now(), 0, '', now()
       FROM generate_series(1, $1::int) AS n`,
      [pending, queues],
    );
    await client.query("VACUUM ANALYZE tasks");
  });
  return url;
}

/** Agents who are awake and stay so, and a word to the broker. Agent n does the work of queue n, counted around. */
export const addAgents = (url: string, { agents, places, queues }: TaskDesk): Promise<unknown> =>
  withClient(url, async (client) => {
    await client.query(
      `INSERT INTO agents (slug, capabilities, policy, max_concurrent, running, activity, version, created_at, updated_at,
                           audit_seq, audit_hash, audit_at, heartbeat_at)
       SELECT 'agent-' || n, ARRAY['queue-' || n % $2::int], 'always_on', $3, true, 'idle', 0, now(), now(), 0, '', now(),
              now() + interval '1 day'
       FROM generate_series(0, $1::int - 1) AS n`,
      [agents, queues, places],
    );
    await client.query("NOTIFY dispatch_outbox");
  });

export type Claims = { readonly claims: number; readonly seconds: number };

/** How many tasks were given out, and how long that took, from the first commit to the last. */
export const readClaims = (url: string): Promise<Claims> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<Claims>(
      `SELECT count(*)::int AS claims, coalesce(extract(epoch FROM max(at) - min(at)), 0)::float8 AS seconds
       FROM (SELECT pg_xact_commit_timestamp(xmin) AS at FROM audit_events WHERE tool_name = 'task.assign') AS given`,
    );
    return rows[0] ?? { claims: 0, seconds: 0 };
  });

/** From the commit of each new task to the commit of its assignment, in ms. */
export const readLatencies = (url: string, ids: readonly string[]): Promise<number[]> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ ms: number }>(
      `SELECT extract(epoch FROM pg_xact_commit_timestamp(given.xmin) - pg_xact_commit_timestamp(made.xmin))::float8 * 1000 AS ms
       FROM audit_events made JOIN audit_events given USING (aggregate, aggregate_id)
       WHERE aggregate = 'task' AND aggregate_id = ANY ($1) AND made.tool_name = 'task.create' AND given.tool_name = 'task.assign'`,
      [ids],
    );
    return rows.map(({ ms }) => ms);
  });
