// A desk full of appointments for the slots benchmark: technicians with hours, skills and zones, the bookings of the coming
// days, and tickets that look for a time. The same rows in every run but for the day it begins on.

import type { TicketId } from "../../dispatch/contract/ids.ts";
import { withClient } from "./seed.ts";

export type SlotsDesk = { readonly technicians: number; readonly bookings: number; readonly tickets: number };

/** Makes the rows. @returns the ids of the tickets that look for a time */
export async function seedSlotsDesk(url: string, { technicians, bookings, tickets }: SlotsDesk): Promise<TicketId[]> {
  return withClient(url, async (client) => {
    await client.query("DELETE FROM technicians");
    await client.query(insertSites);
    await client.query(insertTechnicians, [technicians]);
    await client.query(insertShifts);
    await client.query(insertTimeOff);
    await client.query(insertTickets, [bookings, "SCHEDULED", "booked"]);
    await client.query(insertBookings, [technicians]);
    await client.query(insertTickets, [tickets, "READY_TO_SCHEDULE", "wanted"]);
    await client.query("VACUUM ANALYZE");
    const { rows } = await client.query<{ id: TicketId }>(
      "SELECT id FROM tickets WHERE state = 'READY_TO_SCHEDULE' ORDER BY id",
    );
    return rows.map(({ id }) => id);
  });
}

// Sixty sites around two towns an hour's drive apart, every second one in either zone.
const insertSites = `
  INSERT INTO sites (id, account_id, name, city, region, timezone, lat, lon)
  SELECT md5('site' || n)::uuid, a.id, 'Site ' || n, 'Town', CASE WHEN n % 2 = 0 THEN 'NORTH' ELSE 'SOUTH' END, 'America/Los_Angeles',
         37.8 - (n % 2) * 0.5 + (n % 8) * 0.02, -122.3 + (n % 2) * 0.4 + (n % 7) * 0.02
  FROM generate_series(0, 59) AS n, (SELECT id FROM accounts LIMIT 1) AS a`;

// Nine in ten can mend doors, every second one operators, every third one glass.
const insertTechnicians = `
  INSERT INTO technicians (id, name, zone, skills, tools, quality, home_lat, home_lon)
  SELECT md5('technician' || n)::uuid, 'Technician ' || n, CASE WHEN n % 2 = 0 THEN 'NORTH' ELSE 'SOUTH' END,
         array_remove(ARRAY[CASE WHEN n % 10 < 9 THEN 'door_hardware' END, CASE WHEN n / 2 % 2 = 0 THEN 'auto_operator' END,
                            CASE WHEN n / 2 % 3 = 0 THEN 'glazing' END], NULL),
         array_remove(ARRAY['multimeter', CASE WHEN n / 2 % 3 = 0 THEN 'glass_lifter' END], NULL), 50 + n % 40,
         37.8 - (n % 2) * 0.5 + (n % 5) * 0.03, -122.3 + (n % 2) * 0.4 + (n % 6) * 0.02
  FROM generate_series(0, $1::int - 1) AS n`;

// Six days a week with a break at noon; one in eight works nights.
const insertShifts = `
  INSERT INTO technician_shifts (id, technician_id, weekday, starts, ends, timezone, breaks)
  SELECT gen_random_uuid(), t.id, weekday,
         CASE WHEN n % 8 = 7 THEN time '20:00' ELSE time '08:00' + (n % 3) * interval '30 minutes' END,
         CASE WHEN n % 8 = 7 THEN time '04:00' ELSE time '17:00' + (n % 3) * interval '30 minutes' END,
         'America/Los_Angeles', '[{"start": "12:00", "end": "12:30"}]'
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM technicians) AS t, generate_series(1, 7) AS weekday
  WHERE weekday <> 1 + n % 7`;

const insertTimeOff = `
  INSERT INTO technician_time_off (id, technician_id, span)
  SELECT gen_random_uuid(), id, tstzrange(now() + interval '2 days', now() + interval '3 days')
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM technicians) AS t WHERE n % 10 = 0`;

const insertTickets = `
  INSERT INTO tickets (id, account_id, site_id, state, priority, incident_type, summary, sla_target_minutes, sla_deadline_at,
                       created_at, updated_at, last_transition_at, audit_seq, audit_hash)
  SELECT md5($3::text || n)::uuid, s.account_id, s.id, $2::text, 'ROUTINE',
         (ARRAY['DOOR_WONT_LATCH', 'AUTO_OPERATOR_FAULT', 'FRAME_OR_GLASS_DAMAGE'])[1 + n % 3], 'Door ' || n, 1440,
         now() + interval '1 day', now(), now(), now(), 1, md5(n::text)
  FROM generate_series(0, $1::int - 1) AS n JOIN sites s ON s.id = md5('site' || n * 7 % 60)::uuid`;

// Each technician's visits lie two a day, ninety minutes long, from tomorrow on.
const insertBookings = `
  INSERT INTO bookings (id, technician_id, ticket_id, span, state, exclusive, created_at, updated_at)
  SELECT gen_random_uuid(), md5('technician' || n % $1::int)::uuid, id, tstzrange(starts, starts + interval '90 minutes'),
         'firm', true, now(), now()
  FROM (SELECT id, n, ((now() AT TIME ZONE 'America/Los_Angeles')::date + 1 + (n / $1::int / 2)::int
                + CASE WHEN n / $1::int % 2 = 0 THEN time '09:15' ELSE time '14:00' END
                + (n % 5) * interval '10 minutes') AT TIME ZONE 'America/Los_Angeles' AS starts
        FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM tickets) AS numbered) AS placed`;
