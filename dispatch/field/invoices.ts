// Invoices and credit notes as rows: made once and never changed. A ticket has one invoice at a time: another only once the one
// before is credited whole.

import type { TicketId } from "../contract/ids.ts";
import type { InvoiceBody } from "../contract/responses.ts";
import { insertRow } from "../db/insert-rows.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { addedPart, type PartChange, type PartTable } from "../kernel/parts.ts";

type Series = "invoice" | "credit_note";

const lockSeries = statement<{ next: number }>(
  "number_series_lock",
  `SELECT last + 1 AS next FROM number_series WHERE series = $1 FOR UPDATE`,
);
const takeNumber = statement("number_series_take", `UPDATE number_series SET last = $2 WHERE series = $1`);

const prefix: Record<Series, string> = { invoice: "INV", credit_note: "CN" };

/** A number that is the next of its series while the transaction that asked for it runs. */
export type NextNumber = {
  /** As it is printed. */
  readonly text: string;
  take(tx: Session): Promise<unknown>;
};

/**
 * The number the next document of a series gets; whoever asks after this waits until it is taken, or is not.
 * @throws Error where no migration made the series
 */
export async function lockNumber(tx: Session, series: Series): Promise<NextNumber> {
  const row = await tx.row(lockSeries, [series]);
  if (!row) throw new Error(`there is no series of numbers named ${series}`);
  return {
    text: `${prefix[series]}-${String(row.next).padStart(6, "0")}`,
    take: (writing) => writing.row(takeNumber, [series, row.next]),
  };
}

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
  "kind",
  "credits_invoice_id",
  "reason",
  "issued_on",
  "due_on",
  "parties",
] as const satisfies readonly (keyof InvoiceBody)[];

const insertStored = insertRow("invoice_insert", "invoices", columns);

/** The columns as a client reads them, of a table named i. */
const read = `i.id, i.number, i.currency, i.lines, i.subtotal_cents, i.tax_cents, i.total_cents, i.issued_at, i.kind,
  i.credits_invoice_id, i.reason, to_char(i.issued_on, 'YYYY-MM-DD') AS issued_on, to_char(i.due_on, 'YYYY-MM-DD') AS due_on,
  i.parties`;

const selectOfTickets = statement<
  Omit<InvoiceBody, "id" | "ticket_id"> & { readonly id: string; readonly part_of: string }
>("invoices_of_tickets", `SELECT i.ticket_id AS part_of, ${read} FROM invoices i WHERE i.ticket_id = ANY ($1)`);

const first = [
  "id",
  "part_of",
  "number",
  "currency",
  "lines",
  "subtotal_cents",
  "tax_cents",
  "total_cents",
  "issued_at",
];

export const invoiceParts: PartTable = {
  name: "invoices",
  select: selectOfTickets,
  fixed: { 1: first, 2: [...first, "kind", "credits_invoice_id", "reason", "issued_on", "due_on", "parties"] },
  changing: [],
};

export const insertInvoice = (invoice: InvoiceBody): PartChange =>
  addedPart(invoiceParts, { ...invoice, part_of: invoice.ticket_id }, (tx) => [
    insertStored(tx, {
      ...invoice,
      lines: JSON.stringify(invoice.lines),
      parties: invoice.parties && JSON.stringify(invoice.parties),
    }),
  ]);

const selectDocuments = statement<InvoiceBody>(
  "invoice_documents_of_ticket",
  `SELECT i.ticket_id, ${read} FROM invoices i WHERE i.ticket_id = $1 ORDER BY i.issued_at, i.id`,
);

/** An invoice with what was credited of it, in the order of time. */
export type CreditedInvoice = { readonly invoice: InvoiceBody; readonly creditNotes: readonly InvoiceBody[] };
/** As much of it as is in lines. */
type Lines = Pick<InvoiceBody, "lines">;
type CreditedLines = { readonly invoice: Lines; readonly creditNotes: readonly Lines[] };

/** A ticket's invoices, oldest first. */
export async function loadInvoices(tx: Pick<Session, "rows">, ticketId: TicketId): Promise<readonly CreditedInvoice[]> {
  const documents = await tx.rows(selectDocuments, [ticketId]);
  return documents
    .filter(({ kind }) => kind === "invoice")
    .map((invoice) => ({
      invoice,
      creditNotes: documents.filter(({ credits_invoice_id: lowered }) => lowered === invoice.id),
    }));
}

/** Of each line of an invoice what credit notes have taken, without tax and of the tax. */
export function creditedByLine({ invoice, creditNotes }: CreditedLines) {
  const taken = creditNotes.flatMap(({ lines }) => lines);
  return invoice.lines.map(({ net_cents, tax_cents }, index) => {
    const own = taken.filter(({ line }) => line === index + 1);
    return {
      net_cents,
      tax_cents,
      credited_cents: own.reduce((sum, one) => sum + one.amount_cents, 0),
      credited_tax_cents: own.reduce((sum, one) => sum + one.tax_cents, 0),
    };
  });
}

/** Whether there was something to pay, and credit notes have taken all of it. */
export function isCreditedWhole(one: CreditedLines): boolean {
  const lines = creditedByLine(one);
  const net = lines.reduce((sum, { net_cents }) => sum + net_cents, 0);
  return net > 0 && lines.reduce((sum, { credited_cents }) => sum + credited_cents, 0) === net;
}

/** The invoice that stands; null where there is none, or the newest is credited whole. */
export function standingInvoice(invoices: readonly CreditedInvoice[]): InvoiceBody | null {
  const newest = invoices.at(-1);
  return newest && !isCreditedWhole(newest) ? newest.invoice : null;
}
