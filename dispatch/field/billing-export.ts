// billing.export: every invoice and credit note of a range of days as CSV for accounting, each once, in the order they were issued.
// It is read page by page, so that a range of any length takes the memory of a page.

import type { AccountId, SiteId } from "../contract/ids.ts";
import type { ExportSums } from "../contract/money-responses.ts";
import { pathWith, queries, type QueryBodyOf, type QueryIdsOf, type QueryInputOf } from "../contract/index.ts";
import { longestExportPage } from "../contract/money-commands.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { reachParameter, type Actor } from "../kernel/actor.ts";
import type { DeskQuery } from "../kernel/answer-query.ts";
import { StreamedAnswer } from "../kernel/file-answer.ts";
import { invalidFields } from "../kernel/refusal.ts";
import { accountingHeader, accountingRows, type AccountingDocument } from "../money/accounting-csv.ts";
import { cursorOf, positionFrom } from "./cursor.ts";
import { queryDay } from "./query-day.ts";

/** Days as printed on the documents, both among them; and whose rows, null for everybody's. */
export type ExportRange = {
  readonly from: string;
  readonly to: string;
  readonly accounts: readonly AccountId[] | null;
  readonly sites: readonly SiteId[] | null;
};

// $1 and $2 the days, $3 and $4 whose a caller sees, $5 and $6 times between which a document of those days was issued: where the work
// was done it may be a day earlier or later than in UTC, and the index is on the time.
const inRange = `
  FROM invoices i JOIN tickets t ON t.id = i.ticket_id JOIN accounts a ON a.id = t.account_id
  WHERE to_char(coalesce(i.issued_on, (i.issued_at AT TIME ZONE 'UTC')::date), 'YYYY-MM-DD') BETWEEN $1::text AND $2::text
    AND ($3::uuid[] IS NULL OR t.account_id = ANY ($3)) AND ($4::uuid[] IS NULL OR t.site_id = ANY ($4))
    AND i.issued_at >= $5::timestamptz AND i.issued_at < $6::timestamptz`;

const selectSums = statement<ExportSums>(
  "billing_export_sums",
  `SELECT i.kind, i.currency, count(*)::int AS documents, coalesce(sum(jsonb_array_length(i.lines)), 0)::int AS lines,
          sum(i.subtotal_cents)::bigint AS subtotal_cents, sum(i.tax_cents)::bigint AS tax_cents,
          sum(i.total_cents)::bigint AS total_cents
   ${inRange} GROUP BY i.kind, i.currency ORDER BY i.kind DESC, i.currency`,
);

type Row = AccountingDocument & { readonly id: string; readonly issued_at: string };

// $7 and $8 the place behind which the page begins, $9 how many.
const selectPage = statement<Row>(
  "billing_export_page",
  `SELECT i.id, i.issued_at, i.kind, i.number, i.currency, i.lines, i.subtotal_cents, i.tax_cents, i.total_cents, i.parties,
          to_char(coalesce(i.issued_on, (i.issued_at AT TIME ZONE 'UTC')::date), 'YYYY-MM-DD') AS issued_on,
          to_char(i.due_on, 'YYYY-MM-DD') AS due_on, t.number AS ticket_number, t.account_id, a.name AS account_name,
          a.external_source, a.external_id,
          (SELECT o.number FROM invoices o WHERE o.id = i.credits_invoice_id) AS credits_number,
          (SELECT s.name FROM sites s WHERE s.id = t.site_id) AS site_name
   ${inRange} AND ($7::timestamptz IS NULL OR (i.issued_at, i.id) > ($7::timestamptz, $8::uuid))
   ORDER BY i.issued_at, i.id LIMIT least($9, ${longestExportPage + 1})`,
);

const dayMs = 86_400_000;
/** No document is older, and Postgres reads no year 0. */
const at = (ms: number): string => new Date(Math.max(ms, 0)).toISOString();

