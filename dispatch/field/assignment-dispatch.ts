// assignment.dispatch: sends a technician. From SCHEDULED the normal way; past scheduling, at once, as a bypass.

import type { InputOf } from "../contract/index.ts";
import type { BypassRules } from "../policy/policy.ts";
import { warningRegistry } from "../contract/warnings.ts";
import { ticketCommand, type TicketCall } from "../ticket/ticket-command.ts";
import { wrongState } from "../kernel/machine.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { matchesCapability } from "../workforce/ability.ts";
import type { RosterEntry } from "../workforce/calendar.ts";
import { sendTime, sentAhead } from "../workforce/send-time.ts";
import { crewChange, crewPayload } from "../workforce/crew.ts";
import { bookingsFor, consultOnAssignee, fromNowOn, loadAssignee, partsIn, rebook } from "./assign.ts";
import { crewAround } from "./crew.ts";
import { loadChainOfTicket, requireAutonomy } from "./autonomy.ts";
import { ticketAt } from "./local-times.ts";
import { waivedInEmergency, waivedInSending } from "./may-go.ts";
import { selectSnapshot, type SnapshotRow } from "./recommendation-snapshots.ts";
import { closedWarnings } from "./site-closed.ts";

type Input = InputOf<"assignment.dispatch">;

