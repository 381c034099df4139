// Reads audit chains: the events of each with their moves, beside its head, in the order of their ids.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { Aggregate, KnownHead } from "./aggregate.ts";
import type { Chain, ToldEvent } from "./chain-faults.ts";

/** Behind an event ($2, $3), at most so many ($4), in the order of the chains' index. */
const toldEvents = (which: string): string =>
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
   WHERE e.aggregate = $1 AND (e.aggregate_id, e.seq) > ($2, $3)${which}
   ORDER BY e.aggregate_id, e.seq LIMIT $4`;

const selectEvents = statement<ToldEvent>("audit_verify_page", toldEvents(""));
const selectNamed = statement<ToldEvent>("audit_verify_named", toldEvents(" AND e.aggregate_id = ANY ($5::text[])"));

// One look into the index for each: a chain of many thousand events is not counted.
const selectShort = statement<{ id: string }>(
  "audit_verify_short",
  `SELECT asked.id FROM unnest($2::text[]) AS asked (id)
   WHERE NOT EXISTS (SELECT FROM audit_events e WHERE e.aggregate = $1 AND e.aggregate_id = asked.id AND e.seq > $3)`,
);

/** Those of some chains that have no event behind a seq. */
export const chainsWithin = async (
  db: Session,
  { name }: Aggregate,
  ids: readonly string[],
  seq: number,
): Promise<string[]> => (await db.rows(selectShort, [name, ids, seq])).map(({ id }) => id);

/** Below every seq there can be, so that none hides before the first. */
const leastSeq = -2_147_483_648;
const mostSeq = 2_147_483_647;

/** Every chain of an aggregate, those without a head or without events included, by their ids. */
export async function* chainsOf(
  db: Session,
  aggregate: Aggregate,
  after: string | null,
  size: number,
): AsyncGenerator<Chain> {
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

/** Chains of some ids, in no order; whose row and events are gone is left out. @param size events read at a time */
export async function chainsNamed(
  db: Session,
  aggregate: Aggregate,
  ids: readonly string[],
  size: number,
): Promise<Chain[]> {
  const rows = await db.rows(aggregate.selectMany, [ids]);
  const heads = new Map(rows.map((row) => [aggregate.idOf(row), headIn(aggregate, row)]));
  const chains: Chain[] = [];
  for await (const events of eventChainsOf(db, aggregate, null, size, ids)) {
    const id = events[0]?.aggregate_id ?? "";
    chains.push({ id, head: heads.get(id) ?? null, events });
    heads.delete(id);
  }
  return [...chains, ...[...heads].map(([id, head]): Chain => ({ id, head, events: [] }))];
}

function headIn(aggregate: Aggregate, row: object): KnownHead {
  const { seq, hash } = aggregate.headOf(row);
  return { id: aggregate.idOf(row), seq, hash, state: aggregate.stateOf(row) };
}

/** @param ids of these chains alone */
async function* eventChainsOf(
  db: Session,
  { name }: Aggregate,
  after: string | null,
  size: number,
  ids?: readonly string[],
): AsyncGenerator<readonly ToldEvent[]> {
  let chain: ToldEvent[] = [];
  for (let last: ToldEvent | undefined; ;) {
    const from = [
      name,
      last?.aggregate_id ?? after ?? "",
      last?.seq ?? (after === null ? leastSeq : mostSeq),
      size,
    ] as const;
    const page: ToldEvent[] = ids ? await db.rows(selectNamed, [...from, ids]) : await db.rows(selectEvents, from);
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
