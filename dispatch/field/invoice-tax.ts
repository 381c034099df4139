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

/**
 * Takes a credit off the lines it lowers, from each in proportion to what is left of it.
 * @returns what is then left of each line, never less than nothing; null when the credit is more than all of them
 */
export function lessCredit(nets: readonly bigint[], lowered: readonly boolean[], credit: bigint): bigint[] | null {
  const weights = nets.map((net, index) => (lowered[index] === true ? net : 0n));
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  if (credit > whole) return null;
  if (credit === 0n) return [...nets];
  const parts = spread(weights, credit, whole);
  return nets.map((net, index) => net - (parts[index] ?? 0n));
}

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
