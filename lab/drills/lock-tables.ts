// Somebody at a console locks the tickets and goes to lunch: Postgres is well, and no command gets on.

import { consolePid, endConsoles, openTransaction } from "./console-sessions.ts";
import { workStopsMs, type Drill } from "./drill.ts";

export const lockTables: Drill = {
  name: "lock-tables",
  about: "a session holds LOCK TABLE tickets and does not end",
  told: { by: /DATABASE_LOCKED|health 503|ALERTS_BLIND|DATABASE_UNAVAILABLE/, withinMs: workStopsMs },
  reads: {
    must: [/lock/i],
    mustNot: [/(while )?Postgres is (away|unavailable)/, /Start the API/, /alerts: none fires/],
  },
  runbook: "ops/runbooks/locked_table.md",
  seconds: 30,
  async provoke(ground) {
    await openTransaction(ground, "LOCK TABLE tickets");
    return { undo: () => endConsoles(ground) };
  },
  mend: { by: "page", command: 'pnpm dispatch:alerts --end-transaction "$PID"', fill: consolePid },
};
