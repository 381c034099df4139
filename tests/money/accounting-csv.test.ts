// The rows that go to accounting: whatever was billed, credited and written, they add up to the documents, and no cell is a formula.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import type { AccountId } from "../../dispatch/contract/ids.ts";
import { creditNoteAmounts } from "../../dispatch/field/billing-credit.ts";
import { calculateInvoice } from "../../dispatch/field/invoice-lines.ts";
import { creditedByLine } from "../../dispatch/field/invoices.ts";
import {
  accountingColumns,
  accountingHeader,
  accountingRows,
  type AccountingDocument,
} from "../../dispatch/money/accounting-csv.ts";
import { creditLines } from "../../dispatch/money/credit.ts";
import { roundingModes } from "../../dispatch/policy/policy.ts";
import { idNamed } from "../support/ids.ts";

type Amounts = Pick<AccountingDocument, "lines" | "subtotal_cents" | "tax_cents" | "total_cents">;

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

const words = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("=1+1", "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", 'a"b,c\r\nd', "＝1"),
);
const part = fc.record({
  description: words,
  quantity: fc.integer({ min: 1, max: 90_000 }).map((thousandths) => thousandths / 1_000),
  unit_price_cents: fc.nat(50_000),
});
const report = fc.record({
  labor_minutes: fc.nat(600),
  travel_minutes: fc.nat(200),
  parts: fc.array(part, { maxLength: 4 }),
});
const adjustment = fc.record({ description: words, amount_cents: fc.integer({ min: -3_000, max: 5_000 }) });
const share = fc.tuple(fc.nat(12), fc.integer({ min: 1, max: 100 }));

describe("rows for accounting", () => {
  test("add up to each document's totals to the cent, of invoices and credit notes under every rounding", () => {
    fc.assert(
      fc.property(
        fc.array(report, { minLength: 1, maxLength: 3 }),
        fc.array(adjustment, { maxLength: 3 }),
        fc.nat(2_500),
        fc.constantFrom(...roundingModes),
        fc.array(share, { maxLength: 4 }),
        (reports, adjustments, defaultBasisPoints, rounding, shares) => {
          const rates = {
            laborCentsPerHour: 12_500,
            travelCentsPerHour: 9_507,
            tripChargeCents: 8_900,
            minimumLaborMinutes: 60,
            materialsMarkupBasisPoints: 2_533,
            at: {},
          };
          const result = calculateInvoice({
            visits: reports.map((one, index) => ({ number: index + 1, began_at: null, reports: [one], noWork: null })),
            adjustments,
            accountId: idNamed<AccountId>("acme"),
            region: null,
            priceBook: {
              version: "1",
              currency: "USD",
              rounding,
              default: rates,
              byAccount: {},
              tax: { defaultBasisPoints, basisPointsByRegion: {}, taxableLines: ["materials", "labor"] },
            },
            rules: { zeroNteMeansUnlimited: true, tripChargeOnlyAllowed: true },
          });
          fc.pre(result.ok);
          const lines = result.invoice.lines.map((line) => ({ ...line }));
          const documents = [documentOf({ ...result.invoice, lines })];
          const creditNotes: Amounts[] = [];
          for (const [line, percent] of shares) {
            const state = creditedByLine({ invoice: { lines }, creditNotes });
            const left = (state[line - 1]?.net_cents ?? 0) - (state[line - 1]?.credited_cents ?? 0);
            const credit = creditLines(state, [
              { line, amount_cents: Math.max(1, Math.floor((left * percent) / 100)) },
            ]);
            if (!credit.ok) continue;
            const amounts = creditNoteAmounts({ lines }, credit.credits);
            creditNotes.push(amounts);
            documents.push(documentOf(amounts, { kind: "credit_note", number: `CN-00000${documents.length}` }));
          }
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
          const left = result.invoice.total_cents - creditNotes.reduce((total, note) => total + note.total_cents, 0);
          assert.equal(sum(rows, "balance_change"), BigInt(left));
        },
      ),
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
