// An approval request as a model's call leaves it, for tests of what becomes of one.

import { randomUUID } from "node:crypto";
import { commandHandlers } from "../../dispatch/handlers.ts";
import { keep } from "../../dispatch/approval-requests/keep.ts";
import { openKernel } from "../../dispatch/kernel/kernel.ts";
import { pathWith, pipelineCommands } from "../../dispatch/contract/index.ts";
import { knownId, type AccountId, type SiteId } from "../../dispatch/contract/ids.ts";
import type { TestApi } from "./api.ts";
import { ticketIn } from "./ticket-builder.ts";

type Place = { readonly account_id: string; readonly site_id: string };

/**
 * A model asked for the cancelling of a ticket.
 * @param of a new ticket unless one is named
 * @returns the request's id
 */
export async function requestOf(api: TestApi, of?: { readonly ticket: string } & Place): Promise<string> {
  const { ticket, account_id, site_id } = of ?? (await newTicket(api));
  const kernel = openKernel(api.desk, commandHandlers);
  const ids = { ticketId: ticket };
  const { id } = await keep(
    kernel,
    {
      name: "ticket.cancel",
      path: pathWith(pipelineCommands["ticket.cancel"].path, ids),
      ids,
      body: { reason: "the customer fixed it" },
      requestId: randomUUID(),
      actor: { id: "dana", role: "dispatcher", type: "AGENT", via: "chat", techId: null, accounts: "*", sites: "*" },
      trace: { correlationId: randomUUID(), traceId: null, traceParent: null, traceState: null },
    },
    {
      rule: { rule: "ticket.cancel", tool: "ticket.cancel", severity: "warning", reason: "It calls the work off." },
      foreseen: { state: "NEW", becomes: "CANCELLED", facts: {} },
      version: 0,
      place: { account_id: knownId<AccountId>(account_id), site_id: knownId<SiteId>(site_id) },
    },
    { key: randomUUID() },
  );
  return id;
}

async function newTicket(api: TestApi): Promise<{ readonly ticket: string } & Place> {
  const { id: ticket } = await ticketIn(api, "NEW");
  const { account_id, site_id } = await api.read("ticket.get", { ticket });
  return { ticket, account_id, site_id };
}
