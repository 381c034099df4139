// ticket.request_info: parks a ticket until the customer has answered.

import { ticketCommand } from "../ticket/ticket-command.ts";

export const ticketRequestInfo = ticketCommand({
  name: "ticket.request_info",
  decide: ({ input }) => ({ path: ["NEEDS_INFO"], payload: { questions: input.questions }, body: (ticket) => ticket }),
});
