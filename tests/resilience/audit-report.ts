// What the project's own verification says of a database's audit trail.
import { aggregates } from "../../dispatch/aggregates.ts";
import { openDatabase } from "../../dispatch/db/pool.ts";
import { verifyAudit, type AuditReport } from "../../dispatch/kernel/verify-audit.ts";

/** Verifies as the schema's owner. */
export async function reportOn(databaseUrl: string): Promise<AuditReport> {
  const db = openDatabase({
    url: databaseUrl,
    poolMax: 2,
    applicationName: "audit-report",
    role: null,
    statementTimeoutMs: 300_000,
    lockTimeoutMs: 300_000,
    onError: () => undefined,
  });
  try {
    return await verifyAudit(db, aggregates);
  } finally {
    await db.close();
  }
}
