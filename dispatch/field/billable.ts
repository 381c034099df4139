// Whether work could be invoiced as it stands: asked while it can still be put right, by the completion and the quality check,
// and once more by the invoice.

import type { TicketId } from "../contract/ids.ts";
import type { ApprovalBody } from "../contract/responses.ts";
import type { TicketState } from "../contract/states.ts";
import type { Session } from "../db/pool.ts";
import type { Desk } from "../kernel/desk.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { closestSku } from "../policy/part-catalogue.ts";
import type { PriceBook } from "../policy/policy.ts";
import { bookFor, type PricedAccount } from "../policy/price-books.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { loadSiteDemand } from "../workforce/site-demand.ts";
import { selectLastRaise } from "./approvals.ts";
import {
  calculateInvoice,
  mostInvoiceLines,
  type InvoiceAdjustment,
  type InvoiceAmounts,
  type InvoiceResult,
} from "./invoice-lines.ts";
import { exceedsNte } from "./limit.ts";
import { loadBuyer, type Buyer } from "./parties.ts";
import { ratedTimesAt } from "./rated-time.ts";
import { selectTrail, visitsOf, type ReportedWork, type TrailEvent, type Visit } from "./visits.ts";
import { policyOf } from "../ticket/policy-of.ts";

export type BillingFacts = {
  readonly trail: readonly TrailEvent[];
  /** The site's tax region, else its region. */
  readonly region: string | null;
  /** Whether the account pays no tax. */
  readonly taxExempt: boolean;
  /** Who buys; null where the ticket's account or site is not on record. */
  readonly buyer: Buyer | null;
  /** Of the site, for the day of the invoice; undefined where the site is not on record. */
  readonly timezone: string | undefined;
  readonly raise: Pick<ApprovalBody, "status"> | null;
};

/** Queues the reads that `requireBillable` and `priceVisits` go by. */
export async function loadBillingFacts(tx: Session, ticketId: TicketId): Promise<BillingFacts> {
  const [trail, buyer, site, raise] = await Promise.all([
    tx.rows(selectTrail, [ticketId]),
    loadBuyer(tx, ticketId),
    loadSiteDemand(tx, ticketId),
    tx.row(selectLastRaise, [ticketId]),
  ]);
  const region = site?.tax_region ?? null;
  return { trail, buyer, region, taxExempt: buyer?.tax_exempt ?? false, timezone: site?.timezone, raise };
}

type Priced = { readonly desk: Desk; readonly ticket: TicketRow };

/**
 * What visits cost, whatever the limit.
 * @throws Refusal INVALID_REQUEST for work or adjustments that no invoice can be made of
 */
export function priceVisits(
  { desk, ticket }: Priced,
  visits: readonly Visit[],
  { region, taxExempt, timezone, buyer }: Pick<BillingFacts, "region" | "taxExempt" | "timezone" | "buyer">,
  adjustments: readonly InvoiceAdjustment[],
): InvoiceAmounts {
  const policy = policyOf(desk, ticket);
  const { businessHours, invoice: rules } = policy;
  const { book: priceBook } = bookFor(policy, pricedAccount(ticket, buyer));
  const blamed = adjustments.length > 0 ? "adjustments" : "work";
  const warranty = warrantyOf(ticket);
  const accountId = ticket.account_id;
  const timesOf = ({ began_at }: Visit) =>
    began_at === null ? [] : ratedTimesAt(Date.parse(began_at), businessHours, timezone);
  const input = { visits, timesOf, adjustments, warranty, accountId, region, taxExempt, priceBook, rules };
  const result = calculateInvoice(input);
  if (!result.ok) throw notBillable(result, result.path || blamed, priceBook);
  return result.invoice;
}

/** A ticket's account as price books know it, in the currency that the ticket opened with. */
export const pricedAccount = ({ account_id, currency }: TicketRow, buyer: Buyer | null): PricedAccount => ({
  id: account_id,
  external_source: buyer?.external_source ?? null,
  external_id: buyer?.external_id ?? null,
  currency,
});