const boundsOf = ({ from, to, accounts, sites }: ExportRange): unknown[] => [
  from,
  to,
  accounts,
  sites,
  at(Date.parse(from) - dayMs),
  at(Math.min(Date.parse(to) + 2 * dayMs, Date.parse("9999-12-31"))),
];

type Place = readonly [time: string | null, id: string | null];
const start: Place = [null, null];

/** The documents behind a place. */
const pageBehind = (db: Pick<Session, "rows">, range: ExportRange, [time, id]: Place, limit: number): Promise<Row[]> =>
  db.rows(selectPage, [...boundsOf(range), time, id, limit]);

/** The whole file, piece by piece. */
export async function* exportedCsv(
  db: Pick<Session, "rows">,
  range: ExportRange,
): AsyncGenerator<string, void, undefined> {
  let text = accountingHeader();
  let place: Place = start;
  for (;;) {
    const page = await pageBehind(db, range, place, longestExportPage);
    yield text + page.map(accountingRows).join("");
    const last = page.at(-1);
    if (!last || page.length < longestExportPage) return;
    text = "";
    place = [last.issued_at, last.id];
  }
}

/**
 * The days of an export.
 * @throws Refusal INVALID_QUERY for a day that no calendar has, or a range that ends before it begins
 */
export function requireDays({ from, to }: Pick<ExportRange, "from" | "to">): void {
  if (queryDay("from", from) <= queryDay("to", to)) return;
  const message = "must not be a day before from: both name the day printed on a document";
  throw invalidFields([{ path: "to", rule: "range", message }], "INVALID_QUERY");
}

/** An answer in JSON ends with the document that makes it so long, in characters. */
const longestText = 256_000;
const normalPage = 20;

type Tool = "billing.export";
type Body = QueryBodyOf<Tool>;

export const billingExport: DeskQuery<QueryInputOf<Tool>, QueryIdsOf<Tool>, StreamedAnswer<Body>> = {
  name: "billing.export",
  on: "desk",
  async read({ desk: { db }, actor, input }) {
    const range = rangeOf(actor, input);
    const { cursor, limit = normalPage } = input;
    const place = cursor === undefined ? start : placeOf(cursor);
    const fileName = `billing_${input.from}_${input.to}.csv`;
    return new StreamedAnswer(
      async () => {
        const [sums, found] = await Promise.all([
          db.rows(selectSums, boundsOf(range)),
          pageBehind(db, range, place, limit + 1),
        ]);
        const path = `${pathWith(queries["billing.export"].path, {})}?from=${input.from}&to=${input.to}`;
        const content = { path, media_type: "text/csv", file_name: fileName };
        return { from: input.from, to: input.to, sums, ...pageOf(found, limit, cursor === undefined), content };
      },
      () => ({ mediaType: "text/csv; charset=utf-8", fileName, inline: false, pieces: () => exportedCsv(db, range) }),
    );
  },
};

function rangeOf(actor: Actor, { from, to }: QueryInputOf<Tool>): ExportRange {
  requireDays({ from, to });
  return { from, to, accounts: reachParameter(actor.accounts), sites: reachParameter(actor.sites) };
}

function placeOf(cursor: string): Place {
  const [time, id] = positionFrom(cursor, ["time", "id"]);
  return [String(time), String(id)];
}

/** Whole documents, at least one; pages put after each other are the file. */
function pageOf(found: readonly Row[], limit: number, isFirst: boolean): Pick<Body, "csv" | "next_cursor"> {
  let csv = isFirst ? accountingHeader() : "";
  let taken = 0;
  for (const document of found.slice(0, limit)) {
    const rows = accountingRows(document);
    if (taken > 0 && csv.length + rows.length > longestText) break;
    csv += rows;
    taken += 1;
  }
  const last = found[taken - 1];
  return { csv, ...(taken < found.length && last && { next_cursor: cursorOf([last.issued_at, last.id]) }) };
}
