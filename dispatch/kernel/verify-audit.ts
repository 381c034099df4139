// Walks the audit trail and names the first event of every chain that does not hold: edited, deleted, reordered, cut off or
// of nothing there is; the moves, which must explain each state; and, of chains that hold, the rows that are not what their events
// left. It reads only.

import { statement } from "../db/statement.ts";
import { deskName } from "./audit.ts";
import type { Database, Session } from "../db/pool.ts";
import type { Aggregate } from "./aggregate.ts";
import { faultsInChain, type AuditFault, type Chain } from "./chain-faults.ts";
import { chainsNamed, chainsOf, chainsWithin } from "./read-chains.ts";
import type { JsonObject } from "./json.ts";
import type { PartTable } from "./parts.ts";
import { untoldVersions, type UntoldVersion } from "./policy-versions.ts";
import { rowFaults, type PresentRows, type Uncovered } from "./verify-rows.ts";

export type AuditReport = {
  readonly chains: number;
  readonly events: number;
  readonly faults: readonly AuditFault[];
  readonly uncovered: Uncovered;
};

const selectAggregates = statement<{ aggregate: string }>(
  "audit_verify_aggregates",
  `WITH RECURSIVE known AS (
     (SELECT aggregate FROM audit_events ORDER BY aggregate LIMIT 1)
     UNION ALL
     SELECT (SELECT e.aggregate FROM audit_events e WHERE e.aggregate > known.aggregate ORDER BY e.aggregate LIMIT 1)
     FROM known WHERE known.aggregate IS NOT NULL
   )
   SELECT aggregate FROM known WHERE aggregate IS NOT NULL`,
);

// A move must name an event of the same thing; the guard that writes pass is no proof for rows that others wrote.
const selectStrayMoves = statement<{ aggregate: string; aggregate_id: string; from_state: string; to_state: string }>(
  "audit_verify_stray_moves",
  `SELECT t.aggregate, t.aggregate_id, t.from_state, t.to_state
   FROM state_transitions t
   LEFT JOIN audit_events e ON e.id = t.audit_event_id AND e.aggregate = t.aggregate AND e.aggregate_id = t.aggregate_id
   WHERE e.id IS NULL ORDER BY t.aggregate, t.aggregate_id LIMIT 1000`,
);

const selectStrayMovesOf = statement<{ aggregate_id: string; from_state: string; to_state: string }>(
  "audit_verify_stray_moves_of",
  `SELECT t.aggregate_id, t.from_state, t.to_state
   FROM state_transitions t
   LEFT JOIN audit_events e ON e.id = t.audit_event_id AND e.aggregate = t.aggregate AND e.aggregate_id = t.aggregate_id
   WHERE t.aggregate = $1 AND t.aggregate_id = ANY ($2::text[]) AND e.id IS NULL ORDER BY t.aggregate_id LIMIT 1000`,
);

