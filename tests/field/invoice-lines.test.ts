import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { AccountId } from "../../dispatch/contract/ids.ts";
import {
  calculateInvoice,
  exceedsNte,
  priceBookEntryFor,
  type InvoiceInput,
  type InvoiceResult,
} from "../../dispatch/field/invoice-lines.ts";
import type { PriceBook } from "../../dispatch/policy/policy.ts";
import { idNamed } from "../support/ids.ts";

const account = "aaaaaaaa-0000-4000-8000-000000000001";
const entry = {
  laborCentsPerHour: 12_500,
  travelCentsPerHour: 9_500,
  tripChargeCents: 8_900,
  minimumLaborMinutes: 60,
  materialsMarkupBasisPoints: 2_500,
};
const priceBook: PriceBook = {
  version: "1.0.0",
  currency: "USD",
  default: entry,
  byAccount: { [account]: { ...entry, tripChargeCents: 5_000 } },
  tax: { defaultBasisPoints: 0, basisPointsByRegion: { CA: 725 }, taxableLines: ["materials"] },
};
const pilot = { zeroNteMeansUnlimited: true, tripChargeOnlyAllowed: true };
const strict = { zeroNteMeansUnlimited: false, tripChargeOnlyAllowed: false };

function calculate(over: Partial<InvoiceInput>): InvoiceResult {
  return calculateInvoice({
    work: null,
    adjustments: [],
    accountId: idNamed<AccountId>("other"),
    region: null,
    priceBook,
    rules: pilot,
    ...over,
  });
}

function invoiceOf(over: Partial<InvoiceInput>) {
  const result = calculate(over);
  return result.ok ? result.invoice : assert.fail(`${result.code} at ${result.path}`);
}

