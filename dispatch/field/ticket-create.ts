// ticket.create: opens a ticket for a known account and site.

import { creationCommand } from "../ticket/ticket-command.ts";
import { loadPlace, requirePlace } from "./intake-place.ts";

export const ticketCreate = creationCommand({
  name: "ticket.create",
  load: (tx, { input }) => loadPlace(tx, input),
  decide({ actor, input }, place) {
    requirePlace(actor, input, place);
    const { account_id, site_id, summary, asset_id = null, description = null, nte_cents = 0 } = input;
    return {
      state: "NEW",
      create: { account_id, site_id, summary, asset_id, description, nte_cents },
      payload: { summary, nte_cents },
      body: (ticket) => ticket,
    };
  },
});
