// tech.request_change: asks for a higher limit or another scope; the work waits for the decision.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { askApproval } from "./ask-approval.ts";

export const techRequestChange = ticketCommand({
  name: "tech.request_change",
  decide: (call) => askApproval(call, call.input, "tech.request_change", "IN_PROGRESS"),
});
