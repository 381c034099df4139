// What was refused, kept for alerts and operators. Refusals change nothing, so they are written outside any command,
// gathered for a moment and with equal ones counted in one row: a flood costs a bounded number of writes.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import { errorRegistry, type ErrorEntry } from "../contract/errors.ts";
import type { Actor } from "./actor.ts";
import type { Clock } from "./clock.ts";
import type { Refusal } from "./refusal.ts";

export const insertRejections = statement(
  "rejections_insert",
  `INSERT INTO rejections (code, tool_name, actor_id, actor_role, aggregate, aggregate_id, detail, count, occurred_at)
   SELECT r.code, r.tool_name, r.actor_id, r.actor_role, r.aggregate, r.aggregate_id, r.detail, r.count, r.occurred_at
   FROM json_to_recordset($1::json) AS r (code text, tool_name text, actor_id text, actor_role text, aggregate text,
                                          aggregate_id text, detail jsonb, count integer, occurred_at timestamptz)`,
);

type Row = {
  code: string;
  tool_name: string | null;
  actor_id: string | null;
  actor_role: string | null;
  aggregate: string | null;
  aggregate_id: string | null;
  detail: object;
  count: number;
  occurred_at: string;
};

/** The call that was refused. */
type Refused = {
  readonly tool: string | null;
  readonly actor: Actor | null;
  /** What it named in its path. */
  readonly about: { readonly aggregate: string; readonly id: string } | null;
};

/** At most this many different refusals are kept between two writes; further ones are counted without their actor. */
const maxWaiting = 500;
const flushMs = 200;

export class Rejections {
  readonly #db: Session;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #waiting = new Map<string, Row>();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(db: Session, clock: Clock, onError: (error: unknown) => void) {
    this.#db = db;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Keeps a refusal if somebody counts its code. */
  record(refusal: Refusal, { tool, actor, about }: Refused): void {
    const entry: ErrorEntry = errorRegistry[refusal.code];
    if (entry.signal === undefined) return;
    const crowded = this.#waiting.size >= maxWaiting;
    const subject = entry.concerns
      ? { aggregate: entry.concerns.aggregate, id: String(refusal.details[entry.concerns.field]) }
      : about;
    const row: Row = {
      code: refusal.code,
      tool_name: tool,
      actor_id: crowded ? null : (actor?.id ?? null),
      actor_role: crowded ? null : (actor?.role ?? null),
      aggregate: crowded ? null : (subject?.aggregate ?? null),
      aggregate_id: crowded ? null : (subject?.id ?? null),
      detail: entry.concerns && !crowded ? refusal.details : {},
      count: 1,
      occurred_at: this.#clock.now().toISOString(),
    };
    const key = [row.code, row.tool_name, row.actor_id, row.actor_role, row.aggregate, row.aggregate_id].join("\n");
    const same = this.#waiting.get(key);
    if (same) same.count++;
    else this.#waiting.set(key, row);
    this.#timer ??= setTimeout(() => void this.flush(), flushMs).unref();
  }

  /** Writes what waits. While Postgres is away the rows stay, up to the bound. */
  flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing = this.#writing.then(async () => {
      if (this.#waiting.size === 0) return;
      const rows = this.#waiting;
      this.#waiting = new Map();
      try {
        await this.#db.row(insertRejections, [JSON.stringify([...rows.values()])]);
      } catch (error) {
        this.#onError(error);
        for (const [key, row] of rows) if (!this.#waiting.has(key)) this.#waiting.set(key, row);
        this.#timer ??= setTimeout(() => void this.flush(), flushMs * 10).unref();
      }
    });
    return this.#writing;
  }
}
