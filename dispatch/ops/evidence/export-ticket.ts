// All that is needed to hold a ticket's history to a checkpoint of the log without this desk: the ticket, its events, its evidence's
// hashes, its leaves with their proofs, the checkpoint, and proofs that it continues earlier ones. ops/verify/dispatch-verify.mjs reads it.

import { idFrom, type TicketId } from "../../contract/ids.ts";
import type { Database, Session } from "../../db/pool.ts";
import { statement } from "../../db/statement.ts";
import { evidenceParts } from "../../field/evidence-rows.ts";
import type { AuditEvent } from "../../kernel/audit.ts";
import { versionOf } from "../../kernel/parts.ts";
import { selectTickets, ticketCover, type TicketRow } from "../../ticket/ticket-row.ts";
import {
  checkpointHolding,
  proofFor,
  readHead,
  type Leaf,
  type StoredCheckpoint,
} from "../../transparency/log-rows.ts";
import { checkpointFrom } from "../../transparency/checkpoint.ts";
import { consistencyPlan, inclusionPlan } from "../../transparency/merkle.ts";
import { answersOf } from "../../transparency/witness-rows.ts";

/** A row by the columns that its hash covers. */
type CoveredRow = {
  readonly version: number;
  readonly columns: readonly string[];
  readonly values: readonly unknown[];
};

type ProvenLeaf = Leaf & { readonly index: number; readonly proof: readonly string[] };

export type TicketExport = {
  readonly format: "dispatch.evidence/1";
  readonly exported_at: string;
  readonly ticket: CoveredRow & { readonly id: string; readonly number: string };
  readonly events: readonly AuditEvent[];
  readonly evidence: readonly CoveredRow[];
  /** The log's newest checkpoint, as a signed note; null where there is none. */
  readonly checkpoint: string | null;
  readonly cosignatures: readonly { readonly witness: string; readonly lines: string }[];
  readonly leaves: readonly ProvenLeaf[];
  /** Earlier checkpoints, each with the proof that the newest continues it. */
  readonly earlier: readonly { readonly checkpoint: string; readonly proof: readonly string[] }[];
};

const oneMoment = statement("evidence_export_moment", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");

const selectId = statement<{ id: TicketId }>(
  "evidence_export_ticket",
  "SELECT id FROM tickets WHERE number = $1 OR id = $2",
);

const selectEvents = statement<AuditEvent>(
  "evidence_export_events",
  `SELECT id, aggregate, aggregate_id, seq, actor_type, actor_id, actor_role, tool_name, request_id, correlation_id, trace_id,
          before_state, after_state, payload, prev_hash, hash, hash_version, row_before, row_hash, parts, created_at
   FROM audit_events WHERE aggregate = 'ticket' AND aggregate_id = $1 ORDER BY seq`,
);

const selectLeaves = statement<Leaf & { index: number }>(
  "evidence_export_leaves",
  `SELECT index, aggregate, aggregate_id AS chain, seq, hash, at FROM log_leaves
   WHERE log = $1 AND aggregate = 'ticket' AND aggregate_id = $2 AND index < $3 ORDER BY seq, index`,
);

/** @param against checkpoints that the newest is to be shown to continue; also such as this desk does not know */
export const exportTicket = (
  db: Database,
  named: string,
  against: readonly string[],
  now: Date,
): Promise<TicketExport | null> =>
  db.transaction(async (tx) => {
    await tx.row(oneMoment);
    const found = await tx.row(selectId, [named.toUpperCase(), idFrom(named)]);
    const row = found && (await tx.row(selectTickets, [[found.id]]));
    if (!row) return null;
    const [events, evidence] = await Promise.all([
      tx.rows(selectEvents, [row.id]),
      tx.rows(evidenceParts.select, [[row.id]]),
    ]);
    return {
      format: "dispatch.evidence/1",
      exported_at: now.toISOString(),
      ticket: coveredTicket(row, events),
      events,
      evidence: evidence.map((item) => coveredItem({ ...item })),
      ...(await proofsOf(tx, row.id, against)),
    };
  });

/** By the version of hash that the newest event which speaks of the row has. */
function coveredTicket(row: TicketRow, events: readonly AuditEvent[]): TicketExport["ticket"] {
  const hash = events.findLast(({ row_hash: told }) => told !== null)?.row_hash ?? null;
  const version = hash === null ? ticketCover.version : versionOf(hash);
  const columns = ticketCover.columns(version) ?? [];
  const values = ticketCover.values(row, version) ?? [];
  return { id: row.id, number: row.number, version, columns, values };
}

function coveredItem(item: Readonly<Record<string, unknown>>): CoveredRow {
  const version = 1;
  const columns = evidenceParts.fixed[version] ?? [];
  return { version, columns, values: columns.map((column) => item[column] ?? null) };
}

type Proofs = Pick<TicketExport, "checkpoint" | "cosignatures" | "leaves" | "earlier">;

async function proofsOf(tx: Session, ticket: string, against: readonly string[]): Promise<Proofs> {
  const { log, newest } = await readHead(tx);
  if (!newest) return { checkpoint: null, cosignatures: [], leaves: [], earlier: [] };
  const rows = await tx.rows(selectLeaves, [log, ticket, newest.size]);
  const leaves = await Promise.all(
    rows.map(async (leaf) => ({
      ...leaf,
      proof: base64(await proofFor(tx, log, inclusionPlan(leaf.index, newest.size))),
    })),
  );
  const holding = await Promise.all(rows.map(({ index }) => checkpointHolding(tx, log, index)));
  const known = holding.flatMap((one) => (one ? [one.note] : []));
  const answers = await answersOf(tx, newest);
  return {
    checkpoint: newest.note,
    cosignatures: answers.flatMap(({ witness, answer }) => (answer === "" ? [] : [{ witness, lines: answer }])),
    leaves,
    earlier: await continuations(tx, newest, [...new Set([...known, ...against])]),
  };
}

/** Of each that is no larger than the newest; what a larger one means is for its reader to say. */
async function continuations(
  tx: Session,
  newest: StoredCheckpoint,
  notes: readonly string[],
): Promise<Proofs["earlier"]> {
  const earlier: { checkpoint: string; proof: readonly string[] }[] = [];
  for (const checkpoint of notes) {
    const { size } = checkpointFrom(checkpoint);
    if (size > newest.size || checkpoint === newest.note) continue;
    earlier.push({ checkpoint, proof: base64(await proofFor(tx, newest.log, consistencyPlan(size, newest.size))) });
  }
  return earlier;
}

const base64 = (hashes: readonly Buffer[]): string[] => hashes.map((hash) => hash.toString("base64"));
