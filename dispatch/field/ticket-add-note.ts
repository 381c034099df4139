// ticket.add_note: a remark for whoever reads the timeline. It is kept in the audit event itself, so it can be neither changed
// nor taken back.

import { ticketCommand } from "../ticket/ticket-command.ts";

export const ticketAddNote = ticketCommand({
  name: "ticket.add_note",
  decide({ actor, input, ticket, now }) {
    const note = { text: input.text, visibility: input.visibility ?? "internal" };
    return { payload: note, body: () => ({ ticket_id: ticket.id, ...note, created_by: actor.id, created_at: now }) };
  },
});
