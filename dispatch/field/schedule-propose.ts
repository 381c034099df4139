// schedule.propose: offers the customer times; the first stands in as the ticket's time until one is confirmed.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { loadSiteDemand } from "../workforce/site-demand.ts";
import { ticketAt } from "./local-times.ts";
import { requireVisitWindows } from "./visit-window.ts";
import { utcWindow } from "./windows.ts";
import { closedWarnings } from "./site-closed.ts";
import { policyOf } from "../ticket/policy-of.ts";

export const schedulePropose = ticketCommand({
  name: "schedule.propose",
  load: (tx, { ticketId }) => loadSiteDemand(tx, ticketId),
  decide({ desk, input, ticket, clockTime }, site) {
    const options = input.options.map(utcWindow);
    const asked = { policy: policyOf(desk, ticket), ticket, clockTime };
    requireVisitWindows(
      asked,
      options.map((window, n) => ({ at: `options/${n}/`, window })),
    );
    const [first] = options;
    return {
      path: ["SCHEDULE_PROPOSED"],
      change: { proposed_windows: options, scheduled_start: first?.start ?? null, scheduled_end: first?.end ?? null },
      payload: { options },
      warnings: closedWarnings(desk, site, options),
      body: (after) => ticketAt(after, site),
    };
  },
});
