// Sessions that somebody opens on the database past Dispatch, as from a console: what holds locks, snapshots and places.

import pg from "pg";
import type { Ground } from "./ground.ts";

export const consoleName = "drill console";

/** Begins `text` in a transaction that does not end by itself, and goes on with it. @returns its process id */
export async function openTransaction({ databaseUrl }: Ground, text: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: consoleName });
  // Its end by the mend is what the drill is about.
  client.on("error", () => undefined);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  await client.query(`BEGIN; ${text}`);
  // Busy, since the server ends what is idle in a transaction by itself.
  void client.query("SELECT pg_sleep(3600)").catch(() => undefined);
  return rows[0]?.pid ?? 0;
}

/** The one process id that `--end-transaction` is to end. */
export async function consolePid({ sql }: Ground): Promise<Readonly<Record<string, string>>> {
  const { rows } = await sql.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE application_name = $1 LIMIT 1",
    [consoleName],
  );
  return { PID: String(rows[0]?.pid ?? 0) };
}

export async function endConsoles({ sql }: Ground): Promise<void> {
  await sql.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [consoleName]);
}
