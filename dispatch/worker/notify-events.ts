// Tells whoever listens on Postgres itself (LISTEN dispatch_events) of each committed event, with its position and subject: once, and in
// the order of the outbox. One statement tells any number of commits, behind them, so no command waits for it.

import { setTimeout as delay } from "node:timers/promises";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import type { Duty, DutyParts } from "./duty.ts";

/** Where `{"position", "subject"}` is told; a position is the id that a stream of events resumes behind. */
export const eventsChannel = "dispatch_events";

/** Nobody announces the end of the transaction that events wait for, and most end at once; the tick comes anyway. */
const again = { everyMs: 50, times: 10 };
const page = 500;

type Told = {
  readonly told: number;
  /** Events wait for an older transaction to end. */
  readonly withheld: boolean;
};

// The place moves on in the same statement and only from where it was read: of several workers one tells. What a crash of Postgres forgets
// of it is told again to connections that are new; nothing waits for the disk.
const tell = statement<Told>(
  "events_tell",
  `WITH hurried AS MATERIALIZED (
     SELECT set_config('synchronous_commit', 'off', true)
   ), place AS MATERIALIZED (
     SELECT xact, id FROM event_notices
   ), news AS MATERIALIZED (
     SELECT ahead.*
     FROM place
     CROSS JOIN LATERAL (
       SELECT xact, id, subject FROM outbox
       WHERE (outbox.xact, outbox.id) > (place.xact, place.id) AND outbox.xact < pg_snapshot_xmin(pg_current_snapshot())
       ORDER BY xact, id
       LIMIT ${page}
     ) AS ahead
   ), moved AS (
     UPDATE event_notices SET xact = newest.xact, id = newest.id
     FROM place, (SELECT xact, id FROM news ORDER BY xact DESC, id DESC LIMIT 1) AS newest
     WHERE event_notices.xact = place.xact AND event_notices.id = place.id
     RETURNING 1
   ), told AS MATERIALIZED (
     SELECT pg_notify('${eventsChannel}', json_build_object('position', xact || '.' || id, 'subject', subject)::text)
     FROM (SELECT news.* FROM moved, news ORDER BY xact, id) AS in_order
   )
   SELECT (SELECT count(*) FROM told) AS told,
          coalesce(
            (SELECT xact FROM outbox ORDER BY xact DESC, id DESC LIMIT 1) >= pg_snapshot_xmin(pg_current_snapshot()), false
          ) AS withheld
   FROM hurried`,
);

/** Tells what has not been told. */
async function tellEvents(db: Session): Promise<Told> {
  const row = await db.row(tell);
  if (!row) throw new Error("the question for what is to be told was answered without a row");
  return row;
}

export const notifyEvents = ({ desk }: DutyParts): Duty => ({
  name: "notify events",
  round: async (stopping) => {
    for (let look = 0; ; look++) {
      const { told, withheld } = await tellEvents(desk.db);
      const more = told === page;
      if (more || !withheld || look === again.times || stopping()) return { more };
      await delay(again.everyMs);
    }
  },
});
