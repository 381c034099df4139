// What was found broken of the audit trail, kept until an operator with the owner's rights has said what became of it: alerts count
// what is open. Nothing that has the API's login alone can close one.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { AuditFault } from "./verify-audit.ts";

/** Of one verification; who looks further runs `pnpm dispatch:audit:verify`. */
const mostAtOnce = 1_000;

const insertFaults = statement<{ added: number }>(
  "audit_faults_insert",
  `WITH added AS (
     INSERT INTO audit_faults (aggregate, chain, seq, kind, detail, found_by, found_at)
     SELECT f.aggregate, f.chain, f.seq, f.kind, f.detail, $2, clock_timestamp()
     FROM json_to_recordset($1::json) AS f (aggregate text, chain text, seq integer, kind text, detail text)
     ON CONFLICT (aggregate, chain, seq, kind) WHERE resolved_at IS NULL DO NOTHING
     RETURNING 1
   )
   SELECT count(*) AS added FROM added`,
);

const countOpen = statement<{ open: number }>(
  "audit_faults_count",
  `SELECT count(*) AS open FROM audit_faults WHERE resolved_at IS NULL`,
);

const selectAccepted = statement<{ at: number }>(
  "audit_faults_accepted",
  `SELECT found.at FROM json_to_recordset($1::json) AS found (at integer, aggregate text, chain text, kind text, detail text)
   WHERE EXISTS (
     SELECT FROM audit_faults f
     WHERE f.resolved_at IS NOT NULL
       AND (f.aggregate, f.chain, f.kind, f.detail) = (found.aggregate, found.chain, found.kind, found.detail)
   )`,
);

export type SortedFaults = { readonly open: readonly AuditFault[]; readonly accepted: readonly AuditFault[] };

/**
 * Tells faults that the owner of the database accepted from others. One is known again by its words, which name what was found; where
 * the event stands that came across it may change.
 */
export async function sortFaults(db: Session, faults: readonly AuditFault[]): Promise<SortedFaults> {
  if (faults.length === 0) return { open: [], accepted: [] };
  const rows = await db.rows(selectAccepted, [JSON.stringify(faults.map((fault, at) => ({ ...fault, at })))]);
  const accepted = new Set(rows.map(({ at }) => at));
  return { open: faults.filter((_, at) => !accepted.has(at)), accepted: faults.filter((_, at) => accepted.has(at)) };
}

/**
 * Keeps faults; one that is open already stays as it was found first.
 * @param foundBy the duty or command that found them
 * @returns how many were not known
 */
export async function recordFaults(db: Session, faults: readonly AuditFault[], foundBy: string): Promise<number> {
  if (faults.length === 0) return 0;
  const row = await db.row(insertFaults, [JSON.stringify(faults.slice(0, mostAtOnce)), foundBy]);
  return row?.added ?? 0;
}

export const countOpenFaults = async (db: Session): Promise<number> => (await db.row(countOpen))?.open ?? 0;
