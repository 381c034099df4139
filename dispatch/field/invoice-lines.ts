/**
 * Turns the work reported visit by visit and a price book entry into invoice lines, tax and total.
 * Pure, in whole cents; it numbers nothing, stores nothing, and leaves the spending limit to limit.ts.
 *
 * Rounding: as the price book says, once per line and once for the tax of the whole invoice (invoice-tax.ts); sums are never
 * rounded. Products are taken in BigInt, so no input can lose a cent beyond 2^53.
 */
import type { AccountId } from "../contract/ids.ts";
import type {
  InvoiceRules,
  PriceBook,
  PriceBookEntry,
  RatedTime,
  RoundingMode,
  TaxableLineKind,
} from "../policy/policy.ts";
import { divided, lessCredit, taxOf } from "./invoice-tax.ts";
import { descriptionOf, unitPriceOf } from "./part-price.ts";
import { ratesOf } from "./rated-time.ts";
import type { ReportedPart, ReportedWork, Visit } from "./visits.ts";

/** A credit when negative: it lowers its lines, and their tax with them. What is charged besides is taxed as its lines are. */
export type InvoiceAdjustment = {
  readonly description: string;
  readonly amount_cents: number;
  /** Absent: a credit lowers all lines in proportion, and a charge is untaxed. */
  readonly applies_to?: TaxableLineKind | undefined;
};

export type InvoiceLine = {
  readonly kind: TaxableLineKind | "adjustment";
  readonly description: string;
  /** The visit it was done on, or of whose line it takes all, from 1; null for any other adjustment. */
  readonly visit: number | null;
  /** Hours to six decimals (the amount is computed from the minutes), or pieces. */
  readonly quantity: number;
  readonly unit: "hour" | "each";
  readonly unit_price_cents: number;
  readonly amount_cents: number;
  /** What credits leave of the amount; nothing is left of a credit's own line. */
  readonly net_cents: number;
  readonly taxable: boolean;
  /** The rate that was asked of it; 0 where it is not taxed. */
  readonly tax_basis_points: number;
  readonly tax_cents: number;
};

export type InvoiceAmounts = {
  readonly lines: readonly InvoiceLine[];
  readonly subtotal_cents: number;
  readonly tax_cents: number;
  readonly total_cents: number;
  readonly currency: string;
};

export type InvoiceResult = { readonly ok: true; readonly invoice: InvoiceAmounts } | Refused;

type Refused =
  | {
      readonly ok: false;
      /** NO_WORK_REPORTED only where the policy forbids an invoice of the trip charge alone. */
      readonly code:
        | "INVALID_WORK"
        | "NO_WORK_REPORTED"
        | "TOO_MANY_LINES"
        | "CREDIT_TOO_LARGE"
        | "AMOUNT_OUT_OF_RANGE";
      /** The value at fault, as a path into the input; empty when it is the invoice as a whole. */
      readonly path: string;
    }
  /** A part without a cost, of a SKU that the price book does not list. */
  | { readonly ok: false; readonly code: "UNPRICED_PART"; readonly path: string; readonly sku: string };

export type InvoiceInput = {
  readonly visits: readonly Visit[];
  /** What the time of a visit's beginning is beside ordinary; absent: nothing. */
  readonly timesOf?: (visit: Visit) => readonly RatedTime[];
  readonly adjustments: readonly InvoiceAdjustment[];
  /** Why the work is done for nothing, as each of its lines is credited for; absent where it is charged. */
  readonly warranty?: string | null;
  readonly accountId: AccountId;
  /** Of the site; null or unknown pays the default tax. */
  readonly region: string | null;
  /** Whether the account pays no tax, whatever the region's. */
  readonly taxExempt?: boolean;
  readonly priceBook: PriceBook;
  readonly rules: InvoiceRules;
};

/** Every report adds to an invoice, and there may be any number of interruptions. */
export const mostInvoiceLines = 1_000;

const minutesPerHour = 60n;
const quantityScale = 1_000;

/**
 * Lines in the order labor, travel, materials, trip of each visit, then adjustments; total = sum of amounts + tax. Of warranty
 * work each line is credited whole, before any other credit; what adjustments charge besides stays.
 */
