/**
 * What a credit takes off an invoice: which lines, how much of each, and the tax that goes with it. Pure, in whole cents.
 *
 * The tax credited on a line is the line's tax in proportion to what is credited of it in all, rounded half up as a running sum:
 * however many credits a line gets, their tax adds up to a share of the line's own that is less than a cent off, and to all of it
 * when nothing is left of the line.
 */

/** A line of an invoice, and what credit notes have taken of it. */
export type CreditableLine = {
  /** What the invoice charges for it, without tax, and the tax. */
  readonly net_cents: number;
  readonly tax_cents: number;
  readonly credited_cents: number;
  readonly credited_tax_cents: number;
};

/** Which line, from 1, and how much of it without tax; all that is left of it where that is absent. */
export type WantedCredit = { readonly line: number; readonly amount_cents?: number | undefined };

export type LineCredit = { readonly line: number; readonly amount_cents: number; readonly tax_cents: number };

export type CreditResult =
  | { readonly ok: true; readonly credits: readonly LineCredit[]; readonly whole: boolean }
  /** Lines that are not there, are named twice, or have less left than is wanted: with what is left of each. */
  | { readonly ok: false; readonly lines: readonly { readonly line: number; readonly left_cents: number }[] };

const leftOf = ({ net_cents, credited_cents }: CreditableLine): number => net_cents - credited_cents;

/**
 * @param wanted the lines, or null for all that is left of every line
 * @returns the credits, and whether nothing is then left of any line; or what is wrong with the wish
 */
export function creditLines(lines: readonly CreditableLine[], wanted: readonly WantedCredit[] | null): CreditResult {
  const all = lines.flatMap((one, index) => (leftOf(one) > 0 ? [{ line: index + 1 }] : []));
  const asked: readonly WantedCredit[] = wanted ?? all;
  const seen = new Set<number>();
  const refused = asked.filter(({ line, amount_cents }) => {
    const one = lines[line - 1];
    const twice = seen.has(line);
    seen.add(line);
    return !one || twice || leftOf(one) < Math.max(amount_cents ?? 0, 1);
  });
  if (refused.length > 0 || asked.length === 0)
    return { ok: false, lines: refused.map(({ line }) => leftIn(lines, line)) };
  const credits = asked.map(({ line, amount_cents }) => creditOf(lines[line - 1], line, amount_cents));
  const left = lines.reduce((sum, one) => sum + leftOf(one), 0);
  return { ok: true, credits, whole: credits.reduce((sum, { amount_cents }) => sum + amount_cents, 0) === left };
}

function leftIn(lines: readonly CreditableLine[], line: number): { line: number; left_cents: number } {
  const one = lines[line - 1];
  return { line, left_cents: one ? leftOf(one) : 0 };
}

function creditOf(one: CreditableLine | undefined, line: number, wanted: number | undefined): LineCredit {
  if (!one) throw new RangeError(`the invoice has no line ${line}`);
  const amount = wanted ?? leftOf(one);
  const credited = BigInt(one.credited_cents + amount);
  const due = halfUp(BigInt(one.tax_cents) * credited, BigInt(one.net_cents));
  return { line, amount_cents: amount, tax_cents: Number(due) - one.credited_tax_cents };
}

const halfUp = (numerator: bigint, denominator: bigint): bigint => (2n * numerator + denominator) / (2n * denominator);
