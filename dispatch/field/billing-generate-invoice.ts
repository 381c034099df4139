// billing.generate_invoice: turns the visits of verified work into an invoice, within the limit agreed with the
// customer.

import { newId } from "../kernel/clock.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { loadBillingFacts, priceVisits, requireWithinNte } from "./billable.ts";
import { insertInvoice, nextInvoiceNumber } from "./invoices.ts";
import { visitsOf } from "./visits.ts";

export const billingGenerateInvoice = ticketCommand({
  name: "billing.generate_invoice",
  async load(tx, { ticketId }) {
    const [facts, next] = await Promise.all([loadBillingFacts(tx, ticketId), tx.row(nextInvoiceNumber)]);
    return { facts, number: next?.number ?? "" };
  },
  decide({ desk, input, ticket, now }, { facts, number }) {
    const amounts = priceVisits({ desk, ticket }, visitsOf(facts.trail), facts.region, input.adjustments ?? []);
    requireWithinNte({ desk, ticket }, amounts.total_cents);
    const invoice = {
      id: newId(Date.parse(now)),
      number,
      ticket_id: ticket.id,
      ...amounts,
      lines: amounts.lines.map((line) => ({ ...line })),
      issued_at: now,
    };
    const { id: invoice_id, total_cents, tax_cents } = invoice;
    return {
      path: ["INVOICED"],
      payload: { invoice_id, number, total_cents, tax_cents },
      write: (tx) => [insertInvoice(tx, { ...invoice, lines: JSON.stringify(invoice.lines) })],
      body: (after) => ({ ...after, invoice }),
    };
  },
});
