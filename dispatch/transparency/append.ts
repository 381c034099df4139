// Adds a checkpoint to the log: the heads of the chains that have moved since the one before become its leaves. One at a time over all
// workers, by a lock, and in one transaction; the chains are found in the outbox, and gone through whole only where it does not reach
// back: at a log's beginning, and behind what was pruned or restored.

import { statement } from "../db/statement.ts";
import type { Database, Session } from "../db/pool.ts";
import type { Aggregate } from "../kernel/aggregate.ts";
import type { AuditFault } from "../kernel/chain-faults.ts";
import { isPruned, positionNow } from "../kernel/outbox-reader.ts";
import { signedCheckpoint } from "./checkpoint.ts";
import { hashOfLeaf, headsOf, insertRows, movedSince, nodesAt, readHead, waitingBehind } from "./log-rows.ts";
import type { ChainName, LogHead, ReadTo, StoredCheckpoint } from "./log-rows.ts";
import { frontierOf, grown, rootOf } from "./merkle.ts";
import { logFault } from "./log-fault.ts";
import type { Signer } from "./signed-note.ts";

/** Events read, or chains gone through, for one checkpoint: it took 60 ms of 2,000 leaves. */
export const mostAtOnce = 2_000;

// Of all who append; beside it the primary key refuses a number twice.
const lockLog = statement("log_lock", "SELECT pg_advisory_xact_lock(7201, 6962)");

export type Appended =
  | { readonly kind: "written"; readonly checkpoint: StoredCheckpoint; readonly leaves: number; readonly more: boolean }
  | { readonly kind: "nothing" }
  /** The tree that is stored is not the one of the newest checkpoint. */
  | { readonly kind: "broken"; readonly fault: AuditFault };

export type Appending = {
  readonly aggregates: readonly Aggregate[];
  /** The key under the log's own name; null: the checkpoint is signed by nobody. */
  readonly signerFor: (origin: string) => Signer | null;
  readonly now: Date;
};

/** Whether a checkpoint is due: something waits, and the newest is so old, or so much waits. */
export async function isDue(db: Session, now: Date, everyMs: number, events: number): Promise<boolean> {
  const { newest } = await readHead(db);
  if (newest === null || newest.scan_aggregate !== null) return true;
  const waiting = await waitingBehind(db, newest, events);
  const age = now.getTime() - Date.parse(newest.at);
  return waiting > 0 && (waiting >= events || age >= everyMs || age < 0);
}

/** Adds one checkpoint, where something waits for it. */
export const append = (db: Database, { aggregates, signerFor, now }: Appending): Promise<Appended> =>
  db.transaction(async (tx) => {
    await tx.row(lockLog);
    const head = await readHead(tx);
    const { log, origin, newest } = head;
    const size = newest?.size ?? 0;
    const frontier = await nodesAt(tx, log, frontierOf(size)).catch(() => null);
    if (newest && (!frontier || rootOf(frontier).toString("hex") !== newest.root))
      return {
        kind: "broken",
        fault: logFault("log_checkpoints", newest.number, "the nodes there are have another root"),
      };
    const { chains, more, ...readTo } = await waitingFor(tx, aggregates, head);
    const isRead = newest !== null && newest.xact === readTo.xact && newest.outbox_id === readTo.outbox_id;
    if (isRead && newest.scan_aggregate === readTo.scan_aggregate && newest.scan_after === readTo.scan_after)
      return { kind: "nothing" };
    const leaves = (await headsOf(tx, log, chains)).map((leaf) => ({ ...leaf, bytes: hashOfLeaf(leaf) }));
    const tree = grown(
      { size, frontier: frontier ?? [] },
      leaves.map(({ bytes }) => bytes),
    );
    const root = rootOf(tree.frontier);
    const number = (newest?.number ?? 0) + 1;
    // A clock that was set back makes no checkpoint older than the one before.
    const at = new Date(Math.max(now.getTime(), Date.parse(newest?.at ?? now.toISOString()))).toISOString();
    const note = signedCheckpoint({ origin, size: tree.size, root, number, at }, signerFor(origin));
    const checkpoint = { log, number, size: tree.size, root: root.toString("hex"), at, note };
    await Promise.all([...insertRows(tx, { ...checkpoint, ...readTo }, size, leaves, tree.nodes), tx.commit()]);
    return { kind: "written", checkpoint: { ...checkpoint, origin }, leaves: leaves.length, more };
  });

type Waiting = ReadTo & { readonly chains: readonly ChainName[]; readonly more: boolean };

async function waitingFor(tx: Session, aggregates: readonly Aggregate[], { newest }: LogHead): Promise<Waiting> {
  if (newest === null || (newest.scan_aggregate === null && (await isCutOff(tx, newest)))) {
    // What happens from here on the outbox tells, below whatever still runs; what has happened all chains together tell.
    const { position } = await positionNow(tx);
    const [first] = aggregates;
    if (!first) throw new Error("there is no aggregate");
    return await scanned(tx, aggregates, {
      xact: position.xact,
      outbox_id: position.id,
      scan_aggregate: first.name,
      scan_after: null,
    });
  }
  if (newest.scan_aggregate !== null) return await scanned(tx, aggregates, newest);
  const { full, ...moved } = await movedSince(tx, newest, mostAtOnce);
  return { ...moved, scan_aggregate: null, scan_after: null, more: full };
}

/** Whether the outbox may lack events behind this place. After a restore numbers of transactions are all 0. */
const isCutOff = async (tx: Session, { xact, outbox_id: id }: ReadTo): Promise<boolean> =>
  (xact === "0" && id !== "0") || (await isPruned(tx, { xact, id }));

/** Goes through chains by their ids, one aggregate after the other. */
async function scanned(tx: Session, aggregates: readonly Aggregate[], from: ReadTo): Promise<Waiting> {
  const { xact, outbox_id } = from;
  const chains: ChainName[] = [];
  const first = Math.max(
    aggregates.findIndex(({ name }) => name === from.scan_aggregate),
    0,
  );
  let after = from.scan_after;
  for (const aggregate of aggregates.slice(first)) {
    const most = mostAtOnce - chains.length;
    const page = await tx.rows(aggregate.heads, [after, most]);
    for (const { id, seq } of page) if (seq > 0) chains.push({ aggregate: aggregate.name, chain: id });
    after = page.at(-1)?.id ?? after;
    if (page.length === most)
      return { chains, xact, outbox_id, scan_aggregate: aggregate.name, scan_after: after, more: true };
    after = null;
  }
  return { chains, xact, outbox_id, scan_aggregate: null, scan_after: null, more: false };
}
