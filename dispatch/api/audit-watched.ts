// How far the watch over the audit trail has come, as the worker's duty writes it down.

import { statement } from "../db/statement.ts";
import type { Desk } from "../kernel/desk.ts";

export type AuditWatched = {
  /** Since the end of the last round through all chains; while there was none, since the first began; 0 before that. */
  readonly seconds: number;
  /** Chains of the last whole round, and of the one under way. */
  readonly last: number;
  readonly now: number;
};

const selectWatched = statement<AuditWatched>(
  "audit_watched",
  `SELECT coalesce(greatest(extract(epoch FROM $1::timestamptz - coalesce(last_ended_at, began_at)), 0), 0)::float8 AS seconds,
          last_chains AS last, chains AS now
   FROM audit_watch`,
);

export const auditWatched = async (desk: Desk): Promise<AuditWatched> =>
  (await desk.db.row(selectWatched, [desk.clock.now().toISOString()])) ?? { seconds: 0, last: 0, now: 0 };
