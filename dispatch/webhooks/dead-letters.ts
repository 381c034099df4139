// Deliveries that were given up: to look at, to put back into the queue, to throw away.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";

/** Which ones; what is null does not narrow. Times are those of the events. */
export type DeadLetterChoice = {
  readonly ids: readonly string[] | null;
  readonly endpointId: string | null;
  readonly since: string | null;
  readonly until: string | null;
};

export type DeadLetter = {
  readonly id: string;
  readonly endpoint_id: string;
  readonly subject: string;
  readonly event_at: string;
  readonly dead_at: string;
  readonly attempts: number;
  readonly last_status: number | null;
  readonly last_error: string | null;
};

const selectDead = statement<DeadLetter>(
  "webhook_dead_letters",
  `SELECT id, endpoint_id, subject, event_at, dead_at, attempts, last_status, last_error
   FROM webhook_deliveries
   WHERE dead_at IS NOT NULL
     AND ($1::uuid[] IS NULL OR id = ANY ($1))
     AND ($2::uuid IS NULL OR endpoint_id = $2)
     AND ($3::timestamptz IS NULL OR event_at >= $3)
     AND ($4::timestamptz IS NULL OR event_at < $4)
   ORDER BY dead_at DESC, id
   LIMIT $5`,
);

const replayDead = statement<{ replayed: number }>(
  "webhook_replay",
  `WITH replayed AS (
     UPDATE webhook_deliveries SET dead_at = NULL, due_at = $5, attempts = 0
     WHERE dead_at IS NOT NULL
       AND ($1::uuid[] IS NULL OR id = ANY ($1))
       AND ($2::uuid IS NULL OR endpoint_id = $2)
       AND ($3::timestamptz IS NULL OR event_at >= $3)
       AND ($4::timestamptz IS NULL OR event_at < $4)
     RETURNING 1
   )
   SELECT count(*) AS replayed FROM replayed`,
);

const discardDead = statement<{ discarded: number }>(
  "webhook_discard",
  `WITH discarded AS (
     DELETE FROM webhook_deliveries
     WHERE dead_at IS NOT NULL
       AND ($1::uuid[] IS NULL OR id = ANY ($1))
       AND ($2::uuid IS NULL OR endpoint_id = $2)
       AND ($3::timestamptz IS NULL OR event_at >= $3)
       AND ($4::timestamptz IS NULL OR event_at < $4)
     RETURNING 1
   )
   SELECT count(*) AS discarded FROM discarded`,
);

const valuesOf = ({ ids, endpointId, since, until }: DeadLetterChoice): unknown[] => [ids, endpointId, since, until];

/** The newest first. */
export const deadLetters = (db: Session, choice: DeadLetterChoice, limit: number): Promise<DeadLetter[]> =>
  db.rows(selectDead, [...valuesOf(choice), limit]);

/** Puts them back into the queue, with all their attempts before them. */
export const replayDeadLetters = async (db: Session, choice: DeadLetterChoice, now: Date): Promise<number> =>
  (await db.row(replayDead, [...valuesOf(choice), now.toISOString()]))?.replayed ?? 0;

/** Throws them away for good. */
export const discardDeadLetters = async (db: Session, choice: DeadLetterChoice): Promise<number> =>
  (await db.row(discardDead, valuesOf(choice)))?.discarded ?? 0;
