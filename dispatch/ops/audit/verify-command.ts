// `pnpm dispatch:audit:verify`: proves the audit trail, or names the first broken event of each chain. It also holds the
// trail to the newest checkpoint in the object store, which somebody with write access to the database alone cannot have changed.

import { aggregates } from "../../aggregates.ts";
import {
  newestCheckpoint,
  verifyCheckpoint,
  writeCheckpoint,
  type CheckpointReport,
} from "../../kernel/audit-checkpoint.ts";
import { openStore } from "../../process/open-desk.ts";
import { readSettings, type Settings } from "../../process/settings.ts";
import { verifyAudit } from "../../kernel/verify-audit.ts";
import type { Database } from "../../db/pool.ts";
import { messageOf, runCommand } from "../../process/command-line.ts";
import { withConnections, withDatabase } from "../../process/configured-database.ts";

type Compared = { readonly checkpoint: CheckpointReport | null; readonly note: string | null };

export const auditVerifyCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:audit:verify",
      about: "Recomputes every audit chain and names the first event that was edited, deleted, moved or cut off.",
      options: { "database-url": { type: "string" }, json: { type: "boolean" }, checkpoint: { type: "boolean" } },
      meanings: {
        "database-url": "the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded PostgreSQL",
        json: "print the report as JSON alone",
        checkpoint: "write a new checkpoint to the object store when nothing is broken",
      },
    },
    async (values) => {
      const settings = readSettings();
      const databaseUrl = values["database-url"] ?? settings.databaseUrl;
      const say = values.json ? () => undefined : (message: string) => console.error(message);
      const connecting = {
        name: "dispatch-audit-verify",
        statementTimeoutMs: 600_000,
        lockTimeoutMs: settings.dbLockTimeoutMs,
        log: say,
      };
      const { report, compared } = await withDatabase({ ...settings, databaseUrl }, say, (url) =>
        withConnections({ ...connecting, url }, async (db) => {
          const found = await verifyAudit(db, aggregates, (events) => say(`${events} events read…`));
          return {
            report: found,
            compared: await compare(db, settings, (values.checkpoint ?? false) && found.faults.length === 0),
          };
        }),
      );
      const faults = [...report.faults, ...(compared.checkpoint?.faults ?? [])];
      if (values.json) console.log(JSON.stringify({ ...report, faults, checkpoint: compared.checkpoint }));
      else {
        for (const { chain, seq, kind, detail } of faults)
          console.log(`BROKEN chain ${chain} seq ${seq}: ${kind}, ${detail}`);
        const { checkpoint, note } = compared;
        console.log(
          checkpoint
            ? `compared with the checkpoint ${checkpoint.key} of ${checkpoint.taken_at}, ${checkpoint.chains} chains`
            : note,
        );
        console.log(`${report.chains} chains, ${report.events} events, ${faults.length} broken`);
      }
      return faults.length === 0 ? 0 : 1;
    },
  );

/** Compares with the newest checkpoint. Without the object store the chains alone are proved, and the reader is told so. */
async function compare(db: Database, settings: Settings, write: boolean): Promise<Compared> {
  const now = new Date();
  const opened = await openStore(settings, () => "").catch((error: unknown) => messageOf(error));
  if (typeof opened === "string") return { checkpoint: null, note: `no checkpoint was compared: ${opened}` };
  const { store } = opened;
  try {
    const newest = await newestCheckpoint(store, now);
    const checkpoint = newest && (await verifyCheckpoint(db, aggregates, newest));
    if (write && !checkpoint?.faults.length)
      console.error(`wrote ${await writeCheckpoint(db, store, aggregates, now)}`);
    return { checkpoint, note: "there is no checkpoint to compare with yet; the worker writes one a day" };
  } catch (error) {
    if (write) throw error;
    return { checkpoint: null, note: `no checkpoint was compared: ${messageOf(error)}` };
  } finally {
    await store.close();
  }
}
