// qa.return_work: sends completed work back with reasons.

import { ticketCommand } from "../ticket/ticket-command.ts";

export const qaReturnWork = ticketCommand({
  name: "qa.return_work",
  decide: ({ input }) => ({
    path: ["IN_PROGRESS"],
    payload: { reasons: input.reasons, required_evidence_keys: input.required_evidence_keys ?? [] },
    body: (ticket) => ticket,
  }),
});
