// Who holds the locks that calls wait for, and for how long, asked on a connection of its own: those of the pool may all be
// among the waiting.

import { lockHolders, type LockHolder } from "../db/lock-holders.ts";
import { openDatabase } from "../db/pool.ts";
import { freshFor } from "./fresh-for.ts";

const withinMs = 1_000;
/** However many calls fail at the same moment, Postgres is asked once. */
const freshForMs = 1_000;
const most = 5;
/** A holder whose callers have given up is in nobody's way for a moment, until they come again. */
const rememberedForMs = 60_000;

export type LockWatch = {
  /** The holders, the root first; null when Postgres does not say within a second. Asked at most once a second. */
  holders(): Promise<readonly LockHolder[] | null>;
  /**
   * How long one of them has stood in others' way, by what they say who wait and by when it was first seen here: a login that
   * may not see others' sessions is told no more. Of several the longest, 0 without one, null when Postgres does not say.
   */
  longestSeconds(): Promise<number | null>;
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
  const seen = new Map<string, { readonly first: number; readonly last: number }>();
  const holders = freshFor(freshForMs, now, async () => {
    const found = await bounded(lockHolders(db, most));
    for (const [one, { last }] of seen) if (now() - last > rememberedForMs) seen.delete(one);
    for (const one of found ?? []) seen.set(nameOf(one), { first: seen.get(nameOf(one))?.first ?? now(), last: now() });
    return found;
  });
  const secondsOf = (holder: LockHolder): number =>
    Math.max(holder.waited_seconds, (now() - (seen.get(nameOf(holder))?.first ?? now())) / 1_000);
  return {
    holders,
    async longestSeconds() {
      const found = await holders();
      return found && Math.max(0, ...found.map(secondsOf));
    },
    close: () => db.close(),
  };
}

/** A connection of a pool holds one lock after the other; only one transaction's stay is one stay. */
const nameOf = ({ pid, transaction }: LockHolder): string => `${pid} ${transaction}`;

async function bounded(asked: Promise<LockHolder[]>): Promise<readonly LockHolder[] | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), withinMs);
  try {
    return await Promise.race([asked.catch(() => null), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
