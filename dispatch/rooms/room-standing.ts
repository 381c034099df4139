// How the rooms stand, for whoever watches the desk: by status, what waits for them, and those that are told nothing any more.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { plusMs } from "../kernel/clock.ts";

const countRooms = statement<{ idle: number; working: number; waiting_input: number; error: number }>(
  "rooms_by_status",
  `SELECT count(*) FILTER (WHERE agent_status = 'idle') AS idle, count(*) FILTER (WHERE agent_status = 'working') AS working,
          count(*) FILTER (WHERE agent_status = 'waiting_input') AS waiting_input, count(*) FILTER (WHERE agent_status = 'error') AS error
   FROM rooms WHERE kind <> 'control'`,
);
/** Rooms but the control rooms, by agent_status. */
export const roomsByStatus = async (db: Session): Promise<ReadonlyMap<string, number>> =>
  new Map(Object.entries((await db.row(countRooms)) ?? {}));

/** Pushes are counted as given up for so long. */
const lostLatelyMs = 3_600_000;
// What was given up long ago changes once more when its texts go.
const isLost = "status = 'dead' AND updated_at > $1 AND created_at > $1::timestamptz - interval '1 day'";
const countPushes = statement<{ waiting: number; sent: number; lost: number }>(
  "pushes_by_standing",
  `SELECT (SELECT count(*) FROM pushes WHERE status = 'queued') AS waiting, (SELECT count(*) FROM pushes WHERE status = 'sent') AS sent,
          (SELECT count(*) FROM pushes WHERE ${isLost}) AS lost`,
);
/** Pushes that wait, that are on their way, and that were given up in the last hour. */
export const pushesByStanding = async (db: Session, now: Date): Promise<ReadonlyMap<string, number>> =>
  new Map(Object.entries((await db.row(countPushes, [plusMs(now.toISOString(), -lostLatelyMs)])) ?? {}));

export type DeafRooms = { readonly rooms: number; readonly minutes: number; readonly lost: number };

const selectDeaf = statement<DeafRooms>(
  "rooms_deaf",
  `SELECT count(*) AS rooms, coalesce(floor(extract(epoch FROM $2::timestamptz - min(status_since)) / 60), 0)::integer AS minutes,
          (SELECT count(*) FROM pushes WHERE ${isLost}) AS lost
   FROM rooms WHERE agent_status = 'error' AND kind <> 'control'`,
);
/** Rooms in error, for how long the first of them, and how many pushes were given up in the last hour. */
export const countDeafRooms = async (db: Session, now: string): Promise<DeafRooms> =>
  (await db.row(selectDeaf, [plusMs(now, -lostLatelyMs), now])) ?? { rooms: 0, minutes: 0, lost: 0 };
