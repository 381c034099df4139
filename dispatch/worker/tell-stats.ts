// Tells listeners once a minute how the desk's tasks stand, whichever worker comes first. A desk without agents and tasks has nothing to
// tell.

import { statement } from "../db/statement.ts";
import type { Duty, DutyParts } from "./duty.ts";

const everyMs = 60_000;

const insertStats = statement<{ told: boolean }>(
  "stats_tell",
  `WITH gate AS (SELECT pg_try_advisory_xact_lock(7201611) AS open),
        counts AS (SELECT status, count(*) AS n FROM tasks GROUP BY status)
   INSERT INTO outbox (subject, event, payload, created_at)
   SELECT 'swarm.dispatch.stats', 'stats', jsonb_build_object('data', jsonb_build_object(
            'total_pending', coalesce((SELECT n FROM counts WHERE status = 'pending'), 0),
            'total_running', coalesce((SELECT sum(n) FROM counts WHERE status IN ('assigned', 'in_progress')), 0),
            'total_completed', coalesce((SELECT n FROM counts WHERE status = 'completed'), 0),
            'total_failed', coalesce((SELECT sum(n) FROM counts WHERE status IN ('failed', 'timed_out')), 0))), $1
   FROM gate
   WHERE gate.open AND (EXISTS (SELECT FROM agents) OR EXISTS (SELECT FROM tasks))
     AND NOT EXISTS (SELECT FROM outbox WHERE subject = 'swarm.dispatch.stats' AND created_at > $2)
   RETURNING true AS told`,
);

export const tellStats = (parts: DutyParts): Duty => {
  let toldAt = -Infinity;
  return {
    name: "tell stats",
    async round() {
      const { desk } = parts;
      const now = desk.clock.now().getTime();
      if (now - toldAt < everyMs) return { more: false };
      toldAt = now;
      const told = await desk.db.row(insertStats, [
        new Date(now).toISOString(),
        new Date(now - everyMs + 1_000).toISOString(),
      ]);
      if (told) desk.announce();
      return { more: false };
    },
  };
};
