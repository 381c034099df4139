// What must hold after the soak, when all is at rest: what the clients were told is what the database has, nothing was done
// by halves, the audit trail holds, and every object has the bytes it was recorded with.

import { aggregates } from "../../../dispatch/aggregates.ts";
import { join } from "node:path";
import type pg from "pg";
import { openDatabase } from "../../../dispatch/db/pool.ts";
import { keyInStore } from "../../../dispatch/field/stored-object.ts";
import { verifyAudit } from "../../../dispatch/kernel/verify-audit.ts";
import { openFileStore, type FileStore } from "../../../dispatch/storage/file-store.ts";
import { evidenceMaxBytes } from "../../../dispatch/storage/media-types.ts";
import { inspectObject } from "../../../dispatch/storage/object-store.ts";
import { readSettings } from "../../../dispatch/process/settings.ts";
import { halves } from "../halves.ts";
import { environmentOf } from "../throwaway-database.ts";
import { bookingRules, findBroken, storyOf } from "../worker-proof.ts";
import type { Ledger } from "./ledger.ts";
import { soakApplication } from "./samples.ts";

/** Each finds the tickets of which something holds that must not, seen from the clients' ledger. */
const ledgerRules = {
  acknowledged_not_once: `
    SELECT a.ticket_id FROM acknowledged a LEFT JOIN audit_events e ON e.request_id = a.key
    GROUP BY a.key, a.ticket_id HAVING count(e.id) <> 1`,
  another_receipt_than_told: `
    SELECT a.ticket_id FROM acknowledged a JOIN audit_events e ON e.request_id = a.key
    WHERE (e.id, e.hash, e.ticket_id, e.after_state) IS DISTINCT FROM (a.receipt_id, a.hash, a.ticket_id, a.after_state)`,
  done_and_never_acknowledged: `
    SELECT e.ticket_id FROM audit_events e LEFT JOIN acknowledged a ON a.key = e.request_id
    WHERE a.key IS NULL AND e.actor_id LIKE 'soak-%'`,
  state_not_explained: `
    WITH told AS (
      SELECT DISTINCT ON (a.ticket_id) a.ticket_id, a.after_state
      FROM acknowledged a JOIN audit_events e ON e.id = a.receipt_id ORDER BY a.ticket_id, e.seq DESC
    )
    SELECT t.id AS ticket_id FROM tickets t LEFT JOIN told ON told.ticket_id = t.id
    WHERE told.after_state IS DISTINCT FROM t.state`,
  bookings_left_behind: `SELECT ticket_id FROM bookings WHERE state IN ('tentative', 'firm')`,
  not_at_its_end: `SELECT id AS ticket_id FROM tickets WHERE state NOT IN ('INVOICED', 'CLOSED')`,
} as const;

/** Who still has a transaction open when nobody does anything holds a lock or a key. */
const selectOpenTransactions = `
  SELECT count(*)::int AS n FROM pg_stat_activity
  WHERE datname = current_database() AND backend_type = 'client backend' AND xact_start IS NOT NULL AND application_name <> $1`;

// Uploaded evidence, and the packets of closed tickets.
const selectObjects = `
  SELECT uri, checksum FROM evidence_items WHERE verification = 'verified'
  UNION ALL
  SELECT 's3://' || $1 || '/' || (payload->'closeout_packet'->>'object_key'), payload->'closeout_packet'->>'sha256'
  FROM audit_events WHERE tool_name = 'ticket.close'`;

export type Proof = {
  /** How often each rule is broken. */
  readonly violations: Readonly<Record<string, number>>;
  readonly events: number;
  readonly objects: number;
  /** All that is known of the first ticket that breaks a rule. */
  readonly story: readonly string[];
};

type Proving = {
  readonly owner: pg.Client;
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly ledger: Ledger;
};

/** Proves it all; call it when nobody does anything any more. @throws ObjectStoreUnavailable */
export async function proveSoak({ owner, databaseUrl, dataDir, ledger }: Proving): Promise<Proof> {
  await ledger.load(owner);
  const broken = [...(await findBroken(owner, ledgerRules)), ...(await findBroken(owner, bookingRules))];
  const counts = new Map(broken.map(({ rule, tickets }) => [rule, tickets.length]));
  for (const [what, sql] of Object.entries(halves))
    counts.set(`by halves: ${what}`, (await owner.query(sql)).rows.length);
  const { rows } = await owner.query<{ n: number }>(selectOpenTransactions, [soakApplication]);
  counts.set("transactions_left_open", rows[0]?.n ?? 0);
  const audit = await auditOf(databaseUrl);
  counts.set("audit_faults", audit.faults.length);
  const objects = await proveObjects(owner, databaseUrl, dataDir);
  counts.set("objects_not_whole", objects.faults);
  const ticketId = broken.flatMap(({ tickets }) => tickets)[0] ?? audit.faults[0]?.chain;
  const story = ticketId === undefined || ticketId === "desk" ? [] : await storyOf(owner, ticketId);
  return { violations: Object.fromEntries(counts), events: audit.events, objects: objects.read, story };
}

async function auditOf(databaseUrl: string) {
  const db = openDatabase({
    url: databaseUrl,
    poolMax: 1,
    applicationName: soakApplication,
    role: null,
    statementTimeoutMs: 300_000,
    lockTimeoutMs: 5_000,
    onError: () => undefined,
  });
  try {
    return await verifyAudit(db, aggregates);
  } finally {
    await db.close();
  }
}

async function proveObjects(
  owner: pg.Client,
  databaseUrl: string,
  dataDir: string,
): Promise<{ read: number; faults: number }> {
  const settings = readSettings(environmentOf(databaseUrl, dataDir));
  const store = await openFileStore({
    folder: join(dataDir, "objects"),
    bucket: settings.objectStoreBucket,
    baseUrl: "",
  });
  const { rows } = await owner.query<{ uri: string; checksum: string }>(selectObjects, [store.bucket]);
  let faults = 0;
  for (const { uri, checksum } of rows) {
    if (!(await isWhole(store, keyInStore(uri, store, settings.objectStoreSchemes), checksum))) faults++;
  }
  return { read: rows.length, faults };
}

async function isWhole(store: FileStore, key: string | null, sha256: string): Promise<boolean> {
  const found = key === null ? null : await inspectObject(store, key, evidenceMaxBytes);
  return found?.sha256 === sha256;
}
