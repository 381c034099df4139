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
