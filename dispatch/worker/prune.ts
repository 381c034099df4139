// Removes what nobody needs any more, oldest first and a little at a time: stored answers, events, refusals, what
// lies at the addresses of uploads, dead letters, plans, the rows of workers that are gone, and of rooms what workers said and the longer
// texts of pushes. Nothing of a ticket's own history is ever pruned.

import type { PushId } from "../contract/ids.ts";
import { statement, type Statement } from "../db/statement.ts";
import { incomingKeys, type Announced } from "../field/upload-parts.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { obeyed } from "./obeyed.ts";

const batch = 500;
/** Objects are removed one by one, with their rows locked, and pushes by a command each. */
const smallBatch = 20;
const deadWorkerDays = 1;

const pruneAnswers = statement(
  "prune_answers",
  `DELETE FROM idempotency_keys
   WHERE ctid IN (SELECT ctid FROM idempotency_keys WHERE created_at < $1 LIMIT $2) AND created_at < $1
   RETURNING 1 AS gone`,
);

// The oldest rows come first in the primary key, so what is kept is not looked at. What some webhook's queue, or NATS where
// it is set, has not got yet stays, however old.
const pruneEvents = statement(
  "prune_events",
  `WITH oldest AS (SELECT xact, id, created_at FROM outbox ORDER BY xact, id LIMIT $2)
   DELETE FROM outbox USING oldest
   WHERE outbox.xact = oldest.xact AND outbox.id = oldest.id AND oldest.created_at < $1
     AND NOT EXISTS (SELECT FROM webhook_cursors c WHERE (c.xact, c.id) < (oldest.xact, oldest.id))
     AND NOT EXISTS (SELECT FROM nats_relay r WHERE $3 AND (r.xact, r.id) < (oldest.xact, oldest.id))
   RETURNING 1 AS gone`,
);

const pruneDeadLetters = statement(
  "prune_dead_letters",
  `DELETE FROM webhook_deliveries
   WHERE id IN (SELECT id FROM webhook_deliveries WHERE dead_at < $1 ORDER BY dead_at LIMIT $2) AND dead_at < $1
   RETURNING 1 AS gone`,
);

const pruneRejections = statement(
  "prune_rejections",
  `DELETE FROM rejections WHERE id IN (SELECT id FROM rejections WHERE occurred_at < $1 ORDER BY occurred_at LIMIT $2)
   RETURNING 1 AS gone`,
);

const pruneWorkers = statement(
  "prune_workers",
  `DELETE FROM workers WHERE id IN (SELECT id FROM workers WHERE seen_at < $1 ORDER BY seen_at LIMIT $2) RETURNING 1 AS gone`,
);

// Proposals long expired, and plans long carried out: what they moved is in the tickets' own history.
const prunePlans = statement(
  "prune_plans",
  `DELETE FROM plans WHERE id IN (SELECT id FROM plans WHERE created_at < $1 ORDER BY created_at LIMIT $2) RETURNING 1 AS gone`,
);

// Also of uploads that became evidence: on S3 their address took further objects until it expired. Their rows stay, since the same
// file may be recorded for another requirement.
const pruneUploads = statement<Announced>(
  "prune_uploads",
  `WITH old AS (
     SELECT id, incoming_key, size_bytes, part_bytes, used_at FROM uploads
     WHERE cleared_at IS NULL AND expires_at < $1 ORDER BY expires_at LIMIT $2
     FOR UPDATE SKIP LOCKED
   ), unused AS (
     DELETE FROM uploads USING old WHERE uploads.id = old.id AND old.used_at IS NULL
   ), used AS (
     UPDATE uploads SET cleared_at = $3 FROM old WHERE uploads.id = old.id AND old.used_at IS NOT NULL
   )
   SELECT incoming_key, size_bytes, part_bytes FROM old`,
);

