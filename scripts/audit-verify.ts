// `pnpm dispatch:audit:verify`: proves the audit trail, or names the first broken event of each chain.

import { openDatabase } from "../dispatch/db/pool.ts";
import { readSettings } from "../dispatch/kernel/settings.ts";
import { verifyAudit } from "../dispatch/kernel/verify-audit.ts";
import { runCommand } from "./command-line.ts";
import { withDatabase } from "./database-of-settings.ts";

await runCommand(
  {
    name: "pnpm dispatch:audit:verify",
    about: "Recomputes every audit chain and names the first event that was edited, deleted, moved or cut off.",
    options: { "database-url": { type: "string" }, json: { type: "boolean" } },
    meanings: {
      "database-url": "the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded PostgreSQL",
      json: "print the report as JSON alone",
    },
  },
  async (values) => {
    const settings = readSettings();
    const databaseUrl = values["database-url"] ?? settings.databaseUrl;
    const say = values.json ? () => undefined : (message: string) => console.error(message);
    const report = await withDatabase({ ...settings, databaseUrl }, say, async (url) => {
      const db = openDatabase({
        url,
        poolMax: 2,
        applicationName: "dispatch-audit-verify",
        role: null,
        statementTimeoutMs: 600_000,
        lockTimeoutMs: settings.dbLockTimeoutMs,
        onError: (error) => say(error.message),
      });
      try {
        return await verifyAudit(db, (events) => say(`${events} events read…`));
      } finally {
        await db.close();
      }
    });
    if (values.json) console.log(JSON.stringify(report));
    else {
      for (const { chain, seq, kind, detail } of report.faults) console.log(`BROKEN chain ${chain} seq ${seq}: ${kind}, ${detail}`);
      console.log(`${report.chains} chains, ${report.events} events, ${report.faults.length} broken`);
    }
    return report.faults.length === 0 ? 0 : 1;
  },
);
