// How far the log lags: what has waited longest for a leaf, or for the object store to have its checkpoint. A log that was never begun,
// as where no worker has run, lags by nothing. And whether it is signed.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import { readHead } from "./log-rows.ts";
import { isSigned } from "./signed-note.ts";
import { storeWitness } from "./store-witness.ts";

const selectLag = statement<{ minutes: number }>(
  "log_lag",
  `WITH newest AS (
     SELECT c.log, c.xact, c.outbox_id FROM log_checkpoints c
     WHERE c.log = (SELECT max(log) FROM log_origins) ORDER BY c.number DESC LIMIT 1
   ), since AS (
     SELECT least(
       (SELECT o.created_at FROM outbox o WHERE (o.xact, o.id) > (newest.xact, newest.outbox_id) ORDER BY o.xact, o.id LIMIT 1),
       (SELECT c.at FROM log_checkpoints c
        WHERE c.log = newest.log
          AND c.number > coalesce((SELECT max(w.number) FROM log_witnessed w WHERE w.witness = $2 AND w.log = newest.log), 0)
        ORDER BY c.number LIMIT 1)
     ) AS at FROM newest
   )
   SELECT coalesce(max(greatest(floor(extract(epoch FROM $1::timestamptz - at) / 60), 0)), 0)::integer AS minutes FROM since`,
);

/** In whole minutes. */
export const logLagMinutes = async (db: Session, now: string): Promise<number> =>
  (await db.row(selectLag, [now, storeWitness]))?.minutes ?? 0;

/** Of the newest checkpoint; empty: there is none yet. */
export async function logStanding(db: Session): Promise<"signed" | "unsigned" | "empty"> {
  const { newest } = await readHead(db);
  if (!newest) return "empty";
  return isSigned(newest.note) ? "signed" : "unsigned";
}
