// The rows that go to accounting: whatever was billed, credited and written, they add up to the documents, and no cell is a formula.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import {
  accountingColumns,
  accountingHeader,
  accountingRows,
  type AccountingDocument,
} from "../../dispatch/money/accounting-csv.ts";
import { billed, words, type Amounts } from "../support/billed-documents.ts";

const documentOf = (amounts: Amounts, over: Partial<AccountingDocument> = {}): AccountingDocument => ({
  kind: "invoice",
  number: "INV-000001",
  currency: "USD",
  issued_on: "2026-11-30",
  due_on: null,
  credits_number: null,
  account_id: "aaaaaaaa-0000-4000-8000-000000000001",
  account_name: "Acme",
  external_source: null,
  external_id: null,
  ticket_number: "T-000001",
  site_name: "Oakland",
  parties: null,
  ...amounts,
  ...over,
});

const rowsOf = (...documents: AccountingDocument[]): Record<string, string>[] =>
  parse(accountingHeader() + documents.map(accountingRows).join(""), {
    bom: true,
    columns: true,
    record_delimiter: "\r\n",
  });

/** Exactly, as an accountant's program adds them: no binary fraction comes in. */
const cents = (text = ""): bigint => {
  assert.match(text, /^-?\d+\.\d\d$/);
  return BigInt(text.replace(".", ""));
};
const sum = (rows: readonly Record<string, string>[], column: string): bigint =>
  rows.reduce((total, row) => total + cents(row[column]), 0n);

describe("rows for accounting", () => {
  test("add up to each document's totals to the cent, of invoices and credit notes under every rounding", () => {
    fc.assert(
      fc.property(billed, ({ invoice, creditNotes }) => {
        const documents = [
          documentOf(invoice),
          ...creditNotes.map((one, index) => documentOf(one, { kind: "credit_note", number: `CN-00000${index + 1}` })),
        ];
        const rows = rowsOf(...documents);
        for (const one of documents) {
          const own = rows.filter((row) => row["document_number"] === one.number);
          assert.equal(own.length, one.lines.length);
          assert.equal(sum(own, "price"), BigInt(one.subtotal_cents));
          assert.equal(sum(own, "amount"), BigInt(one.subtotal_cents));
          assert.equal(sum(own, "tax"), BigInt(one.tax_cents));
          assert.equal(sum(own, "line_total"), BigInt(one.total_cents));
          const [first] = own;
          assert.deepEqual(
            ["document_subtotal", "document_tax", "document_total"].map((column) => cents(first?.[column])),
            [one.subtotal_cents, one.tax_cents, one.total_cents].map(BigInt),
          );
        }
        const left = invoice.total_cents - creditNotes.reduce((total, note) => total + note.total_cents, 0);
        assert.equal(sum(rows, "balance_change"), BigInt(left));
      }),
      { numRuns: 100 },
    );
  });

  test("hold what was written, and nothing that a spreadsheet would compute", () => {
    const line = {
      kind: "trip",
      visit: null,
      quantity: 0.000001,
      unit: "each",
      unit_price_cents: -5,
      amount_cents: -5,
      net_cents: 0,
      taxable: false,
      tax_cents: 0,
    };
    fc.assert(
      fc.property(words, words, (description, account_name) => {
        const amounts = { lines: [{ ...line, description }], subtotal_cents: -5, tax_cents: 0, total_cents: -5 };
        const [row] = rowsOf(documentOf(amounts, { account_name, external_id: description }));
        for (const [column, text] of [
          ["description", description],
          ["external_id", description],
          ["account_name", account_name],
        ] as const) {
          const cell = row?.[column] ?? assert.fail(`no ${column}`);
          assert.ok(cell === text || cell === `'${text}`, JSON.stringify([cell, text]));
          assert.doesNotMatch(cell, /^[\s\p{Cc}]*[=+\-@\t\r\n＝＋－＠]/u);
        }
        assert.deepEqual([row?.["quantity"], row?.["list_price"], row?.["tax_percent"]], ["0.000001", "-0.05", ""]);
      }),
    );
  });

  test("have a row for a document without lines, and a column once", () => {
    const rows = rowsOf(documentOf({ lines: [], subtotal_cents: 0, tax_cents: 0, total_cents: 0 }));
    assert.deepEqual(
      rows.map((row) => [row["document_number"], row["line"], row["document_total"]]),
      [["INV-000001", "", "0.00"]],
    );
    assert.equal(new Set(accountingColumns.map(({ name }) => name)).size, accountingColumns.length);
  });
});