// What was read, or is about work that is over; not a question that its room still waits for the answer to.
const pruneRoomEvents = statement(
  "prune_room_events",
  `DELETE FROM room_events WHERE id IN (
     SELECT id FROM room_events AS e
     WHERE created_at < $1
       AND (acked_at IS NOT NULL
            OR EXISTS (SELECT FROM tasks WHERE tasks.id = e.task_id AND tasks.status IN ('completed', 'cancelled', 'failed', 'timed_out')))
       AND NOT EXISTS (SELECT FROM rooms WHERE question_id = e.id)
     ORDER BY created_at, id LIMIT $2)
   RETURNING 1 AS gone`,
);
const selectPushesWithTexts = statement<{ id: PushId }>(
  "pushes_with_old_texts",
  `SELECT id FROM pushes
   WHERE status IN ('acked', 'skipped', 'dead') AND (prompt IS NOT NULL OR captured IS NOT NULL) AND updated_at < $1
   ORDER BY updated_at LIMIT $2`,
);

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export function pruneDuties(parts: DutyParts): Duty[] {
  const { keepIdempotencyDays, keepOutboxDays, keepRejectionsDays, keepDeadLettersDays, keepPlansDays, natsUrl } =
    parts.desk.settings;
  return [
    rowDuty(parts, "prune answers", pruneAnswers, keepIdempotencyDays),
    rowDuty(parts, "prune events", pruneEvents, keepOutboxDays, [natsUrl !== null]),
    rowDuty(parts, "prune dead letters", pruneDeadLetters, keepDeadLettersDays),
    rowDuty(parts, "prune rejections", pruneRejections, keepRejectionsDays),
    rowDuty(parts, "prune plans", prunePlans, keepPlansDays),
    rowDuty(parts, "prune workers", pruneWorkers, deadWorkerDays),
    rowDuty(parts, "prune room events", pruneRoomEvents, keepOutboxDays),
    pushDuty(parts),
    uploadDuty(parts),
  ];
}

const before = ({ desk }: DutyParts, ageMs: number): string =>
  new Date(desk.clock.now().getTime() - ageMs).toISOString();

const rowDuty = (
  parts: DutyParts,
  name: string,
  prune: Statement,
  keepDays: number,
  further: readonly boolean[] = [],
): Duty => ({
  name,
  round: async () => {
    const gone = await parts.desk.db.rows(prune, [before(parts, keepDays * dayMs), batch, ...further]);
    if (gone.length > 0) parts.log.info({ duty: name, rows: gone.length }, "worker.pruned");
    return { more: gone.length === batch };
  },
});

/** A push itself stays: what happened to it is a chain, and no chain may lose the row it is about. */
const pushDuty = (parts: DutyParts): Duty => ({
  name: "trim pushes",
  round: async () => {
    const { db, settings } = parts.desk;
    const old = await db.rows(selectPushesWithTexts, [before(parts, settings.keepOutboxDays * dayMs), smallBatch]);
    for (const { id: pushId } of old) await obeyed(() => parts.run("push.trim", { ids: { pushId }, input: {} }));
    if (old.length > 0) parts.log.info({ duty: "trim pushes", rows: old.length }, "worker.pruned");
    return { more: old.length === smallBatch };
  },
});

/** One after the other: a batch of films in 40 parts would be 800 connections at once. */
async function removeAll(store: ObjectStore, keys: readonly string[]): Promise<void> {
  for (const key of keys) await store.remove(key);
}

const uploadDuty = (parts: DutyParts): Duty => ({
  name: "prune uploads",
  round: async () => {
    const { db, store, settings } = parts.desk;
    const gone = await db.transaction(async (tx) => {
      const rows = await tx.rows(pruneUploads, [
        before(parts, settings.keepUploadsHours * hourMs),
        smallBatch,
        before(parts, 0),
      ]);
      // The rows go only once the objects are gone: what the store refuses to remove is found again.
      await Promise.all(rows.map((row) => removeAll(store, incomingKeys(row))));
      await tx.commit();
      return rows.length;
    });
    if (gone > 0) parts.log.info({ duty: "prune uploads", rows: gone }, "worker.pruned");
    return { more: gone === smallBatch };
  },
});
