// `pnpm dispatch:audit:verify`: proves the audit trail, or names the first broken event of each chain and the rows that are not what
// their events left. It also holds the trail to every checkpoint in the object store, which somebody with write access to the database
// alone cannot have changed.

import { aggregates } from "../../aggregates.ts";
import { verifyKeptCheckpoints, writeCheckpoint, type KeptReport } from "../../kernel/audit-checkpoint.ts";
import { recordFaults, sortFaults, type SortedFaults } from "../../kernel/audit-faults.ts";
import { isPermissionDenied, isReadOnly } from "../../db/failures.ts";
import { openStore } from "../../process/open-desk.ts";
import { configurationFrom, readSettings, type Settings } from "../../process/settings.ts";
import type { AuditFault } from "../../kernel/chain-faults.ts";
import { verifyAudit } from "../../kernel/verify-audit.ts";
import type { Database } from "../../db/pool.ts";
import { statement } from "../../db/statement.ts";
import { CommandFailure, messageOf, runCommand } from "../../process/command-line.ts";
import { isOfLog } from "../../transparency/log-fault.ts";
import { ownKeyFile, publicFileOf, readPublicKeys } from "../../transparency/log-key.ts";
import { beginLog } from "../../transparency/log-rows.ts";
import { verifierFrom } from "../../transparency/signed-note.ts";
import { verifyLogs, type LogReport } from "../../transparency/verify-all.ts";
import { withConnections, withDatabase } from "../../process/configured-database.ts";

const insertAccepted = statement<{ added: number }>(
  "audit_faults_insert_accepted",
  `WITH added AS (
     INSERT INTO audit_faults (aggregate, chain, seq, kind, detail, source, found_by, found_at, resolved_at, resolution)
     SELECT found.aggregate, found.chain, found.seq, found.kind, found.detail, found.source, $2, clock_timestamp(),
            clock_timestamp(), $3
     FROM json_to_recordset($1::json) AS found (aggregate text, chain text, seq integer, kind text, detail text, source text)
     RETURNING 1
   )
   SELECT count(*) AS added FROM added`,
);

const resolve = statement<{ resolved: number }>(
  "audit_faults_resolve",
  `WITH resolved AS (
     UPDATE audit_faults SET resolved_at = clock_timestamp(), resolution = $1
     WHERE resolved_at IS NULL AND (mended_at IS NULL OR source = 'checkpoint') RETURNING 1
   )
   SELECT count(*) AS resolved FROM resolved`,
);

const commandName = "pnpm dispatch:audit:verify";

type Compared = {
  readonly kept: KeptReport | null;
  readonly note: string | null;
  readonly sorted: SortedFaults;
  readonly logs: readonly LogReport[];
};

export const auditVerifyCommand = (): Promise<void> =>
  runCommand(
    {
      name: commandName,
      configuration: () => configurationFrom(),
      about: "Recomputes every audit chain and names the first event that was edited, deleted, moved or cut off.",
      options: {
        "database-url": { type: "string" },
        json: { type: "boolean" },
        checkpoint: { type: "boolean" },
        accept: { type: "string" },
        key: { type: "string" },
      },
      meanings: {
        "database-url": "the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded PostgreSQL",
        json: "print the report as JSON alone",
        checkpoint: "write a new checkpoint to the object store when nothing is broken",
        accept:
          "say why what is broken is taken as it is: writes a new checkpoint, which is held to none before it, and ends AUDIT_BROKEN " +
          "and AUDIT_CHAIN_BROKEN; where it is the log that does not hold, begins another; for the owner of the database",
        key: "the verifier key that checkpoints of the log must be signed with; otherwise those beside DISPATCH_LOG_KEY_FILE",
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
          return { report: found, compared: await compare(db, settings, found.faults, values) };
        }),
      );
      const { kept, note, sorted, logs } = compared;
      const checkpoint = kept?.checkpoint ?? null;
      const { open: faults, accepted } = sorted;
      if (values.json)
        console.log(JSON.stringify({ ...report, faults, accepted, checkpoint, compared: kept?.compared ?? 0, logs }));
      else {
        for (const { chain, seq, kind, detail } of faults)
          console.log(`BROKEN chain ${chain} seq ${seq}: ${kind}, ${detail}`);
        for (const { chain, seq, kind, detail } of accepted)
          console.log(`ACCEPTED chain ${chain} seq ${seq}: ${kind}, ${detail}`);
        console.log(
          kept && checkpoint
            ? `compared with the checkpoint ${checkpoint.key} of ${checkpoint.taken_at}, ${checkpoint.chains} chains, ` +
                `and ${kept.compared - 1} before it`
            : note,
        );
        for (const one of logs) console.log(logLine(one));
        const { rows, parts } = report.uncovered;
        if (rows + parts > 0)
          console.log(
            `not covered yet: ${rows} rows and ${parts} that belong to them, until an event says what they are`,
          );
        const also = accepted.length > 0 ? `, ${accepted.length} accepted` : "";
        console.log(`${report.chains} chains, ${report.events} events, ${faults.length} broken${also}`);
      }
      return faults.length === 0 || values.accept !== undefined ? 0 : 1;
    },
  );

type Wishes = {
  readonly checkpoint?: boolean | undefined;
  readonly accept?: string | undefined;
  readonly key?: string | undefined;
};

