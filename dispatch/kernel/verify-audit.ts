// Walks the audit trail and names the first event of every chain that does not hold: edited, deleted, reordered, cut off or
// of nothing there is; the moves, which must explain each state; and, of chains that hold, the rows that are not what their events
// left. It reads only.

import { creation } from "../contract/states.ts";
import { statement } from "../db/statement.ts";
import type { Database, Session } from "../db/pool.ts";
import type { Aggregate, KnownHead } from "./aggregate.ts";
import { auditHash, type AuditEvent } from "./audit.ts";
import type { JsonObject } from "./json.ts";
import type { PartTable } from "./parts.ts";
import { rowFaults, type PresentRows, type RowFault, type Uncovered } from "./verify-rows.ts";

export type AuditFault = {
  readonly aggregate: string;
  /** The id of what the chain is about. */
  readonly chain: string;
  readonly seq: number;
  readonly kind:
    | "EDITED"
    | "DELETED"
    | "REORDERED"
    | "TAIL_CUT"
    | "RELINKED"
    | "UNOWNED"
    | "STATE_UNEXPLAINED"
    | "CHECKPOINT_CHANGED"
    | RowFault["kind"];
  readonly detail: string;
};

export type AuditReport = {
  readonly chains: number;
  readonly events: number;
  readonly faults: readonly AuditFault[];
  readonly uncovered: Uncovered;
};

/** An event with the moves that name it. */
export type ToldEvent = AuditEvent & { readonly from_states: readonly string[]; readonly to_states: readonly string[] };
type Chain = { readonly id: string; readonly head: KnownHead | null; readonly events: readonly ToldEvent[] };

// Chains one after another, in the order of their index.
const selectEvents = statement<ToldEvent>(
  "audit_verify_page",
  `SELECT e.id, e.aggregate, e.aggregate_id, e.seq, e.actor_type, e.actor_id, e.actor_role, e.tool_name, e.request_id,
          e.correlation_id, e.trace_id, e.before_state, e.after_state, e.payload, e.prev_hash, e.hash, e.hash_version,
          e.row_before, e.row_hash, e.parts, e.created_at, moves.from_states, moves.to_states
   FROM audit_events e
   CROSS JOIN LATERAL (
     SELECT coalesce(array_agg(t.from_state ORDER BY t.step), '{}') AS from_states,
            coalesce(array_agg(t.to_state ORDER BY t.step), '{}') AS to_states
     FROM state_transitions t
     WHERE t.aggregate = e.aggregate AND t.aggregate_id = e.aggregate_id AND t.audit_event_id = e.id
   ) AS moves
   WHERE e.aggregate = $1 AND (e.aggregate_id, e.seq) > ($2, $3)
   ORDER BY e.aggregate_id, e.seq LIMIT $4`,
);

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

// Commands go on while the trail is read: page after page must come from the same moment, or a chain seems to lack
// what was added meanwhile.
const oneMoment = statement("audit_verify_snapshot", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");

const pageSize = 5_000;
/** Chains whose rows are read together: of bookings that is a pass through the table. */
const chainsAtOnce = 1_000;
/** Below every seq there can be, so that none hides before the first. */
const leastSeq = -2_147_483_648;
const mostSeq = 2_147_483_647;

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
      const { last, ...report }: ChainsReport = await verifyChains(db, aggregate, after, chainsAtOnce);
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
      faults.push({ aggregate, chain: "*", seq: 0, kind: "UNOWNED", detail: "this release knows no such aggregate" });
  }
  for (const { aggregate, aggregate_id: chain, from_state, to_state } of await db.rows(selectStrayMoves)) {
    faults.push({
      aggregate,
      chain,
      seq: 0,
      kind: "STATE_UNEXPLAINED",
      detail: `a move from ${from_state} to ${to_state} names no event of its own`,
    });
  }
  return { ...whole, faults: [...whole.faults, ...faults] };
}

function together(one: AuditReport, other: AuditReport): AuditReport {
  return {
    chains: one.chains + other.chains,
    events: one.events + other.events,
    faults: [...one.faults, ...other.faults],
    uncovered: { rows: one.uncovered.rows + other.uncovered.rows, parts: one.uncovered.parts + other.uncovered.parts },
  };
}

/** @property last the last chain's id, to go on behind; null at the end */
export type ChainsReport = AuditReport & { readonly last: string | null };

/** Verifies some chains as of one moment: a page of what a duty looks through by and by. @see verifyChains */
export const verifyPage = (
  db: Database,
  aggregate: Aggregate,
  after: string | null,
  most: number,
): Promise<ChainsReport> =>
  db.transaction(async (tx) => {
    await tx.row(oneMoment);
    return await verifyChains(tx, aggregate, after, most);
  });

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
  const rows = await presentRows(
    db,
    aggregate,
    chains.flatMap(({ head }) => (head ? [head.id] : [])),
  );
  const faults: AuditFault[] = [];
  const uncovered = { rows: 0, parts: 0 };
  for (const chain of chains) {
    const inChain = faultsOf(aggregate.name, chain);
    faults.push(...inChain);
    const present = rows.get(chain.id);
    // A history that does not hold says nothing of rows.
    if (inChain.length > 0 || !present) continue;
    const ofRows = rowFaults(aggregate, chain.events, present);
    faults.push(...ofRows.faults.map((fault) => ({ aggregate: aggregate.name, chain: chain.id, ...fault })));
    uncovered.rows += ofRows.uncovered.rows;
    uncovered.parts += ofRows.uncovered.parts;
  }
  const events = chains.reduce((sum, chain) => sum + chain.events.length, 0);
  const last = chains.length === most ? (chains.at(-1)?.id ?? null) : null;
  return { chains: chains.length, events, faults, uncovered, last };
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

