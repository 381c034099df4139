/**
 * Turns reported work and a price book entry into invoice lines, tax and total.
 * Pure, in whole cents; it numbers nothing, stores nothing, and leaves the spending limit to `exceedsNte`.
 *
 * Rounding: half a cent goes up, once per line and once per line's tax; sums are never rounded.
 * Products are taken in BigInt, so no input can lose a cent beyond 2^53.
 */
import type { AccountId } from "../contract/ids.ts";
import type { InvoiceRules, PriceBook, PriceBookEntry, TaxableLineKind } from "../policy/policy.ts";

/** As tech.complete reports it; what is absent counts as none. */
export type ReportedWork = {
  readonly labor_minutes?: number | undefined;
  readonly travel_minutes?: number | undefined;
  readonly parts?: readonly ReportedPart[] | undefined;
};

/** `unit_price_cents` is our cost; the price book's mark-up is added. At most three decimals in `quantity`. */
export type ReportedPart = {
  readonly sku?: string | undefined;
  readonly description?: string | undefined;
  readonly quantity: number;
  readonly unit_price_cents: number;
};

/** A credit when negative. Agreed with the customer as it stands, so it is never taxed. */
export type InvoiceAdjustment = { readonly description: string; readonly amount_cents: number };

export type InvoiceLine = {
  readonly kind: TaxableLineKind | "adjustment";
  readonly description: string;
  /** Hours to six decimals (the amount is computed from the minutes), or pieces. */
  readonly quantity: number;
  readonly unit: "hour" | "each";
  readonly unit_price_cents: number;
  readonly amount_cents: number;
  readonly taxable: boolean;
};

export type InvoiceAmounts = {
  readonly lines: readonly InvoiceLine[];
  readonly subtotal_cents: number;
  readonly tax_cents: number;
  readonly total_cents: number;
  readonly currency: "USD";
};

export type InvoiceResult =
  | { readonly ok: true; readonly invoice: InvoiceAmounts }
  | {
      readonly ok: false;
      /** NO_WORK_REPORTED only where the policy forbids an invoice of the trip charge alone. */
      readonly code: "INVALID_WORK" | "NO_WORK_REPORTED" | "TOTAL_BELOW_ZERO" | "AMOUNT_OUT_OF_RANGE";
      /** The value at fault, as a path into the input; empty when it is the invoice as a whole. */
      readonly path: string;
    };

export type InvoiceInput = {
  readonly work: ReportedWork | null;
  readonly adjustments: readonly InvoiceAdjustment[];
  readonly accountId: AccountId;
  /** Of the site; null or unknown pays the default tax. */
  readonly region: string | null;
  readonly priceBook: PriceBook;
  readonly rules: InvoiceRules;
};

const basis = 10_000n;
const minutesPerHour = 60n;
const quantityScale = 1_000;

/** Lines in the order labor, travel, materials, trip, adjustments; total = sum of amounts + tax, never negative. */
export function calculateInvoice(input: InvoiceInput): InvoiceResult {
  const invalid = findInvalid(input);
  if (invalid !== null) return { ok: false, code: "INVALID_WORK", path: invalid };
  if (!hasWork(input.work) && !input.rules.tripChargeOnlyAllowed) {
    return { ok: false, code: "NO_WORK_REPORTED", path: "work" };
  }
  const drafts = draftLines(input, priceBookEntryFor(input.priceBook, input.accountId));
  const tax = taxBasisPointsFor(input.priceBook, input.region);
  const subtotal = drafts.reduce((sum, draft) => sum + draft.amount, 0n);
  const taxTotal = drafts.reduce((sum, draft) => sum + (draft.taxable ? halfUp(draft.amount * tax, basis) : 0n), 0n);
  const total = subtotal + taxTotal;
  if (total < 0n) return { ok: false, code: "TOTAL_BELOW_ZERO", path: "adjustments" };
  const amounts = [...drafts.flatMap((draft) => [draft.unitPrice, draft.amount]), subtotal, taxTotal, total];
  if (amounts.some((amount) => !Number.isSafeInteger(Number(amount)))) {
    return { ok: false, code: "AMOUNT_OUT_OF_RANGE", path: "" };
  }
  return {
    ok: true,
    invoice: {
      lines: drafts.map(toLine),
      subtotal_cents: Number(subtotal),
      tax_cents: Number(taxTotal),
      total_cents: Number(total),
      currency: input.priceBook.currency,
    },
  };
}

/** True when a total breaks the agreed limit; a limit of 0 is none where the policy says so. */
export function exceedsNte(totalCents: number, nteCents: number, rules: InvoiceRules): boolean {
  if (nteCents === 0 && rules.zeroNteMeansUnlimited) return false;
  return totalCents > nteCents;
}

/** What this account pays: its own entry or the default. The id may have any case. */
export function priceBookEntryFor(priceBook: PriceBook, accountId: AccountId): PriceBookEntry {
  const id = accountId.toLowerCase();
  return (Object.hasOwn(priceBook.byAccount, id) ? priceBook.byAccount[id] : undefined) ?? priceBook.default;
}

