// The heads of all audit chains, kept where nobody with the database alone can change them: in the object store, written
// once and never again. Whoever rewrites a chain with its ticket's row is found out by the newest of them.

import { text } from "node:stream/consumers";
import { statement } from "../db/statement.ts";
import type { Database, Session } from "../db/pool.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { Aggregate, KnownHead } from "./aggregate.ts";
import { deskName } from "./audit.ts";
import type { AuditFault } from "./verify-audit.ts";

/** In a checkpoint of the first format no aggregate is named. */
type Head = { readonly aggregate?: string; readonly chain: string; readonly seq: number; readonly hash: string };

export type Checkpoint = { readonly key: string; readonly takenAt: string; readonly heads: readonly Head[] };

export type CheckpointReport = {
  readonly key: string;
  readonly taken_at: string;
  readonly chains: number;
  readonly faults: readonly AuditFault[];
};

const folder = "audit/checkpoints";
const schema = "dispatch.audit.checkpoint/2";
/** On one day; more are refused. */
const mostADay = 100;
/** How far back the newest one is looked for. */
const lookBackDays = 90;
const dayMs = 86_400_000;
const pageSize = 5_000;

const oneMoment = statement("checkpoint_snapshot", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");

// A null hash: the event is gone.
const selectHashes = statement<{ aggregate: string; chain: string; seq: number; known: string; hash: string | null }>(
  "checkpoint_compare",
  `SELECT head.aggregate, head.chain, head.seq, head.hash AS known, e.hash
   FROM json_to_recordset($1::json) AS head (aggregate text, chain text, seq integer, hash text)
   LEFT JOIN audit_events e ON e.aggregate = head.aggregate AND e.aggregate_id = head.chain AND e.seq = head.seq`,
);

const keyOf = (day: string, number: number): string => `${folder}/${day}/${String(number).padStart(2, "0")}.ndjson`;
const dayOf = (time: Date): string => time.toISOString().slice(0, 10);

/**
 * Writes the first checkpoint of the day, unless there is one.
 * @returns its key, or null
 * @throws ObjectStoreUnavailable
 */
export async function writeDailyCheckpoint(
  db: Database,
  store: ObjectStore,
  aggregates: readonly Aggregate[],
  now: Date,
): Promise<string | null> {
  const key = keyOf(dayOf(now), 0);
  if (await store.stat(key)) return null;
  // Of two workers that come this far the store lets one write.
  return (await store.writeOnce(key, await headsNow(db, aggregates, now), "application/x-ndjson")) === "written"
    ? key
    : null;
}

/**
 * Writes one more.
 * @returns its key
 * @throws ObjectStoreUnavailable; Error when the day has had its hundred
 */
export async function writeCheckpoint(
  db: Database,
  store: ObjectStore,
  aggregates: readonly Aggregate[],
  now: Date,
): Promise<string> {
  const body = await headsNow(db, aggregates, now);
  for (let number = 0; number < mostADay; number++) {
    const key = keyOf(dayOf(now), number);
    if ((await store.writeOnce(key, body, "application/x-ndjson")) === "written") return key;
  }
  throw new Error(`${mostADay} checkpoints have been written on ${dayOf(now)} already`);
}

/** All heads as of one moment; about 130 bytes a chain, all of it in memory. */
async function headsNow(db: Database, aggregates: readonly Aggregate[], now: Date): Promise<Buffer> {
  const lines = [JSON.stringify({ schema, taken_at: now.toISOString() })];
  await db.transaction(async (tx) => {
    await tx.row(oneMoment);
    for (const aggregate of aggregates) {
      for await (const head of headsOf(tx, aggregate)) lines.push(JSON.stringify(head));
    }
  });
  return Buffer.from(`${lines.join("\n")}\n`);
}

async function* headsOf(db: Session, { name: aggregate, heads }: Aggregate): AsyncGenerator<Head> {
  for (let after: string | null = null; ;) {
    const page: KnownHead[] = await db.rows(heads, [after, pageSize]);
    for (const { id: chain, seq, hash } of page) if (seq > 0) yield { aggregate, chain, seq, hash };
    if (page.length < pageSize) return;
    after = page.at(-1)?.id ?? null;
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
export async function verifyCheckpoint(
  db: Session,
  aggregates: readonly Aggregate[],
  checkpoint: Checkpoint,
): Promise<CheckpointReport> {
  const faults: AuditFault[] = [];
  const { key, takenAt, heads } = checkpoint;
  for (let from = 0; from < heads.length; from += pageSize) {
    const page = heads.slice(from, from + pageSize).map((head) => withAggregate(head, aggregates));
    for (const { aggregate, chain, seq, known, hash } of await db.rows(selectHashes, [JSON.stringify(page)])) {
      if (hash === null)
        faults.push({
          aggregate,
          chain,
          seq,
          kind: "TAIL_CUT",
          detail: `the checkpoint of ${takenAt} knows this event, and it is gone`,
        });
      else if (hash !== known) {
        const detail = `the chain was rewritten: the checkpoint of ${takenAt} knows this event by another hash`;
        faults.push({ aggregate, chain, seq, kind: "RELINKED", detail });
      }
    }
  }
  return { key, taken_at: takenAt, chains: heads.length, faults };
}

/** When the first format was written, there was the desk, and one aggregate besides. */
function withAggregate(head: Head, aggregates: readonly Aggregate[]): Head {
  if (head.aggregate !== undefined) return head;
  const other = aggregates.find(({ name }) => name !== deskName)?.name ?? deskName;
  return { ...head, aggregate: head.chain === deskName ? deskName : other };
}
