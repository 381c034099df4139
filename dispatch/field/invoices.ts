// Invoices as rows: made once per ticket and never changed.

import { insertRow } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";
import type { InvoiceBody } from "../contract/responses.ts";
import { addedPart, type PartChange, type PartTable } from "../kernel/parts.ts";

/** The number the next invoice gets; whoever asks after this waits until it is taken, or is not. */
export const lockInvoiceSeries = statement<{ next: number }>(
  "invoice_series_lock",
  `SELECT last + 1 AS next FROM number_series WHERE series = 'invoice' FOR UPDATE`,
);

export const takeInvoiceNumber = statement(
  "invoice_series_take",
  `UPDATE number_series SET last = $1 WHERE series = 'invoice'`,
);

/** As it is printed. */
export const invoiceNumber = (number: number): string => `INV-${String(number).padStart(6, "0")}`;

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

const insertStored = insertRow("invoice_insert", "invoices", columns);

const selectOfTickets = statement<
  Omit<InvoiceBody, "id" | "ticket_id"> & { readonly id: string; readonly part_of: string }
>(
  "invoices_of_tickets",
  `SELECT id, ticket_id AS part_of, number, currency, lines, subtotal_cents, tax_cents, total_cents, issued_at
   FROM invoices WHERE ticket_id = ANY ($1)`,
);

export const invoiceParts: PartTable = {
  name: "invoices",
  select: selectOfTickets,
  fixed: {
    1: ["id", "part_of", "number", "currency", "lines", "subtotal_cents", "tax_cents", "total_cents", "issued_at"],
  },
  changing: [],
};

export const insertInvoice = (invoice: InvoiceBody): PartChange =>
  addedPart(invoiceParts, { ...invoice, part_of: invoice.ticket_id }, (tx) => [
    insertStored(tx, { ...invoice, lines: JSON.stringify(invoice.lines) }),
  ]);

export const selectInvoice = statement<InvoiceBody>(
  "invoice_select",
  `SELECT ${columns.join(", ")} FROM invoices WHERE ticket_id = $1`,
);
