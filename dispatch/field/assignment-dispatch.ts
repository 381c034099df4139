// assignment.dispatch: sends a technician. From SCHEDULED the normal way; from TRIAGED past scheduling, as a bypass.

import type { SnapshotId } from "../contract/ids.ts";
import type { InputOf } from "../contract/index.ts";
import type { BypassRules } from "../policy/policy.ts";
import { warningRegistry } from "../contract/warnings.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { wrongState } from "../kernel/machine.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { matchesCapability, matchesZone } from "../workforce/ability.ts";
import type { RosterEntry } from "../workforce/calendar.ts";
import { bookingFor, consultOnAssignee, loadAssignee, rebook } from "./assign.ts";
import { loadChainOfTicket, requireAutonomy } from "./autonomy.ts";
import { selectSnapshot, type SnapshotRow } from "./recommendation-snapshots.ts";

type Input = InputOf<"assignment.dispatch">;

export const assignmentDispatch = ticketCommand({
  name: "assignment.dispatch",
  alone: true,
  async load(tx, { input, ticketId }) {
    const snapshotId = input.recommendation_snapshot_id || null;
    const [assignee, snapshot, pauses] = await Promise.all([
      loadAssignee(tx, ticketId, input.tech_id),
      snapshotId === null ? null : tx.row(selectSnapshot, [snapshotId, ticketId]),
      input.dispatch_mode === "WORKER_AUTO" ? loadChainOfTicket(tx, ticketId) : [],
    ]);
    return { assignee, snapshot, pauses };
  },
  consult: ({ desk, ticket }, { assignee }) =>
    ticket.scheduled_start === null ? null : consultOnAssignee(desk, assignee),
  decide({ desk, input, ticket, now, clockTime }, { assignee, snapshot, pauses }) {
    // A pause that came while the worker was choosing counts: it is read in the transaction that would send somebody.
    requireAutonomy(pauses, ticket);
    const over = ticket.state === "SCHEDULED" && isOver(ticket, clockTime);
    if (over && (desk.policy.confirmRefusesPastWindow || input.dispatch_mode === "WORKER_AUTO"))
      throw visitOver(ticket, clockTime);
    if (ticket.state === "TRIAGED") requireBypass(input, ticket, desk.policy.bypass);
    if (!assignee.technician) throw new Refusal("ASSIGNMENT_NOT_FOUND", { tech_id: input.tech_id });
    const snapshotId = input.recommendation_snapshot_id || null;
    if (snapshotId !== null) requireRecommended(input, snapshotId, snapshot, assignee.technician);
    const booking = bookingFor(desk, ticket, input.tech_id, assignee, now);
    return {
      path: ["DISPATCHED"],
      change: {
        assigned_tech_id: input.tech_id,
        assigned_provider_id: input.provider_id ?? assignee.technician.providerId,
      },
      payload: {
        tech_id: input.tech_id,
        dispatch_mode: input.dispatch_mode ?? "STANDARD",
        bypass: ticket.state === "TRIAGED",
        reserved: ticket.state === "SCHEDULED" && ticket.assigned_tech_id === input.tech_id,
        recommendation_snapshot_id: snapshotId,
        dispatch_rationale: input.dispatch_rationale ?? null,
        booking_id: booking?.id ?? null,
        ...(booking && { travel_source: booking.travel_source }),
      },
      write: (tx) => rebook(tx, ticket.id, booking, now),
      // A person in a lenient profile puts on record what has been done.
      ...(over && { warnings: [{ code: "WINDOW_IN_PAST" as const, message: warningRegistry.WINDOW_IN_PAST }] }),
      body: (after) => after,
    };
  },
});

const isOver = ({ scheduled_end: end }: TicketRow, clockTime: string): boolean => end !== null && end <= clockTime;

const visitOver = ({ scheduled_start: start, scheduled_end: end }: TicketRow, clockTime: string): Refusal =>
  new Refusal(
    "WINDOW_IN_PAST",
    { rejected: [{ start, end, reason: "OVER" }], now: clockTime },
    { message: "The visit is over; give it another time with schedule.move, or schedule.reopen it." },
  );

/** @throws Refusal INVALID_STATE_TRANSITION without a bypass mode, ASSIGNMENT_BYPASS_DENIED naming what the policy misses */
function requireBypass(input: Input, ticket: TicketRow, rules: BypassRules): void {
  const mode = input.dispatch_mode;
  if (mode !== "STANDARD" && mode !== "EMERGENCY_BYPASS") {
    throw wrongState(ticket.state, "DISPATCHED", ["SCHEDULED"]);
  }
  const missing = [
    rules.requiredPriority !== null && ticket.priority !== rules.requiredPriority && "priority",
    rules.incidentTypeRequired && ticket.incident_type === null && "incident_type",
    (input.dispatch_rationale ?? "").length < rules.rationaleMinLength && "dispatch_rationale",
    rules.confirmationRequired && input.dispatch_confirmation !== true && "dispatch_confirmation",
    rules.pendingApprovalRefused && ticket.pending_approval_id !== null && "pending_approval",
  ].filter((field) => field !== false);
  if (missing.length > 0)
    throw new Refusal("ASSIGNMENT_BYPASS_DENIED", { dispatch_mode: mode, missing_fields: missing });
}

/** @throws Refusal ASSIGNMENT_NOT_FOUND, or one of the three mismatches */
function requireRecommended(
  input: Input,
  snapshotId: SnapshotId,
  snapshot: SnapshotRow | null,
  technician: RosterEntry,
): void {
  const about = { tech_id: input.tech_id, recommendation_snapshot_id: snapshotId };
  if (!snapshot) throw new Refusal("ASSIGNMENT_NOT_FOUND", { recommendation_snapshot_id: snapshotId });
  if (snapshot.recommended_tech_id !== input.tech_id) {
    throw new Refusal("ASSIGNMENT_RECOMMENDATION_MISMATCH", {
      ...about,
      recommended_tech_id: snapshot.recommended_tech_id,
    });
  }
  if (!matchesCapability(technician.serviceTypes, snapshot.service_type)) {
    throw new Refusal("ASSIGNMENT_CAPABILITY_MISMATCH", { ...about, service_type: snapshot.service_type });
  }
  if (!matchesZone(technician.zone, snapshot.site_region)) {
    throw new Refusal("ASSIGNMENT_ZONE_MISMATCH", { ...about, ticket_region: snapshot.site_region });
  }
}
