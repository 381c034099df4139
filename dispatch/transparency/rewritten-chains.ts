// Which event of a chain was rewritten first. Leaves know heads alone, perhaps one of several events; between the last leaf that a
// chain still agrees with and the first that it does not, answers that are kept for retries know more: each has its receipt with the
// event's hash.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { AuditFault } from "../kernel/chain-faults.ts";
import type { ChainName } from "./log-rows.ts";

/** A chain that does not agree with its leaves. */
type Rewritten = ChainName & {
  /** The first leaf that it does not agree with. */
  readonly index: number;
  readonly seq: number;
  readonly at: string;
  readonly is_gone: boolean;
  /** Of the last leaf before that; 0: there is none. */
  readonly good: number;
  /** The last event before that leaf's; `good` where there is none in between. */
  readonly before: number;
  /** The last event in between that is as its answer says, and the first that is not. */
  readonly answered: number | null;
  readonly differs: number | null;
};

// An answer is as old as its event, and a leaf's time is not the event's to change.
const selectRewritten = statement<Rewritten>(
  "log_rewritten_chains",
  `WITH asked AS (
     SELECT DISTINCT aggregate, chain FROM unnest($2::text[], $3::text[]) AS asked (aggregate, chain)
   ), held AS (
     SELECT l.aggregate, l.aggregate_id, l.seq, l.index, l.at, e.id IS NULL AS is_gone, e.hash IS NOT DISTINCT FROM l.hash AS is_same
     FROM asked JOIN log_leaves l ON l.log = $1 AND (l.aggregate, l.aggregate_id) = (asked.aggregate, asked.chain)
     LEFT JOIN audit_events e ON (e.aggregate, e.aggregate_id, e.seq) = (l.aggregate, l.aggregate_id, l.seq)
   ), first AS (
     SELECT DISTINCT ON (aggregate, aggregate_id) * FROM held WHERE NOT is_same ORDER BY aggregate, aggregate_id, seq, index
   ), known AS (
     SELECT first.*, coalesce(good.seq, 0) AS good, coalesce(good.at, '-infinity') AS since
     FROM first LEFT JOIN LATERAL (
       SELECT held.seq, held.at FROM held
       WHERE (held.aggregate, held.aggregate_id) = (first.aggregate, first.aggregate_id) AND held.is_same AND held.seq < first.seq
       ORDER BY held.seq DESC LIMIT 1
     ) AS good ON true
   ), answers AS (
     SELECT kept.response_body #>> '{receipt,receipt_id}' AS receipt_id, kept.response_body #>> '{receipt,hash}' AS hash
     FROM known JOIN idempotency_keys kept ON (kept.aggregate, kept.aggregate_id) = (known.aggregate, known.aggregate_id)
       AND kept.created_at BETWEEN known.since AND known.at
   )
   SELECT known.aggregate, known.aggregate_id AS chain, known.index, known.seq, known.at, known.is_gone, known.good,
          coalesce(max(e.seq) FILTER (WHERE e.seq < known.seq), known.good) AS before,
          max(e.seq) FILTER (WHERE i.hash = e.hash) AS answered,
          min(e.seq) FILTER (WHERE i.hash <> e.hash) AS differs
   FROM known
   LEFT JOIN audit_events e ON (e.aggregate, e.aggregate_id) = (known.aggregate, known.aggregate_id)
     AND e.seq > known.good AND e.seq <= known.seq
   LEFT JOIN answers i ON i.receipt_id = e.id::text
   GROUP BY known.aggregate, known.aggregate_id, known.index, known.seq, known.at, known.is_gone, known.good
   ORDER BY known.index`,
);

/** What is wrong with chains of which some leaf knows another event: one fault for each. */
export async function faultsOfRewritten(db: Session, log: number, chains: readonly ChainName[]): Promise<AuditFault[]> {
  if (chains.length === 0) return [];
  const rows = await db.rows(selectRewritten, [
    log,
    chains.map(({ aggregate }) => aggregate),
    chains.map(({ chain }) => chain),
  ]);
  return rows.map(faultOf);
}

/** Its words stay what they are when answers are forgotten: by them an operator's acceptance is known again. */
function faultOf({ aggregate, chain, index, seq, at, is_gone: isGone, good, ...of }: Rewritten): AuditFault {
  const said = { aggregate, chain, source: "checkpoint" as const };
  const leaf = `leaf ${index} of the log`;
  if (isGone)
    return {
      ...said,
      seq: of.before + 1,
      kind: "TAIL_CUT",
      detail: `${leaf} knows event ${seq} of ${at}, and it is gone`,
    };
  const where = good + 1 === seq ? `from event ${seq} on` : `from one of its events ${good + 1} to ${seq} on`;
  const detail = `the chain was rewritten ${where}: ${leaf} knows event ${seq} by another hash`;
  return { ...said, seq: firstChanged({ good, ...of }), kind: "RELINKED", detail };
}

/** The first event that was rewritten where that is known, else the first that may have been. */
const firstChanged = ({ good, answered, differs }: Pick<Rewritten, "good" | "answered" | "differs">): number => {
  // Behind a rewritten event all are: an answer that agrees there was rewritten as well, and says nothing.
  const last = answered === null || (differs !== null && answered > differs) ? good : answered;
  return last + 1;
};
