// The heads of all audit chains, kept where nobody with the database alone can change them: in the object store, written
// once and never again. Whoever rewrites a chain with its ticket's row is found out by the newest of them.

import { text } from "node:stream/consumers";
import { statement } from "../db/statement.ts";
import type { Database, Session } from "../db/pool.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { AuditFault } from "./verify-audit.ts";

type Head = { readonly chain: string; readonly seq: number; readonly hash: string };

export type Checkpoint = { readonly key: string; readonly takenAt: string; readonly heads: readonly Head[] };

export type CheckpointReport = {
  readonly key: string;
  readonly taken_at: string;
  readonly chains: number;
  readonly faults: readonly AuditFault[];
};

const folder = "audit/checkpoints";
const schema = "dispatch.audit.checkpoint/1";
/** On one day; more are refused. */
const mostADay = 100;
/** How far back the newest one is looked for. */
const lookBackDays = 90;
const dayMs = 86_400_000;
const pageSize = 5_000;
const nil = "00000000-0000-0000-0000-000000000000";

const selectTicketHeads = statement<Head>(
  "checkpoint_heads",
  `SELECT id::text AS chain, audit_seq AS seq, audit_hash AS hash FROM tickets WHERE id > $1 ORDER BY id LIMIT $2`,
);
const selectDeskHead = statement<Head>(
  "checkpoint_desk",
  `SELECT chain, seq, hash FROM audit_heads WHERE seq > 0 ORDER BY chain`,
);
const oneMoment = statement("checkpoint_snapshot", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");

// A null hash: the event is gone.
const selectHashes = statement<{ chain: string; seq: number; hash: string | null }>(
  "checkpoint_compare",
  `SELECT head.chain, head.seq, e.hash
   FROM unnest($1::text[], $2::integer[]) AS head (chain, seq)
   LEFT JOIN audit_events e ON e.ticket_id IS NOT DISTINCT FROM CASE WHEN head.chain <> 'desk' THEN head.chain::uuid END
     AND e.seq = head.seq`,
);

const keyOf = (day: string, number: number): string => `${folder}/${day}/${String(number).padStart(2, "0")}.ndjson`;
const dayOf = (time: Date): string => time.toISOString().slice(0, 10);

/**
 * Writes the first checkpoint of the day, unless there is one.
 * @returns its key, or null
 * @throws ObjectStoreUnavailable
 */
export async function writeDailyCheckpoint(db: Database, store: ObjectStore, now: Date): Promise<string | null> {
  const key = keyOf(dayOf(now), 0);
  if (await store.stat(key)) return null;
  // Of two workers that come this far the store lets one write.
  return (await store.writeOnce(key, await headsNow(db, now), "application/x-ndjson")) === "written" ? key : null;
}

/**
 * Writes one more.
 * @returns its key
 * @throws ObjectStoreUnavailable; Error when the day has had its hundred
 */
export async function writeCheckpoint(db: Database, store: ObjectStore, now: Date): Promise<string> {
  const body = await headsNow(db, now);
  for (let number = 0; number < mostADay; number++) {
    const key = keyOf(dayOf(now), number);
    if ((await store.writeOnce(key, body, "application/x-ndjson")) === "written") return key;
  }
  throw new Error(`${mostADay} checkpoints have been written on ${dayOf(now)} already`);
}

/** All heads as of one moment; about 110 bytes a ticket, all of it in memory. */
async function headsNow(db: Database, now: Date): Promise<Buffer> {
  const lines = [JSON.stringify({ schema, taken_at: now.toISOString() })];
  await db.transaction(async (tx) => {
    await tx.row(oneMoment);
    for await (const head of allHeads(tx)) lines.push(JSON.stringify(head));
  });
  return Buffer.from(`${lines.join("\n")}\n`);
}

async function* allHeads(db: Session): AsyncGenerator<Head> {
  yield* await db.rows(selectDeskHead);
  for (let after = nil; ;) {
    const page = await db.rows(selectTicketHeads, [after, pageSize]);
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    after = last.chain;
  }
}

/** The newest one; null when there is none of the last ninety days. @throws ObjectStoreUnavailable */
export async function newestCheckpoint(store: ObjectStore, now: Date): Promise<Checkpoint | null> {
  for (let back = 0; back <= lookBackDays; back++) {
    const day = dayOf(new Date(now.getTime() - back * dayMs));
    let newest: string | null = null;
    // They are numbered without gaps.
    for (let number = 0; number < mostADay && (await store.stat(keyOf(day, number))); number++)
      newest = keyOf(day, number);
    const body = newest === null ? null : await store.read(newest);
    if (newest === null || body === null) continue;
    const [header = "{}", ...heads] = (await text(body)).trimEnd().split("\n");
    const { taken_at: takenAt }: { taken_at: string } = JSON.parse(header);
    return { key: newest, takenAt, heads: heads.map((line): Head => JSON.parse(line)) };
  }
  return null;
}

/** Holds the audit trail to a checkpoint: every event that was a head then must be there still, with the same hash. */
export async function verifyCheckpoint(db: Session, checkpoint: Checkpoint): Promise<CheckpointReport> {
  const faults: AuditFault[] = [];
  const { key, takenAt, heads } = checkpoint;
  for (let from = 0; from < heads.length; from += pageSize) {
    const page = heads.slice(from, from + pageSize);
    const known = new Map(page.map(({ chain, hash }) => [chain, hash]));
    for (const { chain, seq, hash } of await db.rows(selectHashes, [
      page.map((one) => one.chain),
      page.map((one) => one.seq),
    ])) {
      if (hash === null)
        faults.push({
          chain,
          seq,
          kind: "TAIL_CUT",
          detail: `the checkpoint of ${takenAt} knows this event, and it is gone`,
        });
      else if (hash !== known.get(chain)) {
        faults.push({
          chain,
          seq,
          kind: "RELINKED",
          detail: `the chain was rewritten: the checkpoint of ${takenAt} knows this event by another hash`,
        });
      }
    }
  }
  return { key, taken_at: takenAt, chains: heads.length, faults };
}
