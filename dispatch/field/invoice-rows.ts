// Invoices and credit notes as clients read them: with the ticket, the customer, how they stand, and what was credited.

import type { DocumentBody, DocumentSummary } from "../contract/money-responses.ts";
import type { InvoiceBody } from "../contract/responses.ts";
import { longestInvoicePage } from "../contract/money-commands.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../kernel/actor.ts";
import { requireScope } from "../kernel/authorize.ts";
import type { Desk } from "../kernel/desk.ts";
import { Refusal } from "../kernel/refusal.ts";
import { creditedByLine } from "./invoices.ts";

// Days of invoices from before days were kept are those of UTC; a document is overdue once its due day is over ($1 is today).
const documents = `
  SELECT i.id, i.kind, i.number,
         CASE WHEN i.kind = 'invoice' AND i.total_cents > 0 AND c.credited_cents >= i.total_cents THEN 'credited'
              WHEN i.kind = 'invoice' AND i.due_on < $1::date THEN 'overdue'
              ELSE 'issued' END AS status,
         i.ticket_id, t.number AS ticket_number, t.account_id, a.name AS account_name, t.site_id, s.name AS site_name,
         i.currency, i.subtotal_cents, i.tax_cents, i.total_cents, c.credited_cents, i.issued_at,
         to_char(coalesce(i.issued_on, (i.issued_at AT TIME ZONE 'UTC')::date), 'YYYY-MM-DD') AS issued_on,
         to_char(i.due_on, 'YYYY-MM-DD') AS due_on, i.credits_invoice_id, o.number AS credits_number, i.reason`;
const from = `
  FROM invoices i
    JOIN tickets t ON t.id = i.ticket_id JOIN accounts a ON a.id = t.account_id JOIN sites s ON s.id = t.site_id
    LEFT JOIN invoices o ON o.id = i.credits_invoice_id
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(n.total_cents), 0)::bigint AS credited_cents FROM invoices n WHERE n.credits_invoice_id = i.id
    ) c`;

// $2 account, $3 ticket, $4 number, $5 kind, $6 status, $7 and $8 days, $9 and $10 whose a caller sees, $11 and $12 the place.
export const selectPage = statement<DocumentSummary>(
  "invoice_page",
  `SELECT * FROM (${documents} ${from}) d
   WHERE ($2::uuid IS NULL OR account_id = $2) AND ($3::uuid IS NULL OR ticket_id = $3) AND ($4::text IS NULL OR number = $4)
     AND ($5::text IS NULL OR kind = $5) AND ($6::text IS NULL OR status = $6)
     AND ($7::text IS NULL OR issued_on >= $7) AND ($8::text IS NULL OR issued_on <= $8)
     AND ($9::uuid[] IS NULL OR account_id = ANY ($9)) AND ($10::uuid[] IS NULL OR site_id = ANY ($10))
     AND ($11::timestamptz IS NULL OR (issued_at, id) < ($11::timestamptz, $12::uuid))
   ORDER BY issued_at DESC, id DESC LIMIT least($13, ${longestInvoicePage + 1})`,
);

type Row = DocumentSummary & Pick<InvoiceBody, "lines" | "parties">;

const selectOne = statement<Row>("invoice_one", `${documents}, i.lines, i.parties ${from} WHERE i.id = $2`);

type Note = Pick<InvoiceBody, "id" | "number" | "lines" | "total_cents"> & { readonly issued_on: string };

const selectNotes = statement<Note>(
  "invoice_credit_notes",
  `SELECT id, number, lines, total_cents,
          to_char(coalesce(issued_on, (issued_at AT TIME ZONE 'UTC')::date), 'YYYY-MM-DD') AS issued_on
   FROM invoices WHERE credits_invoice_id = $1 ORDER BY issued_at, id`,
);

/** A document as it is kept, with what was credited of it. */
export type Document = { readonly row: Row; readonly notes: readonly Note[] };

/**
 * One document, where the caller may see it.
 * @throws Refusal INVOICE_NOT_FOUND, FORBIDDEN_SCOPE
 */
export async function requireDocument(
  { db }: Pick<Desk, "db">,
  { actor, id, now }: { readonly actor: Actor; readonly id: string; readonly now: string },
): Promise<Document> {
  const [row, notes] = await Promise.all([db.row(selectOne, [now.slice(0, 10), id]), db.rows(selectNotes, [id])]);
  if (!row) throw new Refusal("INVOICE_NOT_FOUND", { invoice_id: id });
  requireScope(actor, row);
  return { row, notes };
}

/** A document as invoice.get answers with it. */
export function documentBody({ row, notes }: Document): DocumentBody {
  const { lines, parties, ...summary } = row;
  const credited = creditedByLine({ invoice: { lines }, creditNotes: notes });
  const shown = lines.map((one, index) => ({
    line: one.line ?? index + 1,
    kind: one.kind,
    description: one.description,
    visit: one.visit,
    quantity: one.quantity,
    unit: one.unit,
    list_price_cents: one.unit_price_cents,
    amount_cents: one.amount_cents,
    price_cents: one.net_cents,
    taxable: one.taxable,
    tax_basis_points: one.tax_basis_points ?? null,
    tax_cents: one.tax_cents,
    credited_cents: credited[index]?.credited_cents ?? 0,
    credited_tax_cents: credited[index]?.credited_tax_cents ?? 0,
  }));
  return {
    ...summary,
    lines: shown,
    by_visit: sumsByVisit(shown),
    parties,
    credit_notes: notes.map(({ id, number, total_cents, issued_on }) => ({ id, number, total_cents, issued_on })),
  };
}

type Shown = DocumentBody["lines"][number];

function sumsByVisit(lines: readonly Shown[]): DocumentBody["by_visit"] {
  const visits = [...new Set(lines.map(({ visit }) => visit))];
  return visits.map((visit) => {
    const own = lines.filter((one) => one.visit === visit);
    const sum = (of: (one: Shown) => number) => own.reduce((total, one) => total + of(one), 0);
    return {
      visit,
      amount_cents: sum((one) => one.amount_cents),
      price_cents: sum((one) => one.price_cents),
      tax_cents: sum((one) => one.tax_cents),
    };
  });
}