export function calculateInvoice(input: InvoiceInput): InvoiceResult {
  const entry = priceBookEntryFor(input.priceBook, input.accountId);
  const invalid = findInvalid(input, entry);
  if (invalid !== null) return invalid;
  if (!input.visits.some(isChargeable) && !input.rules.tripChargeOnlyAllowed) {
    return { ok: false, code: "NO_WORK_REPORTED", path: "work" };
  }
  const charges = draftLines(input, entry);
  if (charges.length > mostInvoiceLines) return { ok: false, code: "TOO_MANY_LINES", path: "" };
  const credited = creditLines(charges, input.adjustments, input.warranty ?? null);
  if (typeof credited === "number") {
    return { ok: false, code: "CREDIT_TOO_LARGE", path: `adjustments/${credited}/amount_cents` };
  }
  const rate = input.taxExempt === true ? 0n : taxBasisPointsFor(input.priceBook, input.region);
  const taxes = taxOf(credited, rate, input.priceBook.rounding);
  const subtotal = credited.reduce((sum, { amount }) => sum + amount, 0n);
  const taxTotal = taxes.reduce((sum, tax) => sum + tax, 0n);
  const total = subtotal + taxTotal;
  const amounts = [...credited.flatMap(({ unitPrice, amount }) => [unitPrice, amount]), subtotal, taxTotal, total];
  if (amounts.some((amount) => !Number.isSafeInteger(Number(amount)))) {
    return { ok: false, code: "AMOUNT_OUT_OF_RANGE", path: "" };
  }
  return {
    ok: true,
    invoice: {
      lines: credited.map((draft, index) => toLine(draft, rate, taxes[index] ?? 0n)),
      subtotal_cents: Number(subtotal),
      tax_cents: Number(taxTotal),
      total_cents: Number(total),
      currency: input.priceBook.currency,
    },
  };
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

type DraftLine = Pick<InvoiceLine, "kind" | "description" | "visit" | "quantity" | "unit" | "taxable"> & {
  /** The lines it counts among when a credit names some; null for a charge that names none. */
  readonly among: TaxableLineKind | null;
  readonly unitPrice: bigint;
  readonly amount: bigint;
};
type CreditedLine = DraftLine & { readonly net: bigint };

function draftLines(input: InvoiceInput, entry: PriceBookEntry): DraftLine[] {
  const { taxableLines } = input.priceBook.tax;
  // Work that was done without a check-in on record had one trip.
  const visits: readonly Visit[] = input.visits.length > 0 ? input.visits : [nobodyCame];
  const lines = visits.flatMap((visit) =>
    visitLines(visit, entry, input.timesOf?.(visit) ?? [], input.priceBook).map((line): DraftLine => {
      const description = visits.length > 1 ? `Visit ${visit.number}: ${line.description}` : line.description;
      return { ...line, description, visit: visit.number, among: line.kind, taxable: taxableLines.includes(line.kind) };
    }),
  );
  for (const { description, amount_cents, applies_to: among = null } of input.adjustments) {
    if (amount_cents < 0) continue;
    const taxable = among !== null && taxableLines.includes(among);
    lines.push({ ...adjustmentLine(description, BigInt(amount_cents)), among, taxable });
  }
  return lines;
}

/** Charges after all credits, then the credits' own lines; or the index of a credit that is more than its lines. */
function creditLines(
  charges: readonly DraftLine[],
  adjustments: readonly InvoiceAdjustment[],
  warranty: string | null,
): CreditedLine[] | number {
  const isCovered = ({ kind, amount }: DraftLine) => warranty !== null && kind !== "adjustment" && amount > 0n;
  let nets = charges.map((charge) => (isCovered(charge) ? 0n : charge.amount));
  const credits = charges.filter(isCovered).map(({ description, visit, amount }): CreditedLine => {
    const line = adjustmentLine(`${warranty}: ${description}`, -amount);
    return { ...line, visit, net: 0n };
  });
  for (const [index, { description, amount_cents, applies_to }] of adjustments.entries()) {
    if (amount_cents >= 0) continue;
    const lines = charges.map(({ among, taxable }, at) => ({
      net: nets[at] ?? 0n,
      taxable,
      lowered: applies_to === undefined || among === applies_to,
    }));
    const left = lessCredit(lines, BigInt(-amount_cents));
    if (left === null) return index;
    nets = left;
    credits.push({ ...adjustmentLine(description, BigInt(amount_cents)), net: 0n });
  }
  return [...charges.map((charge, index) => ({ ...charge, net: nets[index] ?? 0n })), ...credits];
}

const single = { quantity: 1, unit: "each" } as const;

const adjustmentLine = (description: string, amount: bigint): DraftLine => ({
  ...single,
  kind: "adjustment",
  description,
  visit: null,
  among: null,
  unitPrice: amount,
  amount,
  taxable: false,
});

type WorkLine = Omit<DraftLine, "kind" | "visit" | "among" | "taxable"> & { readonly kind: TaxableLineKind };

const nobodyCame: Visit = { number: 1, began_at: null, reports: [], noWork: null };

/** One visit has one set of rates: those of the time at which it began, however long it lasts. */
function visitLines(
  { reports, noWork }: Visit,
  entry: PriceBookEntry,
  times: readonly RatedTime[],
  book: PriceBook,
): WorkLine[] {
  const { rates, time } = ratesOf(entry, times);
  const at = time === null ? "" : `, ${time.replaceAll("_", " ")}`;
  const labor = sumOf(reports, "labor_minutes");
  const travel = sumOf(reports, "travel_minutes");
  const lines: WorkLine[] = [];
  if (labor > 0) {
    const billed = Math.max(labor, entry.minimumLaborMinutes);
    const description = billed > labor ? `Labor, ${labor} min, minimum ${billed} min${at}` : `Labor, ${labor} min${at}`;
    lines.push(hourly("labor", description, billed, rates.laborCentsPerHour, book.rounding));
  }
  if (travel > 0)
    lines.push(hourly("travel", `Travel, ${travel} min${at}`, travel, rates.travelCentsPerHour, book.rounding));
  for (const { parts } of reports) for (const part of parts ?? []) lines.push(material(part, entry, book));
  const trip = BigInt(rates.tripChargeCents);
  const description = `Trip charge${noWork === null ? "" : `, ${noWork.replaceAll("_", " ")}`}${at}`;
  lines.push({ ...single, kind: "trip", description, unitPrice: trip, amount: trip });
  return lines;
}

function hourly(
  kind: "labor" | "travel",
  description: string,
  minutes: number,
  centsPerHour: number,
  mode: RoundingMode,
): WorkLine {
  const unitPrice = BigInt(centsPerHour);
  const amount = divided(BigInt(minutes) * unitPrice, minutesPerHour, mode);
  const hours = Math.round((minutes / 60) * 1e6) / 1e6;
  return { kind, description, quantity: hours, unit: "hour", unitPrice, amount };
}

function material(part: ReportedPart, entry: PriceBookEntry, book: PriceBook): WorkLine {
  const unitPrice = unitPriceOf(part, book, entry);
  if (unitPrice === null) throw new Error("findInvalid has let a part pass");
  const amount = divided(unitPrice * BigInt(inThousandths(part.quantity)), BigInt(quantityScale), book.rounding);
  const description = descriptionOf(part, book);
  return { kind: "materials", description, quantity: part.quantity, unit: "each", unitPrice, amount };
}

function toLine(
  { unitPrice, amount, net, among: _among, ...described }: CreditedLine,
  rate: bigint,
  tax: bigint,
): InvoiceLine {
  const cents = { unit_price_cents: Number(unitPrice), amount_cents: Number(amount), net_cents: Number(net) };
  return { ...described, ...cents, tax_basis_points: described.taxable ? Number(rate) : 0, tax_cents: Number(tax) };
}

const sumOf = (reports: readonly ReportedWork[], field: "labor_minutes" | "travel_minutes"): number =>
  reports.reduce((sum, report) => sum + (report[field] ?? 0), 0);

/** Work was reported, or it was said why there was none to do. */
function isChargeable({ reports, noWork }: Visit): boolean {
  if (noWork !== null) return true;
  const parts = reports.some((report) => (report.parts ?? []).length > 0);
  return parts || sumOf(reports, "labor_minutes") > 0 || sumOf(reports, "travel_minutes") > 0;
}

function findInvalid({ visits, adjustments, priceBook }: InvoiceInput, entry: PriceBookEntry): Refused | null {
  const invalid = (path: string): Refused => ({ ok: false, code: "INVALID_WORK", path });
  for (const work of visits.flatMap(({ reports }) => reports)) {
    if (!isCount(work.labor_minutes ?? 0)) return invalid("work/labor_minutes");
    if (!isCount(work.travel_minutes ?? 0)) return invalid("work/travel_minutes");
    for (const [index, part] of (work.parts ?? []).entries()) {
      const path = `work/parts/${index}/unit_price_cents`;
      if (!isCount(part.unit_price_cents ?? 0)) return invalid(path);
      if (!isQuantity(part.quantity)) return invalid(`work/parts/${index}/quantity`);
      if (unitPriceOf(part, priceBook, entry) === null)
        return { ok: false, code: "UNPRICED_PART", path, sku: part.sku ?? "" };
    }
  }
  const index = adjustments.findIndex((adjustment) => !Number.isSafeInteger(adjustment.amount_cents));
  return index < 0 ? null : invalid(`adjustments/${index}/amount_cents`);
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
