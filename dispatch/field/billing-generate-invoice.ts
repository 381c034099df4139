// billing.generate_invoice: turns the visits of verified work into an invoice, within the limit agreed with the customer. A
// call-out that was called off when somebody had come is billed as well, and stays cancelled; what was closed and then credited
// whole is billed anew, and stays closed.

import type { InvoiceBody } from "../contract/responses.ts";
import { newId } from "../kernel/clock.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { bookFor } from "../policy/price-books.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { loadBillingFacts, pricedAccount, priceVisits, requireWithinNte } from "./billable.ts";
import { insertInvoice, loadInvoices, lockNumber, standingInvoice } from "./invoices.ts";
import { dayAfter, issueDay } from "./issue-day.ts";
import { partiesNow, type Buyer } from "./parties.ts";
import { visitsOf, type Visit } from "./visits.ts";

export const billingGenerateInvoice = ticketCommand({
  name: "billing.generate_invoice",
  // Numbers have no gaps: the next one is read under a lock that is held until the invoice is stored, or is not.
  alone: true,
  async load(tx, { ticketId }) {
    const [facts, invoices, number] = await Promise.all([
      loadBillingFacts(tx, ticketId),
      loadInvoices(tx, ticketId),
      lockNumber(tx, "invoice"),
    ]);
    return { facts, invoices, number };
  },
  decide({ desk, input, ticket, now }, { facts, invoices, number: next }) {
    const visits = visitsOf(facts.trail);
    requireSomethingToBill(ticket, visits, standingInvoice(invoices)?.number ?? null);
    const amounts = priceVisits({ desk, ticket }, visits, facts, input.adjustments ?? []);
    requireWithinNte({ desk, ticket }, amounts.total_cents);
    const purchaseOrder = requirePurchaseOrder(input.purchase_order, facts.buyer);
    const issuedOn = issueDay(now, facts.timezone);
    const { seller } = bookFor(desk.policies.live, pricedAccount(ticket, facts.buyer));
    const terms = facts.buyer?.payment_terms_days ?? null;
    const invoice: InvoiceBody = {
      id: newId(Date.parse(now)),
      number: next.text,
      ticket_id: ticket.id,
      kind: "invoice",
      credits_invoice_id: null,
      reason: null,
      ...amounts,
      lines: amounts.lines.map((line) => ({ ...line })),
      issued_at: now,
      issued_on: issuedOn,
      due_on: terms === null ? null : dayAfter(issuedOn, terms),
      parties: facts.buyer && partiesNow(seller, facts.buyer, purchaseOrder),
    };
    const { id: invoice_id, number, total_cents, tax_cents } = invoice;
    return {
      path: ticket.state === "VERIFIED" ? ["INVOICED"] : [],
      change: {},
      payload: { invoice_id, number, total_cents, tax_cents },
      parts: [insertInvoice(invoice)],
      write: (tx) => [next.take(tx)],
      body: (after) => ({ ...after, invoice }),
    };
  },
});

/** @throws Refusal INVALID_REQUEST where the account takes no invoice without a purchase order, and none is named */
function requirePurchaseOrder(named: string | undefined, buyer: Buyer | null): string | null {
  if (named === undefined && buyer?.purchase_order_required)
    throw invalidField(
      "purchase_order",
      "required",
      "the account takes no invoice without the number of its purchase order",
    );
  return named ?? null;
}

/** @throws Refusal NOTHING_TO_INVOICE for what was called off before anybody came, or is billed already */
function requireSomethingToBill({ state }: TicketRow, visits: readonly Visit[], number: string | null): void {
  if (number !== null) throw new Refusal("NOTHING_TO_INVOICE", { reason: "ALREADY_INVOICED", invoice_number: number });
  if (state === "CANCELLED" && visits.length === 0)
    throw new Refusal("NOTHING_TO_INVOICE", { reason: "NO_VISIT", invoice_number: null });
}
