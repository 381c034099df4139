// billing.credit: a credit note on an invoice, of some lines or of all that is left of it. What is credited whole can be put right
// and invoiced anew: the work is VERIFIED again; what was closed or called off stays so.

import type { InvoiceBody } from "../contract/responses.ts";
import { newId } from "../kernel/clock.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { creditLines, type LineCredit } from "../money/credit.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { loadSiteDemand } from "../workforce/site-demand.ts";
import { creditedByLine, insertInvoice, loadInvoices, lockNumber, type CreditedInvoice } from "./invoices.ts";
import { issueDay } from "./issue-day.ts";

export const billingCredit = ticketCommand({
  name: "billing.credit",
  // Numbers have no gaps: see billing.generate_invoice.
  alone: true,
  async load(tx, { ticketId }) {
    const [invoices, site, number] = await Promise.all([
      loadInvoices(tx, ticketId),
      loadSiteDemand(tx, ticketId),
      lockNumber(tx, "credit_note"),
    ]);
    return { invoices, site, number };
  },
  decide({ input, ticket, now }, { invoices, site, number }) {
    const { all = false, lines, reason } = input;
    if (all === (lines !== undefined))
      throw invalidField("lines", "required", "say either lines, which are credited, or all: true, and not both");
    const credited = requireInvoice(invoices, input.invoice_id ?? null, ticket.id);
    const result = creditLines(creditedByLine(credited), lines ?? null);
    if (!result.ok)
      throw new Refusal("NOTHING_TO_CREDIT", {
        invoice_id: credited.invoice.id,
        invoice_number: credited.invoice.number,
        lines: result.lines,
      });
    const note: InvoiceBody = {
      id: newId(Date.parse(now)),
      number: number.text,
      ticket_id: ticket.id,
      kind: "credit_note",
      credits_invoice_id: credited.invoice.id,
      reason,
      currency: credited.invoice.currency,
      ...creditNoteAmounts(credited.invoice, result.credits),
      issued_at: now,
      issued_on: issueDay(now, site?.timezone),
      due_on: null,
      parties: credited.invoice.parties,
    };
    const { id: credit_note_id, total_cents, tax_cents } = note;
    return {
      path: result.whole && ticket.state === "INVOICED" ? ["VERIFIED"] : [],
      change: {},
      payload: {
        credit_note_id,
        number: note.number,
        invoice_id: credited.invoice.id,
        invoice_number: credited.invoice.number,
        total_cents,
        tax_cents,
        whole: result.whole,
        reason,
      },
      parts: [insertInvoice(note)],
      write: (tx) => [number.take(tx)],
      body: (after) => ({ ...after, credit_note: note }),
    };
  },
});

/** @throws Refusal INVOICE_NOT_FOUND */
function requireInvoice(invoices: readonly CreditedInvoice[], id: string | null, ticketId: string): CreditedInvoice {
  const found = id === null ? invoices.at(-1) : invoices.find(({ invoice }) => invoice.id === id);
  if (found) return found;
  throw new Refusal(
    "INVOICE_NOT_FOUND",
    { invoice_id: id, ticket_id: ticketId },
    { message: id === null ? "The ticket has no invoice." : "The ticket has no invoice with this id." },
  );
}

/** The credit note's lines in the order of the invoice's, and their sums. */
export function creditNoteAmounts(invoice: Pick<InvoiceBody, "lines">, credits: readonly LineCredit[]) {
  const lines = credits
    .toSorted((one, other) => one.line - other.line)
    .flatMap(({ line, amount_cents, tax_cents }) => {
      const of = invoice.lines[line - 1];
      if (!of) return [];
      const once = { quantity: 1, unit: "each", unit_price_cents: amount_cents, amount_cents, net_cents: amount_cents };
      return [{ ...of, line, ...once, tax_cents }];
    });
  const subtotal_cents = lines.reduce((sum, { amount_cents }) => sum + amount_cents, 0);
  const tax = lines.reduce((sum, { tax_cents }) => sum + tax_cents, 0);
  return { lines, subtotal_cents, tax_cents: tax, total_cents: subtotal_cents + tax };
}