describe("calculateInvoice", () => {
  it("writes one line per kind of work, then the trip and the adjustments", () => {
    const invoice = invoiceOf({
      work: {
        labor_minutes: 75,
        travel_minutes: 20,
        parts: [{ sku: "LCH-1", description: "Latch", quantity: 2, unit_price_cents: 999 }],
      },
      adjustments: [{ description: "Goodwill", amount_cents: -1_000 }],
      region: "ca",
    });
    assert.deepEqual(invoice, {
      lines: [
        {
          kind: "labor",
          description: "Labor, 75 min",
          quantity: 1.25,
          unit: "hour",
          unit_price_cents: 12_500,
          amount_cents: 15_625,
          taxable: false,
        },
        {
          kind: "travel",
          description: "Travel, 20 min",
          quantity: 0.333333,
          unit: "hour",
          unit_price_cents: 9_500,
          amount_cents: 3_167,
          taxable: false,
        },
        {
          kind: "materials",
          description: "Latch",
          quantity: 2,
          unit: "each",
          unit_price_cents: 1_249,
          amount_cents: 2_498,
          taxable: true,
        },
        {
          kind: "trip",
          description: "Trip charge",
          quantity: 1,
          unit: "each",
          unit_price_cents: 8_900,
          amount_cents: 8_900,
          taxable: false,
        },
        {
          kind: "adjustment",
          description: "Goodwill",
          quantity: 1,
          unit: "each",
          unit_price_cents: -1_000,
          amount_cents: -1_000,
          taxable: false,
        },
      ],
      subtotal_cents: 29_190,
      // 2498 · 7.25 % = 181.105
      tax_cents: 181,
      total_cents: 29_371,
      currency: "USD",
    });
  });

  it("bills the minimum for a short job and says so", () => {
    const [line] = invoiceOf({ work: { labor_minutes: 10 } }).lines;
    assert.deepEqual(
      [line?.amount_cents, line?.quantity, line?.description],
      [12_500, 1, "Labor, 10 min, minimum 60 min"],
    );
  });

  it("bills no minimum where no labor was reported", () => {
    assert.deepEqual(
      invoiceOf({ work: { labor_minutes: 0, travel_minutes: 60 } }).lines.map((line) => line.kind),
      ["travel", "trip"],
    );
  });

  it("bills the trip alone without reported work, where the policy allows it", () => {
    for (const work of [null, {}, { labor_minutes: 0, travel_minutes: 0, parts: [] }]) {
      assert.equal(invoiceOf({ work }).total_cents, 8_900);
      assert.deepEqual(calculate({ work, rules: strict }), { ok: false, code: "NO_WORK_REPORTED", path: "work" });
    }
    assert.equal(calculate({ work: { labor_minutes: 1 }, rules: strict }).ok, true);
  });

  it("uses the account's prices, whatever the case of its id", () => {
    assert.equal(invoiceOf({ accountId: idNamed<AccountId>(account.toUpperCase()) }).total_cents, 5_000);
    assert.equal(priceBookEntryFor(priceBook, idNamed<AccountId>("constructor")), entry);
  });

  it("rounds half a cent up on each line and each line's tax, never on the sum", () => {
    const book = {
      ...priceBook,
      default: { ...entry, tripChargeCents: 0, materialsMarkupBasisPoints: 0 },
      tax: { ...priceBook.tax, defaultBasisPoints: 500 },
    };
    const part = { quantity: 0.5, unit_price_cents: 21 };
    const invoice = invoiceOf({ work: { parts: [part, part] }, priceBook: book });
    // Each 10.5 → 11; each tax 0.55 → 1; over the sum they would be 21 and 1.05 → 1.
    assert.deepEqual([invoice.subtotal_cents, invoice.tax_cents], [22, 2]);
  });

  it("falls back to the default tax for an unknown region, and never finds Object's members", () => {
    const book = { ...priceBook, tax: { ...priceBook.tax, defaultBasisPoints: 1_000 } };
    const work = { parts: [{ quantity: 1, unit_price_cents: 800 }] };
    for (const [region, tax] of [
      ["CA", 73],
      [" ca ", 73],
      ["NV", 100],
      [null, 100],
      ["constructor", 100],
    ] as const) {
      assert.equal(invoiceOf({ work, region, priceBook: book }).tax_cents, tax, String(region));
    }
  });

  it("takes a credit down to zero and not below", () => {
    const credit = (amount_cents: number) => calculate({ adjustments: [{ description: "Credit", amount_cents }] });
    assert.equal(invoiceOf({ adjustments: [{ description: "Credit", amount_cents: -8_900 }] }).total_cents, 0);
    assert.deepEqual(credit(-8_901), { ok: false, code: "TOTAL_BELOW_ZERO", path: "adjustments" });
  });

  const MAX = Number.MAX_SAFE_INTEGER;
  it("refuses amounts beyond exact numbers instead of losing cents", () => {
    const beyond = { ok: false, code: "AMOUNT_OUT_OF_RANGE", path: "" };
    assert.deepEqual(calculate({ work: { labor_minutes: MAX } }), beyond);
    assert.deepEqual(calculate({ work: { parts: [{ quantity: 2, unit_price_cents: MAX }] } }), beyond);
    // Here the sum is small and only the marked-up price of a whole piece is too large.
    assert.deepEqual(calculate({ work: { parts: [{ quantity: 0.001, unit_price_cents: MAX }] } }), beyond);
    assert.deepEqual(
      calculate({
        adjustments: [
          { description: "a", amount_cents: MAX },
          { description: "b", amount_cents: MAX },
        ],
      }),
      beyond,
    );
    assert.equal(invoiceOf({ adjustments: [{ description: "a", amount_cents: MAX - 8_900 }] }).total_cents, MAX);
  });

  const bad: [string, Partial<InvoiceInput>][] = [
    ["work/labor_minutes", { work: { labor_minutes: -1 } }],
    ["work/labor_minutes", { work: { labor_minutes: 1.5 } }],
    ["work/travel_minutes", { work: { travel_minutes: Number.NaN } }],
    [
      "work/parts/1/quantity",
      {
        work: {
          parts: [
            { quantity: 0.125, unit_price_cents: 1 },
            { quantity: 0.0001, unit_price_cents: 1 },
          ],
        },
      },
    ],
    ["work/parts/0/quantity", { work: { parts: [{ quantity: -1, unit_price_cents: 1 }] } }],
    ["work/parts/0/quantity", { work: { parts: [{ quantity: Number.POSITIVE_INFINITY, unit_price_cents: 1 }] } }],
    ["work/parts/0/unit_price_cents", { work: { parts: [{ quantity: 1, unit_price_cents: -1 }] } }],
    [
      "adjustments/1/amount_cents",
      {
        adjustments: [
          { description: "a", amount_cents: 1 },
          { description: "b", amount_cents: 0.5 },
        ],
      },
    ],
  ];
  for (const [path, over] of bad) {
    it(`refuses ${JSON.stringify(over)}`, () =>
      assert.deepEqual(calculate(over), { ok: false, code: "INVALID_WORK", path }));
  }

  it("adds up, and each amount is its exact value rounded half up", () => {
    const minutes = fc.integer({ min: 0, max: 10_000 });
    const part = fc.record({
      quantity: fc.integer({ min: 0, max: 100_000 }).map((n) => n / 1000),
      unit_price_cents: fc.integer({ min: 0, max: 1_000_000 }),
    });
    const adjustment = fc.record({
      description: fc.constant("a"),
      amount_cents: fc.integer({ min: -50_000, max: 50_000 }),
    });
    const work = fc.record({
      labor_minutes: minutes,
      travel_minutes: minutes,
      parts: fc.array(part, { maxLength: 5 }),
    });
    // Half up: x − ½ < rounded ≤ x + ½ … with the tie on the upper side. Doubled, to stay in whole numbers.
    const isHalfUp = (rounded: number, numerator: number, denominator: number): boolean => {
      const twice = 2 * (rounded * denominator - numerator);
      return twice > -denominator && twice <= denominator;
    };
    fc.assert(
      fc.property(
        work,
        fc.array(adjustment, { maxLength: 4 }),
        fc.constantFrom("CA", null),
        (reported, adjustments, region) => {
          const result = calculate({ work: reported, adjustments, region });
          if (!result.ok) return assert.equal(result.code, "TOTAL_BELOW_ZERO");
          const { lines, subtotal_cents, tax_cents, total_cents } = result.invoice;
          assert.equal(
            subtotal_cents,
            lines.reduce((sum, line) => sum + line.amount_cents, 0),
          );
          assert.equal(total_cents, subtotal_cents + tax_cents);
          assert.ok(total_cents >= 0);
          for (const line of lines)
            assert.ok(Number.isSafeInteger(line.amount_cents) && Number.isSafeInteger(line.unit_price_cents));
          const labor = lines.find((line) => line.kind === "labor");
          const billed = reported.labor_minutes === 0 ? 0 : Math.max(60, reported.labor_minutes);
          assert.ok(isHalfUp(labor?.amount_cents ?? 0, billed * entry.laborCentsPerHour, 60));
          lines
            .filter((line) => line.kind === "materials")
            .forEach((line, index) => {
              const given = reported.parts[index] ?? assert.fail();
              assert.ok(isHalfUp(line.unit_price_cents, given.unit_price_cents * 12_500, 10_000));
              assert.ok(isHalfUp(line.amount_cents, line.unit_price_cents * Math.round(given.quantity * 1000), 1000));
            });
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("exceedsNte", () => {
  for (const [total, nte, rules, exceeds] of [
    [100, 100, pilot, false],
    [101, 100, pilot, true],
    [101, 0, pilot, false],
    [101, 0, strict, true],
    [0, 0, strict, false],
  ] as const) {
    it(`${total} of ${nte} with zero ${rules.zeroNteMeansUnlimited ? "unlimited" : "meaning zero"}: ${exceeds}`, () => {
      assert.equal(exceedsNte(total, nte, rules), exceeds);
    });
  }
});