function taxBasisPointsFor({ tax }: PriceBook, region: string | null): bigint {
  const name = (region ?? "").trim().toUpperCase();
  const found = Object.hasOwn(tax.basisPointsByRegion, name) ? tax.basisPointsByRegion[name] : undefined;
  return BigInt(found ?? tax.defaultBasisPoints);
}

type DraftLine = {
  readonly kind: InvoiceLine["kind"];
  readonly description: string;
  readonly quantity: number;
  readonly unit: InvoiceLine["unit"];
  readonly unitPrice: bigint;
  readonly amount: bigint;
  readonly taxable: boolean;
};

function draftLines(input: InvoiceInput, entry: PriceBookEntry): DraftLine[] {
  const { work, adjustments } = input;
  const { taxableLines } = input.priceBook.tax;
  const labor = work?.labor_minutes ?? 0;
  const travel = work?.travel_minutes ?? 0;
  const lines: DraftLine[] = [];
  if (labor > 0) {
    const billed = Math.max(labor, entry.minimumLaborMinutes);
    const description = billed > labor ? `Labor, ${labor} min, minimum ${billed} min` : `Labor, ${labor} min`;
    lines.push(hourly("labor", description, billed, entry.laborCentsPerHour, taxableLines));
  }
  if (travel > 0) lines.push(hourly("travel", `Travel, ${travel} min`, travel, entry.travelCentsPerHour, taxableLines));
  for (const part of work?.parts ?? []) lines.push(material(part, entry, taxableLines.includes("materials")));
  const trip = { unitPrice: BigInt(entry.tripChargeCents), amount: BigInt(entry.tripChargeCents) };
  lines.push({ ...single, ...trip, kind: "trip", description: "Trip charge", taxable: taxableLines.includes("trip") });
  for (const { description, amount_cents } of adjustments) {
    const amount = BigInt(amount_cents);
    lines.push({ ...single, kind: "adjustment", description, unitPrice: amount, amount, taxable: false });
  }
  return lines;
}

const single = { quantity: 1, unit: "each" } as const;

function hourly(
  kind: "labor" | "travel",
  description: string,
  minutes: number,
  centsPerHour: number,
  taxableLines: readonly TaxableLineKind[],
): DraftLine {
  const unitPrice = BigInt(centsPerHour);
  const amount = halfUp(BigInt(minutes) * unitPrice, minutesPerHour);
  const hours = Math.round((minutes / 60) * 1e6) / 1e6;
  return { kind, description, quantity: hours, unit: "hour", unitPrice, amount, taxable: taxableLines.includes(kind) };
}

// The marked-up unit price is rounded before it is multiplied: the customer can check quantity × unit price.
function material(part: ReportedPart, entry: PriceBookEntry, taxable: boolean): DraftLine {
  const markup = basis + BigInt(entry.materialsMarkupBasisPoints);
  const unitPrice = halfUp(BigInt(part.unit_price_cents) * markup, basis);
  const amount = halfUp(unitPrice * BigInt(inThousandths(part.quantity)), BigInt(quantityScale));
  const description = part.description || part.sku || "Part";
  return { kind: "materials", description, quantity: part.quantity, unit: "each", unitPrice, amount, taxable };
}

function toLine(draft: DraftLine): InvoiceLine {
  const { unitPrice, amount, taxable, ...described } = draft;
  return { ...described, unit_price_cents: Number(unitPrice), amount_cents: Number(amount), taxable };
}

/** Division of non-negative numbers, half rounded up. */
function halfUp(numerator: bigint, denominator: bigint): bigint {
  return (2n * numerator + denominator) / (2n * denominator);
}

function hasWork(work: ReportedWork | null): boolean {
  return (work?.labor_minutes ?? 0) > 0 || (work?.travel_minutes ?? 0) > 0 || (work?.parts ?? []).length > 0;
}

function findInvalid({ work, adjustments }: InvoiceInput): string | null {
  if (!isCount(work?.labor_minutes ?? 0)) return "work/labor_minutes";
  if (!isCount(work?.travel_minutes ?? 0)) return "work/travel_minutes";
  for (const [index, part] of (work?.parts ?? []).entries()) {
    if (!isCount(part.unit_price_cents)) return `work/parts/${index}/unit_price_cents`;
    if (!isQuantity(part.quantity)) return `work/parts/${index}/quantity`;
  }
  const index = adjustments.findIndex((adjustment) => !Number.isSafeInteger(adjustment.amount_cents));
  return index < 0 ? null : `adjustments/${index}/amount_cents`;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

// 0.1 · 1000 is exact enough to round; what does not survive the way back had more than three decimals.
function isQuantity(quantity: number): boolean {
  const thousandths = inThousandths(quantity);
  return isCount(thousandths) && thousandths / quantityScale === quantity;
}

function inThousandths(quantity: number): number {
  return Math.round(quantity * quantityScale);
}
