// Answers that come too late: of each task that was taken from an agent the same agent says that it is done, as a process does whose
// answer was long under way. No desk may take that, and what it makes of it stands in its trail.

import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";

/** What stands in the result of such an answer in place of the assignment it was done by. */
export const lateResult = "late";

const everyMs = 100;

type Parts = {
  readonly apiUrl: string;
  /** By agent. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Runs a statement on the desk's database, which may just be killed. */
  readonly read: (use: (client: pg.Client) => Promise<pg.QueryResult<Taken>>) => Promise<pg.QueryResult<Taken>>;
};

type Taken = { readonly event: string; readonly task: string; readonly agent: string };

// Who has it again by now may say so; nobody else is likely to be given what a new process of theirs finds waiting.
const taken = `SELECT e.id::text AS event, e.aggregate_id AS task, e.payload->>'assignee' AS agent
  FROM audit_events e JOIN tasks t ON t.id::text = e.aggregate_id
  WHERE e.aggregate = 'task' AND e.tool_name IN ('task.time_out', 'worker.lost', 'worker.started')
    AND t.assignee IS DISTINCT FROM e.payload->>'assignee'
    AND (t.status <> 'pending' OR e.tool_name = 'task.time_out') AND NOT e.id::text = ANY($1)`;

export class LateAnswers {
  readonly #parts: Parts;
  readonly #life = new AbortController();
  readonly #running: Promise<void>;
  readonly #seen: string[] = [];
  /** How many were answered, and how. */
  readonly answers = new Map<number, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#running = this.#live();
  }

  async stop(): Promise<void> {
    this.#life.abort();
    await this.#running;
  }

  async #live(): Promise<void> {
    const { signal } = this.#life;
    while (!signal.aborted) {
      const { rows } = await this.#parts
        .read((client) => client.query<Taken>(taken, [this.#seen]))
        .catch(() => ({ rows: [] }));
      await Promise.all(rows.map((one) => this.#answer(one)));
      await delay(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Once: an answer that finds no desk is no late one. */
  async #answer({ event, task, agent }: Taken): Promise<void> {
    this.#seen.push(event);
    const { apiUrl, tokens } = this.#parts;
    const status = await fetch(`${apiUrl}/api/v1/tasks/${task}/complete`, {
      method: "POST",
      headers: {
        "x-agent-id": agent,
        authorization: `Bearer ${tokens.get(agent)}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ result: { at: lateResult } }),
    }).then(
      (response) => response.status,
      () => 0,
    );
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
  }
}
