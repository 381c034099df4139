// Tickets that are invoiced, with their documents.

import assert from "node:assert/strict";
import type { TestApi } from "./api.ts";
import { ticketIn, type BuiltTicket, type Plan } from "./ticket-builder.ts";

/** A ticket in INVOICED, unless another state is said, and its newest invoice. */
export async function invoicedTicket(
  api: TestApi,
  plan: Plan = {},
  state: "INVOICED" | "CLOSED" = "INVOICED",
): Promise<BuiltTicket & { readonly invoiceId: string }> {
  const ticket = await ticketIn(api, state, plan);
  return { ...ticket, invoiceId: await newestInvoice(api, ticket.id) };
}

/** The id of a billed ticket's newest invoice. */
export async function newestInvoice(api: TestApi, ticketId: string): Promise<string> {
  const query = `ticket_id=${ticketId}&kind=invoice`;
  const [newest] = (await api.read("invoice.list", { as: "finance", query })).invoices;
  assert.ok(newest);
  return newest.id;
}
