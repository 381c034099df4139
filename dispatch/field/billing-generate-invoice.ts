// billing.generate_invoice: turns verified work into an invoice, within the limit agreed with the customer.

import { newId } from "../kernel/clock.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { loadSiteDemand } from "../workforce/site-demand.ts";
import { selectNewestCompletion } from "./completions.ts";
import { calculateInvoice, exceedsNte, type InvoiceResult } from "./invoice-lines.ts";
import { insertInvoice, nextInvoiceNumber } from "./invoices.ts";

export const billingGenerateInvoice = ticketCommand({
  name: "billing.generate_invoice",
  async load(tx, { ticketId }) {
    const [completion, site, next] = await Promise.all([
      tx.row(selectNewestCompletion, [ticketId]),
      loadSiteDemand(tx, ticketId),
      tx.row(nextInvoiceNumber),
    ]);
    return { work: completion?.work ?? null, region: site?.region ?? null, number: next?.number ?? "" };
  },
  decide({ desk, input, ticket, now }, { work, region, number }) {
    const { priceBook, invoice: rules } = desk.policy;
    const adjustments = input.adjustments ?? [];
    const calculated = calculateInvoice({ work, adjustments, accountId: ticket.account_id, region, priceBook, rules });
    if (!calculated.ok) throw notBillable(calculated);
    const amounts = calculated.invoice;
    if (exceedsNte(amounts.total_cents, ticket.nte_cents, rules)) {
      throw new Refusal("NTE_EXCEEDED", { nte_cents: ticket.nte_cents, total_cents: amounts.total_cents });
    }
    const invoice = {
      id: newId(Date.parse(now)),
      number,
      ticket_id: ticket.id,
      ...amounts,
      lines: amounts.lines.map((line) => ({ ...line })),
      issued_at: now,
    };
    return {
      path: ["INVOICED"],
      payload: { invoice_id: invoice.id, number, total_cents: invoice.total_cents, tax_cents: invoice.tax_cents },
      write: (tx) => [insertInvoice(tx, { ...invoice, lines: JSON.stringify(invoice.lines) })],
      body: (after) => ({ ...after, invoice }),
    };
  },
});

function notBillable({ code, path }: InvoiceResult & { ok: false }): Refusal {
  const field = path || "adjustments";
  if (code === "TOTAL_BELOW_ZERO")
    return invalidField(field, "minimum", "the adjustments would turn the total negative");
  if (code === "NO_WORK_REPORTED") {
    return invalidField(
      field,
      "required",
      "no work was reported at completion; return the work and complete it with work",
    );
  }
  return invalidField(field, "maximum", "makes an amount that cannot be invoiced");
}
