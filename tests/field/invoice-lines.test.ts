import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { AccountId } from "../../dispatch/contract/ids.ts";
import {
  calculateInvoice,
  priceBookEntryFor,
  type InvoiceInput,
  type InvoiceResult,
} from "../../dispatch/field/invoice-lines.ts";
import { exceedsNte } from "../../dispatch/field/limit.ts";
import type { ReportedWork, Visit } from "../../dispatch/field/visits.ts";
import { roundingModes, type PriceBook, type RoundingMode } from "../../dispatch/policy/policy.ts";
import { idNamed } from "../support/ids.ts";

const account = "aaaaaaaa-0000-4000-8000-000000000001";
const entry = {
  laborCentsPerHour: 12_500,
  travelCentsPerHour: 9_500,
  tripChargeCents: 8_900,
  minimumLaborMinutes: 60,
  materialsMarkupBasisPoints: 2_500,
  at: {},
};
const priceBook: PriceBook = {
  version: "1.0.0",
  currency: "USD",
  rounding: "half_up",
  default: entry,
  byAccount: { [account]: { ...entry, tripChargeCents: 5_000 } },
  tax: { defaultBasisPoints: 0, basisPointsByRegion: { CA: 725 }, taxableLines: ["materials"] },
  parts: {},
};
const latch = { sku: "LCH-1", name: "Latch", costCents: 1_200, priceCents: 1_999 };
const hinge = { sku: "HNG-1", name: "Hinge", costCents: 800, priceCents: null };
const catalogue = {
  "LCH-1": latch,
  "HNG-1": hinge,
  FREE: { sku: "FREE", name: "Shim", costCents: null, priceCents: 0 },
};
const pilot = { zeroNteMeansUnlimited: true, tripChargeOnlyAllowed: true };
const strict = { zeroNteMeansUnlimited: false, tripChargeOnlyAllowed: false };

/** One visit, where only its work is said. */
type Over = Partial<InvoiceInput> & { readonly work?: ReportedWork | null };

const visit = (number: number, ...reports: ReportedWork[]): Visit => ({
  number,
  began_at: null,
  reports,
  noWork: null,
});

function calculate({ work, ...over }: Over): InvoiceResult {
  return calculateInvoice({
    visits: work ? [visit(1, work)] : [],
    adjustments: [],
    accountId: idNamed<AccountId>("other"),
    region: null,
    priceBook,
    rules: pilot,
    ...over,
  });
}

