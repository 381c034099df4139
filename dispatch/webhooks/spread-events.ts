// Copies new events of the outbox into the queue of each endpoint that wants them. The cursor moves in the same statement
// and only from where it was read, so of several workers one succeeds and no event is queued twice or passed over.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { readPage, type Position } from "../kernel/outbox-reader.ts";
import { subjectExpressions } from "../kernel/subject-patterns.ts";

type Reader = Position & {
  readonly endpoint_id: string;
  readonly since: string | null;
  readonly subjects: string[] | null;
};

const selectReaders = statement<Reader>(
  "webhook_readers",
  `SELECT c.endpoint_id, c.xact::text AS xact, c.id::text AS id, c.since::text AS since, e.subjects
   FROM webhook_cursors c
   JOIN webhook_endpoints e ON e.id = c.endpoint_id`,
);

const queueEvents = statement<{ queued: number }>(
  "webhook_queue_events",
  `WITH moved AS (
     UPDATE webhook_cursors SET xact = $4::xid8, id = $5::bigint
     WHERE endpoint_id = $1 AND xact = $2::xid8 AND id = $3::bigint
     RETURNING endpoint_id
   ), queued AS (
     INSERT INTO webhook_deliveries (endpoint_id, xact, outbox_id, subject, event, payload, event_at, event_id, due_at)
     SELECT moved.endpoint_id, outbox.xact, outbox.id, outbox.subject, outbox.event, outbox.payload, outbox.created_at,
            coalesce(outbox.event_id, outbox.audit_event_id), $8
     FROM moved, outbox
     JOIN unnest($6::xid8[], $7::bigint[]) AS read (xact, id) ON read.xact = outbox.xact AND read.id = outbox.id
     RETURNING 1
   )
   SELECT count(*) AS queued FROM queued`,
);

export type Spread = {
  readonly queued: number;
  /** More can be read at once. */
  readonly full: boolean;
  /** Events wait for an older transaction to end. */
  readonly withheld: boolean;
};

const everything = { accounts: "*", sites: "*" } as const;

/** Reads one page for every endpoint, paused or not: the outbox is pruned behind the slowest of them. */
export async function spreadEvents(db: Session, now: Date): Promise<Spread> {
  const spread = await Promise.all((await db.rows(selectReaders)).map((reader) => spreadTo(db, reader, now)));
  return {
    queued: spread.reduce((sum, { queued }) => sum + queued, 0),
    full: spread.some(({ full }) => full),
    withheld: spread.some(({ withheld }) => withheld),
  };
}

async function spreadTo(db: Session, reader: Reader, now: Date): Promise<Spread> {
  const { endpoint_id, since, subjects, xact, id } = reader;
  const view = { actor: everything, subjects: subjectExpressions(subjects ?? []), since };
  const { events, position, full, withheld } = await readPage(db, reader, view);
  if (position.xact === xact && position.id === id) return { queued: 0, full, withheld };
  const read = [events.map((one) => one.position.xact), events.map((one) => one.position.id)];
  const row = await db.row(queueEvents, [
    endpoint_id,
    xact,
    id,
    position.xact,
    position.id,
    ...read,
    now.toISOString(),
  ]);
  return { queued: row?.queued ?? 0, full, withheld };
}
