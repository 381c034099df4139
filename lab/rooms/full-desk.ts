// Many rooms and a long list of what workers said, put straight into a database: for whoever reads all of it.

import { withClient } from "../bench/seed.ts";

/** Every tenth event a failure, every tenth a question. */
export const fillRooms = (
  databaseUrl: string,
  { rooms, events }: { readonly rooms: number; readonly events: number },
): Promise<void> =>
  withClient(databaseUrl, async (client) => {
    await client.query(
      `INSERT INTO rooms (id, name, kind, transport, address, workspace_path, agent_status, status_since, status_xact, last_activity_at,
                          version, created_at, updated_at, audit_seq, audit_hash, audit_at)
       SELECT gen_random_uuid(), 'room-' || n, 'desk', 'inbox', 'room-' || n, '/srv/work/' || n,
              (ARRAY['idle', 'working', 'waiting_input', 'error'])[1 + n % 4], now(), '0', now() - n * interval '1 minute',
              0, now(), now(), 0, '', now()
       FROM generate_series(1, $1) AS n`,
      [rooms],
    );
    await client.query(
      `INSERT INTO room_events (id, room_id, type, text, fatal, reported_by, created_at)
       SELECT gen_random_uuid(), room.id,
              CASE n % 10 WHEN 0 THEN 'task_failed' WHEN 1 THEN 'waiting_for_input' WHEN 2 THEN 'task_completed' ELSE 'progress_update' END,
              'What was said the ' || n || 'th time, in a sentence as long as people write them', false, 'somebody',
              now() - n * interval '1 second'
       FROM generate_series(1, $1) AS n
       JOIN (
         SELECT id, row_number() OVER (ORDER BY name) - 1 AS place, count(*) OVER () AS rooms FROM rooms WHERE kind <> 'control'
       ) AS room
         ON room.place = n % room.rooms`,
      [events],
    );
  });