function invoiceOf(over: Over) {
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
          visit: 1,
          quantity: 1.25,
          unit: "hour",
          unit_price_cents: 12_500,
          amount_cents: 15_625,
          net_cents: 15_108,
          taxable: false,
          tax_basis_points: 0,
          tax_cents: 0,
        },
        {
          kind: "travel",
          description: "Travel, 20 min",
          visit: 1,
          quantity: 0.333333,
          unit: "hour",
          unit_price_cents: 9_500,
          amount_cents: 3_167,
          net_cents: 3_062,
          taxable: false,
          tax_basis_points: 0,
          tax_cents: 0,
        },
        {
          kind: "materials",
          description: "Latch",
          visit: 1,
          quantity: 2,
          unit: "each",
          unit_price_cents: 1_249,
          amount_cents: 2_498,
          net_cents: 2_415,
          taxable: true,
          tax_basis_points: 725,
          // 2415 · 7.25 % = 175.09
          tax_cents: 175,
        },
        {
          kind: "trip",
          description: "Trip charge",
          visit: 1,
          quantity: 1,
          unit: "each",
          unit_price_cents: 8_900,
          amount_cents: 8_900,
          net_cents: 8_605,
          taxable: false,
          tax_basis_points: 0,
          tax_cents: 0,
        },
        {
          kind: "adjustment",
          description: "Goodwill",
          visit: null,
          quantity: 1,
          unit: "each",
          unit_price_cents: -1_000,
          amount_cents: -1_000,
          net_cents: 0,
          taxable: false,
          tax_basis_points: 0,
          tax_cents: 0,
        },
      ],
      subtotal_cents: 29_190,
      tax_cents: 175,
      total_cents: 29_365,
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

  it("taxes the sum of small parts and not each alone, to the cent", () => {
    const screws = { parts: Array.from({ length: 20 }, () => ({ quantity: 1, unit_price_cents: 5 })) };
    const { lines, tax_cents } = invoiceOf({ work: screws, region: "CA" });
    // Each costs 6 and would owe 0.435; together 8.7.
    assert.equal(tax_cents, 9);
    const taxes = lines.filter(({ kind }) => kind === "materials").map((line) => line.tax_cents);
    assert.deepEqual([taxes.length, sum(taxes)], [20, 9]);
    assert.ok(taxes.every((tax) => tax === 0 || tax === 1));
  });

  it("rounds a part of a cent on each line as the price book says", () => {
    const prices = { ...entry, tripChargeCents: 0, materialsMarkupBasisPoints: 0 };
    const parts = [105, 115, 51, 54].map((unit_price_cents) => ({ quantity: 0.1, unit_price_cents }));
    for (const [rounding, amounts] of [
      ["half_up", [11, 12, 5, 5]],
      ["half_even", [10, 12, 5, 5]],
      ["half_down", [10, 11, 5, 5]],
      ["up", [11, 12, 6, 6]],
      ["down", [10, 11, 5, 5]],
    ] as const) {
      const { lines } = invoiceOf({ work: { parts }, priceBook: { ...priceBook, rounding, default: prices } });
      const materials = lines.filter(({ kind }) => kind === "materials").map((line) => line.amount_cents);
      assert.deepEqual(materials, amounts, rounding);
    }
  });

  it("lowers the tax of the lines that a credit lowers, and of no others", () => {
    const work = { labor_minutes: 60, parts: [{ quantity: 1, unit_price_cents: 8_000 }] };
    const taxAfter = (amount_cents: number, applies_to?: "labor" | "materials") =>
      invoiceOf({ work, region: "CA", adjustments: [{ description: "Credit", amount_cents, applies_to }] }).tax_cents;
    assert.equal(taxAfter(-10_000, "materials"), 0);
    assert.equal(taxAfter(-5_000, "materials"), 363);
    assert.equal(taxAfter(-5_000, "labor"), 725);
    // A tenth of everything, so a tenth of what is taxed.
    assert.equal(taxAfter(-3_140), 653);
    assert.equal(taxAfter(1_000, "materials"), 798);
    assert.equal(taxAfter(1_000), 725);
  });

  it("takes the price of a listed part as it stands, else the reported cost, else the listed one, each with its mark-up", () => {
    const parts = [
      { sku: "lch-1", quantity: 2 },
      { sku: "LCH-1", description: "Latch, left", quantity: 1, unit_price_cents: 1 },
      { sku: "HNG-1", quantity: 1 },
      { sku: "HNG-1", quantity: 1, unit_price_cents: 400 },
      { sku: "ELSE", quantity: 1, unit_price_cents: 400 },
    ];
    const { lines } = invoiceOf({ work: { parts }, priceBook: { ...priceBook, parts: catalogue } });
    assert.deepEqual(
      lines.map(({ description, unit_price_cents, amount_cents }) => [description, unit_price_cents, amount_cents]),
      [
        ["Latch", 1_999, 3_998],
        ["Latch, left", 1_999, 1_999],
        ["Hinge", 1_000, 1_000],
        ["Hinge", 500, 500],
        ["ELSE", 500, 500],
        ["Trip charge", 8_900, 8_900],
      ],
    );
  });

  it("refuses a part that has no price, wherever it stands", () => {
    const unlisted = { sku: "constructor", quantity: 1 };
    const result = (part: object) => {
      const visits = [
        visit(
          1,
          { labor_minutes: 1 },
          {
            parts: [
              { sku: "HNG-1", quantity: 1 },
              { ...unlisted, ...part },
            ],
          },
        ),
      ];
      return calculate({ visits, priceBook: { ...priceBook, parts: catalogue } });
    };
    const path = "work/parts/1/unit_price_cents";
    assert.deepEqual(result({}), { ok: false, code: "UNPRICED_PART", path, sku: "constructor" });
    assert.deepEqual(result({ sku: undefined }), { ok: false, code: "UNPRICED_PART", path, sku: "" });
    assert.deepEqual(result({ sku: "LCH-1", unit_price_cents: -1 }), { ok: false, code: "INVALID_WORK", path });
    assert.equal(result({ unit_price_cents: 0 }).ok, true);
  });

  it("bills every visit by itself: its minimum, its parts and its trip", () => {
    const part = { quantity: 1, unit_price_cents: 800, description: "Hinge" };
    const { lines } = invoiceOf({
      visits: [
        visit(1, { labor_minutes: 20 }, { labor_minutes: 70, travel_minutes: 30 }),
        visit(2, { labor_minutes: 10, parts: [part] }),
        { number: 3, began_at: null, reports: [], noWork: "no_access" },
      ],
    });
    assert.deepEqual(
      lines.map(({ kind, description, visit: of, amount_cents }) => [kind, description, of, amount_cents]),
      [
        ["labor", "Visit 1: Labor, 90 min", 1, 18_750],
        ["travel", "Visit 1: Travel, 30 min", 1, 4_750],
        ["trip", "Visit 1: Trip charge", 1, 8_900],
        ["labor", "Visit 2: Labor, 10 min, minimum 60 min", 2, 12_500],
        ["materials", "Visit 2: Hinge", 2, 1_000],
        ["trip", "Visit 2: Trip charge", 2, 8_900],
        ["trip", "Visit 3: Trip charge, no access", 3, 8_900],
      ],
    );
  });

  it("bills each visit at the rates of the time at which it began, and says which", () => {
    const night = { laborCentsPerHour: 18_750, travelCentsPerHour: 9_500, tripChargeCents: 12_000 };
    const book = { ...priceBook, default: { ...entry, at: { after_hours: night } } };
    const work = { labor_minutes: 60, travel_minutes: 60, parts: [{ quantity: 1, unit_price_cents: 800 }] };
    const { lines } = invoiceOf({
      visits: [visit(1, work), visit(2, { ...work, labor_minutes: 20 }), { ...visit(3), noWork: "no_access" }],
      timesOf: ({ number }) => (number === 1 ? [] : ["holiday", "after_hours"]),
      priceBook: book,
    });
    assert.deepEqual(
      lines.map(({ description, amount_cents }) => [description, amount_cents]),
      [
        ["Visit 1: Labor, 60 min", 12_500],
        ["Visit 1: Travel, 60 min", 9_500],
        ["Visit 1: Part", 1_000],
        ["Visit 1: Trip charge", 8_900],
        ["Visit 2: Labor, 20 min, minimum 60 min, after hours", 18_750],
        ["Visit 2: Travel, 60 min, after hours", 9_500],
        ["Visit 2: Part", 1_000],
        ["Visit 2: Trip charge, after hours", 12_000],
        ["Visit 3: Trip charge, no access, after hours", 12_000],
      ],
    );
  });

  it("bills a call-out with nothing to do where work must be reported", () => {
    const callOut = { number: 1, began_at: null, reports: [], noWork: "not_needed" };
    assert.equal(invoiceOf({ visits: [callOut], rules: strict }).total_cents, 8_900);
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

  it("takes a credit down to zero, tax included, and not below", () => {
    const work = { parts: [{ quantity: 1, unit_price_cents: 8_000 }] };
    const whole = [{ description: "Credit", amount_cents: -18_900 }];
    assert.deepEqual(invoiceOf({ work, region: "CA", adjustments: whole }).total_cents, 0);
    const credit = (amount_cents: number) => calculate({ adjustments: [{ description: "Credit", amount_cents }] });
    assert.equal(invoiceOf({ adjustments: [{ description: "Credit", amount_cents: -8_900 }] }).total_cents, 0);
    assert.deepEqual(credit(-8_901), { ok: false, code: "CREDIT_TOO_LARGE", path: "adjustments/0/amount_cents" });
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

  const bad: [string, Over][] = [
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

  const minutes = fc.integer({ min: 0, max: 10_000 });
  const quantity = fc.integer({ min: 0, max: 100_000 }).map((n) => n / 1000);
  const cost = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 1_000_000 }));
  /** Of the catalogue by its SKU, with a cost or without, or of none. */
  const part = fc.oneof(
    fc.record({ sku: fc.constantFrom(undefined, "unlisted"), quantity, unit_price_cents: cost }),
    fc.record({
      sku: fc.constantFrom("dear", "ODD", "HALF"),
      quantity,
      unit_price_cents: fc.option(cost, { nil: undefined }),
    }),
  );
  const listed = fc
    .record({ dear: fc.nat(1_000_000), odd: fc.nat(20), half: fc.nat(1_000_000) })
    .map(({ dear, odd, half }): PriceBook["parts"] => ({
      DEAR: { sku: "DEAR", name: "Closer", costCents: null, priceCents: dear },
      ODD: { sku: "ODD", name: "Screw", costCents: odd, priceCents: null },
      HALF: { sku: "HALF", name: "Hinge", costCents: odd, priceCents: half },
    }));
  const adjustment = fc.record({
    description: fc.constant("a"),
    amount_cents: fc.integer({ min: -50_000, max: 50_000 }),
    applies_to: fc.constantFrom("labor", "travel", "materials", "trip", undefined),
  });
  const report = fc.record({
    labor_minutes: minutes,
    travel_minutes: minutes,
    parts: fc.array(part, { maxLength: 5 }),
  });
  const visits = fc
    .array(fc.array(report, { maxLength: 2 }), { minLength: 1, maxLength: 3 })
    .map((all) => all.map((reports, index) => visit(index + 1, ...reports)));
  const taxable = fc.subarray(["labor", "travel", "materials", "trip"] as const);
  const rate = fc.integer({ min: 0, max: 10_000 });
  const mode = fc.constantFrom(...roundingModes);
  /** Whether it is the quotient as the mode rounds it. Doubled, to stay in whole numbers. */
  const isRounded = (by: RoundingMode, rounded: number, numerator: number, denominator: number): boolean => {
    const twice = 2 * (rounded * denominator - numerator);
    if (by === "up") return twice >= 0 && twice < 2 * denominator;
    if (by === "down") return twice <= 0 && twice > -2 * denominator;
    if (Math.abs(twice) !== denominator) return Math.abs(twice) < denominator;
    return by === "half_even" ? rounded % 2 === 0 : by === "half_up" ? twice > 0 : twice < 0;
  };

  it("adds up to the cent, whatever is done, credited and taxed", () => {
    fc.assert(
      fc.property(
        visits,
        fc.array(adjustment, { maxLength: 4 }),
        taxable,
        rate,
        mode,
        listed,
        (done, adjustments, taxed, percent, rounding, parts) => {
          const tax = { ...priceBook.tax, defaultBasisPoints: percent, taxableLines: taxed };
          const result = calculate({ visits: done, adjustments, priceBook: { ...priceBook, rounding, tax, parts } });
          if (!result.ok) return assert.equal(result.code, "CREDIT_TOO_LARGE");
          const { lines, subtotal_cents, tax_cents, total_cents } = result.invoice;
          const nets = lines.map((line) => line.net_cents);
          assert.equal(subtotal_cents, sum(lines.map((line) => line.amount_cents)));
          assert.equal(subtotal_cents, sum(nets));
          assert.equal(tax_cents, sum(lines.map((line) => line.tax_cents)));
          assert.equal(total_cents, subtotal_cents + tax_cents);
          assert.ok(nets.every((net, index) => net >= 0 && net <= Math.max(0, lines[index]?.amount_cents ?? 0)));
          // The whole is rounded once, and no line is a cent or more off its exact value.
          const base = sum(lines.filter((line) => line.taxable).map((line) => line.net_cents));
          assert.ok(isRounded(rounding, tax_cents, base * percent, 10_000));
          for (const line of lines) {
            const exact = line.taxable ? (line.net_cents * percent) / 10_000 : 0;
            assert.ok(Math.abs(line.tax_cents - exact) < 1 && line.tax_cents >= 0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("charges nothing for warranty work, and all that is charged besides, to the cent", () => {
    const charge = fc.record({
      description: fc.constant("a"),
      amount_cents: fc.integer({ min: 0, max: 50_000 }),
      applies_to: fc.constantFrom("labor", "materials", undefined),
    });
    fc.assert(
      fc.property(
        visits,
        fc.array(charge, { maxLength: 3 }),
        taxable,
        rate,
        mode,
        listed,
        (done, adjustments, taxed, percent, rounding, parts) => {
          const tax = { ...priceBook.tax, defaultBasisPoints: percent, taxableLines: taxed };
          const over = { visits: done, adjustments, priceBook: { ...priceBook, rounding, tax, parts } };
          const { lines, ...covered } = invoiceOf({ ...over, warranty: "Warranty of T-000001" });
          const priced = invoiceOf(over).lines;
          assert.deepEqual(
            lines.slice(0, priced.length).map((line) => line.amount_cents),
            priced.map((line) => line.amount_cents),
          );
          const work = priced.filter(({ kind, amount_cents }) => kind !== "adjustment" && amount_cents > 0);
          assert.deepEqual(
            lines.slice(priced.length).map((line) => [line.description, line.visit, line.amount_cents]),
            work.map((line) => [`Warranty of T-000001: ${line.description}`, line.visit, -line.amount_cents]),
          );
          assert.ok(
            lines.every(({ kind, net_cents, tax_cents }) => kind === "adjustment" || net_cents + tax_cents === 0),
          );
          const charged = sum(adjustments.map((one) => one.amount_cents));
          assert.deepEqual([covered.subtotal_cents, sum(lines.map((line) => line.net_cents))], [charged, charged]);
          const taxedCharges = sum(lines.filter((line) => line.taxable).map((line) => line.net_cents));
          assert.ok(isRounded(rounding, covered.tax_cents, taxedCharges * percent, 10_000));
          assert.equal(covered.total_cents, charged + covered.tax_cents);
        },
      ),
      { numRuns: 500 },
    );
    const credit = { description: "c", amount_cents: -1 };
    assert.partialDeepStrictEqual(calculate({ warranty: "Warranty", adjustments: [credit] }), {
      code: "CREDIT_TOO_LARGE",
    });
  });

  it("never takes more tax for a larger credit", () => {
    const parts = [{ quantity: 45.688, unit_price_cents: 6 }];
    const mixedVisits = [
      { number: 1, began_at: null, reports: [{ labor_minutes: 0, travel_minutes: 1845, parts }], noWork: null },
      { number: 2, began_at: null, reports: [], noWork: null },
    ];
    const credit = fc.integer({ min: 0, max: 8_900 });
    fc.assert(
      fc.property(visits, credit, credit, mode, listed, (done, one, other, rounding, listing) => {
        const taxAfter = (amount_cents: number) =>
          invoiceOf({
            visits: done,
            region: "CA",
            adjustments: [{ description: "c", amount_cents: -amount_cents }],
            priceBook: { ...priceBook, rounding, parts: listing },
          }).tax_cents;
        assert.ok(taxAfter(Math.max(one, other)) <= taxAfter(Math.min(one, other)));
      }),
      // Taxed and untaxed lines by turns, of which each was rounded for itself once.
      { examples: [[mixedVisits, 794, 744, "half_up", {}]] },
    );
  });

  it("rounds each amount from its exact value as the price book says", () => {
    fc.assert(
      fc.property(report, mode, listed, (reported, rounding, parts) => {
        const { lines } = invoiceOf({ work: reported, priceBook: { ...priceBook, rounding, parts } });
        const labor = lines.find((line) => line.kind === "labor");
        const billed = reported.labor_minutes === 0 ? 0 : Math.max(60, reported.labor_minutes);
        assert.ok(isRounded(rounding, labor?.amount_cents ?? 0, billed * entry.laborCentsPerHour, 60));
        lines
          .filter((line) => line.kind === "materials")
          .forEach((line, index) => {
            const given = reported.parts[index] ?? assert.fail();
            const { name, costCents, priceCents = null } = parts[given.sku?.toUpperCase() ?? ""] ?? {};
            const marked = given.unit_price_cents ?? costCents ?? 0;
            assert.ok(
              priceCents === null
                ? isRounded(rounding, line.unit_price_cents, marked * 12_500, 10_000)
                : line.unit_price_cents === priceCents,
            );
            assert.equal(line.description, name ?? given.sku ?? "Part");
            assert.ok(
              isRounded(rounding, line.amount_cents, line.unit_price_cents * Math.round(given.quantity * 1000), 1000),
            );
          });
      }),
      { numRuns: 500 },
    );
  });
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

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