export const assignmentDispatch = ticketCommand({
  name: "assignment.dispatch",
  alone: true,
  async load(tx, call) {
    const { input, ticketId, clockTime } = call;
    const snapshotId = input.recommendation_snapshot_id || null;
    const [assignee, snapshot, pauses] = await Promise.all([
      loadAssignee(tx, call, input.tech_id, input.dispatch_mode === "EMERGENCY_BYPASS" ? fromNowOn(clockTime) : {}),
      snapshotId === null ? null : tx.row(selectSnapshot, [snapshotId, ticketId]),
      input.dispatch_mode === "WORKER_AUTO" ? loadChainOfTicket(tx, ticketId) : [],
    ]);
    return { assignee, snapshot, pauses };
  },
  consult: ({ desk }, { assignee }) => consultOnAssignee(desk, assignee),
  decide(call, { assignee, snapshot, pauses }) {
    const { desk, input, ticket, now, clockTime } = call;
    // A pause that came while the worker was choosing counts: it is read in the transaction that would send somebody.
    requireAutonomy(pauses, ticket);
    const bypass = passesScheduling(input, ticket, desk.policy.bypass);
    const over = !bypass && isOver(ticket, clockTime);
    const byWorker = input.dispatch_mode === "WORKER_AUTO";
    if (over && (desk.policy.confirmRefusesPastWindow || byWorker)) throw visitOver(ticket, clockTime);
    if (!assignee.technician) throw new Refusal("ASSIGNMENT_NOT_FOUND", { tech_id: input.tech_id });
    const snapshotId = input.recommendation_snapshot_id || null;
    if (snapshotId !== null) requireRecommended(input, snapshot, assignee.technician, ticket);
    const bookings = bookingsFor(call, assignee, {
      techId: input.tech_id,
      waived: bypass && input.dispatch_mode === "EMERGENCY_BYPASS" ? waivedInEmergency : waivedInSending(desk.policy),
      atOnce: bypass,
      snapshot,
    });
    const { first: booking } = bookings;
    if (byWorker) requireStillDue(call, assignee.technician, booking.travel_before_minutes);
    const crew = crewAround(call, assignee, bookings);
    // In an emergency whoever can goes; and a crew that somebody left waits for nobody: that it is short has been told.
    if (crew.missing > 0 && !bypass && ticket.helpers_missing === 0) throw crew.refusal();
    return {
      path: ["DISPATCHED"],
      change: {
        // Who goes at once has no appointment any more.
        ...(bypass && {
          ...(ticket.scheduled_start !== null && { scheduled_start: booking.start, scheduled_end: booking.end }),
          proposed_windows: [],
        }),
        assigned_tech_id: input.tech_id,
        assigned_provider_id: input.provider_id ?? assignee.technician.providerId,
        ...bookings.parted,
        ...crewChange(ticket, crew.missing),
      },
      payload: {
        tech_id: input.tech_id,
        dispatch_mode: input.dispatch_mode ?? "STANDARD",
        bypass,
        reserved: ticket.state === "SCHEDULED" && ticket.assigned_tech_id === input.tech_id,
        recommendation_snapshot_id: snapshotId,
        dispatch_rationale: input.dispatch_rationale ?? null,
        booking_id: booking.id,
        travel_source: booking.travel_source,
        ...partsIn(bookings),
        ...crewPayload(crew.members, crew.missing),
      },
      parts: rebook(ticket.id, crew.bookings, now, crew.others),
      warnings: [
        // A person in a lenient profile puts on record what has been done.
        ...(over ? [{ code: "WINDOW_IN_PAST" as const, message: warningRegistry.WINDOW_IN_PAST }] : []),
        ...closedWarnings(desk, assignee.site, bookings.all),
      ],
      body: (after) => ticketAt(after, assignee.site),
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

/**
 * What the worker saw when it chose may be over: another was put there, or the visit moved to a time that is not yet to be sent to.
 * @throws Refusal INVALID_STATE_TRANSITION
 */
function requireStillDue(
  { desk: { policy }, input, ticket, clockTime }: TicketCall<"assignment.dispatch">,
  technician: RosterEntry,
  driveMinutes: number,
): void {
  const { state, assigned_tech_id: assigned, scheduled_start: start, scheduled_end: end } = ticket;
  const visit = start === null || end === null ? null : { start: Date.parse(start), end: Date.parse(end) };
  const at = visit ? sendTime(visit, technician, sentAhead(policy, driveMinutes)) : -Infinity;
  const isAnothers = assigned !== null && assigned !== input.tech_id;
  if (isAnothers || at > Date.parse(clockTime)) throw wrongState(state, "DISPATCHED", []);
}

/**
 * Whether this goes past scheduling, at once. Past triage a customer has been asked or promised a time: who goes past that says
 * why, for an emergency alone, whatever the profile. What is scheduled needs no bypass to be sent, and without a bypass's
 * reasons is sent as ever, past nothing.
 * @throws Refusal INVALID_STATE_TRANSITION without a bypass mode, ASSIGNMENT_BYPASS_DENIED naming what the policy misses
 */
function passesScheduling(input: Input, ticket: TicketRow, rules: BypassRules): boolean {
  const { dispatch_mode: mode } = input;
  const [triaged, scheduled] = [ticket.state === "TRIAGED", ticket.state === "SCHEDULED"];
  if (mode !== "EMERGENCY_BYPASS" && !(mode === "STANDARD" && triaged)) {
    if (scheduled) return false;
    throw wrongState(ticket.state, "DISPATCHED", ["SCHEDULED"]);
  }
  const priority = triaged ? rules.requiredPriority : "EMERGENCY";
  const rationaleLength = triaged ? rules.rationaleMinLength : Math.max(1, rules.rationaleMinLength);
  const missing = [
    priority !== null && ticket.priority !== priority && "priority",
    rules.incidentTypeRequired && ticket.incident_type === null && "incident_type",
    (input.dispatch_rationale ?? "").length < rationaleLength && "dispatch_rationale",
    rules.confirmationRequired && input.dispatch_confirmation !== true && "dispatch_confirmation",
    rules.pendingApprovalRefused && ticket.pending_approval_id !== null && "pending_approval",
  ].filter((field) => field !== false);
  if (missing.length > 0 && !scheduled)
    throw new Refusal("ASSIGNMENT_BYPASS_DENIED", { dispatch_mode: mode, missing_fields: missing });
  return missing.length === 0;
}

/**
 * That the snapshot's technician is sent, and does what the recommendation was asked for; all else is asked of everybody.
 * @throws Refusal ASSIGNMENT_NOT_FOUND, ASSIGNMENT_RECOMMENDATION_MISMATCH, ASSIGNMENT_CAPABILITY_MISMATCH
 */
function requireRecommended(
  { tech_id, recommendation_snapshot_id }: Input,
  snapshot: SnapshotRow | null,
  technician: RosterEntry,
  ticket: TicketRow,
): void {
  const about = { tech_id, recommendation_snapshot_id };
  if (!snapshot) throw new Refusal("ASSIGNMENT_NOT_FOUND", { recommendation_snapshot_id });
  const { recommended_tech_id, service_type } = snapshot;
  if (recommended_tech_id !== tech_id) {
    throw new Refusal("ASSIGNMENT_RECOMMENDATION_MISMATCH", { ...about, recommended_tech_id });
  }
  if (!matchesCapability(technician.serviceTypes, service_type)) {
    throw new Refusal("ASSIGNMENT_CAPABILITY_MISMATCH", {
      ...about,
      service_type,
      incident_type: ticket.incident_type,
      missing_skills: [],
      missing_tools: [],
    });
  }
}
