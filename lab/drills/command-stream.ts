// A light stream of commands through a whole drill, from clients who do what the contract asks of them: the same key until there
// is an answer. Afterwards the database is held to what was acknowledged.

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";
import { isObject } from "../../dispatch/kernel/json.ts";

const clients = 2;
/** Each stays below the usual limit of 120 a minute, with its repetitions. */
const pauseMs = 700;
const answerWithinMs = 8_000;
/** Answers that a client repeats: the stack is away, or the first try is still at work. */
const repeatable = new Set([408, 409, 429, 500, 502, 503, 504]);

export type StreamOptions = { readonly url: string; readonly accountId: string; readonly siteId: string };

export type Tally = { readonly acknowledged: number; readonly repeated: number; readonly slowestMs: number };

export class CommandStream {
  readonly #options: StreamOptions;
  readonly #mark = randomUUID();
  /** By the id of the event that an answer's receipt names: the ticket it made. */
  readonly #acknowledged = new Map<string, string>();
  readonly #stopping = new AbortController();
  readonly #clients: readonly Promise<void>[];
  #ending = false;
  #repeated = 0;
  #slowestMs = 0;
  /** When the newest command was begun of those that were acknowledged. */
  #lastBegun = -Infinity;
  /** What was refused and why: a stream that is refused proves nothing. */
  #refused: string | null = null;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#clients = Array.from({ length: clients }, (_, at) => this.#client(at + 1));
  }

  /** Whether a command that was begun after `moment` (of performance.now()) has been acknowledged. */
  flowsSince(moment: number): boolean {
    return this.#lastBegun > moment;
  }

  get refused(): string | null {
    return this.#refused;
  }

  /** Stops the clients once what they have sent is answered, or `withinMs` is over. May be called again. */
  async end(withinMs: number): Promise<Tally> {
    this.#ending = true;
    const late = setTimeout(() => this.#stopping.abort(), withinMs);
    await Promise.all(this.#clients);
    clearTimeout(late);
    return { acknowledged: this.#acknowledged.size, repeated: this.#repeated, slowestMs: Math.round(this.#slowestMs) };
  }

  /** Which of the acknowledged are not in the database, and how many tickets were made twice. */
  async reconcile(sql: Pool): Promise<{ lost: number; twice: number }> {
    const { rows: events } = await sql.query<{ id: string }>(
      `SELECT e.id::text FROM audit_events e JOIN tickets t ON t.id::text = e.aggregate_id
       WHERE e.id = ANY ($1::uuid[])`,
      [[...this.#acknowledged.keys()]],
    );
    const { rows: twice } = await sql.query(
      "SELECT summary FROM tickets WHERE summary LIKE $1 GROUP BY summary HAVING count(*) > 1",
      [`Drill ${this.#mark} %`],
    );
    return { lost: this.#acknowledged.size - events.length, twice: twice.length };
  }

  async #client(client: number): Promise<void> {
    for (let n = 1; !this.#ending && !this.#stopping.signal.aborted; n++) {
      await this.#deliver(client, `Drill ${this.#mark} ${client}.${n}`);
      await pause(pauseMs);
    }
  }

  async #deliver(client: number, summary: string): Promise<void> {
    const { url, accountId, siteId } = this.#options;
    const key = randomUUID();
    const begun = performance.now();
    for (let tries = 0; !this.#stopping.signal.aborted; tries++) {
      if (tries > 0) {
        this.#repeated += tries === 1 ? 1 : 0;
        await pause(pauseMs);
      }
      const answer = await send(
        `${url}/tickets`,
        { actor: `drill-stream-${client}`, key, body: { account_id: accountId, site_id: siteId, summary } },
        this.#stopping.signal,
      );
      if (answer === null || repeatable.has(answer.status)) continue;
      const receipt = isObject(answer.body) ? answer.body["receipt"] : undefined;
      if (answer.status === 201 && isObject(receipt)) {
        this.#acknowledged.set(String(receipt["receipt_id"]), String(receipt["ticket_id"]));
        this.#lastBegun = Math.max(this.#lastBegun, begun);
        this.#slowestMs = Math.max(this.#slowestMs, performance.now() - begun);
      } else this.#refused = `${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`;
      return;
    }
  }
}

/** Null when no answer came: the command may have been done. */
async function send(
  url: string,
  { actor, key, body }: { readonly actor: string; readonly key: string; readonly body: object },
  stopping: AbortSignal,
): Promise<{ readonly status: number; readonly body: unknown } | null> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "idempotency-key": key,
        "x-actor-id": actor,
        "x-actor-role": "dispatcher",
      },
      body: JSON.stringify(body),
      signal: AbortSignal.any([stopping, AbortSignal.timeout(answerWithinMs)]),
    });
    return { status: response.status, body: await response.json() };
  } catch {
    return null;
  }
}
