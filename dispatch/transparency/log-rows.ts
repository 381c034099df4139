// The log's rows: which log is written, how far it has come, its leaves and nodes, and what lies in the outbox behind it.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { Node, Place, ProofPlan } from "./merkle.ts";
import { leafHash, proofBy } from "./merkle.ts";

/** The head of a chain as the log has it. */
export type Leaf = {
  readonly aggregate: string;
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
  /** When that event was, as its own hash covers it. */
  readonly at: string;
};

/** The bytes whose hash is in the tree. Anybody can make them again from the export of a chain. */
export const leafData = ({ aggregate, chain, seq, hash, at }: Leaf): Buffer =>
  Buffer.from(JSON.stringify(["dispatch.head/1", aggregate, chain, seq, hash, at]));

export const hashOfLeaf = (leaf: Leaf): Buffer => leafHash(leafData(leaf));

/** Where reading the outbox goes on, and the look through all chains where one is under way. */
export type ReadTo = {
  readonly xact: string;
  readonly outbox_id: string;
  readonly scan_aggregate: string | null;
  readonly scan_after: string | null;
};

export type StoredCheckpoint = {
  readonly log: number;
  readonly origin: string;
  readonly number: number;
  readonly size: number;
  /** In hex. */
  readonly root: string;
  readonly at: string;
  readonly note: string;
};

/** The newest log; its newest checkpoint where it has one. */
export type LogHead = {
  readonly log: number;
  readonly origin: string;
  readonly newest: (StoredCheckpoint & ReadTo) | null;
};

const checkpointColumns = "o.log, o.origin, c.number, c.size, encode(c.root, 'hex') AS root, c.at, c.note";

const selectOrigin = statement<{ log: number; origin: string }>(
  "log_origin",
  "SELECT log, origin FROM log_origins ORDER BY log DESC LIMIT 1",
);

const selectNewest = statement<StoredCheckpoint & ReadTo>(
  "log_newest",
  `SELECT ${checkpointColumns}, c.xact::text AS xact, c.outbox_id::text AS outbox_id, c.scan_aggregate, c.scan_after
   FROM log_checkpoints c JOIN log_origins o USING (log)
   WHERE c.log = (SELECT max(log) FROM log_origins) ORDER BY c.number DESC LIMIT 1`,
);

const selectCheckpoint = statement<StoredCheckpoint>(
  "log_checkpoint",
  `SELECT ${checkpointColumns} FROM log_checkpoints c JOIN log_origins o USING (log) WHERE c.log = $1 AND c.number = $2`,
);

const selectHolding = statement<StoredCheckpoint>(
  "log_checkpoint_holding",
  `SELECT ${checkpointColumns} FROM log_checkpoints c JOIN log_origins o USING (log)
   WHERE c.log = $1 AND c.size > $2 ORDER BY c.size, c.number LIMIT 1`,
);

const selectNodes = statement<{ level: number; index: number; hash: string | null }>(
  "log_nodes_of",
  `SELECT asked.level, asked.index, encode(coalesce(l.leaf_hash, n.hash), 'hex') AS hash
   FROM unnest($2::integer[], $3::bigint[]) AS asked (level, index)
   LEFT JOIN log_leaves l ON asked.level = 0 AND l.log = $1 AND l.index = asked.index
   LEFT JOIN log_nodes n ON asked.level > 0 AND n.log = $1 AND n.level = asked.level AND n.index = asked.index`,
);

const insertLeaves = statement(
  "log_leaves_insert",
  `INSERT INTO log_leaves (log, index, aggregate, aggregate_id, seq, hash, at, leaf_hash)
   SELECT $1, $2::bigint + n - 1, aggregate, chain, seq, hash, at, leaf_hash
   FROM unnest($3::text[], $4::text[], $5::integer[], $6::text[], $7::timestamptz[], $8::bytea[])
     WITH ORDINALITY AS leaf (aggregate, chain, seq, hash, at, leaf_hash, n)`,
);

