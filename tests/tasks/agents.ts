// AI agents on a test's desk: put on the roster, started, and speaking for themselves.

import { randomUUID } from "node:crypto";
import type { TestApi } from "../support/api.ts";

export type AgentOptions = {
  readonly capabilities?: readonly string[];
  readonly policy?: "always_on" | "on_demand";
  readonly max_concurrent?: number;
  readonly agent_type?: string;
};

const as = "agent";

/** Puts an agent on the roster; it has not started. */
export const addAgent = (api: TestApi, slug: string, { capabilities = ["warranty"], ...rest }: AgentOptions = {}) =>
  api.run("worker.register", { as: "admin", body: { slug, capabilities, ...rest } });

/** Changes what the roster says of an agent who is on it. */
export const changeAgent = (api: TestApi, slug: string, fields: AgentOptions) =>
  api.call("worker.register", { as: "admin", body: { slug, ...fields } });

/** An event of an agent's own. */
export const tell = (api: TestApi, slug: string, subject: string, data: object = {}) =>
  api.send(
    "POST",
    "/api/v1/events",
    { "x-agent-id": slug, "x-actor-id": slug, "x-actor-role": as, "content-type": "application/json" },
    JSON.stringify({ subject, data }),
  );

/** An agent that has started and waits for work. */
export async function startAgent(api: TestApi, slug: string, options: AgentOptions = {}): Promise<void> {
  await addAgent(api, slug, options);
  await tell(api, slug, `swarm.agent.${slug}.started`);
}

export const heartbeat = (api: TestApi, slug: string, body: object = {}, key: string = randomUUID()) =>
  api.send(
    "POST",
    `/api/v1/agents/${slug}/heartbeat`,
    {
      "x-agent-id": slug,
      "x-actor-id": slug,
      "x-actor-role": as,
      "content-type": "application/json",
      "idempotency-key": key,
    },
    JSON.stringify(body),
  );

/** Hands out a task. */
export const addTask = (api: TestApi, body: object = {}) =>
  api.run("task.create", { body: { title: "Check the warranty", scope: "warranty", ...body } });

/** As an agent says something of a task of theirs. */
export const by = (slug: string, task: string, body: object = {}) => ({ as, actor: slug, task, body });

/** The subjects of a task's events so far, by their last part. */
export async function heard(api: TestApi, task: string): Promise<string[]> {
  const { rows } = await api.owner.query<{ event: string }>(
    "SELECT event FROM outbox WHERE aggregate = 'task' AND aggregate_id = $1 ORDER BY xact, id",
    [task],
  );
  return rows.map(({ event }) => event);
}

/** What became of a task, oldest first: each move of its audit trail with the command that made it, and whom it names. */
export type Step = {
  readonly task: string;
  readonly tool: string;
  readonly actor: string;
  readonly to: string | null;
  readonly assignee: string | null;
  readonly slot: number | null;
};

/** The histories of all tasks, by task. */
export async function histories(api: TestApi): Promise<Map<string, Step[]>> {
  const { rows } = await api.owner.query<Step>(
    `SELECT aggregate_id AS task, tool_name AS tool, actor_id AS actor, after_state AS "to",
            payload->>'assignee' AS assignee, (payload->>'slot')::integer AS slot
     FROM audit_events WHERE aggregate = 'task' ORDER BY aggregate_id, seq`,
  );
  return Map.groupBy(rows, ({ task }) => task);
}

/** The subjects of an agent's events so far, by their last part. */
export async function heardOf(api: TestApi, slug: string): Promise<string[]> {
  const { rows } = await api.owner.query<{ event: string }>(
    "SELECT event FROM outbox WHERE aggregate = 'worker' AND aggregate_id = $1 ORDER BY xact, id",
    [slug],
  );
  return rows.map(({ event }) => event);
}
