/**
 * Spreads credits over the lines they lower, and takes the tax on what is left of each line.
 * Pure, in whole cents. Whatever is divided is rounded once, as a whole; the lines' parts are the steps of its running
 * sum, so they add up to it to the cent and none is more than a cent off its exact value.
 */

/** A line as far as tax is concerned. */
export type TaxableAmount = { readonly amount: bigint; readonly taxable: boolean };
/** What is left of a line after the credits, and the tax on that. */
export type TaxedAmount = { readonly net: bigint; readonly tax: bigint };

export const basis = 10_000n;

/** Division of non-negative numbers, half rounded up. */
export function halfUp(numerator: bigint, denominator: bigint): bigint {
  return (2n * numerator + denominator) / (2n * denominator);
}

/** Twenty parts of a few cents pay together what their sum pays, where each alone would round to nothing. */
export function taxOf(lines: readonly (TaxableAmount & { readonly net: bigint })[], basisPoints: bigint): bigint[] {
  return spread(
    lines.map(({ net, taxable }) => (taxable ? net : 0n)),
    basisPoints,
    basis,
  );
}

/** A line before a credit: what is left of it, whether it is taxed, and whether the credit lowers it. */
export type Creditable = { readonly net: bigint; readonly taxable: boolean; readonly lowered: boolean };

/**
 * Takes a credit off the lines it lowers, from each in proportion to what is left of it. Taxed lines are rounded before the others,
 * so that what is taxed in all is one rounded share of the credit, and a larger credit never leaves more of it.
 * @returns what is then left of each line, never less than nothing; null when the credit is more than all of them
 */
export function lessCredit(lines: readonly Creditable[], credit: bigint): bigint[] | null {
  const nets = lines.map(({ net }) => net);
  const order = [...lines.entries()]
    .filter(([, { lowered }]) => lowered)
    .toSorted(taxedFirst)
    .map(([index]) => index);
  const weights = order.map((index) => nets[index] ?? 0n);
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  if (credit > whole) return null;
  if (credit === 0n) return nets;
  for (const [at, part] of spread(weights, credit, whole).entries()) {
    const index = order[at] ?? -1;
    nets[index] = (nets[index] ?? 0n) - part;
  }
  return nets;
}

const taxedFirst = ([, one]: [number, Creditable], [, other]: [number, Creditable]): number =>
  Number(other.taxable) - Number(one.taxable);

/** Each weight times numerator / denominator, as steps of the rounded running sum. */
function spread(weights: readonly bigint[], numerator: bigint, denominator: bigint): bigint[] {
  let weight = 0n;
  let given = 0n;
  return weights.map((one) => {
    weight += one;
    const due = halfUp(weight * numerator, denominator);
    const part = due - given;
    given = due;
    return part;
  });
}
