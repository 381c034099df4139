// The heads of all audit chains, kept where nobody with the database alone can change them: in the object store, written
// once and never again, each with the hash of the one before. Whoever rewrites a chain with its ticket's row is found out by any of
// them; and no further one is written over a break, which would make it look as if it had always been so.

import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { statement } from "../db/statement.ts";
import type { Database, Session } from "../db/pool.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { Aggregate, KnownHead } from "./aggregate.ts";
import { deskName } from "./audit.ts";
import type { AuditFault } from "./chain-faults.ts";
import { newestKnown, noteCheckpoint } from "./known-checkpoints.ts";

/** In a checkpoint of the first format no aggregate is named. */
type Head = { readonly aggregate?: string; readonly chain: string; readonly seq: number; readonly hash: string };

/** A checkpoint by its key and the SHA-256, in hex, of its bytes. */
type Link = { readonly key: string; readonly sha256: string };

export type Checkpoint = Link & {
  readonly takenAt: string;
  /** The one before it; null for the first, absent before the third format. */
  readonly previous?: Link | null;
  /** Why an operator took what differs from those before as it is: then it is held to none of them. */
  readonly accepted?: string;
  readonly heads: readonly Head[];
};

/** What is kept under a checkpoint's key is none, or was cut or changed so that it cannot be read. */
export class CheckpointDamaged extends Error {
  readonly link: Link;
  readonly fault: AuditFault;

  constructor(link: Link, cause: unknown) {
    super(`the checkpoint ${link.key} cannot be read`, { cause });
    this.link = link;
    this.fault = changed(link.key, "it is damaged and cannot be read as a checkpoint");
  }
}

export type CheckpointReport = {
  readonly key: string;
  readonly taken_at: string;
  readonly chains: number;
  readonly faults: readonly AuditFault[];
};

/** What all that is kept says. */
export type KeptReport = {
  /** The newest. */
  readonly checkpoint: Omit<CheckpointReport, "faults"> | null;
  readonly compared: number;
  readonly faults: readonly AuditFault[];
};

const folder = "audit/checkpoints";
const schema = "dispatch.audit.checkpoint/3";
/** On one day; more are refused. */
const mostADay = 100;
/** How far back the next older one is looked for, and how long one that is gone is missed. */
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

const sha256Of = (body: Buffer): string => createHash("sha256").update(body).digest("hex");
const keyOf = (day: string, number: number): string => `${folder}/${day}/${String(number).padStart(2, "0")}.ndjson`;
const dayOf = (time: Date): string => time.toISOString().slice(0, 10);

/** What became of the day's checkpoint. */
export type DailyCheckpoint =
  | { readonly kind: "written"; readonly key: string }
  | { readonly kind: "exists" }
  | { readonly kind: "broken"; readonly faults: readonly AuditFault[] };

/** Whether the day has its checkpoint. @throws ObjectStoreUnavailable */
export const hasCheckpoint = async (store: ObjectStore, now: Date): Promise<boolean> =>
  (await store.stat(keyOf(dayOf(now), 0))) !== null;

/**
 * Writes the first checkpoint of the day, unless there is one, or the trail is not what the one before says.
 * @param isWhole whether chains and rows were found whole: if not, it is compared alone
 * @throws ObjectStoreUnavailable
 */
export async function writeDailyCheckpoint(
  db: Database,
  store: ObjectStore,
  aggregates: readonly Aggregate[],
  now: Date,
  isWhole: boolean,
): Promise<DailyCheckpoint> {
  if (await hasCheckpoint(store, now)) return { kind: "exists" };
  const kept = await newestKept(db, store, now).catch(damaged);
  if (kept instanceof CheckpointDamaged) return { kind: "broken", faults: [kept.fault] };
  const { newest: before, missed } = kept;
  const compared = before ? (await verifyCheckpoint(db, aggregates, before)).faults : [];
  const faults = missed ? [missed, ...compared] : compared;
  if (faults.length > 0 || !isWhole) return { kind: "broken", faults };
  const key = keyOf(dayOf(now), 0);
  // Of two workers that come this far the store lets one write.
  const body = await headsNow(db, aggregates, now, before);
  return (await writeAndNote(db, store, key, body, now)) ? { kind: "written", key } : { kind: "exists" };
}

