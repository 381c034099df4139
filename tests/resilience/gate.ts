// Holds a lock in the database, so that calls pile up behind it and run into each other when it is let go.
import pg from "pg";
import { until, type TestLimit } from "../support/eventually.ts";

export type Gate = {
  /** Waits until `count` statements stand before a lock. */
  crowd(count: number): Promise<void>;
  /** Lets them go. May be called again. */
  open(): Promise<void>;
};

/** @param lock a statement that takes the lock, for example LOCK TABLE */
export async function holdLock(
  t: TestLimit & { after(fn: () => Promise<void>): void },
  databaseUrl: string,
  lock: string,
  values: readonly string[] = [],
): Promise<Gate> {
  const holder = new pg.Client({ connectionString: databaseUrl });
  const observer = new pg.Client({ connectionString: databaseUrl });
  // A database that is dropped or killed under them says so here.
  for (const client of [holder, observer]) client.on("error", () => {});
  await Promise.all([holder.connect(), observer.connect()]);
  let opened: Promise<void> | undefined;
  const open = (): Promise<void> => (opened ??= Promise.all([holder.end(), observer.end()]).then(() => undefined));
  t.after(open);
  await holder.query("BEGIN");
  await holder.query(lock, [...values]);
  return {
    crowd: (count) =>
      until(t, `${count} statements wait for a lock`, async () => {
        const { rows } = await observer.query<{ waiting: number }>(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return (rows[0]?.waiting ?? 0) >= count;
      }),
    open,
  };
}

/** What every command inserts into last; while it is held, nothing commits. */
export const beforeCommit = "LOCK TABLE idempotency_keys IN SHARE MODE";
