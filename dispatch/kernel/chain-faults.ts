// What does not hold of one audit chain: an event that is not what was written, and moves that do not explain a state. It reads
// nothing itself.

import { creation } from "../contract/states.ts";
import type { KnownHead } from "./aggregate.ts";
import { auditHash, type AuditEvent } from "./audit.ts";
import type { RowFault } from "./verify-rows.ts";

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
    | "LOG_CHANGED"
    | "LOG_FORKED"
    | RowFault["kind"];
  readonly detail: string;
  /** What speaks against it: its own history, with its rows; or a checkpoint of that. */
  readonly source: "history" | "checkpoint";
};

/** An event with the moves that name it. */
export type ToldEvent = AuditEvent & { readonly from_states: readonly string[]; readonly to_states: readonly string[] };
export type Chain = { readonly id: string; readonly head: KnownHead | null; readonly events: readonly ToldEvent[] };

/** What does not hold of a chain: the first event that is not what was written, and the first that its moves do not explain. */
export function faultsInChain(aggregate: string, chain: Chain): AuditFault[] {
  const said = (fault: Omit<AuditFault, "aggregate" | "chain" | "source"> | null) =>
    fault ? [{ aggregate, chain: chain.id, ...fault, source: "history" as const }] : [];
  return [...said(faultInEvents(chain)), ...said(faultInStates(chain))];
}

type Fault = Omit<AuditFault, "aggregate" | "chain" | "source"> | null;

function faultInEvents({ head, events }: Chain): Fault {
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
