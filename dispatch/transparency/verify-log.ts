// Goes through the log from its first leaf: builds the tree anew and holds to it every node, every checkpoint with its signature, and
// every event that a leaf speaks of. A page at a time, so that a worker can do it all day; what it has built is a few hashes.

import { statement } from "../db/statement.ts";
import type { Database, Session } from "../db/pool.ts";
import type { AuditFault } from "../kernel/chain-faults.ts";
import { checkpointFrom, checkpointText } from "./checkpoint.ts";
import { logFault } from "./log-fault.ts";
import { hashOfLeaf, type Leaf, type StoredCheckpoint } from "./log-rows.ts";
import { grown, rootOf, type Edge, type Node } from "./merkle.ts";
import { faultsOfRewritten } from "./rewritten-chains.ts";
import { isSigned, isSignedBy } from "./signed-note.ts";

/** How far a look through one log has come. */
export type Walk = {
  readonly log: number;
  readonly edge: Edge;
  /** The last checkpoint looked at; 0 before the first. */
  readonly number: number;
  readonly at: string;
  /** The newest that was signed; 0: none yet. */
  readonly signed: number;
  readonly unsigned: number;
  /** The last looked at, as long as none is signed. */
  readonly last: StoredCheckpoint | null;
  /** The log before this one ended with a checkpoint that was signed. */
  readonly follows: "signed" | "unsigned";
  /** Something of the tree did not hold: what comes behind it is held to the events alone. */
  readonly isBroken: boolean;
};

export type WalkedPage = {
  readonly walk: Walk;
  /** Whether this log was gone through. */
  readonly isDone: boolean;
  readonly faults: readonly AuditFault[];
  readonly checkpoints: readonly StoredCheckpoint[];
  /** The last of a log's first that nobody signed, once it is known: behind it a key came, or from it back signatures were taken off. */
  readonly lastUnsigned: StoredCheckpoint | null;
};

export const walkFrom = (log: number, follows: Walk["follows"] = "unsigned"): Walk => ({
  log,
  edge: { size: 0, frontier: [] },
  number: 0,
  at: "",
  signed: 0,
  unsigned: 0,
  last: null,
  follows,
  isBroken: false,
});

/** Of the log behind one that was gone through. */
export const walkBehind = ({ number, signed, follows }: Walk, log: number): Walk =>
  walkFrom(log, number === 0 ? follows : signed === number ? "signed" : "unsigned");

type HeldLeaf = Leaf & { readonly index: number; readonly leaf_hash: string; readonly found: string | null };

