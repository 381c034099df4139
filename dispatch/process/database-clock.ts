// The clock of the database, kept in a process: what several workers must agree on (claims, when something is due) is reckoned by one
// clock, however the clocks of their machines differ or jump. Between two looks time runs on by this process's steady counter.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { Clock } from "../kernel/clock.ts";

const selectTime = statement<{ ms: number }>(
  "database_clock",
  `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms`,
);

export type DatabaseClock = Clock & {
  /** Looks what time it is there; until the first look this process's own time is told. */
  sync(db: Session): Promise<void>;
};

/**
 * How many seconds this process's own clock is ahead of the database's, negative when it is behind.
 * @throws what the statement throws
 */
export async function clockOffset(db: Session): Promise<number> {
  const [asked, begun] = [Date.now(), performance.now()];
  const row = await db.row(selectTime);
  if (!row) throw new Error("the question for the database's time was answered without a row");
  return clockDifference({ asked, tookMs: performance.now() - begun, there: row.ms });
}

/**
 * In seconds; 0 while the database's time can be explained by how long it took to be told.
 * @param asked this process's time when it asked, and `there` the database's when it looked, in ms
 */
export function clockDifference(look: { asked: number; tookMs: number; there: number }): number {
  const { asked, tookMs, there } = look;
  const difference = asked + tookMs / 2 - there;
  return Math.abs(difference) <= tookMs / 2 ? 0 : difference / 1_000;
}

export function databaseClock(): DatabaseClock {
  /** The database's time, in ms, when the steady counter began. */
  let origin: number | null = null;
  return {
    now: () => new Date(origin === null ? Date.now() : Math.floor(origin + performance.now())),
    async sync(db) {
      const asked = performance.now();
      const row = await db.row(selectTime);
      // It was read somewhere on the way there and back.
      if (row) origin = row.ms - (asked + performance.now()) / 2;
    },
  };
}
