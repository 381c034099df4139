// Walks the audit trail and names the first event of every chain that does not hold: edited, deleted, reordered or cut
// off; then the transitions, which must explain each ticket's state. It reads only.

import { statement } from "../db/statement.ts";
import type { Database, Session } from "../db/pool.ts";
import { auditHash, type AuditEvent } from "./audit.ts";

export type AuditFault = {
  /** The ticket's id, or "desk". */
  readonly chain: string;
  readonly seq: number;
  readonly kind: "EDITED" | "DELETED" | "REORDERED" | "TAIL_CUT" | "RELINKED" | "STATE_UNEXPLAINED";
  readonly detail: string;
};

export type AuditReport = { readonly chains: number; readonly events: number; readonly faults: readonly AuditFault[] };

type Head = { readonly seq: number; readonly hash: string };
type Row = AuditEvent & { readonly head_seq: number; readonly head_hash: string };

// Chains one after another, in the order of their index.
const selectTicketEvents = statement<Row>(
  "audit_verify_page",
  `SELECT e.id, e.ticket_id, e.seq, e.actor_type, e.actor_id, e.actor_role, e.tool_name, e.request_id, e.correlation_id,
          e.trace_id, e.before_state, e.after_state, e.payload, e.prev_hash, e.hash, e.created_at,
          t.audit_seq AS head_seq, t.audit_hash AS head_hash
   FROM audit_events e JOIN tickets t ON t.id = e.ticket_id
   WHERE (e.ticket_id, e.seq) > ($1, $2)
   ORDER BY e.ticket_id, e.seq LIMIT $3`,
);

const selectDeskHead = statement<Head>(
  "audit_verify_desk_head",
  `SELECT seq, hash FROM audit_heads WHERE chain = 'desk'`,
);

const selectDeskEvents = statement<AuditEvent>(
  "audit_verify_desk_page",
  `SELECT id, ticket_id, seq, actor_type, actor_id, actor_role, tool_name, request_id, correlation_id, trace_id,
          before_state, after_state, payload, prev_hash, hash, created_at
   FROM audit_events WHERE ticket_id IS NULL AND seq > $1
   ORDER BY seq LIMIT $2`,
);

const selectEmptyChains = statement<{ id: string; audit_seq: number }>(
  "audit_verify_empty",
  `SELECT t.id, t.audit_seq FROM tickets t
   WHERE NOT EXISTS (SELECT FROM audit_events e WHERE e.ticket_id = t.id) ORDER BY t.id LIMIT 1000`,
);

// An event must begin where the one before it ended, its transitions must lead from its before_state to its after_state,
// and the ticket must stand where the last event ended. The events' own states are covered by their hashes.
const selectUnexplained = statement<{ ticket_id: string; seq: number; detail: string }>(
  "audit_verify_states",
  `WITH steps AS (
     SELECT audit_event_id, ticket_id, step, from_state, to_state,
            lag(to_state, 1, from_state) OVER (PARTITION BY audit_event_id ORDER BY step) AS came_from
     FROM ticket_state_transitions
   ), paths AS (
     SELECT audit_event_id, min(ticket_id::text)::uuid AS ticket_id, 
            count(DISTINCT ticket_id) = 1 AND bool_and(from_state = came_from) AS whole,
            (array_agg(from_state ORDER BY step))[1] AS starts, (array_agg(to_state ORDER BY step DESC))[1] AS ends
     FROM steps GROUP BY audit_event_id
   ), events AS (
     SELECT e.ticket_id, e.seq, coalesce(e.before_state, '@new') AS before_state, e.after_state,
            lag(e.after_state, 1, '@new') OVER chain AS stood_in, lead(e.seq) OVER chain IS NULL AS is_last,
            CASE WHEN p.audit_event_id IS NULL THEN e.before_state IS NOT DISTINCT FROM e.after_state
                 ELSE p.whole AND p.ticket_id = e.ticket_id AND p.starts = coalesce(e.before_state, '@new') AND p.ends = e.after_state
            END AS explained
     FROM audit_events e LEFT JOIN paths p ON p.audit_event_id = e.id
     WHERE e.ticket_id IS NOT NULL
     WINDOW chain AS (PARTITION BY e.ticket_id ORDER BY e.seq)
   )
   SELECT DISTINCT ON (t.id) t.id AS ticket_id, coalesce(e.seq, 0) AS seq,
          CASE WHEN e.ticket_id IS NULL THEN 'no event leads to ' || t.state
               WHEN e.before_state <> e.stood_in THEN 'begins in ' || e.before_state || ', but the ticket was in ' || e.stood_in
               WHEN NOT e.explained THEN 'its transitions do not lead from ' || e.before_state || ' to ' || e.after_state
               ELSE 'ends in ' || e.after_state || ', but the ticket is in ' || t.state END AS detail
   FROM tickets t LEFT JOIN events e ON e.ticket_id = t.id
   WHERE e.ticket_id IS NULL OR e.before_state <> e.stood_in OR NOT e.explained OR (e.is_last AND e.after_state <> t.state)
   ORDER BY t.id, e.seq LIMIT 1000`,
);

