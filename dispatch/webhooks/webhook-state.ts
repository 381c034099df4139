// How far behind the webhooks are, for whoever watches: metrics, alerts, the operator's list.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";

export type WebhookState = {
  /** Deliveries that wait, those of paused endpoints apart. */
  readonly pending: number;
  readonly pending_paused: number;
  /** Age of the oldest event some endpoint has not got, in seconds; 0 when none waits. Events no worker has read yet count. */
  readonly lag_seconds: number;
  readonly lag_paused_seconds: number;
  readonly dead_letters: number;
};

const selectState = statement<WebhookState>(
  "webhook_state",
  `WITH waiting AS (
     SELECT endpoint_id, count(*) AS pending, min(event_at) AS oldest
     FROM webhook_deliveries
     WHERE due_at IS NOT NULL
     GROUP BY endpoint_id
   ), behind AS (
     SELECT e.paused_at IS NOT NULL AS paused,
            coalesce(w.pending, 0) AS pending,
            extract(epoch FROM $1::timestamptz - least(w.oldest, unread.oldest)) AS seconds
     FROM webhook_endpoints e
     JOIN webhook_cursors c ON c.endpoint_id = e.id
     LEFT JOIN waiting w ON w.endpoint_id = e.id
     LEFT JOIN LATERAL (
       SELECT o.created_at AS oldest
       FROM outbox o
       WHERE (o.xact, o.id) > (c.xact, c.id) AND pg_visible_in_snapshot(o.xact, c.since) IS NOT TRUE
       ORDER BY o.xact, o.id LIMIT 1
     ) AS unread ON true
   )
   SELECT coalesce(sum(pending) FILTER (WHERE NOT paused), 0)::bigint AS pending,
          coalesce(sum(pending) FILTER (WHERE paused), 0)::bigint AS pending_paused,
          greatest(max(seconds) FILTER (WHERE NOT paused), 0)::float8 AS lag_seconds,
          greatest(max(seconds) FILTER (WHERE paused), 0)::float8 AS lag_paused_seconds,
          (SELECT count(*) FROM webhook_deliveries WHERE dead_at IS NOT NULL) AS dead_letters
   FROM behind`,
);

/** What waits and what was given up, over all endpoints. */
export async function webhookState(db: Session, now: Date): Promise<WebhookState> {
  const state = await db.row(selectState, [now.toISOString()]);
  if (!state) throw new Error("the question for the webhooks' state was answered without a row");
  return state;
}

const selectDeadLetters = statement<{ dead_letters: number }>(
  "webhook_dead_letters_count",
  `SELECT count(*) AS dead_letters FROM webhook_deliveries WHERE dead_at IS NOT NULL`,
);

/** Events that were given up and not discarded. */
export const countDeadLetters = async (db: Session): Promise<number> =>
  (await db.row(selectDeadLetters))?.dead_letters ?? 0;
