// Somebody runs a long report in a transaction that wrote: events behind it are committed and told to nobody.

import pg from "pg";
import type { Drill } from "./drill.ts";

const consoleName = "drill console";

export const outboxStuck: Drill = {
  name: "outbox-stuck",
  about: "a long report that wrote something does not end, and holds all later events back",
  shownBy: { alert: "OUTBOX_STUCK" },
  runbook: "ops/runbooks/outbox_stuck.md",
  async provoke({ stack, dispatcher, accountId, siteId }) {
    const client = new pg.Client({ connectionString: stack.databaseUrl, application_name: consoleName });
    // Its end by the fix is what the drill is about.
    client.on("error", () => undefined);
    await client.connect();
    await client.query("BEGIN; SELECT pg_current_xact_id()");
    // Busy, since the server ends what is idle in a transaction by itself. The fix is what ends this.
    void client.query("SELECT pg_sleep(3600)").catch(() => undefined);
    await dispatcher.does("ticket.create", null, {
      account_id: accountId,
      site_id: siteId,
      summary: "Drill: told to nobody",
    });
  },
  async fix({ sql }) {
    const { rowCount } = await sql.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
      [consoleName],
    );
    return `ended ${rowCount} session whose transaction did not end`;
  },
};
