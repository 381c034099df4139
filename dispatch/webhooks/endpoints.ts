// The operator's side of webhooks: which endpoints there are, and their secrets. A secret lies in the table as it is, since
// the worker signs with it; it is shown once and never again.

import type { Database, Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { newId } from "../kernel/clock.ts";
import type { Target } from "./send-event.ts";
import { newSecret } from "./signature.ts";

export type Endpoint = {
  readonly id: string;
  readonly url: string;
  readonly subjects: readonly string[] | null;
  readonly created_at: string;
  readonly paused_at: string | null;
  readonly pause_reason: string | null;
  readonly failing_since: string | null;
  readonly last_error: string | null;
  readonly delivered: number;
  readonly last_delivered_at: string | null;
  readonly old_secret_until: string | null;
  readonly pending: number;
  readonly dead_letters: number;
  /** Whether it was added through the API, and not by the operator's command. */
  readonly by_api: boolean;
};

const insertEndpoint = statement(
  "webhook_add",
  `WITH added AS (
     INSERT INTO webhook_endpoints (id, url, subjects, secret, created_at, by_api) VALUES ($1, $2, $3, $4, $5, false)
     RETURNING id
   )
   INSERT INTO webhook_cursors (endpoint_id, xact, id, since)
   SELECT id, pg_snapshot_xmin(pg_current_snapshot()), 0, pg_current_snapshot() FROM added`,
);

/** Adds an endpoint that gets what happens from now on. @returns its id, and the secret, which is not shown again */
export async function addEndpoint(
  db: Session,
  url: string,
  subjects: readonly string[] | null,
  now: Date,
): Promise<{ id: string; secret: string }> {
  const added = { id: newId(now.getTime()), secret: newSecret() };
  await db.row(insertEndpoint, [added.id, url, subjects, added.secret, now.toISOString()]);
  return added;
}

const insertApiEndpoint = statement<{ created_at: string }>(
  "webhook_api_add",
  `WITH added AS (
     INSERT INTO webhook_endpoints (id, url, subjects, secret, created_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING
     RETURNING id, created_at
   ), begun AS (
     INSERT INTO webhook_cursors (endpoint_id, xact, id, since)
     SELECT id, pg_snapshot_xmin(pg_current_snapshot()), 0, pg_current_snapshot() FROM added
   )
   SELECT created_at FROM added`,
);
const selectSame = statement<{ secret: string; created_at: string }>(
  "webhook_api_same",
  `SELECT secret, created_at FROM webhook_endpoints
   WHERE id = $1 AND by_api AND url = $2 AND subjects IS NOT DISTINCT FROM $3::text[]`,
);

type ApiEndpoint = {
  readonly id: string;
  readonly url: string;
  readonly subjects: readonly string[] | null;
  readonly secret: string;
};

/**
 * Adds an endpoint that an admin asked for, unless the very same is there.
 * @returns since when it is there, and what signs for it; null where another one has its id
 */
export async function addApiEndpoint(
  db: Session,
  { id, url, subjects, secret }: ApiEndpoint,
  now: Date,
): Promise<{ readonly secret: string; readonly created_at: string } | null> {
  const added = await db.row(insertApiEndpoint, [id, url, subjects, secret, now.toISOString()]);
  return added ? { secret, created_at: added.created_at } : db.row(selectSame, [id, url, subjects]);
}

const selectEndpoints = statement<Endpoint>(
  "webhook_list",
  `SELECT id, url, subjects, created_at, paused_at, pause_reason, failing_since, last_error, delivered, last_delivered_at, by_api,
          CASE WHEN old_secret_until > $1 THEN old_secret_until END AS old_secret_until,
          (SELECT count(*) FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.due_at IS NOT NULL) AS pending,
          (SELECT count(*) FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.dead_at IS NOT NULL) AS dead_letters
   FROM webhook_endpoints e
   ORDER BY created_at, id`,
);

export const listEndpoints = (db: Session, now: Date): Promise<Endpoint[]> =>
  db.rows(selectEndpoints, [now.toISOString()]);

const lockEndpoint = statement<{ id: string }>(
  "webhook_lock",
  `SELECT id FROM webhook_endpoints WHERE id = $1 AND (by_api OR NOT $2) FOR UPDATE`,
);
const deleteEndpoint = statement<{ undelivered: number }>(
  "webhook_remove",
  `WITH undelivered AS (
     SELECT count(*) AS n FROM webhook_deliveries WHERE endpoint_id = $1
   ), removed AS (
     DELETE FROM webhook_endpoints WHERE id = $1
   )
   SELECT n AS undelivered FROM undelivered`,
);

/**
 * Removes an endpoint; with `onlyByApi` none of the operator's.
 * @returns how many deliveries went with it; null when there is no such endpoint
 */
export const removeEndpoint = (db: Database, id: string, onlyByApi = false): Promise<number | null> =>
  db.transaction(async (tx) => {
    if (!(await tx.row(lockEndpoint, [id, onlyByApi]))) return null;
    const row = await tx.row(deleteEndpoint, [id]);
    await tx.commit();
    return row?.undelivered ?? 0;
  });

const updatePaused = statement<{ id: string }>(
  "webhook_pause",
  `UPDATE webhook_endpoints SET paused_at = coalesce(paused_at, $2), pause_reason = $3 WHERE id = $1 RETURNING id`,
);

/** Sends nothing more to an endpoint; its queue grows meanwhile. @returns whether there is such an endpoint */
export const pauseEndpoint = async (db: Session, id: string, reason: string, now: Date): Promise<boolean> =>
  (await db.row(updatePaused, [id, now.toISOString(), reason])) !== null;

// free_at is left alone: a worker that still sends a batch keeps its claim.
const updateResumed = statement<{ id: string }>(
  "webhook_resume",
  `WITH resumed AS (
     UPDATE webhook_endpoints SET paused_at = NULL, pause_reason = NULL, failures = 0, failing_since = NULL WHERE id = $1 RETURNING id
   ), due AS (
     UPDATE webhook_deliveries SET due_at = $2 WHERE endpoint_id = $1 AND due_at > $2
   )
   SELECT id FROM resumed`,
);

/** Sends to an endpoint again, and at once what waits for a further try. @returns whether there is such an endpoint */
export const resumeEndpoint = async (db: Session, id: string, now: Date): Promise<boolean> =>
  (await db.row(updateResumed, [id, now.toISOString()])) !== null;

const selectTarget = statement<{ url: string; secret: string; old_secret: string | null; by_api: boolean }>(
  "webhook_target",
  `SELECT url, by_api, secret, CASE WHEN old_secret_until > $2 THEN old_secret END AS old_secret FROM webhook_endpoints WHERE id = $1`,
);

/** Where and by what to send to an endpoint now. */
export async function targetOf(db: Session, id: string, now: Date): Promise<Target | null> {
  const row = await db.row(selectTarget, [id, now.toISOString()]);
  if (!row) return null;
  const { url, secret, old_secret, by_api } = row;
  return { url, byApi: by_api, secrets: old_secret === null ? [secret] : [secret, old_secret] };
}
