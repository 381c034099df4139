/**
 * Spreads credits over the lines they lower, and takes the tax on what is left of each line.
 * Pure, in whole cents. Whatever is divided is rounded once, as a whole; the lines' parts are the steps of its running
 * sum, so they add up to it to the cent and none is more than a cent off its exact value. The price book says how amounts and tax are
 * rounded; how a credit is shared out is the same under each of them.
 */

import type { RoundingMode } from "../policy/policy.ts";

/** A line as far as tax is concerned. */
export type TaxableAmount = { readonly amount: bigint; readonly taxable: boolean };
/** What is left of a line after the credits, and the tax on that. */
export type TaxedAmount = { readonly net: bigint; readonly tax: bigint };

export const basis = 10_000n;

/** Division of non-negative numbers to a whole one. */
export function divided(numerator: bigint, denominator: bigint, mode: RoundingMode): bigint {
  const whole = numerator / denominator;
  const rest = numerator % denominator;
  return whole + (goesUp(mode, whole, rest, 2n * rest - denominator) ? 1n : 0n);
}

/** @param beyondHalf the sign tells on which side of a half the rest lies */
function goesUp(mode: RoundingMode, whole: bigint, rest: bigint, beyondHalf: bigint): boolean {
  switch (mode) {
    case "half_up":
      return beyondHalf >= 0n;
    case "half_even":
      return beyondHalf > 0n || (beyondHalf === 0n && whole % 2n === 1n);
    case "half_down":
      return beyondHalf > 0n;
    case "up":
      return rest > 0n;
    case "down":
      return false;
  }
}

/** Twenty parts of a few cents pay together what their sum pays, where each alone would round to nothing. */
export function taxOf(
  lines: readonly (TaxableAmount & { readonly net: bigint })[],
  basisPoints: bigint,
  mode: RoundingMode,
): bigint[] {
  return spread(
    lines.map(({ net, taxable }) => (taxable ? net : 0n)),
    basisPoints,
    basis,
    mode,
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
  for (const [at, part] of spread(weights, credit, whole, "half_up").entries()) {
    const index = order[at] ?? -1;
    nets[index] = (nets[index] ?? 0n) - part;
  }
  return nets;
}

const taxedFirst = ([, one]: [number, Creditable], [, other]: [number, Creditable]): number =>
  Number(other.taxable) - Number(one.taxable);

/** Each weight times numerator / denominator, as steps of the rounded running sum. */
function spread(weights: readonly bigint[], numerator: bigint, denominator: bigint, mode: RoundingMode): bigint[] {
  let weight = 0n;
  let given = 0n;
  return weights.map((one) => {
    weight += one;
    const due = divided(weight * numerator, denominator, mode);
    const part = due - given;
    given = due;
    return part;
  });
}
