// Whether Postgres takes writes: asked by writing. On a full disk it answers every read, and the first to notice would be a
// dispatcher.

import { randomUUID } from "node:crypto";
import { isReadOnly, serverError, sqlState } from "../db/failures.ts";
import { statement } from "../db/statement.ts";
import type { Desk } from "../kernel/desk.ts";

/** A commit that waits for the disk, and some hundred kilobytes on it, no oftener than this. */
const freshForMs = 2_000;

// A disk without room still takes what fits into files that are there, as a row does that is written again, and the log until
// its present piece is full. So some blocks are asked for that nothing has yet: those of a temporary file.
const limitMemory = statement("probe_memory", `SELECT set_config('work_mem', '64kB', true) AS work_mem`);
const spillOver = statement("probe_spill", `SELECT count(*) AS rows FROM generate_series(1, 10000)`);
const upsertProbe = statement(
  "probe_write",
  `INSERT INTO write_probes (process, written_at) VALUES ($1, clock_timestamp())
   ON CONFLICT (process) DO UPDATE SET written_at = excluded.written_at`,
);
/** Those of processes that are no more. */
const deleteOld = statement(
  "probe_forget",
  `DELETE FROM write_probes WHERE written_at < clock_timestamp() - interval '1 hour'`,
);

/**
 * Makes the function that writes and reads back how it went; those who ask within a moment share one write, and one that does
 * not come back is not followed by others.
 */
export function writeProbe(desk: Desk): () => Promise<void> {
  // A row for each process: none waits for another's lock.
  const process = randomUUID();
  let asked: Promise<void> | null = null;
  let wroteAt = -Infinity;
  let underWay = false;
  let isFirst = true;
  let spills = true;
  const writeAlone = () => desk.db.row(upsertProbe, [process]);
  const spillAndWrite = () =>
    desk.db.transaction(async (tx) => {
      await Promise.all([tx.row(limitMemory), tx.row(spillOver), tx.row(upsertProbe, [process]), tx.commit()]);
    });
  const write = async (): Promise<void> => {
    underWay = true;
    wroteAt = -Infinity;
    try {
      if (isFirst) await desk.db.row(deleteOld);
      isFirst = false;
      await (spills ? spillAndWrite() : writeAlone()).catch(async (error: unknown) => {
        // Whoever allows no temporary file of this size has a server that is well: the row alone is asked from now on.
        if (serverError(error)?.code !== sqlState.limitExceeded) throw error;
        spills = false;
        await writeAlone();
      });
      // What failed is tried again by the next who asks, so that it shows at once when it works.
      wroteAt = performance.now();
    } finally {
      underWay = false;
    }
  };
  return () => {
    if (asked === null || (!underWay && performance.now() - wroteAt >= freshForMs)) asked = write();
    return asked;
  };
}

/** How a reason begins where reads still work. */
export const answers = "answers";

/** What keeps Postgres from writing, in words that name neither hosts nor users: health is public. */
export function whyNoWrite(error: unknown): string {
  const code = serverError(error)?.code;
  if (code === sqlState.diskFull) return `${answers}, and cannot write: its disk is full`;
  if (isReadOnly(error)) return `${answers}, and cannot write: it is read-only`;
  if (code === sqlState.tooManyConnections) return "cannot be reached: it has no connection free";
  if (code === sqlState.lockNotAvailable) return `${answers}, and does not get on: a lock is in the way of a write`;
  if (code === sqlState.queryCanceled) return `${answers}, and does not get on: a write takes too long`;
  if (code === undefined || /^(08|28|3D|57P)/.test(code)) return "cannot be reached or used";
  return `${answers}, and cannot write`;
}
