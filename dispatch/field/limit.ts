// The not-to-exceed limit in arithmetic. Where the policy says so, a limit of 0 is none: it is never exceeded, a raise leaves it
// none, and to set it is to lower it.

import type { ApprovalId } from "../contract/ids.ts";
import { maxCents } from "../contract/fields.ts";
import { Refusal, invalidField } from "../kernel/refusal.ts";
import type { InvoiceRules } from "../policy/policy.ts";

/** Whether a limit is none at all. */
export const isNoLimit = (nteCents: number, { zeroNteMeansUnlimited }: InvoiceRules): boolean =>
  nteCents === 0 && zeroNteMeansUnlimited;

/** True when a total breaks the agreed limit. */
export const exceedsNte = (totalCents: number, nteCents: number, rules: InvoiceRules): boolean =>
  !isNoLimit(nteCents, rules) && totalCents > nteCents;

/**
 * The limit after an approved raise.
 * @throws Refusal when it would be more than a limit may be
 */
export function raisedNte(nteCents: number, raiseCents: number, rules: InvoiceRules): number {
  if (isNoLimit(nteCents, rules)) return nteCents;
  if (nteCents + raiseCents <= maxCents) return nteCents + raiseCents;
  throw invalidField(
    "approval_id",
    "maximum",
    `would raise the limit above ${maxCents} cents; deny it and ask for less`,
  );
}

/** Whether a limit that is asked for is above the one there is. */
export function isHigherNte(asked: number | undefined, nteCents: number, rules: InvoiceRules): asked is number {
  if (asked === undefined) return false;
  return isNoLimit(asked, rules) ? !isNoLimit(nteCents, rules) : exceedsNte(asked, nteCents, rules);
}

/** A request for a higher limit that an approver has refused, or has yet to decide. */
export type BarredRaise = { readonly id: ApprovalId; readonly status: string };

/**
 * A limit that is set without an approver may be lower than it was, or higher as long as no approver has a say in it: what one
 * has refused, or has yet to decide, is not had by writing it down.
 * @throws Refusal NTE_RAISE_REFUSED
 */
export function requireSettableNte(
  { nte_cents }: { readonly nte_cents: number },
  asked: number | undefined,
  raise: BarredRaise | null,
  rules: InvoiceRules,
): void {
  if (raise === null || !isHigherNte(asked, nte_cents, rules)) return;
  throw new Refusal("NTE_RAISE_REFUSED", {
    nte_cents,
    asked_cents: asked,
    approval_id: raise.id,
    approval_status: raise.status,
  });
}
