// Invoices as rows: made once per ticket and never changed.

import { statement } from "../db/statement.ts";
import type { InvoiceBody } from "../contract/responses.ts";

// Numbers come from a sequence: they rise, and a refused invoice leaves a gap.
export const nextInvoiceNumber = statement<{ number: string }>(
  "invoice_next_number",
  `SELECT 'INV-' || lpad(nextval('invoice_numbers')::text, 6, '0') AS number`,
);

export const insertInvoice = statement(
  "invoice_insert",
  `INSERT INTO invoices (id, number, ticket_id, currency, lines, subtotal_cents, tax_cents, total_cents, issued_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
);

export const selectInvoice = statement<InvoiceBody>(
  "invoice_select",
  `SELECT id, number, ticket_id, currency, lines, subtotal_cents, tax_cents, total_cents, issued_at
   FROM invoices WHERE ticket_id = $1`,
);

export const invoiceValues = (i: InvoiceBody): unknown[] => [
  i.id,
  i.number,
  i.ticket_id,
  i.currency,
  JSON.stringify(i.lines),
  i.subtotal_cents,
  i.tax_cents,
  i.total_cents,
  i.issued_at,
];
