// What was found broken of the audit trail, kept for good: alerts count what is open. What history itself speaks against is over once
// whoever looks again finds it whole. What a checkpoint speaks against stays open until an operator with the owner's rights has said
// what became of it: nothing that has the API's login alone can close that.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { AuditFault } from "./chain-faults.ts";
import type { DatedReport } from "./verify-audit.ts";

/** Of one verification; who looks further runs `pnpm dispatch:audit:verify`. */
const mostAtOnce = 1_000;

// Of several that share a key, as two rows do that no event adds to one ticket, the first stands for all of them: the owner accepts each.
const insertFaults = statement<{ added: number }>(
  "audit_faults_insert",
  `WITH found AS (
     SELECT DISTINCT ON (f.aggregate, f.chain, f.seq, f.kind, f.source)
            f.aggregate, f.chain, f.seq, f.kind, f.detail, f.source
     FROM ROWS FROM (
       json_to_recordset($1::json) AS (aggregate text, chain text, seq integer, kind text, detail text, source text)
     ) WITH ORDINALITY AS f (aggregate, chain, seq, kind, detail, source, place)
     ORDER BY f.aggregate, f.chain, f.seq, f.kind, f.source, f.place
   ), known AS (
     SELECT count(*) AS faults FROM audit_faults
     JOIN found USING (aggregate, chain, seq, kind, source) WHERE resolved_at IS NULL AND mended_at IS NULL
   ), noted AS (
     INSERT INTO audit_faults (aggregate, chain, seq, kind, detail, source, found_by, found_at, last_found_at)
     SELECT aggregate, chain, seq, kind, detail, source, $2, clock_timestamp(), coalesce($3, clock_timestamp()) FROM found
     ON CONFLICT (aggregate, chain, seq, kind, source) WHERE resolved_at IS NULL
     DO UPDATE SET mended_at = NULL, last_found_at = greatest(audit_faults.last_found_at, excluded.last_found_at)
     -- A look of before it was mended says nothing new; a mend that is yet to come was written by whoever wants nobody to look.
     WHERE audit_faults.mended_at IS NULL OR audit_faults.mended_at < excluded.last_found_at
        OR audit_faults.mended_at > clock_timestamp()
     RETURNING 1
   )
   SELECT greatest((SELECT count(*) FROM noted) - (SELECT faults FROM known), 0) AS added`,
);

// What both speak against counts as history's alone. A checkpoint's is not over because somebody says so who has the API's login.
const countOpen = statement<OpenFaults>(
  "audit_faults_count",
  `WITH open AS (
     SELECT aggregate, chain, seq, kind, source FROM audit_faults
     WHERE resolved_at IS NULL AND (mended_at IS NULL OR source = 'checkpoint')
   )
   SELECT count(*) FILTER (WHERE source = 'history') AS history,
          count(*) FILTER (WHERE source = 'checkpoint' AND NOT EXISTS (
            SELECT FROM open AS own
            WHERE own.source = 'history'
              AND (own.aggregate, own.chain, own.seq, own.kind) = (open.aggregate, open.chain, open.seq, open.kind)
          )) AS checkpoint
   FROM open`,
);

const mendFaults = statement<{ chain: string; seq: number; kind: string }>(
  "audit_faults_mend",
  `UPDATE audit_faults f SET mended_at = $4
   WHERE coalesce(f.last_found_at, f.found_at) < $4 AND f.resolved_at IS NULL AND f.mended_at IS NULL
     AND f.source = 'history' AND f.aggregate = $1 AND f.chain = ANY ($2::text[])
     AND NOT EXISTS (
       SELECT FROM json_to_recordset($3::json) AS found (chain text, seq integer, kind text)
       WHERE (found.chain, found.seq, found.kind) = (f.chain, f.seq, f.kind)
     )
   RETURNING f.chain, f.seq, f.kind`,
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
 * Keeps faults, one of a kind for each event; one that is open already stays as it was found first.
 * @param foundBy the duty or command that found them
 * @param asOf the moment that was looked at; null: this one
 * @returns how many were not known
 */
export async function recordFaults(
  db: Session,
  faults: readonly AuditFault[],
  foundBy: string,
  asOf: string | null = null,
): Promise<number> {
  if (faults.length === 0) return 0;
  const row = await db.row(insertFaults, [JSON.stringify(faults.slice(0, mostAtOnce)), foundBy, asOf]);
  return row?.added ?? 0;
}

/** Faults that are open, by what speaks against what is there. */
export type OpenFaults = { readonly history: number; readonly checkpoint: number };

export const countOpenFaults = async (db: Session): Promise<OpenFaults> =>
  (await db.row(countOpen)) ?? { history: 0, checkpoint: 0 };

/** What a look at some chains brought. */
export type Noted = {
  /** Found, and not accepted. */
  readonly open: readonly AuditFault[];
  /** How many of those were not known, or known as mended. */
  readonly added: number;
  /** Were open, and are not there any more. */
  readonly mended: readonly { readonly chain: string; readonly seq: number; readonly kind: string }[];
};

/**
 * Keeps what a look at whole chains found, and ends what it found mended. Of a chain whose history is broken nothing is mended:
 * behind the break nobody looked. Of two looks that end in another order than they began, the later moment counts.
 */
export async function noteLook(
  db: Session,
  aggregate: string,
  { looked, faults, asOf }: Pick<DatedReport, "looked" | "faults" | "asOf">,
  foundBy: string,
): Promise<Noted> {
  const { open } = await sortFaults(db, faults);
  const added = await recordFaults(db, open, foundBy, asOf);
  const broken = new Set(faults.flatMap(({ chain, kind }) => (kind.startsWith("ROW_") ? [] : [chain])));
  const whole = looked.filter((chain) => !broken.has(chain));
  return { open, added, mended: await db.rows(mendFaults, [aggregate, whole, JSON.stringify(faults), asOf]) };
}