const insertNodes = statement(
  "log_nodes_insert",
  `INSERT INTO log_nodes (log, level, index, hash)
   SELECT $1, level, index, hash FROM unnest($2::smallint[], $3::bigint[], $4::bytea[]) AS node (level, index, hash)`,
);

const insertCheckpoint = statement(
  "log_checkpoint_insert",
  `INSERT INTO log_checkpoints (log, number, size, root, at, note, xact, outbox_id, scan_aggregate, scan_after)
   VALUES ($1, $2, $3, $4, $5, $6, $7::text::xid8, $8, $9, $10)`,
);

const selectMoved = statement<{ xact: string; id: string; aggregate: string | null; chain: string | null }>(
  "log_moved",
  `SELECT xact::text AS xact, id::text AS id, aggregate, aggregate_id AS chain FROM outbox
   WHERE (xact, id) > ($1::text::xid8, $2::bigint) AND xact < pg_snapshot_xmin(pg_current_snapshot())
   ORDER BY outbox.xact, outbox.id LIMIT $3`,
);

const countMoved = statement<{ waiting: number }>(
  "log_waiting",
  `SELECT count(*) AS waiting FROM (
     SELECT FROM outbox
     WHERE (xact, id) > ($1::text::xid8, $2::bigint) AND xact < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY xact, id LIMIT $3
   ) AS behind`,
);

// Only what the newest leaf of the chain does not say already; a chain without events has no head.
const selectHeads = statement<Leaf>(
  "log_heads",
  `SELECT e.aggregate, e.aggregate_id AS chain, e.seq, e.hash, e.created_at AS at
   FROM (SELECT DISTINCT aggregate, chain FROM unnest($2::text[], $3::text[]) AS asked (aggregate, chain)) AS moved
   CROSS JOIN LATERAL (
     SELECT * FROM audit_events a
     WHERE a.aggregate = moved.aggregate AND a.aggregate_id = moved.chain ORDER BY a.seq DESC LIMIT 1
   ) AS e
   WHERE NOT EXISTS (
     SELECT FROM log_leaves l
     WHERE l.log = $1 AND l.aggregate = e.aggregate AND l.aggregate_id = e.aggregate_id AND l.seq = e.seq AND l.hash = e.hash
   )
   ORDER BY e.aggregate, e.aggregate_id`,
);

const insertOrigin = statement<{ origin: string }>(
  "log_origin_insert",
  `INSERT INTO log_origins (log, origin, reason, begun_at)
   SELECT max(log) + 1, 'dispatch-log-' || replace(gen_random_uuid()::text, '-', ''), $1, clock_timestamp() FROM log_origins
   RETURNING origin`,
);

/** @throws Error in a database that was not migrated */
export async function readHead(db: Session): Promise<LogHead> {
  const [origin, newest] = await Promise.all([db.row(selectOrigin), db.row(selectNewest)]);
  if (!origin) throw new Error("the database has no log; run pnpm dispatch:migrate");
  return { ...origin, newest: newest?.log === origin.log ? newest : null };
}

/** Begins a log of its own, for the owner of the database. @returns what it is called */
export async function beginLog(db: Session, reason: string): Promise<string> {
  const row = await db.row(insertOrigin, [reason]);
  if (!row) throw new Error("the database has no log; run pnpm dispatch:migrate");
  return row.origin;
}

const selectHasLog = statement<{ has: boolean }>(
  "log_is_there",
  "SELECT to_regclass('public.log_origins') IS NOT NULL AS has",
);

/** As beginLog, where the schema knows of logs: what was recovered may be of a release before. */
export async function beginLogAgain(db: Session, reason: string): Promise<void> {
  if ((await db.row(selectHasLog))?.has === true) await beginLog(db, reason);
}

export const checkpointOf = (db: Session, log: number, number: number): Promise<StoredCheckpoint | null> =>
  db.row(selectCheckpoint, [log, number]);

