// How far events have been told to NATS: one row for all workers, which moves on when the stream has stored an event and not before.
// One worker relays at a time: it holds a lock of its session, which is gone with the session, however that ends.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import type { Position } from "../kernel/outbox-reader.ts";
import { subjectExpressions } from "../kernel/subject-patterns.ts";
import { streamSubjects } from "./event-message.ts";

/** For the reader of the outbox, and for what counts in it. */
export const streamExpressions: readonly string[] | null = subjectExpressions(streamSubjects);

/** The key of the advisory lock that who relays holds. */
export const relayLock = [1, 49] as const;

const claim = statement<Position & { readonly held: boolean }>(
  "nats_relay_claim",
  `SELECT pg_try_advisory_lock(${relayLock.join(", ")}) AS held, xact::text AS xact, id::text AS id FROM nats_relay`,
);

/**
 * Where this session goes on; null while another one relays.
 * @param db one connection: the lock is its
 */
export async function claimRelay(db: Session): Promise<Position | null> {
  const row = await db.row(claim);
  return row?.held === true ? { xact: row.xact, id: row.id } : null;
}

// What a crash of Postgres forgets of it is sent again, under the same id: no event waits for the disk a second time.
const move = statement<{ moved: number }>(
  "nats_relay_move",
  `WITH hurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
   UPDATE nats_relay
   SET xact = $3::xid8, id = $4::bigint, acknowledged = acknowledged + $5, skipped = skipped + $6,
       failing_since = CASE WHEN $5 > 0 THEN NULL ELSE failing_since END
   FROM hurried
   WHERE xact = $1::xid8 AND id = $2::bigint
   RETURNING 1 AS moved`,
);

/** What became of the event at the place that is moved on to; nothing of rows that are not for the stream. */
export type Outcome = "acknowledged" | "skipped" | "none";

/** Moves on. @returns whether it stood where it was thought to; if not, another worker relays by now */
export async function moveRelay(db: Session, from: Position, to: Position, outcome: Outcome): Promise<boolean> {
  const counts = [Number(outcome === "acknowledged"), Number(outcome === "skipped")];
  return (await db.row(move, [from.xact, from.id, to.xact, to.id, ...counts])) !== null;
}

const noteFailing = statement(
  "nats_relay_failing",
  `UPDATE nats_relay SET failing_since = coalesce(failing_since, $1), last_error = $2`,
);

/** Writes down since when and why nothing gets through, for operators. */
export const noteFailure = async (db: Session, reason: string, now: Date): Promise<void> =>
  void (await db.row(noteFailing, [now.toISOString(), reason]));

export type RelayState = {
  /** Events committed and not yet acknowledged; at most `mostCounted`. */
  readonly pending: number;
  /** Age of the oldest of them in seconds; 0 when there is none. */
  readonly lag_seconds: number;
  /** Events that no server would take, ever. */
  readonly skipped: number;
};

/** Counting a million events that wait for a server takes Postgres half a second; nobody needs to know it so exactly. */
export const mostCounted = 100_000;

const selectState = statement<RelayState>(
  "nats_relay_state",
  `SELECT count(waiting.created_at) AS pending,
          greatest(coalesce(extract(epoch FROM $1::timestamptz - min(waiting.created_at)), 0), 0)::float8 AS lag_seconds,
          relay.skipped
   FROM nats_relay relay
   LEFT JOIN LATERAL (
     SELECT o.created_at FROM outbox o
     WHERE (o.xact, o.id) > (relay.xact, relay.id) AND o.subject ~ ANY ($2::text[])
     ORDER BY o.xact, o.id LIMIT ${mostCounted}
   ) AS waiting ON true
   GROUP BY relay.skipped`,
);

/** How far behind NATS is. */
export async function relayState(db: Session, now: Date): Promise<RelayState> {
  const row = await db.row(selectState, [now.toISOString(), streamExpressions]);
  if (!row) throw new Error("the table nats_relay has lost its row");
  return row;
}
