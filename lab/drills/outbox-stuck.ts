// Somebody runs a long report in a transaction that wrote: events behind it are committed and told to nobody.

import { consolePid, endConsoles, openTransaction } from "./console-sessions.ts";
import type { Drill } from "./drill.ts";

/** Events may be held back for a minute before anybody is woken: commands go on. */
const toldWithinMs = 75_000;

export const outboxStuck: Drill = {
  name: "outbox-stuck",
  about: "a long report that wrote something does not end, and holds all later events back",
  told: { by: /alert OUTBOX_STUCK/, withinMs: toldWithinMs },
  reads: { must: [/OUTBOX_STUCK/], mustNot: [/postgres: (?!ok)/, /none fires/] },
  runbook: "ops/runbooks/outbox_stuck.md",
  seconds: 85,
  async provoke(ground) {
    await openTransaction(ground, "SELECT pg_current_xact_id()");
    return { undo: () => endConsoles(ground) };
  },
  mend: {
    by: "page",
    command: "pnpm dispatch:alerts --end-transaction PID",
    run: 'pnpm dispatch:alerts --end-transaction "$PID"',
    fill: consolePid,
  },
};