/** What the credits of warranty work say; null for work that is charged. */
function warrantyOf({ follows }: TicketRow): string | null {
  if (follows?.kind !== "warranty") return null;
  const reason = follows.reason === null ? "" : `, ${follows.reason}`;
  return `Warranty of ${follows.number}${reason}`;
}

/**
 * @param trail with what is reported now at its end
 * @throws Refusal INVALID_REQUEST, or NTE_EXCEEDED while a higher limit can still be asked for: once that was denied the work may
 * end, and the invoice is lowered by an adjustment
 */
export function requireBillable(priced: Priced, { trail, raise, ...place }: BillingFacts): void {
  const visits = visitsOf(trail);
  const { total_cents } = priceVisits(priced, visits, place, []);
  if (raise?.status !== "DENIED") requireWithinNte(priced, total_cents);
}

type Reporting = {
  readonly ticket: TicketRow;
  readonly input: { readonly work?: ReportedWork | undefined };
  readonly now: string;
};

/** The facts as they will be when a command has reported its work. */
export function withReport(facts: BillingFacts, tool_name: string, { ticket, input, now }: Reporting): BillingFacts {
  const event: TrailEvent = {
    tool_name,
    before_state: ticket.state,
    created_at: now,
    came_at: null,
    work: input.work ?? null,
    reason: null,
    required_evidence_keys: null,
    tech_id: null,
    left: false,
  };
  return { ...facts, trail: [...facts.trail, event] };
}

/** What can be done about it where the ticket stands; elsewhere the registry's sentence says all of it. */
const wayOut: { readonly [state in TicketState]?: string } = {
  IN_PROGRESS:
    "Ask for a higher limit with tech.request_change before completing it; what is denied is credited by finance.",
  COMPLETED_PENDING_VERIFICATION:
    "Send the work back with qa.return_work, so that tech.request_change can ask for a higher limit.",
  VERIFIED: "Ask for a higher limit with billing.request_limit, or lower the invoice by an adjustment.",
  CLOSED: "Lower the invoice by an adjustment.",
  CANCELLED: "Lower the invoice by an adjustment.",
};

/** @throws Refusal NTE_EXCEEDED with what can be done about it */
export function requireWithinNte({ desk, ticket }: Priced, total_cents: number): void {
  const { nte_cents, state } = ticket;
  if (!exceedsNte(total_cents, nte_cents, policyOf(desk, ticket).invoice)) return;
  const way = wayOut[state];
  const message = `The invoice of ${total_cents} cents would exceed the limit of ${nte_cents} cents. ${way ?? ""}`;
  throw new Refusal("NTE_EXCEEDED", { nte_cents, total_cents }, way === undefined ? {} : { message });
}

function notBillable(result: InvoiceResult & { ok: false }, field: string, { parts }: PriceBook): Refusal {
  const { code } = result;
  if (code === "UNPRICED_PART") return invalidField(field, "required", unpriced(result.sku, parts));
  if (code === "CREDIT_TOO_LARGE")
    return invalidField(field, "minimum", "the credit is more than is left of the lines it lowers");
  if (code === "TOO_MANY_LINES")
    return invalidField(
      field,
      "maxItems",
      `makes an invoice of more than ${mostInvoiceLines} lines: report a part once, with its quantity, or go on with a follow-up ticket`,
    );
  if (code === "NO_WORK_REPORTED") {
    return invalidField(
      field,
      "required",
      "no work was reported, so that nothing could be invoiced: complete it with work; qa.return_work, or qa.reopen once it " +
        "is verified, sends it back for that. Where there was none to do use closeout.no_work",
    );
  }
  if (code === "AMOUNT_OUT_OF_RANGE") return invalidField(field, "maximum", "makes an amount that cannot be invoiced");
  return invalidField(field, "step", "cannot be invoiced: whole minutes, whole cents, pieces to three decimals");
}

function unpriced(sku: string, parts: PriceBook["parts"]): string {
  const closest = closestSku(parts, sku);
  const meant = closest === null ? "" : `; perhaps ${closest} is meant`;
  return (
    `is required, as the price book that this ticket goes by lists no "${sku}"${meant}: say a sku that it lists, or ` +
    "what one piece cost us"
  );
}
