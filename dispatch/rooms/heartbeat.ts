// That an agent is alive, noted with one statement while nothing else has changed: no history grows by it.

import type { Activity } from "../contract/task-responses.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { statusOfActivity } from "./follow.ts";

// Not where its room has heard another word since.
const note = statement<{ slug: string }>(
  "agent_alive",
  `UPDATE agents SET heartbeat_at = $2, heartbeat_key = coalesce($6, heartbeat_key),
                     tokens_used = tokens_used + CASE WHEN heartbeat_key = $6 THEN 0 ELSE $4 END
   WHERE slug = $1 AND running AND activity = coalesce($3, activity)
     AND ($3 IS NULL OR NOT EXISTS (SELECT FROM rooms WHERE worker_slug = $1 AND agent_status <> $5))
   RETURNING slug`,
);

export type Beat = {
  readonly slug: string;
  /** Null: nothing is said of it. */
  readonly activity: Activity | null;
  /** Since the one before. */
  readonly tokens: number;
  readonly at: string;
  /** Sent again under it, tokens count once; null: nobody sends it again. */
  readonly key: string | null;
};

/** @returns false where it says something new, which is worker.report's to write */
export const noteAlive = async (db: Session, { slug, activity, tokens, at, key }: Beat): Promise<boolean> =>
  Boolean(await db.row(note, [slug, at, activity, tokens, statusOfActivity[activity ?? "idle"], key]));
