// Recovers the embedded PostgreSQL to a point in time: a base copy is laid out as the database folder, and the server
// replays the archived log up to the moment asked for. What is in the way is never replaced.

import { aggregates } from "../../aggregates.ts";
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../db/embedded.ts";
import { recoverySettings } from "../../db/embedded/wal-archive.ts";
import { statement } from "../../db/statement.ts";
import { sortFaults, type SortedFaults } from "../../kernel/audit-faults.ts";
import { verifyAudit, type AuditReport } from "../../kernel/verify-audit.ts";
import { CommandFailure } from "../../process/command-line.ts";
import { beginLogAgain } from "../../transparency/log-rows.ts";
import { withConnections } from "../../process/configured-database.ts";
import { layOut, requireWholeBase } from "./base.ts";
import type { Work } from "./dump.ts";

export type RecoverOptions = {
  readonly folder: string;
  readonly dataDir: string;
  /** Where the archived log is read. */
  readonly archive: string;
  /** Where the recovered server archives from now on; null for one that is only looked at. */
  readonly archiveOn: string | null;
  /** The last moment to keep; null for all there is. */
  readonly until: Date | null;
};

export type Recovered = {
  readonly base_of: string;
  readonly newest_event: string | null;
  readonly audit: Omit<AuditReport, "faults"> & SortedFaults;
};

const selectNewest = statement<{ at: string | null }>(
  "recovery_newest_event",
  "SELECT max(created_at) AS at FROM audit_events",
);

/**
 * Recovers, verifies the audit trail, and stops the server again.
 * @throws CommandFailure when something is in the way, a file is damaged or the moment lies before the copy;
 *   EmbeddedPostgresError with the server's own reason when the log does not reach so far
 */
export async function recover(
  { folder, dataDir, archive, archiveOn, until }: RecoverOptions,
  work: Work,
): Promise<Recovered> {
  const cluster = join(dataDir, "postgres");
  if ((await readdir(cluster).catch(() => [])).length > 0) {
    throw new CommandFailure(
      `${cluster} holds a database, and a recovery replaces nothing: move it away, or set DISPATCH_DATA_DIR to another folder.`,
    );
  }
  await stat(archive).catch((cause: unknown) => {
    throw new CommandFailure(`There is no archive at ${archive}.`, { cause });
  });
  const { base, files } = await requireWholeBase(folder, work);
  if (until !== null && until < new Date(base.ended_at)) {
    throw new CommandFailure(
      `This base copy was complete at ${base.ended_at}, and nothing before can be recovered from it: ` +
        `take an older one for ${until.toISOString()}.`,
    );
  }
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const unfinished = `${cluster}.unfinished-${randomUUID()}`;
  try {
    await layOut(folder, files, unfinished);
    await rm(cluster, { recursive: true, force: true });
    await rename(unfinished, cluster);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  work.say("replaying the archived log…");
  const settings = recoverySettings(archive, until);
  const server = await startEmbeddedPostgres({
    dataDir,
    log: work.say,
    settings,
    ...(archiveOn !== null && { walArchive: archiveOn }),
  }).catch(async (error: unknown) => {
    // It was a copy; the way is free for another try.
    await rm(cluster, { recursive: true, force: true });
    throw error;
  });
  try {
    return { base_of: base.ended_at, ...(await look(server.url)) };
  } finally {
    await server.stop();
  }
}

async function look(url: string): Promise<Omit<Recovered, "base_of">> {
  const connecting = {
    url,
    name: "dispatch-recover",
    statementTimeoutMs: 600_000,
    lockTimeoutMs: 30_000,
    log: () => undefined,
  };
  return withConnections(connecting, async (db) => {
    const { faults, ...audit } = await verifyAudit(db, aggregates);
    await beginLogAgain(db, "recovered from a base copy and the archived log");
    return {
      newest_event: (await db.row(selectNewest))?.at ?? null,
      audit: { ...audit, ...(await sortFaults(db, faults)) },
    };
  });
}
