// `pnpm dispatch:audit:verify`: proves the audit trail, or names the first broken event of each chain and the rows that are not what
// their events left. It also holds the trail to every checkpoint in the object store, which somebody with write access to the database
// alone cannot have changed.

import { aggregates } from "../../aggregates.ts";
import { verifyKeptCheckpoints, writeCheckpoint, type KeptReport } from "../../kernel/audit-checkpoint.ts";
import { isPermissionDenied } from "../../db/failures.ts";
import { openStore } from "../../process/open-desk.ts";
import { readSettings, type Settings } from "../../process/settings.ts";
import { verifyAudit } from "../../kernel/verify-audit.ts";
import type { Database } from "../../db/pool.ts";
import { statement } from "../../db/statement.ts";
import { CommandFailure, messageOf, runCommand } from "../../process/command-line.ts";
import { withConnections, withDatabase } from "../../process/configured-database.ts";

const resolve = statement<{ resolved: number }>(
  "audit_faults_resolve",
  `WITH resolved AS (
     UPDATE audit_faults SET resolved_at = clock_timestamp(), resolution = $1 WHERE resolved_at IS NULL RETURNING 1
   )
   SELECT count(*) AS resolved FROM resolved`,
);

type Compared = { readonly kept: KeptReport | null; readonly note: string | null };

export const auditVerifyCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:audit:verify",
      about: "Recomputes every audit chain and names the first event that was edited, deleted, moved or cut off.",
      options: {
        "database-url": { type: "string" },
        json: { type: "boolean" },
        checkpoint: { type: "boolean" },
        accept: { type: "string" },
      },
      meanings: {
        "database-url": "the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded PostgreSQL",
        json: "print the report as JSON alone",
        checkpoint: "write a new checkpoint to the object store when nothing is broken",
        accept:
          "say why what is broken is taken as it is: writes a new checkpoint, which is held to none before it, and ends AUDIT_BROKEN; " +
          "for the owner of the database",
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
          return { report: found, compared: await compare(db, settings, found.faults.length === 0, values) };
        }),
      );
      const { kept, note } = compared;
      const checkpoint = kept?.checkpoint ?? null;
      const faults = [...report.faults, ...(kept?.faults ?? [])];
      if (values.json) console.log(JSON.stringify({ ...report, faults, checkpoint, compared: kept?.compared ?? 0 }));
      else {
        for (const { chain, seq, kind, detail } of faults)
          console.log(`BROKEN chain ${chain} seq ${seq}: ${kind}, ${detail}`);
        console.log(
          kept && checkpoint
            ? `compared with the checkpoint ${checkpoint.key} of ${checkpoint.taken_at}, ${checkpoint.chains} chains, ` +
                `and ${kept.compared - 1} before it`
            : note,
        );
        const { rows, parts } = report.uncovered;
        if (rows + parts > 0)
          console.log(
            `not covered yet: ${rows} rows and ${parts} that belong to them, until an event says what they are`,
          );
        console.log(`${report.chains} chains, ${report.events} events, ${faults.length} broken`);
      }
      return faults.length === 0 || values.accept !== undefined ? 0 : 1;
    },
  );

type Wishes = { readonly checkpoint?: boolean | undefined; readonly accept?: string | undefined };

/**
 * Compares with all checkpoints that are kept, and writes another where that was asked for and nothing is broken or what is was
 * accepted. Without the object store the chains alone are proved, and the reader is told so.
 */
async function compare(db: Database, settings: Settings, isWhole: boolean, wishes: Wishes): Promise<Compared> {
  const { checkpoint: write = false, accept } = wishes;
  const now = new Date();
  const opened = await openStore(settings, () => "").catch((error: unknown) => messageOf(error));
  if (typeof opened === "string") {
    if (accept !== undefined) throw new CommandFailure(`nothing was accepted: ${opened}`);
    return { kept: null, note: `no checkpoint was compared: ${opened}` };
  }
  const { store } = opened;
  try {
    const kept = await verifyKeptCheckpoints(db, store, aggregates, now);
    if (accept !== undefined) {
      await closeFaults(db, accept);
      console.error(`wrote ${await writeCheckpoint(db, store, aggregates, now, accept)}`);
    } else if (write && isWhole && kept.faults.length === 0) {
      console.error(`wrote ${await writeCheckpoint(db, store, aggregates, now)}`);
    }
    return { kept, note: "there is no checkpoint to compare with yet; the worker writes one a day" };
  } catch (error) {
    if (write || accept !== undefined) throw error;
    return { kept: null, note: `no checkpoint was compared: ${messageOf(error)}` };
  } finally {
    await store.close();
  }
}

/** @throws CommandFailure for a login that may not */
async function closeFaults(db: Database, accept: string): Promise<void> {
  if (accept.trim() === "") throw new CommandFailure("--accept needs a reason, which is kept");
  try {
    const row = await db.row(resolve, [accept]);
    console.error(`closed ${row?.resolved ?? 0} faults that were found before`);
  } catch (error) {
    if (!isPermissionDenied(error)) throw error;
    throw new CommandFailure(
      "only the owner of the database may accept what is broken: give its login by --database-url",
    );
  }
}