/**
 * Writes one more; whoever calls has compared with those before.
 * @param accepted why what differs from those before is taken as it is; absent: nothing differs
 * @returns its key
 * @throws ObjectStoreUnavailable; Error when the day has had its hundred
 */
export async function writeCheckpoint(
  db: Database,
  store: ObjectStore,
  aggregates: readonly Aggregate[],
  now: Date,
  accepted?: string,
): Promise<string> {
  const newest = await newestCheckpoint(store, now).catch(damaged);
  const before = newest instanceof CheckpointDamaged ? newest.link : newest;
  const body = await headsNow(db, aggregates, now, before, accepted);
  for (let number = 0; number < mostADay; number++) {
    const key = keyOf(dayOf(now), number);
    if (await writeAndNote(db, store, key, body, now)) return key;
  }
  throw new Error(`${mostADay} checkpoints have been written on ${dayOf(now)} already`);
}

/** @returns false when there is one under this key */
async function writeAndNote(db: Database, store: ObjectStore, key: string, body: Buffer, now: Date): Promise<boolean> {
  if ((await store.writeOnce(key, body, "application/x-ndjson")) !== "written") return false;
  await noteCheckpoint(db, { key, sha256: sha256Of(body) }, now);
  return true;
}

/** All heads as of one moment; about 130 bytes a chain, all of it in memory. */
async function headsNow(
  db: Database,
  aggregates: readonly Aggregate[],
  now: Date,
  before: Link | null,
  accepted?: string,
): Promise<Buffer> {
  const previous = before && { key: before.key, sha256: before.sha256 };
  const lines = [JSON.stringify({ schema, taken_at: now.toISOString(), previous, accepted })];
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

/** The newest one; null when there is none of the last ninety days. @throws ObjectStoreUnavailable, CheckpointDamaged */
export async function newestCheckpoint(store: ObjectStore, now: Date): Promise<Checkpoint | null> {
  for (let back = 0; back <= lookBackDays; back++) {
    const found = await newestOf(store, dayOf(new Date(now.getTime() - back * dayMs)));
    if (found) return found;
  }
  return null;
}

/** That the newest which the database knows is gone; null when it is there, or none is known. @throws ObjectStoreUnavailable */
export async function missedCheckpoint(db: Session, store: ObjectStore, now: Date): Promise<AuditFault | null> {
  const known = await newestKnown(db, new Date(now.getTime() - lookBackDays * dayMs));
  return known && (await store.stat(known.key)) === null ? gone(known.key) : null;
}

/**
 * The newest one, and whether it is another than the database knows: no later one names it.
 * @throws ObjectStoreUnavailable, CheckpointDamaged
 */
async function newestKept(
  db: Session,
  store: ObjectStore,
  now: Date,
): Promise<{ readonly newest: Checkpoint | null; readonly missed: AuditFault | null }> {
  const found = await newestCheckpoint(store, now);
  const known = await newestKnown(db, new Date(now.getTime() - lookBackDays * dayMs));
  if (!known) return { newest: found, missed: null };
  const own = found?.key === known.key ? found : await readCheckpoint(store, known.key);
  if (!own) return { newest: found, missed: gone(known.key) };
  const missed = own.sha256 === known.sha256 ? null : changed(known.key, "it is not the one that was written");
  // Where one before it is gone, numbers of its day have a gap.
  return { newest: found && found.takenAt > own.takenAt ? found : own, missed };
}

async function newestOf(store: ObjectStore, day: string): Promise<Checkpoint | null> {
  let newest: string | null = null;
  // They are numbered without gaps.
  for (let number = 0; number < mostADay && (await store.stat(keyOf(day, number))); number++)
    newest = keyOf(day, number);
  return newest === null ? null : await readCheckpoint(store, newest);
}

async function readCheckpoint(store: ObjectStore, key: string): Promise<Checkpoint | null> {
  const stream = await store.read(key);
  if (stream === null) return null;
  const body = await buffer(stream);
  const link = { key, sha256: sha256Of(body) };
  try {
    return parseCheckpoint(link, body);
  } catch (error) {
    throw new CheckpointDamaged(link, error);
  }
}

/** @throws Error of one that is damaged */
function parseCheckpoint(link: Link, body: Buffer): Checkpoint {
  const [header = "{}", ...heads] = body.toString("utf8").trimEnd().split("\n");
  type Header = Pick<Checkpoint, "previous" | "accepted"> & { readonly taken_at: string };
  const { taken_at: takenAt, previous, accepted }: Header = JSON.parse(header);
  if (Number.isNaN(Date.parse(takenAt))) throw new Error("it does not say when it was taken");
  return {
    ...link,
    takenAt,
    ...(previous !== undefined && { previous }),
    ...(accepted !== undefined && { accepted }),
    heads: heads.map((line): Head => JSON.parse(line)),
  };
}

function damaged(error: unknown): CheckpointDamaged {
  if (error instanceof CheckpointDamaged) return error;
  throw error;
}

const changed = (key: string, detail: string): AuditFault => ({
  aggregate: "checkpoint",
  chain: key,
  seq: 0,
  kind: "CHECKPOINT_CHANGED",
  detail,
  source: "checkpoint",
});

const gone = (key: string): AuditFault => changed(key, "it is gone, and the database knows that it was written");

/**
 * Holds the audit trail to every checkpoint that is kept, the newest first, as far back as the newest that an operator accepted; and
 * each of them to what the one behind it says of it.
 * @throws ObjectStoreUnavailable
 */
export async function verifyKeptCheckpoints(
  db: Session,
  store: ObjectStore,
  aggregates: readonly Aggregate[],
  now: Date,
): Promise<KeptReport> {
  const kept = await newestKept(db, store, now).catch(damaged);
  if (kept instanceof CheckpointDamaged) return { checkpoint: null, compared: 0, faults: [kept.fault] };
  const { newest, missed } = kept;
  const faults = new Map<string, AuditFault>();
  if (missed) faults.set(missed.chain, missed);
  if (!newest) return { checkpoint: null, compared: 0, faults: [...faults.values()] };
  const seen = new Set<string>();
  let compared = 0;
  for (let at: Checkpoint | null = newest; at; compared++) {
    // Most chains stand where they stood the day before.
    const heads = at.heads.filter(({ aggregate = "", chain, seq, hash: own }) => {
      const head = `${aggregate} ${chain} ${seq} ${own}`;
      return !seen.has(head) && seen.add(head);
    });
    for (const fault of (await verifyCheckpoint(db, aggregates, { ...at, heads })).faults) {
      const key = `${fault.aggregate} ${fault.chain} ${fault.seq}`;
      if (!faults.has(key)) faults.set(key, fault);
    }
    if (at.accepted !== undefined) {
      compared++;
      break;
    }
    const { next, fault } = await olderThan(store, at, now);
    if (fault) faults.set(fault.chain, fault);
    at = next;
  }
  const { key, takenAt, heads } = newest;
  return { checkpoint: { key, taken_at: takenAt, chains: heads.length }, compared, faults: [...faults.values()] };
}

/** The checkpoint before one, by its own word; one of an older format names none, and the days before it are looked through. */
async function olderThan(
  store: ObjectStore,
  { key, takenAt, previous }: Checkpoint,
  now: Date,
): Promise<{ readonly next: Checkpoint | null; readonly fault: AuditFault | null }> {
  if (previous === null) return { next: null, fault: null };
  if (previous === undefined)
    return { next: await newestCheckpoint(store, new Date(Date.parse(takenAt.slice(0, 10)) - dayMs)), fault: null };
  const next = await readCheckpoint(store, previous.key).catch(damaged);
  if (next instanceof CheckpointDamaged) return { next: null, fault: next.fault };
  if (!next) {
    // What is old enough may have been taken away by the bucket's own rules.
    const day = Date.parse(previous.key.slice(folder.length + 1, folder.length + 11));
    const isMissed = now.getTime() - day <= lookBackDays * dayMs;
    return { next: null, fault: isMissed ? changed(previous.key, `it is gone, and ${key} knows it`) : null };
  }
  const fault = next.sha256 === previous.sha256 ? null : changed(previous.key, `it is not the one that ${key} knows`);
  return { next, fault };
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
          source: "checkpoint",
        });
      else if (hash !== known) {
        const detail = `the chain was rewritten: the checkpoint of ${takenAt} knows this event by another hash`;
        faults.push({ aggregate, chain, seq, kind: "RELINKED", detail, source: "checkpoint" });
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