/** Every chain of an aggregate, those without a head or without events included, by their ids. */
async function* chainsOf(db: Session, aggregate: Aggregate, after: string | null, size: number): AsyncGenerator<Chain> {
  const heads = headsOf(db, aggregate, after, size);
  let head = (await heads.next()).value;
  for await (const events of eventChainsOf(db, aggregate, after, size)) {
    const id = events[0]?.aggregate_id ?? "";
    for (; head && head.id < id; head = (await heads.next()).value) yield { id: head.id, head, events: [] };
    const own = head?.id === id ? head : null;
    yield { id, head: own ?? null, events };
    if (own) head = (await heads.next()).value;
  }
  for (; head; head = (await heads.next()).value) yield { id: head.id, head, events: [] };
}

async function* headsOf(
  db: Session,
  { heads }: Aggregate,
  from: string | null,
  size: number,
): AsyncGenerator<KnownHead, undefined> {
  for (let after = from; ;) {
    const page: KnownHead[] = await db.rows(heads, [after, size]);
    yield* page;
    if (page.length < size) return;
    after = page.at(-1)?.id ?? null;
  }
}

async function* eventChainsOf(
  db: Session,
  { name }: Aggregate,
  after: string | null,
  size: number,
): AsyncGenerator<readonly ToldEvent[]> {
  let chain: ToldEvent[] = [];
  for (let last: ToldEvent | undefined; ;) {
    const page: ToldEvent[] = await db.rows(selectEvents, [
      name,
      last?.aggregate_id ?? after ?? "",
      last?.seq ?? (after === null ? leastSeq : mostSeq),
      size,
    ]);
    for (const row of page) {
      if (chain[0] && chain[0].aggregate_id !== row.aggregate_id) {
        yield chain;
        chain = [];
      }
      chain.push(row);
    }
    if (page.length < size) break;
    last = page.at(-1);
  }
  if (chain.length > 0) yield chain;
}

/** What does not hold of a chain: the first event that is not what was written, and the first that its moves do not explain. */
function faultsOf(aggregate: string, chain: Chain): AuditFault[] {
  const said = (fault: Omit<AuditFault, "aggregate" | "chain"> | null) =>
    fault ? [{ aggregate, chain: chain.id, ...fault }] : [];
  return [...said(faultInChain(chain)), ...said(faultInStates(chain))];
}

type Fault = Omit<AuditFault, "aggregate" | "chain"> | null;

function faultInChain({ head, events }: Chain): Fault {
  if (!head) return { seq: events[0]?.seq ?? 0, kind: "UNOWNED", detail: "these events are about nothing there is" };
  // Only the desk's chain may be empty: it is there before anything happened.
  if (events.length === 0)
    return head.seq === 0 ? null : { seq: 1, kind: "TAIL_CUT", detail: `all ${head.seq} events are gone` };
  let before: { seq: number; hash: string } = { seq: 0, hash: "" };
  for (const event of events) {
    const expected = before.seq + 1;
    if (event.seq !== expected)
      return { seq: expected, kind: "DELETED", detail: `the next event there is is ${event.seq}` };
    if (auditHash(event) !== event.hash) {
      const home = placeOf(event, events.length);
      return home === null
        ? {
            seq: event.seq,
            kind: "EDITED",
            detail: `${event.tool_name} does not match its hash, but has ${auditHash(event)}`,
          }
        : { seq: event.seq, kind: "REORDERED", detail: `the event here belongs at ${home}` };
    }
    if (event.prev_hash !== before.hash)
      return { seq: event.seq, kind: "RELINKED", detail: "does not follow from the event before it" };
    before = event;
  }
  if (head.seq > before.seq)
    return { seq: before.seq + 1, kind: "TAIL_CUT", detail: `the chain's head is at ${head.seq}` };
  if (head.seq < before.seq)
    return { seq: head.seq + 1, kind: "EDITED", detail: `lies behind the chain's head, which is at ${head.seq}` };
  if (head.hash !== before.hash) {
    return {
      seq: before.seq,
      kind: "RELINKED",
      detail: "the chain was rewritten: its head knows this event by another hash",
    };
  }
  return null;
}

/** The seq an event's hash was made for, if it was only moved within its chain; null when its content was changed. */
function placeOf(event: AuditEvent, length: number): number | null {
  for (let seq = 1; seq <= length; seq++) {
    if (auditHash({ ...event, seq }) === event.hash) return seq;
  }
  return null;
}

/**
 * An event must begin where the one before it ended, its moves must lead from its before_state to its after_state, and the
 * row must stand where the last event ended. The events' own states are covered by their hashes.
 */
function faultInStates({ head, events }: Chain): Fault {
  if (!head) return null;
  const wrong = (seq: number, detail: string): Fault => ({ seq, kind: "STATE_UNEXPLAINED", detail });
  const last = events.at(-1);
  if (!last) return head.state === null ? null : wrong(0, `no event leads to ${head.state}`);
  let stoodIn: string = head.state === null ? "" : creation;
  for (const event of events) {
    const before = event.before_state ?? (head.state === null ? "" : creation);
    const after = event.after_state ?? "";
    if (before !== stoodIn) return wrong(event.seq, `begins in ${before}, but it was in ${stoodIn}`);
    if (!isExplained(event, before, after))
      return wrong(event.seq, `its transitions do not lead from ${before} to ${after}`);
    stoodIn = after;
  }
  if (stoodIn !== (head.state ?? "")) return wrong(last.seq, `ends in ${stoodIn}, but it is in ${head.state}`);
  return null;
}

function isExplained({ from_states: from, to_states: to }: ToldEvent, before: string, after: string): boolean {
  if (to.length === 0) return before === after;
  return from[0] === before && to.at(-1) === after && from.every((state, i) => i === 0 || state === to[i - 1]);
}