// Commands go on while the trail is read: page after page must come from the same moment, or a chain seems to lack
// what was added meanwhile.
const oneMoment = statement("audit_verify_snapshot", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");

const pageSize = 5_000;
/** Chains whose rows are read together: of bookings that is a pass through the table. */
const chainsAtOnce = 1_000;

/**
 * @param aggregates every kind of thing that has chains
 * @param onProgress called now and then with the events read so far
 */
export async function verifyAudit(
  db: Database,
  aggregates: readonly Aggregate[],
  onProgress: (events: number) => void = () => undefined,
): Promise<AuditReport> {
  return db.transaction(async (tx) => {
    await tx.row(oneMoment);
    return await walk(tx, aggregates, onProgress);
  });
}

async function walk(
  db: Session,
  aggregates: readonly Aggregate[],
  onProgress: (events: number) => void,
): Promise<AuditReport> {
  let whole: AuditReport = { chains: 0, events: 0, faults: [], uncovered: { rows: 0, parts: 0 } };
  for (const aggregate of aggregates) {
    for (let after: string | null = null; ;) {
      const { last, looked: _, ...report }: ChainsReport = await verifyChains(db, aggregate, after, chainsAtOnce);
      whole = together(whole, report);
      onProgress(whole.events);
      if (last === null) break;
      after = last;
    }
  }
  const faults: AuditFault[] = [];
  const known = new Set(aggregates.map(({ name }) => name));
  for (const { aggregate } of await db.rows(selectAggregates)) {
    if (!known.has(aggregate))
      faults.push({
        aggregate,
        chain: "*",
        seq: 0,
        kind: "UNOWNED",
        detail: "this release knows no such aggregate",
        source: "history",
      });
  }
  for (const { aggregate, ...move } of await db.rows(selectStrayMoves)) faults.push(strayMove(aggregate, move));
  for (const one of await untoldVersions(db)) faults.push(untoldVersion(one));
  return { ...whole, faults: [...whole.faults, ...faults] };
}

const untoldVersion = ({ version, why }: UntoldVersion): AuditFault => ({
  aggregate: deskName,
  chain: deskName,
  seq: 0,
  kind: "ROW_UNRECORDED",
  detail: `version ${version} of the policy (policy_versions): ${why}`,
  source: "history",
});

type Move = { readonly aggregate_id: string; readonly from_state: string; readonly to_state: string };

const strayMove = (aggregate: string, { aggregate_id: chain, from_state: from, to_state: to }: Move): AuditFault => ({
  aggregate,
  chain,
  seq: 0,
  kind: "STATE_UNEXPLAINED",
  detail: `a move from ${from} to ${to} names no event of its own`,
  source: "history",
});

function together(one: AuditReport, other: AuditReport): AuditReport {
  return {
    chains: one.chains + other.chains,
    events: one.events + other.events,
    faults: [...one.faults, ...other.faults],
    uncovered: { rows: one.uncovered.rows + other.uncovered.rows, parts: one.uncovered.parts + other.uncovered.parts },
  };
}

/**
 * @property last the last chain's id, to go on behind; null at the end
 * @property looked the ids of all chains that were looked at
 */
export type ChainsReport = AuditReport & { readonly last: string | null; readonly looked: readonly string[] };

/** @property asOf the moment that was looked at, by Postgres's clock, as text in its own precision */
export type DatedReport = ChainsReport & { readonly asOf: string };

// The transaction's own begin, which lies before what it sees: what was recorded in between counts as newer than the look.
const selectMoment = statement<{ at: string }>("audit_verify_moment", "SELECT now()::text AS at");

async function momentOf(db: Session): Promise<string> {
  const row = await db.row(selectMoment);
  if (!row) throw new Error("Postgres did not say what time it is");
  return row.at;
}

/** Verifies some chains as of one moment, with their stray moves: a page of what a duty looks through by and by. @see verifyChains */
export const verifyPage = (
  db: Database,
  aggregate: Aggregate,
  after: string | null,
  most: number,
): Promise<DatedReport> =>
  db.transaction(async (tx) => {
    await tx.row(oneMoment);
    const asOf = await momentOf(tx);
    return await withStrays(tx, aggregate, { ...(await verifyChains(tx, aggregate, after, most)), asOf });
  });

/**
 * Verifies the chains of these ids, each of which must have been some aggregate's, as verifyPage does a page.
 * @param longest chains of more events are left out
 */
export const verifyNamed = (
  db: Database,
  aggregate: Aggregate,
  ids: readonly string[],
  longest: number,
): Promise<DatedReport> =>
  db.transaction(async (tx) => {
    await tx.row(oneMoment);
    const asOf = await momentOf(tx);
    const chains = await chainsNamed(tx, aggregate, await chainsWithin(tx, aggregate, ids, longest), pageSize);
    return await withStrays(tx, aggregate, { ...(await judge(tx, aggregate, chains)), last: null, asOf });
  });

/** With what no chain tells of by itself: moves that name no event of these, and versions of the policy that nobody activated so. */
async function withStrays(db: Session, { name }: Aggregate, report: DatedReport): Promise<DatedReport> {
  const moves = await db.rows(selectStrayMovesOf, [name, report.looked]);
  const isDesk = name === deskName && report.looked.includes(deskName);
  const versions = isDesk ? await untoldVersions(db) : [];
  return {
    ...report,
    faults: [...report.faults, ...moves.map((move) => strayMove(name, move)), ...versions.map(untoldVersion)],
  };
}

/**
 * Verifies some chains of one aggregate, with their rows, in the order of their ids.
 * @param db a transaction that sees one moment (REPEATABLE READ), or chains that grow meanwhile seem broken
 * @param after begins behind this chain; null: with the first
 */
export async function verifyChains(
  db: Session,
  aggregate: Aggregate,
  after: string | null,
  most: number,
): Promise<ChainsReport> {
  const chains: Chain[] = [];
  for await (const chain of chainsOf(db, aggregate, after, Math.min(pageSize, most * 10))) {
    chains.push(chain);
    if (chains.length === most) break;
  }
  const last = chains.length === most ? (chains.at(-1)?.id ?? null) : null;
  return { ...(await judge(db, aggregate, chains)), last };
}

async function judge(db: Session, aggregate: Aggregate, chains: readonly Chain[]): Promise<Omit<ChainsReport, "last">> {
  const rows = await presentRows(
    db,
    aggregate,
    chains.flatMap(({ head }) => (head ? [head.id] : [])),
  );
  const faults: AuditFault[] = [];
  const uncovered = { rows: 0, parts: 0 };
  for (const chain of chains) {
    const inChain = faultsInChain(aggregate.name, chain);
    faults.push(...inChain);
    const present = rows.get(chain.id);
    // A history that does not hold says nothing of rows.
    if (inChain.length > 0 || !present) continue;
    const ofRows = rowFaults(aggregate, chain.events, present);
    for (const fault of ofRows.faults)
      faults.push({ aggregate: aggregate.name, chain: chain.id, ...fault, source: "history" });
    uncovered.rows += ofRows.uncovered.rows;
    uncovered.parts += ofRows.uncovered.parts;
  }
  const events = chains.reduce((sum, chain) => sum + chain.events.length, 0);
  return { chains: chains.length, events, faults, uncovered, looked: chains.map(({ id }) => id) };
}

async function presentRows(
  db: Session,
  aggregate: Aggregate,
  ids: readonly string[],
): Promise<ReadonlyMap<string, PresentRows>> {
  const tables = aggregate.parts ?? [];
  const [rows, ...parts] = await Promise.all([
    db.rows(aggregate.selectMany, [ids]),
    ...tables.map(async (table): Promise<[PartTable, Map<string, JsonObject[]>]> => {
      const found = await db.rows(table.select, [ids]);
      return [
        table,
        Map.groupBy(
          found.map((row): PartRow => ({ ...row })),
          ({ part_of }) => part_of,
        ),
      ];
    }),
  ]);
  const partsOf = (id: string) => new Map(parts.map(([table, byId]) => [table, byId.get(id) ?? []]));
  return new Map(
    rows.map((row) => {
      const id = aggregate.idOf(row);
      return [id, { row, parts: partsOf(id) }];
    }),
  );
}

type PartRow = JsonObject & { readonly part_of: string };
