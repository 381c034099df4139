// A shortcut for retries: whether this process has answered under a key lately. What was answered is read from the database
// all the same, but by one statement for all that ask at the same moment, and without a transaction or a lock. It is a hint:
// a retry that finds no answer here goes the whole way, and so does one that comes to another process.

import type { Database } from "../db/pool.ts";
import { selectAnswers, type StoredAnswer } from "./idempotency.ts";

/** Keys remembered, some 6 MB at most; at 4,000 commands a second those of the last ten seconds, when most retries come. */
export const mostKeys = 40_000;
/** Keys in one statement. */
const mostAtOnce = 64;

type Asking = {
  readonly key: string;
  readonly resolve: (stored: StoredAnswer | null) => void;
  readonly reject: (error: unknown) => void;
};

export class RecentAnswers {
  readonly #db: Database;
  /** In the order in which they were answered last. */
  readonly #keys = new Set<string>();
  #asking: Asking[] = [];
  #reading = false;

  constructor(db: Database) {
    this.#db = db;
  }

  add(key: string): void {
    this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size <= mostKeys) return;
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      break;
    }
  }

  /** The answer stored under a key, if this process gave it lately; null says nothing. */
  async find(key: string): Promise<StoredAnswer | null> {
    if (!this.#keys.has(key)) return null;
    return new Promise((resolve, reject) => {
      this.#asking.push({ key, resolve, reject });
      if (this.#reading) return;
      this.#reading = true;
      setImmediate(() => void this.#readAll());
    });
  }

  async #readAll(): Promise<void> {
    while (this.#asking.length > 0) {
      const asking = this.#asking.splice(0, mostAtOnce);
      try {
        const rows = await selectAnswers(
          this.#db,
          asking.map(({ key }) => key),
        );
        const byKey = new Map(rows.map((row) => [row.key, row]));
        for (const { key, resolve } of asking) resolve(byKey.get(key) ?? null);
      } catch (error) {
        for (const { reject } of asking) reject(error);
      }
    }
    this.#reading = false;
  }
}
