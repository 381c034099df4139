// Which witness has seen which checkpoint, as the database remembers it. It vouches for nothing: it only says what is still to be told.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { StoredCheckpoint } from "./log-rows.ts";

const selectUntold = statement<StoredCheckpoint>(
  "log_untold",
  `SELECT o.log, o.origin, c.number, c.size, encode(c.root, 'hex') AS root, c.at, c.note
   FROM log_checkpoints c JOIN log_origins o USING (log)
   WHERE c.log = (SELECT max(log) FROM log_origins)
     AND c.number > coalesce((SELECT max(w.number) FROM log_witnessed w WHERE w.witness = $1 AND w.log = c.log), 0)
   ORDER BY c.number LIMIT $2`,
);

const insertWitnessed = statement(
  "log_witnessed_insert",
  `INSERT INTO log_witnessed (log, number, witness, answer, at) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT (witness, log, number) DO NOTHING`,
);

const selectWitnessed = statement<{ number: number; size: number }>(
  "log_witnessed_newest",
  `SELECT c.number, c.size FROM log_witnessed w JOIN log_checkpoints c USING (log, number)
   WHERE w.witness = $1 AND w.log = $2 ORDER BY w.number DESC LIMIT 1`,
);

const selectAnswers = statement<{ witness: string; answer: string; at: string }>(
  "log_witnessed_answers",
  "SELECT witness, answer, at FROM log_witnessed WHERE log = $1 AND number = $2 ORDER BY witness",
);

/** Checkpoints of the newest log that a witness has not got, the oldest first. */
export const untold = (db: Session, witness: string, most: number): Promise<StoredCheckpoint[]> =>
  db.rows(selectUntold, [witness, most]);

export const noteWitnessed = (
  db: Session,
  { log, number }: Pick<StoredCheckpoint, "log" | "number">,
  witness: string,
  answer: string,
  now: Date,
): Promise<unknown> => db.row(insertWitnessed, [log, number, witness, answer, now.toISOString()]);

/** The newest that a witness has. */
export const newestOf = (db: Session, witness: string, log: number): Promise<{ number: number; size: number } | null> =>
  db.row(selectWitnessed, [witness, log]);

export const answersOf = (
  db: Session,
  { log, number }: Pick<StoredCheckpoint, "log" | "number">,
): Promise<{ witness: string; answer: string; at: string }[]> => db.rows(selectAnswers, [log, number]);
