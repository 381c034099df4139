// Somebody left a transaction open at the console: events behind it are committed and told to nobody.

import pg from "pg";
import type { Drill } from "./drill.ts";

const consoleName = "drill console";

export const outboxStuck: Drill = {
  name: "outbox-stuck",
  about: "a transaction that writes is left open, and holds all later events back",
  shownBy: { alert: "OUTBOX_STUCK" },
  runbook: "ops/runbooks/outbox_stuck.md",
  async provoke({ stack, dispatcher, accountId, siteId }) {
    const client = new pg.Client({ connectionString: stack.databaseUrl, application_name: consoleName });
    // Its end by the mend is what the drill is about.
    client.on("error", () => undefined);
    await client.connect();
    await client.query("BEGIN; SELECT pg_current_xact_id()");
    await dispatcher.does("ticket.create", null, { account_id: accountId, site_id: siteId, summary: "Drill: told to nobody" });
  },
  async mend({ sql }) {
    const { rowCount } = await sql.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [consoleName]);
    return `ended ${rowCount} session that left its transaction open`;
  },
};
