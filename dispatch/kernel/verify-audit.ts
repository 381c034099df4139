// Walks the audit trail and names the first event of every chain that does not hold: edited, deleted, reordered or cut
// off; then the transitions, which must explain each ticket's state. It reads only.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
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

const selectDeskHead = statement<Head>("audit_verify_desk_head", `SELECT seq, hash FROM audit_heads WHERE chain = 'desk'`);

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

const selectUnexplained = statement<{ ticket_id: string; seq: number; detail: string }>(
  "audit_verify_states",
  `WITH moves AS (
     SELECT m.ticket_id, e.seq, m.step, m.from_state, m.to_state,
            lag(m.to_state, 1, '@new') OVER chain AS came_from,
            lead(m.to_state) OVER chain IS NULL AS is_last
     FROM ticket_state_transitions m JOIN audit_events e ON e.id = m.audit_event_id
     WINDOW chain AS (PARTITION BY m.ticket_id ORDER BY e.seq, m.step)
   )
   SELECT t.id AS ticket_id, coalesce(m.seq, 0) AS seq,
          CASE WHEN m.ticket_id IS NULL THEN 'no transition leads to ' || t.state
               WHEN m.from_state <> m.came_from THEN 'moves from ' || m.from_state || ', but was in ' || m.came_from
               ELSE 'ends in ' || m.to_state || ', but the ticket is in ' || t.state END AS detail
   FROM tickets t LEFT JOIN moves m ON m.ticket_id = t.id
   WHERE m.ticket_id IS NULL OR m.from_state <> m.came_from OR (m.is_last AND m.to_state <> t.state)
   ORDER BY 1, 2 LIMIT 1000`,
);

const pageSize = 5_000;
const nil = "00000000-0000-0000-0000-000000000000";

/** @param onProgress called after each page with the events read so far */
export async function verifyAudit(db: Session, onProgress: (events: number) => void = () => undefined): Promise<AuditReport> {
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
  for (let last: Row | undefined; ; ) {
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
  for (let page; (page = await db.rows(selectDeskEvents, [desk.at(-1)?.seq ?? 0, pageSize])).length > 0; ) desk.push(...page);
  yield { name: "desk", head: head ?? { seq: 0, hash: "" }, chain: desk };
}

const chainOf = (first: Row, chain: readonly Row[]): Chain => ({
  name: first.ticket_id ?? "desk",
  head: { seq: first.head_seq, hash: first.head_hash },
  chain,
});

function faultOf(name: string, head: Head, chain: readonly AuditEvent[]): AuditFault | null {
  const fault = (seq: number, kind: AuditFault["kind"], detail: string): AuditFault => ({ chain: name, seq, kind, detail });
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
    if (event.prev_hash !== before.hash) return fault(event.seq, "RELINKED", "does not follow from the event before it");
    before = event;
  }
  if (head.seq > before.seq) return fault(before.seq + 1, "TAIL_CUT", `the chain's head is at ${head.seq}`);
  if (head.seq < before.seq || head.hash !== before.hash) return fault(before.seq, "EDITED", "the chain's head is another");
  return null;
}

/** The seq an event's hash was made for, if it was only moved within its chain; null when its content was changed. */
function placeOf(event: AuditEvent, length: number): number | null {
  for (let seq = 1; seq <= length; seq++) {
    if (auditHash({ ...event, seq }) === event.hash) return seq;
  }
  return null;
}
