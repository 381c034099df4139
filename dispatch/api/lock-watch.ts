// Who holds the locks that calls wait for, asked on a connection of its own: those of the pool may all be among the waiting.

import { lockHolders, type LockHolder } from "../db/lock-holders.ts";
import { openDatabase } from "../db/pool.ts";
import { freshFor } from "./fresh-for.ts";

const withinMs = 1_000;
/** However many calls fail at the same moment, Postgres is asked once. */
const freshForMs = 1_000;
const most = 5;

export type LockWatch = {
  /** The holders, the root first; null when Postgres does not say within a second. Asked at most once a second. */
  holders(): Promise<readonly LockHolder[] | null>;
  close(): Promise<void>;
};

/**
 * Opens no connection before the first question. It keeps the login's own rights, without which others' sessions do not show.
 * @param now a clock in ms
 */
export function openLockWatch(databaseUrl: string, now: () => number): LockWatch {
  const db = openDatabase({
    url: databaseUrl,
    poolMax: 1,
    applicationName: "dispatch-api watch",
    role: null,
    statementTimeoutMs: withinMs,
    lockTimeoutMs: withinMs,
    onError: () => undefined,
  });
  return { holders: freshFor(freshForMs, now, () => bounded(lockHolders(db, most))), close: () => db.close() };
}

async function bounded(asked: Promise<LockHolder[]>): Promise<readonly LockHolder[] | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), withinMs);
  try {
    return await Promise.race([asked.catch(() => null), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