function logLine({ log, origin, reason, begun_at, leaves, checkpoints, held, ...of }: LogReport): string {
  const signed =
    of.unsigned > 0
      ? `${of.unsigned} signed by nobody`
      : of.signatures_checked
        ? "all signed"
        : "signatures not checked: no key";
  const store = held === null ? "the object store was not asked" : `${held} in the object store`;
  const begun = log === 1 ? "" : `, begun ${begun_at}: ${reason}`;
  return `log ${origin}: ${leaves} leaves, ${checkpoints} checkpoints (${signed}; ${store})${begun}`;
}

/** @throws CommandFailure for a key that is none */
async function publicKeysFor({ logKeyFile, dataDir }: Settings, key: string | undefined): Promise<readonly Buffer[]> {
  try {
    if (key !== undefined) return [verifierFrom(key).publicKey];
    return await readPublicKeys(publicFileOf(logKeyFile ?? ownKeyFile(dataDir)));
  } catch (error) {
    throw new CommandFailure(`--key: ${messageOf(error)}`);
  }
}

/**
 * Compares with all checkpoints that are kept, keeps what was found for the alert, and writes another checkpoint where that was asked
 * for and nothing is broken or what is was accepted. Without the object store the chains alone are proved, and the reader is told so.
 */
async function compare(
  db: Database,
  settings: Settings,
  found: readonly AuditFault[],
  wishes: Wishes,
): Promise<Compared> {
  const { checkpoint: write = false, accept } = wishes;
  const publicKeys = await publicKeysFor(settings, wishes.key);
  const now = new Date();
  const opened = await openStore(settings, () => "").catch((error: unknown) => messageOf(error));
  if (typeof opened === "string") {
    if (accept !== undefined) throw new CommandFailure(`nothing was accepted: ${opened}`);
    const { logs, faults } = await verifyLogs(db, null, publicKeys);
    return {
      kept: null,
      note: `no checkpoint was compared: ${opened}`,
      sorted: await record(db, [...found, ...faults]),
      logs,
    };
  }
  const { store } = opened;
  try {
    const kept = await verifyKeptCheckpoints(db, store, aggregates, now);
    const { logs, faults } = await verifyLogs(db, store, publicKeys);
    const all = [...found, ...kept.faults, ...faults];
    if (accept !== undefined) {
      const { open, accepted } = await sortFaults(db, onceEach(all));
      await closeFaults(db, all, accept);
      console.error(`wrote ${await writeCheckpoint(db, store, aggregates, now, accept)}`);
      return { kept, note: null, sorted: { open, accepted }, logs };
    }
    const sorted = await record(db, onceEach(all));
    if (write && sorted.open.length === 0) console.error(`wrote ${await writeCheckpoint(db, store, aggregates, now)}`);
    const note =
      kept.faults.length === 0
        ? "there is no checkpoint to compare with yet; the worker writes one a day"
        : "no checkpoint was compared: the newest is damaged, or gone";
    return { kept, note, sorted, logs };
  } catch (error) {
    if (write || accept !== undefined) throw error;
    const { logs, faults } = await verifyLogs(db, null, publicKeys);
    const sorted = await record(db, [...found, ...faults]);
    return { kept: null, note: `no checkpoint was compared: ${messageOf(error)}`, sorted, logs };
  } finally {
    await store.close();
  }
}

/** A checkpoint and the log may speak of the same event: the first that does stands for both. */
function onceEach(faults: readonly AuditFault[]): AuditFault[] {
  const known = new Map<string, AuditFault>();
  for (const fault of faults) {
    const { aggregate, chain, seq, kind, source } = fault;
    const key = JSON.stringify([aggregate, chain, seq, kind, source]);
    if (source === "history" || !known.has(key)) known.set(source === "history" ? `${key} ${known.size}` : key, fault);
  }
  return [...known.values()];
}

const nothingToAccept =
  "nothing was accepted, since nothing is broken: checkpoints would no longer be compared with those before. " +
  "Leave out --accept; --checkpoint writes another one that is.";

/** Keeps what is not accepted, so that an alert fires for it, where the login may. */
async function record(db: Database, found: readonly AuditFault[]): Promise<SortedFaults> {
  let sorted: SortedFaults = { open: found, accepted: [] };
  try {
    sorted = await sortFaults(db, found);
    await recordFaults(db, sorted.open, commandName);
  } catch (error) {
    if (!isPermissionDenied(error) && !isReadOnly(error)) throw error;
    console.error(`no alert will tell of what was found: ${messageOf(error)}`);
  }
  return sorted;
}

/**
 * Accepts what was found, and all that was found before.
 * @throws CommandFailure for a login that may not, and where there is nothing: its checkpoint would be held to none before it
 */
async function closeFaults(db: Database, found: readonly AuditFault[], accept: string): Promise<void> {
  if (accept.trim() === "") throw new CommandFailure("--accept needs a reason, which is kept");
  try {
    const closed = await db.transaction(async (tx) => {
      // Before anything is resolved: what a worker has recorded counts as accepted from then on.
      const isOfLogToo = (await sortFaults(tx, found)).open.some(isOfLog);
      const row = await tx.row(resolve, [accept]);
      const { open } = await sortFaults(tx, found);
      if (open.length === 0 && !row?.resolved) throw new CommandFailure(nothingToAccept);
      if (open.length > 0) await tx.row(insertAccepted, [JSON.stringify(open), commandName, accept]);
      if (isOfLogToo) console.error(`began the log ${await beginLog(tx, accept)}`);
      await tx.commit();
      return row?.resolved ?? 0;
    });
    console.error(`closed ${closed} faults that were found before`);
  } catch (error) {
    if (!isPermissionDenied(error)) throw error;
    throw new CommandFailure(
      "only the owner of the database may accept what is broken: give its login by --database-url",
    );
  }
}