const oneMoment = statement("log_verify_snapshot", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");

const selectLogs = statement<{ log: number; origin: string; reason: string; begun_at: string }>(
  "log_verify_logs",
  "SELECT log, origin, reason, begun_at FROM log_origins ORDER BY log",
);

// A null: the event is gone.
const selectLeaves = statement<HeldLeaf>(
  "log_verify_leaves",
  `SELECT l.index, l.aggregate, l.aggregate_id AS chain, l.seq, l.hash, l.at, encode(l.leaf_hash, 'hex') AS leaf_hash, e.hash AS found
   FROM log_leaves l
   LEFT JOIN audit_events e ON e.aggregate = l.aggregate AND e.aggregate_id = l.aggregate_id AND e.seq = l.seq
   WHERE l.log = $1 AND l.index >= $2 ORDER BY l.index LIMIT $3`,
);

const selectCheckpoints = statement<StoredCheckpoint>(
  "log_verify_checkpoints",
  `SELECT o.log, o.origin, c.number, c.size, encode(c.root, 'hex') AS root, c.at, c.note
   FROM log_checkpoints c JOIN log_origins o USING (log)
   WHERE c.log = $1 AND c.number > $2 ORDER BY c.number LIMIT $3`,
);

const selectOtherNodes = statement<{ level: number; index: number }>(
  "log_verify_nodes",
  `SELECT made.level, made.index
   FROM unnest($2::integer[], $3::bigint[], $4::bytea[]) AS made (level, index, hash)
   LEFT JOIN log_nodes n ON n.log = $1 AND n.level = made.level AND n.index = made.index
   WHERE n.hash IS DISTINCT FROM made.hash ORDER BY made.index * 2 ^ made.level, made.level LIMIT 1`,
);

const selectUnlogged = statement<{ aggregate: string; chain: string; seq: number }>(
  "log_verify_unlogged",
  `SELECT e.aggregate, e.aggregate_id AS chain, min(e.seq) AS seq FROM audit_events e
   WHERE e.created_at < $2::timestamptz - interval '10 minutes'
     AND NOT EXISTS (
       SELECT FROM log_leaves l
       WHERE l.log = $1 AND l.aggregate = e.aggregate AND l.aggregate_id = e.aggregate_id AND l.seq >= e.seq
     )
   GROUP BY e.aggregate, e.aggregate_id ORDER BY e.aggregate, e.aggregate_id LIMIT 100`,
);

export const allLogs = (
  db: Session,
): Promise<{ readonly log: number; readonly origin: string; readonly reason: string; readonly begun_at: string }[]> =>
  db.rows(selectLogs);

/** Events that no leaf covers although the log had long come past their time. @param at of the newest checkpoint */
export async function unloggedEvents(db: Session, log: number, at: string): Promise<AuditFault[]> {
  const rows = await db.rows(selectUnlogged, [log, at]);
  return rows.map(({ aggregate, chain, seq }) => ({
    aggregate,
    chain,
    seq,
    kind: "LOG_CHANGED" as const,
    detail: `the log of ${at} has no leaf for this event or a later one, and it says that it is ten minutes older`,
    source: "checkpoint" as const,
  }));
}

/**
 * Looks at the next leaves of a log and the checkpoints over them.
 * @param publicKeys any of which may have signed; none: signatures are not looked at
 */
export const walkPage = (db: Database, walk: Walk, most: number, publicKeys: readonly Buffer[]): Promise<WalkedPage> =>
  db.transaction(async (tx) => {
    await tx.row(oneMoment);
    const [leaves, checkpoints] = await Promise.all([
      tx.rows(selectLeaves, [walk.log, walk.edge.size, most]),
      tx.rows(selectCheckpoints, [walk.log, walk.number, most]),
    ]);
    return await judged(tx, walk, leaves, checkpoints, { most, publicKeys });
  });

async function judged(
  tx: Session,
  from: Walk,
  leaves: readonly HeldLeaf[],
  checkpoints: readonly StoredCheckpoint[],
  { most, publicKeys }: { readonly most: number; readonly publicKeys: readonly Buffer[] },
): Promise<WalkedPage> {
  let walk = from;
  const faults: AuditFault[] = [];
  const nodes: Node[] = [];
  const rewritten: HeldLeaf[] = [];
  const broken = (fault: AuditFault): void => {
    if (!walk.isBroken) faults.push(fault);
    walk = { ...walk, isBroken: true };
  };
  const reach = from.edge.size + leaves.length;
  const isLast = leaves.length < most;
  const seen: StoredCheckpoint[] = [];
  let lastUnsigned: StoredCheckpoint | null = null;
  let at = 0;
  const takeLeaves = (to: number): void => {
    const hashes: Buffer[] = [];
    for (; at < leaves.length && from.edge.size + at < to; at++) {
      const leaf = leaves[at];
      if (!leaf) break;
      if (leaf.index !== from.edge.size + at) broken(logFault("log_leaves", from.edge.size + at, "the leaf is gone"));
      if (hashOfLeaf(leaf).toString("hex") !== leaf.leaf_hash) faults.push(notItself(leaf));
      else if (leaf.found !== leaf.hash) rewritten.push(leaf);
      hashes.push(Buffer.from(leaf.leaf_hash, "hex"));
    }
    const { nodes: made, ...edge } = grown(walk.edge, hashes);
    nodes.push(...made);
    walk = { ...walk, edge };
  };
  for (const checkpoint of checkpoints) {
    if (checkpoint.size > reach && !isLast) break;
    takeLeaves(checkpoint.size);
    seen.push(checkpoint);
    const { number, root, size } = checkpoint;
    if (number !== walk.number + 1) broken(logFault("log_checkpoints", walk.number + 1, "the checkpoint is gone"));
    if (size > walk.edge.size)
      broken(logFault("log_leaves", walk.edge.size, "the leaf is gone: a checkpoint counts it"));
    else if (size < walk.edge.size)
      broken(logFault("log_checkpoints", number, "it counts fewer leaves than the one before"));
    else if (root !== rootOf(walk.edge.frontier).toString("hex"))
      broken(
        (await otherNode(tx, walk.log, nodes)) ?? logFault("log_checkpoints", number, "its root is not of its leaves"),
      );
    const ofNote = faultInNote(checkpoint, walk, publicKeys);
    if (ofNote) faults.push(ofNote);
    const signed = isSigned(checkpoint.note);
    if (signed) lastUnsigned ??= walk.last;
    walk = {
      ...walk,
      number,
      at: checkpoint.at,
      signed: signed ? number : walk.signed,
      unsigned: walk.unsigned + (signed ? 0 : 1),
      last: signed || walk.signed > 0 ? null : checkpoint,
    };
  }
  const isDone = isLast && checkpoints.length < most;
  if (isDone) lastUnsigned ??= walk.last;
  takeLeaves(reach);
  if (isDone && !walk.isBroken && walk.edge.size > (seen.at(-1)?.size ?? from.edge.size))
    broken(logFault("log_checkpoints", walk.number + 1, "the checkpoint is gone: there are leaves behind the newest"));
  const other = walk.isBroken ? null : await otherNode(tx, walk.log, nodes);
  if (other) faults.push(other);
  faults.push(...(await faultsOfRewritten(tx, walk.log, rewritten)));
  return { walk, isDone, faults, checkpoints: seen, lastUnsigned };
}

/** The first node that is not the hash of what lies below it. */
async function otherNode(tx: Session, log: number, nodes: readonly Node[]): Promise<AuditFault | null> {
  if (nodes.length === 0) return null;
  const levels = nodes.map(({ level }) => level);
  const indices = nodes.map(({ index }) => index);
  const row = await tx.row(selectOtherNodes, [log, levels, indices, nodes.map(({ hash }) => hash)]);
  if (!row) return null;
  const first = row.index * 2 ** row.level;
  return logFault(
    "log_nodes",
    first,
    `node ${row.level}/${row.index} is not the hash of leaf ${first} and those behind it`,
  );
}

const notItself = ({ aggregate, chain, seq, index }: HeldLeaf): AuditFault =>
  logFault("log_leaves", index, `it does not have its own hash; it speaks of ${aggregate} ${chain} seq ${seq}`);

function faultInNote(checkpoint: StoredCheckpoint, walk: Walk, publicKeys: readonly Buffer[]): AuditFault | null {
  const { number, origin, size, root, at, note } = checkpoint;
  const fault = (detail: string): AuditFault => logFault("log_checkpoints", number, detail);
  try {
    const read = checkpointFrom(note);
    if (read.note.text !== checkpointText({ origin, size, root: Buffer.from(root, "hex"), number, at }))
      return fault("its row is not what its text says");
    if (at < walk.at) return fault("it is older than the one before");
    if (read.note.signatures.length === 0) {
      if (walk.signed > 0) return fault(`it is signed by nobody, and checkpoint ${walk.signed} is`);
      return walk.number === 0 && walk.follows === "signed"
        ? fault(`${origin} begins with it, signed by nobody, and the log before was signed`)
        : null;
    }
    if (publicKeys.length === 0) return null;
    const isKnown = publicKeys.some((publicKey) => isSignedBy(read.note, { name: origin, publicKey }));
    return isKnown ? null : fault("its signature is by none of the known keys");
  } catch {
    return fault("its text is no checkpoint");
  }
}
