// ticket.create: opens a ticket for a known account and site.

import { creationCommand } from "../ticket/ticket-command.ts";
import { agreedTerms, loadPlace, requirePlace } from "./intake-place.ts";

export const ticketCreate = creationCommand({
  name: "ticket.create",
  load: (tx, { input }) => loadPlace(tx, input),
  decide({ desk, actor, input }, place) {
    requirePlace(actor, input, place);
    const { account_id, site_id, summary, asset_id = null, description = null } = input;
    const terms = agreedTerms(desk, place, input.nte_cents);
    return {
      state: "NEW",
      create: { account_id, site_id, summary, asset_id, description, ...terms },
      payload: { summary, ...terms },
      body: (ticket) => ticket,
    };
  },
});
