// What may be billed and credited, as the desk works it out: for properties that hold of every document.

import fc from "fast-check";
import type { AccountId } from "../../dispatch/contract/ids.ts";
import type { InvoiceBody } from "../../dispatch/contract/responses.ts";
import { creditNoteAmounts } from "../../dispatch/field/billing-credit.ts";
import { calculateInvoice } from "../../dispatch/field/invoice-lines.ts";
import { creditedByLine } from "../../dispatch/field/invoices.ts";
import { creditLines } from "../../dispatch/money/credit.ts";
import { roundingModes } from "../../dispatch/policy/policy.ts";
import { idNamed } from "./ids.ts";

export type Amounts = Pick<InvoiceBody, "lines" | "subtotal_cents" | "tax_cents" | "total_cents">;
export type Billed = { readonly invoice: Amounts; readonly creditNotes: readonly Amounts[] };

/** Words as people and programs put them into a document. */
export const words = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("=1+1", "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", 'a"b,c\r\nd', "＝1", "<&>\u0001"),
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

/** An invoice of up to three visits under any rounding, and the credit notes of up to four shares of its lines. */
export const billed: fc.Arbitrary<Billed> = fc
  .tuple(
    fc.array(report, { minLength: 1, maxLength: 3 }),
    fc.array(adjustment, { maxLength: 3 }),
    fc.nat(2_500),
    fc.constantFrom(...roundingModes),
    fc.array(share, { maxLength: 4 }),
  )
  .map(([reports, adjustments, defaultBasisPoints, rounding, shares]): Billed | null => {
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
        parts: {},
      },
      rules: { zeroNteMeansUnlimited: true, tripChargeOnlyAllowed: true },
    });
    if (!result.ok) return null;
    const lines = result.invoice.lines.map((line) => ({ ...line }));
    const creditNotes: Amounts[] = [];
    for (const [line, percent] of shares) {
      const state = creditedByLine({ invoice: { lines }, creditNotes });
      const left = (state[line - 1]?.net_cents ?? 0) - (state[line - 1]?.credited_cents ?? 0);
      const credit = creditLines(state, [{ line, amount_cents: Math.max(1, Math.floor((left * percent) / 100)) }]);
      if (credit.ok) creditNotes.push(creditNoteAmounts({ lines }, credit.credits));
    }
    return { invoice: { ...result.invoice, lines }, creditNotes };
  })
  .filter((one) => one !== null);
