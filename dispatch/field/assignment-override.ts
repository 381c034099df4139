// assignment.override: a person puts another technician or provider on the ticket and says why.

import { ticketCommand } from "../kernel/command.ts";
import type { TicketRow } from "../kernel/ticket-row.ts";
import { bookingFor, loadAssignee, rebook } from "./assign.ts";

export const assignmentOverride = ticketCommand({
  name: "assignment.override",
  load: (tx, { input, ticketId }) =>
    loadAssignee(tx, ticketId, input.override_type === "reassign_provider" ? null : (input.tech_id ?? null)),
  decide({ desk, input, ticket, now }, assignee) {
    const techId = input.override_type === "reassign_provider" ? null : (input.tech_id ?? null);
    const booking = techId === null ? null : bookingFor(desk, ticket, techId, assignee, now);
    const before = assignmentOf(ticket);
    const after = {
      assigned_tech_id: techId ?? ticket.assigned_tech_id,
      // A provider comes and goes with its technician, unless one is named.
      assigned_provider_id: input.provider_id ?? (techId === null ? ticket.assigned_provider_id : (assignee.technician?.providerId ?? null)),
    };
    return {
      ...(ticket.state === "SCHEDULED" && { path: ["DISPATCHED"] as const }),
      change: after,
      payload: {
        override_type: input.override_type,
        reason_code: input.reason_code,
        note: input.note,
        before,
        after,
        booking_id: booking?.id ?? null,
      },
      write: (tx) => (techId === null ? [] : rebook(tx, ticket.id, booking, now)),
      body: (changed) => ({ ticket: changed, before, after }),
    };
  },
});

const assignmentOf = ({ assigned_tech_id, assigned_provider_id }: TicketRow) => ({ assigned_tech_id, assigned_provider_id });
