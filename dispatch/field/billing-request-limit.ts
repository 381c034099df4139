// billing.request_limit: asks for a higher limit once the work is verified, so that it can be invoiced.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { invalidField } from "../kernel/refusal.ts";
import { askApproval } from "./ask-approval.ts";
import { isNoLimit } from "./limit.ts";
import { policyOf } from "../ticket/policy-of.ts";

export const billingRequestLimit = ticketCommand({
  name: "billing.request_limit",
  decide(call) {
    const { desk, input, ticket } = call;
    if (isNoLimit(ticket.nte_cents, policyOf(desk, ticket).invoice))
      throw invalidField("amount_delta_cents", "none", "no limit is agreed, so there is none to raise: invoice it");
    return askApproval(call, { ...input, approval_type: "NTE_INCREASE" }, "billing.request_limit", "VERIFIED");
  },
});
