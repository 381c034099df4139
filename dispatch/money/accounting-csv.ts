/**
 * Invoices and credit notes as CSV for an accounting program: a row to each line. Pure: the same documents are the same bytes.
 *
 * Amounts are decimal numbers with a point, and stand bare; texts are always quoted, and one that a spreadsheet would compute gets an
 * apostrophe before it, as a person would type one.
 */
import type { Parties } from "../contract/money-responses.ts";
import type { InvoiceBody } from "../contract/responses.ts";

export type AccountingDocument = Pick<
  InvoiceBody,
  "kind" | "number" | "currency" | "lines" | "subtotal_cents" | "tax_cents" | "total_cents"
> & {
  readonly issued_on: string;
  readonly due_on: string | null;
  readonly credits_number: string | null;
  readonly account_id: string;
  readonly account_name: string;
  readonly external_source: string | null;
  readonly external_id: string | null;
  readonly ticket_number: string;
  readonly site_name: string;
  readonly parties: Pick<Parties, "buyer" | "purchase_order"> | null;
};
type Line = AccountingDocument["lines"][number] & { readonly at: number };

type Cell = string | number | null;
/** `line` is null on a document that has none. */
type Column = {
  readonly name: string;
  readonly about: string;
  readonly cell: (document: AccountingDocument, line: Line | null) => Cell;
};

const column = (name: string, about: string, cell: Column["cell"]): Column => ({ name, about, cell });
const money = (name: string, about: string, cents: (document: AccountingDocument, line: Line) => number): Column =>
  column(name, about, (document, line) => line && decimal(cents(document, line)));

const taxedTotal = ({ net_cents, tax_cents }: Line): number => net_cents + tax_cents;

/** In their order; ops/reference/billing-export-columns.md is made of this. */
export const accountingColumns: readonly Column[] = [
  column("document_number", "Number of the invoice or credit note", ({ number }) => quoted(number)),
  column("document_kind", "invoice or credit_note", ({ kind }) => quoted(kind)),
  column("issued_on", "Its date, as printed", ({ issued_on }) => quoted(issued_on)),
  column("due_on", "When it is due; empty where that is on receipt", ({ due_on }) => quoted(due_on)),
  column("credits_number", "Of a credit note: the invoice it lowers", (one) => quoted(one.credits_number)),
  column("account_id", "Dispatch's id of the customer, as the directory has it now", (one) => quoted(one.account_id)),
  column("account_name", "To whom it was issued", (one) => quoted(one.parties?.buyer.name ?? one.account_name)),
  column("external_source", "The system that external_id is of", (one) => quoted(one.external_source)),
  column("external_id", "The customer's id in that system, as the directory has it now", (one) =>
    quoted(one.external_id),
  ),
  column("tax_id", "The customer's tax number, as printed", ({ parties }) => quoted(parties?.buyer.tax_id ?? null)),
  column("purchase_order", "The customer's order, as printed", ({ parties }) =>
    quoted(parties?.purchase_order ?? null),
  ),
  column("ticket_number", "The work order it bills", ({ ticket_number }) => quoted(ticket_number)),
  column("site_name", "Where the work was done", ({ site_name }) => quoted(site_name)),
  column(
    "line",
    "Number of the line; of a credit note, that of the invoice's line it lowers",
    (_, line) => line && line.at,
  ),
  column("line_kind", "labor, travel, materials, trip or adjustment", (_, line) => line && quoted(line.kind)),
  column("description", "As printed", (_, line) => line && quoted(line.description)),
  column("visit", "Which visit it was done on; empty for an adjustment", (_, line) => line && line.visit),
  column("quantity", "How much, with at most six decimals", (_, line) => line && plain(line.quantity)),
  column("unit", "hour or each", (_, line) => line && quoted(line.unit)),
  money("list_price", "Of one unit", (_, line) => line.unit_price_cents),
  money("amount", "Quantity by list price", (_, line) => line.amount_cents),
  money("price", "What discounts on the document leave of the amount; taxed is this", (_, line) => line.net_cents),
  column("tax_percent", "The rate; empty on documents that kept none", (_, line) =>
    line?.tax_basis_points === undefined ? null : decimal(line.tax_basis_points),
  ),
  money("tax", "On the price", (_, line) => line.tax_cents),
  money("line_total", "Price and tax; they add up to document_total", (_, line) => taxedTotal(line)),
  column("document_subtotal", "Of the whole document, on each of its rows", (one) => decimal(one.subtotal_cents)),
  column("document_tax", "Likewise", ({ tax_cents }) => decimal(tax_cents)),
  column("document_total", "Likewise", ({ total_cents }) => decimal(total_cents)),
  column("currency", "Of every amount in the row, by ISO 4217", ({ currency }) => quoted(currency)),
  column(
    "balance_change",
    "line_total, below nothing on a credit note: what a column's sum may be taken of",
    (one, line) =>
      decimal((one.kind === "credit_note" ? -1 : 1) * (line === null ? one.total_cents : taxedTotal(line))),
  ),
];

/** UTF-8 without this mark is Windows-1252 to Excel. */
const byteOrderMark = "\ufeff";

const rowOf = (cells: readonly Cell[]): string => `${cells.map((cell) => cell ?? "").join(",")}\r\n`;

/** The first row. */
export const accountingHeader = (): string => byteOrderMark + rowOf(accountingColumns.map(({ name }) => name));

/** A document's rows; one that has no lines is a row too, so that none is missing. */
export function accountingRows(document: AccountingDocument): string {
  const lines = document.lines.map((line, index): Line => ({ ...line, at: line.line ?? index + 1 }));
  return (lines.length > 0 ? lines : [null])
    .map((line) => rowOf(accountingColumns.map(({ cell }) => cell(document, line))))
    .join("");
}

/** 123456 as 1234.56; a rate in hundredths of a per cent likewise. */
function decimal(hundredths: number): string {
  const digits = String(Math.abs(hundredths)).padStart(3, "0");
  return `${hundredths < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

const plain = (quantity: number): string => String(Number(quantity.toFixed(6)));

/** What a spreadsheet takes for a formula, also behind blanks and in the wide signs of East Asian keyboards. */
const computed = /^[\s\p{Cc}]*[=+\-@＝＋－＠]|^[\t\r\n]/u;

function quoted(text: string | null): string | null {
  if (text === null || text === "") return null;
  return `"${computed.test(text) ? "'" : ""}${text.replaceAll('"', '""')}"`;
}
