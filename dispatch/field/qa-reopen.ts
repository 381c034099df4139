// qa.reopen: takes verified work back, with reasons: to be put right by who did it, or on another visit.

import { ticketCommand } from "../ticket/ticket-command.ts";

/** Another visit is planned from the start: whoever comes is chosen anew. */
const noVisit = {
  scheduled_start: null,
  scheduled_end: null,
  proposed_windows: [],
  assigned_tech_id: null,
  assigned_provider_id: null,
};

export const qaReopen = ticketCommand({
  name: "qa.reopen",
  target: ({ input }) => input.workflow_outcome,
  decide({ input, ticket }) {
    const { reasons, required_evidence_keys = [], workflow_outcome = "IN_PROGRESS" } = input;
    const isVisit = workflow_outcome === "READY_TO_SCHEDULE";
    return {
      path: [workflow_outcome],
      ...(isVisit && { change: noVisit }),
      payload: { reasons, required_evidence_keys, ...(isVisit && { previous_tech_id: ticket.assigned_tech_id }) },
      body: (after) => after,
    };
  },
});