// Commands go on while the trail is read: page after page must come from the same moment, or a chain seems to lack
// what was added meanwhile.
const oneMoment = statement("audit_verify_snapshot", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");

const pageSize = 5_000;
const nil = "00000000-0000-0000-0000-000000000000";
/** Below every seq there can be, so that none hides before the first. */
const leastSeq = -2_147_483_648;

/** @param onProgress called now and then with the events read so far */
export async function verifyAudit(
  db: Database,
  onProgress: (events: number) => void = () => undefined,
): Promise<AuditReport> {
  return db.transaction(async (tx) => {
    await tx.row(oneMoment);
    return await walk(tx, onProgress);
  });
}

async function walk(db: Session, onProgress: (events: number) => void): Promise<AuditReport> {
  const faults: AuditFault[] = [];
  let chains = 0;
  let events = 0;
  for await (const { name, head, chain } of allChains(db)) {
    chains++;
    events += chain.length;
    const fault = faultOf(name, head, chain);
    if (fault) faults.push(fault);
    if (chains % 500 === 0) onProgress(events);
  }
  for (const { id, audit_seq } of await db.rows(selectEmptyChains)) {
    faults.push({ chain: id, seq: 1, kind: "TAIL_CUT", detail: `all ${audit_seq} events are gone` });
  }
  for (const { ticket_id, seq, detail } of await db.rows(selectUnexplained)) {
    faults.push({ chain: ticket_id, seq, kind: "STATE_UNEXPLAINED", detail });
  }
  return { chains, events, faults };
}

type Chain = { readonly name: string; readonly head: Head; readonly chain: readonly AuditEvent[] };

async function* allChains(db: Session): AsyncGenerator<Chain> {
  let chain: Row[] = [];
  for (let last: Row | undefined; ;) {
    const page = await db.rows(selectTicketEvents, [last?.ticket_id ?? nil, last?.seq ?? 0, pageSize]);
    for (const row of page) {
      if (chain[0] && chain[0].ticket_id !== row.ticket_id) {
        yield chainOf(chain[0], chain);
        chain = [];
      }
      chain.push(row);
    }
    if (page.length < pageSize) break;
    last = page.at(-1);
  }
  if (chain[0]) yield chainOf(chain[0], chain);

  const head = await db.row(selectDeskHead);
  const desk: AuditEvent[] = [];
  for (let page; (page = await db.rows(selectDeskEvents, [desk.at(-1)?.seq ?? leastSeq, pageSize])).length > 0;)
    desk.push(...page);
  yield { name: "desk", head: head ?? { seq: 0, hash: "" }, chain: desk };
}

const chainOf = (first: Row, chain: readonly Row[]): Chain => ({
  name: first.ticket_id ?? "desk",
  head: { seq: first.head_seq, hash: first.head_hash },
  chain,
});

function faultOf(name: string, head: Head, chain: readonly AuditEvent[]): AuditFault | null {
  const fault = (seq: number, kind: AuditFault["kind"], detail: string): AuditFault => ({
    chain: name,
    seq,
    kind,
    detail,
  });
  let before: Head = { seq: 0, hash: "" };
  for (const event of chain) {
    const expected = before.seq + 1;
    if (event.seq !== expected) return fault(expected, "DELETED", `the next event there is is ${event.seq}`);
    if (auditHash(event) !== event.hash) {
      const home = placeOf(event, chain.length);
      return home === null
        ? fault(event.seq, "EDITED", `${event.tool_name} does not match its hash`)
        : fault(event.seq, "REORDERED", `the event here belongs at ${home}`);
    }
    if (event.prev_hash !== before.hash)
      return fault(event.seq, "RELINKED", "does not follow from the event before it");
    before = event;
  }
  if (head.seq > before.seq) return fault(before.seq + 1, "TAIL_CUT", `the chain's head is at ${head.seq}`);
  if (head.seq < before.seq)
    return fault(head.seq + 1, "EDITED", `lies behind the chain's head, which is at ${head.seq}`);
  if (head.hash !== before.hash)
    return fault(before.seq, "RELINKED", "the chain was rewritten: its head knows this event by another hash");
  return null;
}

/** The seq an event's hash was made for, if it was only moved within its chain; null when its content was changed. */
function placeOf(event: AuditEvent, length: number): number | null {
  for (let seq = 1; seq <= length; seq++) {
    if (auditHash({ ...event, seq }) === event.hash) return seq;
  }
  return null;
}
