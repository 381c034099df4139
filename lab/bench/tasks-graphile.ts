// A program for tasks-command.ts: graphile-worker empties its queue with a handler that does nothing, and says how long that took.

import { setTimeout as delay } from "node:timers/promises";
import { Logger, run, runMigrations } from "graphile-worker";
import pg from "pg";

const [, , connectionString = "", jobs = "0", concurrency = "1"] = process.argv;
const logger = new Logger(() => () => undefined);
await runMigrations({ connectionString, logger });
const pool = new pg.Pool({ connectionString, max: Number(concurrency) });
await pool.query(
  "SELECT graphile_worker.add_job('nothing', json_build_object('n', n)) FROM generate_series(1, $1::int) AS n",
  [jobs],
);
await pool.query("VACUUM ANALYZE graphile_worker._private_jobs");
let begun = 0;
const runner = await run({
  pgPool: pool,
  concurrency: Number(concurrency),
  logger,
  noHandleSignals: true,
  taskList: { nothing: () => void (begun ||= performance.now()) },
});
for (;;) {
  const { rows } = await pool.query<{ left: boolean }>(
    "SELECT EXISTS (SELECT FROM graphile_worker._private_jobs) AS left",
  );
  if (!rows[0]?.left) break;
  await delay(5);
}
console.log(JSON.stringify({ seconds: (performance.now() - begun) / 1000 }));
await runner.stop();
await pool.end();