/** The first checkpoint that has a leaf in it. */
export const checkpointHolding = (db: Session, log: number, leaf: number): Promise<StoredCheckpoint | null> =>
  db.row(selectHolding, [log, leaf]);

/** The hashes of full subtrees, in the order asked for. @throws Error where one is not stored */
export async function nodesAt(db: Session, log: number, places: readonly Place[]): Promise<Buffer[]> {
  if (places.length === 0) return [];
  return proofFor(
    db,
    log,
    places.map((place) => [place]),
  );
}

/** A proof's hashes. @throws Error where a subtree of it is not stored */
export async function proofFor(db: Session, log: number, plan: ProofPlan): Promise<Buffer[]> {
  const places = plan.flat();
  if (places.length === 0) return [];
  const rows = await db.rows(selectNodes, [log, places.map(({ level }) => level), places.map(({ index }) => index)]);
  const known = new Map(rows.map(({ level, index, hash }) => [`${level}/${index}`, hash]));
  return proofBy(plan, ({ level, index }) => {
    const hash = known.get(`${level}/${index}`);
    return typeof hash === "string" ? Buffer.from(hash, "hex") : undefined;
  });
}

/** Chains with an event behind a place in the outbox that no running transaction can still add to; and how far that is. */
export async function movedSince(
  db: Session,
  { xact, outbox_id: id }: ReadTo,
  most: number,
): Promise<{
  readonly chains: readonly ChainName[];
  readonly xact: string;
  readonly outbox_id: string;
  readonly full: boolean;
}> {
  const rows = await db.rows(selectMoved, [xact, id, most]);
  const last = rows.at(-1);
  const chains = rows.flatMap(({ aggregate, chain }) =>
    aggregate === null || chain === null ? [] : [{ aggregate, chain }],
  );
  return { chains, xact: last?.xact ?? xact, outbox_id: last?.id ?? id, full: rows.length === most };
}

export type ChainName = Pick<Leaf, "aggregate" | "chain">;

/** How many events wait for a checkpoint; no more than so many are counted. */
export const waitingBehind = async (db: Session, { xact, outbox_id: id }: ReadTo, most: number): Promise<number> =>
  (await db.row(countMoved, [xact, id, most]))?.waiting ?? 0;

/** The heads of chains as they are, without those that the log has so. */
export const headsOf = (db: Session, log: number, chains: readonly ChainName[]): Promise<Leaf[]> =>
  chains.length === 0
    ? Promise.resolve([])
    : db.rows(selectHeads, [log, chains.map(({ aggregate }) => aggregate), chains.map(({ chain }) => chain)]);

export type NewCheckpoint = Omit<StoredCheckpoint, "origin"> & ReadTo;

/** Queues all rows of one checkpoint. @param from the index of its first leaf */
export function insertRows(
  db: Session,
  { log, number, size, root, at, note, ...readTo }: NewCheckpoint,
  from: number,
  leaves: readonly (Leaf & { readonly bytes: Buffer })[],
  nodes: readonly Node[],
): Promise<unknown>[] {
  const column = <K extends keyof Leaf | "bytes">(key: K) => leaves.map((leaf) => leaf[key]);
  const { xact, outbox_id: id, scan_aggregate: scanned, scan_after: after } = readTo;
  return [
    ...(leaves.length > 0
      ? [
          db.row(insertLeaves, [
            log,
            from,
            column("aggregate"),
            column("chain"),
            column("seq"),
            column("hash"),
            column("at"),
            column("bytes"),
          ]),
        ]
      : []),
    ...(nodes.length > 0
      ? [
          db.row(insertNodes, [
            log,
            nodes.map(({ level }) => level),
            nodes.map(({ index }) => index),
            nodes.map(({ hash }) => hash),
          ]),
        ]
      : []),
    db.row(insertCheckpoint, [log, number, size, Buffer.from(root, "hex"), at, note, xact, id, scanned, after]),
  ];
}
