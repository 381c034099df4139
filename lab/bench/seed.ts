// Rows for the benchmark: the place and technician its lifecycles use, and any number of older tickets with their history,
// nine in ten of them closed, so that cost can be compared between a small desk and a large one.

import pg from "pg";
import { places } from "./lifecycle.ts";

/** Words of the older tickets; `rareWord` stands in the same number of tickets whatever their total. */
export const rareWord = "quincunx";
const rareTickets = 100;

export async function seedPlaces(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query("INSERT INTO accounts (id, name) VALUES ($1, 'Bench account')", [places.accountId]);
    await client.query(
      "INSERT INTO sites (id, account_id, name, city, region, lat, lon) VALUES ($1, $2, 'Bench site', 'Oakland', 'CA', 37.8, -122.3)",
      [places.siteId, places.accountId],
    );
    await client.query("INSERT INTO technicians (id, name, zone) VALUES ($1, 'Bench technician', 'CA')", [
      places.techId,
    ]);
  });
}

/** Events per older ticket, as many as a lifecycle leaves. */
const eventsPerTicket = 13;

/** Makes `count` tickets spread over the last year, the open ones over the last days, each with its history. */
export async function seedTickets(url: string, count: number): Promise<void> {
  await withClient(url, async (client) => {
    await client.query("SET synchronous_commit = off");
    await client.query(insertTickets, [count, places.accountId, places.siteId, rareTickets, rareWord]);
    await client.query(insertWords);
    await client.query(insertEvents, [eventsPerTicket]);
    await client.query(insertTransitions);
    await client.query(insertOutbox);
    await client.query(insertKeys);
    await client.query("VACUUM ANALYZE");
    await client.query("CHECKPOINT");
  });
}

// Every tenth ticket is open.
const insertTickets = `
  INSERT INTO tickets (id, account_id, site_id, state, priority, incident_type, summary, customer_name, nte_cents, version,
                       sla_target_minutes, sla_deadline_at, created_at, updated_at, last_transition_at, audit_seq, audit_hash)
  SELECT (lpad(to_hex((extract(epoch FROM born) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
          || '8' || substr(md5(n::text), 4, 15))::uuid,
         $2::uuid, $3::uuid,
         CASE WHEN n % 10 = 0
              THEN (ARRAY['NEW', 'TRIAGED', 'READY_TO_SCHEDULE', 'SCHEDULED', 'DISPATCHED', 'IN_PROGRESS'])[1 + (n / 10) % 6]
              ELSE 'CLOSED' END,
         (ARRAY['EMERGENCY', 'URGENT', 'ROUTINE'])[1 + n % 3], 'DOOR_WONT_LATCH',
         'Older ticket ' || n || CASE WHEN n % greatest($1::int / $4::int, 1) = 0 THEN ' ' || $5::text ELSE '' END,
         'Customer ' || n % 5000, 50000, 12, 240, born + interval '4 hours', born, born, born, 13, md5(n::text)
  FROM (SELECT n, now() - CASE WHEN n % 10 = 0 THEN interval '3 days' ELSE interval '365 days' END * (n::float8 / $1) AS born
        FROM generate_series(1, $1::int) AS n) AS older`;

const insertWords = `
  INSERT INTO ticket_words (ticket_id, words)
  SELECT id, to_tsvector('simple', summary || ' ' || customer_name) FROM tickets`;

const insertEvents = `
  INSERT INTO audit_events (id, aggregate, aggregate_id, seq, actor_type, actor_id, actor_role, tool_name, request_id, correlation_id,
                            before_state, after_state, payload, prev_hash, hash, hash_version, created_at)
  SELECT gen_random_uuid(), 'ticket', t.id::text, seq, 'HUMAN', 'older-actor', 'dispatcher', 'ticket.triage', gen_random_uuid(),
         gen_random_uuid()::text, 'NEW', t.state, '{"priority": "URGENT", "incident_type": "DOOR_WONT_LATCH"}',
         md5(seq::text), md5(t.id::text || seq), 2, t.created_at + seq * interval '1 minute'
  FROM tickets t CROSS JOIN generate_series(1, $1::int) AS seq`;

const insertTransitions = `
  INSERT INTO state_transitions (audit_event_id, step, aggregate, aggregate_id, from_state, to_state, created_at)
  SELECT id, 1, aggregate, aggregate_id, 'NEW', 'TRIAGED', created_at FROM audit_events WHERE seq > 4`;

// Keys and outbox rows are pruned after a week, so a desk of any size holds a week of them.
const insertOutbox = `
  INSERT INTO outbox (subject, event, aggregate, aggregate_id, account_id, site_id, audit_event_id, payload, created_at)
  SELECT 'field.ticket.' || e.ticket_id || '.ticket_triage', 'ticket_triage', e.aggregate, e.aggregate_id, t.account_id, t.site_id, e.id,
         '{"actor_role": "dispatcher", "after_state": "TRIAGED"}', e.created_at
  FROM audit_events e JOIN tickets t ON t.id = e.ticket_id
  WHERE e.created_at > now() - interval '7 days'`;

const insertKeys = `
  INSERT INTO idempotency_keys (key, actor_id, endpoint, request_id, request_hash, response_code, response_body, aggregate,
                                aggregate_id, created_at)
  SELECT gen_random_uuid(), actor_id, '/tickets/{ticketId}/triage', request_id, md5(id::text) || md5(id::text), 200,
         '{"state": "TRIAGED", "summary": "Older ticket"}', aggregate, aggregate_id, created_at
  FROM audit_events WHERE created_at > now() - interval '7 days'`;

/** A connection for rows that no command makes. */
export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
