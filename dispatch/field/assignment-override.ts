// assignment.override: a person puts another technician or provider on the ticket and says why; for an emergency also by
// taking the technician off other work, in the same transaction.

import type { TechnicianId } from "../contract/ids.ts";
import type { InputOf } from "../contract/index.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { standsAfter } from "../ticket/related-ticket.ts";
import { lockTicket, type TicketRow } from "../ticket/ticket-row.ts";
import { endGivenBack } from "../workforce/requeue.ts";
import { crewChange, crewPayload } from "../workforce/crew.ts";
import { bookingsFor, consultOnAssignee, loadAssignee, partsIn, rebook } from "./assign.ts";
import { crewAround } from "./crew.ts";
import { loadChainOfTicket, requireAutonomy } from "./autonomy.ts";
import { bumpedBy, bumpIn } from "./bumped-ticket.ts";
import { waivedByOverride } from "./may-go.ts";
import { takenOff, without, type Why } from "./taken-off.ts";
import { ticketAt } from "./local-times.ts";
import { closedWarnings } from "./site-closed.ts";

export const assignmentOverride = ticketCommand({
  name: "assignment.override",
  alone: true,
  async load(tx, call) {
    const { actor, input, ticketId } = call;
    const techId = technicianIn(input);
    const bumpId = bumpIn(input);
    // A machine takes nobody off anything while automatic work on either ticket is paused; a person may.
    const machine = bumpId !== null && (actor.type === "SERVICE" || actor.type === "SYSTEM");
    // The lock comes first: the calendar is read as whoever held that ticket left it.
    const [bumped, assignee, pauses, pausesOfBumped] = await Promise.all([
      bumpId === null ? null : tx.row(lockTicket, [bumpId]),
      loadAssignee(tx, call, techId, { without: bumpId, insist: true }),
      machine ? loadChainOfTicket(tx, ticketId) : [],
      machine ? loadChainOfTicket(tx, bumpId) : [],
    ]);
    return { bumped, assignee, pauses, pausesOfBumped };
  },
  consult: ({ desk }, { assignee }) => consultOnAssignee(desk, assignee),
  decide(call, { bumped, assignee, pauses, pausesOfBumped }) {
    const { input, ticket, now } = call;
    requireAutonomy(pauses, ticket);
    if (bumped) requireAutonomy(pausesOfBumped, bumped);
    const techId = technicianIn(input);
    const bump = bumpedBy(call, bumped);
    const bookings = techId === null ? null : bookingsFor(call, assignee, { techId, waived: waivedByOverride });
    // Who insists on somebody sends them with whoever is free to go along.
    const crew = bookings && crewAround(call, assignee, bookings);
    const before = assignmentOf(ticket);
    const after = {
      assigned_tech_id: techId ?? ticket.assigned_tech_id,
      // A provider comes and goes with its technician, unless one is named.
      assigned_provider_id:
        input.provider_id ??
        (techId === null ? ticket.assigned_provider_id : (assignee.technician?.providerId ?? null)),
    };
    return {
      ...(ticket.state === "SCHEDULED" && { path: ["DISPATCHED"] as const }),
      change: {
        ...after,
        ...(techId !== null && { not_technicians: notTechnicians(ticket, techId, input, now) }),
        ...bookings?.parted,
        ...(crew && crewChange(ticket, crew.missing)),
      },
      payload: {
        override_type: input.override_type,
        reason_code: input.reason_code,
        note: input.note,
        before,
        after,
        booking_id: bookings?.first.id ?? null,
        ...(bookings && { travel_source: bookings.first.travel_source, ...partsIn(bookings) }),
        ...(crew && crewPayload(crew.members, crew.missing)),
        ...(bump && { bumped_ticket_id: bump.row.id }),
      },
      // First the bumped ticket's place is made, then it is taken (inWritingOrder).
      ...(bump && { related: [{ ...bump, parts: [endGivenBack(bump, now)] }] }),
      warnings: closedWarnings(call.desk, assignee.site, bookings?.all ?? []),
      parts: crew ? rebook(ticket.id, crew.bookings, now, crew.others) : [],
      body: (changed) => ({
        ticket: ticketAt(changed, assignee.site),
        before,
        after,
        ...(bump && {
          bumped: {
            ticket_id: bump.row.id,
            previous_state: bump.row.state,
            ...standsAfter(bump),
            receipt_id: bump.eventId,
          },
        }),
      }),
    };
  },
});

// Whom the dispatcher insists on is welcome again; whom they replace has been taken off.
const notTechnicians = (ticket: TicketRow, techId: TechnicianId, why: Why, now: string) =>
  without(ticket.assigned_tech_id === techId ? ticket.not_technicians : takenOff(ticket, why, now), techId);
/** Null when only the provider changes. */
const technicianIn = ({ override_type, tech_id }: InputOf<"assignment.override">) =>
  override_type === "reassign_provider" ? null : (tech_id ?? null);

const assignmentOf = ({ assigned_tech_id, assigned_provider_id }: TicketRow) => ({
  assigned_tech_id,
  assigned_provider_id,
});
