// Invoices as rows: made once per ticket and never changed.

import { insertRow } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";
import type { InvoiceBody } from "../contract/responses.ts";

// Numbers come from a sequence: they rise, and a refused invoice leaves a gap.
export const nextInvoiceNumber = statement<{ number: string }>(
  "invoice_next_number",
  `SELECT 'INV-' || lpad(nextval('invoice_numbers')::text, 6, '0') AS number`,
);

const columns = [
  "id",
  "number",
  "ticket_id",
  "currency",
  "lines",
  "subtotal_cents",
  "tax_cents",
  "total_cents",
  "issued_at",
] as const satisfies readonly (keyof InvoiceBody)[];

export const insertInvoice = insertRow("invoice_insert", "invoices", columns);

export const selectInvoice = statement<InvoiceBody>(
  "invoice_select",
  `SELECT ${columns.join(", ")} FROM invoices WHERE ticket_id = $1`,
);
