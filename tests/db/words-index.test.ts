// A search for words is planned for its words: one of few tickets is looked up, one of nearly all is found by walking back from
// the newest, and neither reads the rest.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import pg from "pg";
import { plainSearches } from "../../dispatch/field/ticket-search.ts";
import { createTestDatabase } from "../support/database.ts";
import { readsOf, rowsRead } from "../support/query-plan.ts";

describe("on a desk of 20,000 tickets", async () => {
  const client = new pg.Client({ connectionString: (await createTestDatabase()).url });
  // The database may be dropped before.
  client.on("error", () => undefined);
  await client.connect();
  after(() => client.end());
  await client.query(`
    WITH account AS (INSERT INTO accounts (id, name) VALUES (gen_random_uuid(), 'Account') RETURNING id),
         site AS (INSERT INTO sites (id, account_id, name) SELECT gen_random_uuid(), id, 'Site' FROM account RETURNING id, account_id),
         made AS (
           INSERT INTO tickets (id, account_id, site_id, state, summary, sla_target_minutes, sla_deadline_at, created_at, updated_at,
                                last_transition_at, audit_seq, audit_hash)
           SELECT ('cccccccc-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, account_id, id, 'CLOSED',
                  'door' || CASE WHEN n % 200 = 0 THEN ' quincunx' ELSE '' END, 60, now(), now(), now(), now(), 0, ''
           FROM site, generate_series(1, 20000) AS n RETURNING id, summary)
    INSERT INTO ticket_words (ticket_id, words) SELECT id, to_tsvector('simple', summary) FROM made`);
  await client.query("VACUUM ANALYZE tickets, ticket_words");

  for (const [word, index, most] of [
    ["door", "ticket_words_pkey", 21],
    ["quincunx", undefined, 100],
    ["nothing", undefined, 0],
  ] as const) {
    test(`${word} is found past no ticket without it`, async () => {
      const asked = { text: plainSearches.words.text, values: [null, 21, word] };
      const [inWords, ...more] = await readsOf(client, "ticket_words", asked);
      assert.ok(inWords && more.length === 0);
      assert.equal(inWords["Index Name"], index, "a bitmap of the words' index names none here");
      assert.equal(rowsRead(inWords), most);
      const [onTickets, ...others] = await readsOf(client, "tickets", asked);
      assert.ok(onTickets && others.length === 0);
      assert.equal(onTickets["Index Name"], "tickets_pkey");
      assert.equal(rowsRead(onTickets), Math.min(most, 21));
    });
  }
});
