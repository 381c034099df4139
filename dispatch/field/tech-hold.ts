// tech.hold: interrupts the work. What was done so far is reported here, and billed with what comes later.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { loadBillingFacts, priceVisits, withReport } from "./billable.ts";
import { visitsOf } from "./visits.ts";

export const techHold = ticketCommand({
  name: "tech.hold",
  load: async (tx, { input, ticketId }) => (input.work ? loadBillingFacts(tx, ticketId) : null),
  decide(call, facts) {
    const { reason_code, note = null, work = null } = call.input;
    if (facts) {
      const { trail, ...place } = withReport(facts, "tech.hold", call);
      priceVisits(call, visitsOf(trail), place, []);
    }
    return {
      path: ["ON_HOLD"],
      // While it waits for the customer the SLA's clocks stand.
      change: { hold_reason: reason_code },
      payload: { reason_code, note, work },
      body: (after) => after,
    };
  },
});
