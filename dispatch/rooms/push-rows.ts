// Which pushes are to go out now, and which were sent and not heard: what the sender reads.

import type { PushId, RoomId, TaskId } from "../contract/ids.ts";
import type { TransportName } from "../contract/room-states.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";

// Of each room that takes one the push that waits longest. Behind what is under way, or to be tried again later, the others wait too.
const selectReady = statement<{ id: PushId }>(
  "pushes_ready",
  `SELECT next.id FROM rooms
   CROSS JOIN LATERAL (
     SELECT id FROM pushes
     WHERE room_id = rooms.id AND status = 'queued' AND lead_id IS NULL AND (next_at IS NULL OR next_at <= $1)
       AND (rooms.agent_status = 'idle' OR reply_to = rooms.question_id)
     ORDER BY created_at, id LIMIT 1
   ) AS next
   WHERE rooms.id IN (SELECT DISTINCT room_id FROM pushes WHERE status = 'queued')
     AND (rooms.agent_status = 'idle' OR rooms.agent_status = 'waiting_input' AND rooms.question_id IS NOT NULL)
     AND NOT EXISTS (SELECT FROM pushes WHERE room_id = rooms.id AND status = 'sent')
   LIMIT $2`,
);

export const readReady = async (db: Session, now: string, most: number): Promise<PushId[]> =>
  (await db.rows(selectReady, [now, most])).map(({ id }) => id);

const selectUnheard = statement<{ id: PushId; attempts: number }>(
  "pushes_unheard",
  `SELECT id, attempts FROM pushes WHERE status = 'sent' AND lead_id IS NULL AND due_at < $1 ORDER BY due_at LIMIT $2`,
);
export const readUnheard = (db: Session, now: string, most: number): Promise<{ id: PushId; attempts: number }[]> =>
  db.rows(selectUnheard, [now, most]);

export type Outgoing = {
  readonly id: PushId;
  readonly text: string;
  readonly prompt: string | null;
  readonly task_id: TaskId | null;
  readonly capture: boolean;
  readonly automatic: boolean;
  readonly attempts: number;
  readonly room_id: RoomId;
  readonly name: string;
  readonly transport: TransportName;
  readonly address: string;
  readonly secret: string | null;
  readonly program: string | null;
};

const selectOutgoing = statement<Outgoing>(
  "push_outgoing",
  `SELECT pushes.id, coalesce(message, command) AS text, prompt, task_id, capture, automatic, attempts, room_id, name, transport,
          CASE WHEN transport = 'openclaw' THEN coalesce(session_key, address) ELSE address END AS address, secret, program
   FROM pushes JOIN rooms ON rooms.id = room_id WHERE pushes.id = $1 AND status = 'sent'`,
);
/** Null where it was heard or taken back meanwhile. */
export const readOutgoing = async (db: Session, id: PushId): Promise<Outgoing | null> =>
  (await db.row(selectOutgoing, [id])) ?? null;

// Out of a session's queue what was told by itself can be taken back: its task is theirs no more, and they have not begun.
const selectWithdrawn = statement<{ id: PushId; attempts: number }>(
  "pushes_sent_withdrawn",
  `SELECT pushes.id, attempts FROM pushes JOIN rooms ON rooms.id = room_id JOIN tasks ON tasks.id = task_id
   WHERE pushes.status = 'sent' AND lead_id IS NULL AND automatic AND transport = 'openclaw' AND accepted_at IS NOT NULL
     AND NOT EXISTS (SELECT FROM pushes AS member WHERE member.lead_id = pushes.id)
     AND (tasks.assignee IS DISTINCT FROM worker_slug OR tasks.status IN ('completed', 'cancelled', 'failed', 'timed_out')) LIMIT 100`,
);
export const readSentInVain = (db: Session): Promise<{ id: PushId; attempts: number }[]> => db.rows(selectWithdrawn);
