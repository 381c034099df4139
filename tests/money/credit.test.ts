// What credits take off an invoice: whatever is credited in whatever order, lines, taxes and totals agree to the cent.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { creditLines, type CreditableLine, type WantedCredit } from "../../dispatch/money/credit.ts";

const line = (net_cents: number, tax_cents: number): CreditableLine => ({
  net_cents,
  tax_cents,
  credited_cents: 0,
  credited_tax_cents: 0,
});
const invoice = fc.array(
  fc.tuple(fc.nat(100_000), fc.nat(10_000)).map(([net, rate]) => line(net, Math.round((net * rate) / 10_000))),
  { minLength: 1, maxLength: 12 },
);
const wishes = fc.array(
  fc.array(fc.tuple(fc.nat(13), fc.option(fc.integer({ min: 1, max: 60_000 }))), { minLength: 1, maxLength: 4 }),
  { maxLength: 12 },
);
const sum = (lines: readonly CreditableLine[], of: keyof CreditableLine) =>
  lines.reduce((total, one) => total + one[of], 0);

/** The lines once a wish was granted; as they were where it is refused. */
function after(lines: readonly CreditableLine[], wanted: readonly WantedCredit[] | null): readonly CreditableLine[] {
  const result = creditLines(lines, wanted);
  if (!result.ok) return lines;
  return lines.map((one, index) => {
    const credit = result.credits.find(({ line: at }) => at === index + 1);
    if (!credit) return one;
    return {
      ...one,
      credited_cents: one.credited_cents + credit.amount_cents,
      credited_tax_cents: one.credited_tax_cents + credit.tax_cents,
    };
  });
}

describe("credits", () => {
  test("take from each line no more than it has, and of its tax the share of what is credited, to the cent", () => {
    fc.assert(
      fc.property(invoice, wishes, (lines, series) => {
        let now: readonly CreditableLine[] = lines;
        for (const wish of series) {
          const wanted = wish.map(([at, amount]) => ({ line: at, ...(amount !== null && { amount_cents: amount }) }));
          now = after(now, wanted);
          for (const { net_cents, tax_cents, credited_cents, credited_tax_cents } of now) {
            assert.ok(credited_cents >= 0 && credited_cents <= net_cents);
            assert.ok(credited_tax_cents >= 0 && credited_tax_cents <= tax_cents);
            if (net_cents === 0) continue;
            const exact = (tax_cents * credited_cents) / net_cents;
            assert.ok(Math.abs(credited_tax_cents - exact) <= 0.5, `${credited_tax_cents} for ${exact}`);
          }
        }
        // And then the rest: nothing is left, of tax neither.
        const ended = after(now, null);
        assert.equal(sum(ended, "credited_cents"), sum(lines, "net_cents"));
        const taxed = lines.filter(({ net_cents }) => net_cents > 0);
        assert.equal(sum(ended, "credited_tax_cents"), sum(taxed, "tax_cents"));
        assert.equal(creditLines(ended, null).ok, false);
      }),
    );
  });

  test("say whether nothing is left", () => {
    const lines = [line(100, 7), line(50, 0)];
    const whole = (wanted: readonly WantedCredit[] | null) => {
      const result = creditLines(lines, wanted);
      return result.ok && result.whole;
    };
    assert.deepEqual(
      [
        whole(null),
        whole([{ line: 1 }, { line: 2 }]),
        whole([{ line: 1 }]),
        whole([{ line: 1, amount_cents: 99 }, { line: 2 }]),
      ],
      [true, true, false, false],
    );
  });

  for (const [what, wanted, refused] of [
    ["more than is left", [{ line: 1, amount_cents: 101 }], [{ line: 1, left_cents: 100 }]],
    ["a line twice", [{ line: 1 }, { line: 1, amount_cents: 1 }], [{ line: 1, left_cents: 100 }]],
    ["a line that is not there", [{ line: 1 }, { line: 3 }], [{ line: 3, left_cents: 0 }]],
    ["a line of which nothing is left", [{ line: 2 }], [{ line: 2, left_cents: 0 }]],
  ] as const)
    test(`are refused for ${what}, with what is left`, () => {
      assert.deepEqual(creditLines([line(100, 7), line(0, 0)], wanted), { ok: false, lines: refused });
    });
});
