// What may be asked of invoices once they are made: to read them, to take them to accounting, and to credit them.

import { defineCommands, defineQueries } from "./entry.ts";
import { idOf, line, note, oneOf, optional, ticketRef, Type, uuid } from "./fields.ts";
import type { AccountId } from "./ids.ts";
import * as body from "./money-responses.ts";
import { credited } from "./responses.ts";

const none = () => Type.Object({});
const readers = ["finance", "dispatcher", "customer"] as const;
const day = (what: string) => Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$", description: `${what}, YYYY-MM-DD` });
/** Statements that read a page say its greatest length, for Postgres to plan by. */
export const longestInvoicePage = 200;
export const longestExportPage = 50;

export const moneyCommands = defineCommands({
  "billing.credit": {
    path: "/tickets/{ticketId}/billing/credit",
    roles: ["finance"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["INVOICED", "CLOSED", "CANCELLED"],
    to: ["VERIFIED", "INVOICED", "CLOSED", "CANCELLED"],
    status: 200,
    summary:
      "Give money back: a credit note on lines of a ticket's invoice, or on all that is left of it. What is credited whole is VERIFIED " +
      "again, to be put right and invoiced anew. To lower an invoice before it is made use its adjustments.",
    said: ["refund the customer", "credit note for the trip charge"],
    next: ["invoice.get", "billing.generate_invoice"],
    input: Type.Object({
      invoice_id: optional(uuid("Which invoice; absent: the ticket's newest")),
      lines: optional(
        Type.Array(
          Type.Object({
            line: Type.Integer({ minimum: 1, maximum: 10_000, description: "The line's number in invoice.get" }),
            amount_cents: optional(
              Type.Integer({
                minimum: 1,
                maximum: 1_000_000_000_000,
                description: "How much of it, without tax, which goes with it; absent: all that is left of the line",
              }),
            ),
          }),
          { minItems: 1, maxItems: 1_000, description: "Which lines, each once; absent where all is true" },
        ),
      ),
      all: optional(
        Type.Boolean({ description: "true: all that is left of every line; absent or false: lines says it" }),
      ),
      reason: note("Why; printed on the credit note", 3),
    }),
    example: { lines: [{ line: 4 }], reason: "The second trip was ours to pay" },
    output: credited,
  },
});

export const moneyQueries = defineQueries({
  "billing.export": {
    path: "/billing/export.csv",
    file: "streamed",
    roles: ["finance", "dispatcher"],
    summary:
      "Invoices and credit notes of a range of days as CSV for accounting, a row to each line, with their sums. " +
      "To look for single ones use invoice.list.",
    said: ["export the bills of March for the bookkeeper", "CSV for accounting"],
    next: ["invoice.list", "invoice.get"],
    input: Type.Object({
      from: day("The first day, as printed on the documents"),
      to: day("The last day, itself among them"),
      limit: optional(
        Type.Integer({
          minimum: 1,
          maximum: longestExportPage,
          description: `In JSON at most this many documents, 1 to ${longestExportPage}; absent: 20. The file has all`,
        }),
      ),
      cursor: optional(
        line(500, { description: "In JSON next_cursor of the page before, as it was given; absent: the first page" }),
      ),
    }),
    example: { from: "2026-11-01", to: "2026-11-30" },
    output: body.billingExport,
  },
  "invoice.list": {
    path: "/invoices",
    roles: readers,
    summary:
      "List invoices and credit notes, newest first, by customer, ticket, number, day or status. One with its lines is in invoice.get.",
    said: ["which bills are overdue", "bills of March"],
    next: ["invoice.get", "billing.credit"],
    input: Type.Object({
      account_id: optional(idOf<AccountId>("Only of this account; absent: of any")),
      ticket_id: optional(ticketRef("Only of this ticket; absent: of any")),
      number: optional(line(40, { description: "Only this number, such as INV-000123; absent: any" })),
      kind: optional(oneOf([...body.documentKinds], "Only invoices, or only credit notes; absent: both")),
      status: optional(
        oneOf(
          [...body.documentStatuses],
          "Only those that stand so; overdue and credited are of invoices; absent: any",
        ),
      ),
      issued_from: optional(day("Only of this day or later; absent: no bound")),
      issued_to: optional(day("Only of this day or earlier; absent: no bound")),
      limit: optional(
        Type.Integer({
          minimum: 1,
          maximum: longestInvoicePage,
          description: `At most this many, 1 to ${longestInvoicePage}; absent: 50`,
        }),
      ),
      cursor: optional(
        line(500, { description: "next_cursor of the page before, as it was given; absent: the first page" }),
      ),
    }),
    example: { status: "overdue", issued_from: "2026-11-01", limit: 20 },
    output: body.invoiceList,
  },
  "invoice.get": {
    path: "/invoices/{invoiceId}",
    wrongIdCode: "INVOICE_NOT_FOUND",
    roles: readers,
    summary:
      "Read one invoice or credit note: its lines by visit with list price, price and tax, both sides, and what has been credited. " +
      "To find its id use invoice.list.",
    said: ["show me the bill", "lines of an invoice"],
    next: ["billing.credit", "invoice.list"],
    input: none(),
    example: {},
    output: body.invoiceRead,
  },
  "invoice.get_pdf": {
    path: "/invoices/{invoiceId}/document.pdf",
    wrongIdCode: "INVOICE_NOT_FOUND",
    file: true,
    roles: readers,
    summary:
      "The paper of an invoice or credit note as a PDF, to be sent or printed. Its lines as data are in invoice.get.",
    said: ["print the bill", "bill as PDF"],
    next: ["invoice.get"],
    input: none(),
    example: {},
    output: body.invoiceContent,
  },
  "invoice.get_xml": {
    path: "/invoices/{invoiceId}/document.xml",
    wrongIdCode: "INVOICE_NOT_FOUND",
    file: true,
    roles: readers,
    summary:
      "An invoice or credit note as an electronic invoice for the customer's program: UBL 2.1 by EN 16931. " +
      "For people there is invoice.get_pdf.",
    said: ["electronic invoice", "e-invoice", "bill as XML"],
    next: ["invoice.get_pdf"],
    input: none(),
    example: {},
    output: body.invoiceXml,
  },
});
