// What may be asked of scheduling: one entry per command.

import { defineCommands } from "./entry.ts";
import { expectedVersion, idOf, line, note, oneOf, oneOfAnyCase, optional, time, Type, window } from "./fields.ts";
import type { TechnicianId } from "./ids.ts";
import * as body from "./responses.ts";
import * as sample from "./sample-values.ts";

const durationMinutes = () =>
  Type.Integer({
    minimum: 5,
    maximum: 1_440,
    description:
      "Length of the work in minutes; absent: the usual length for the incident type. What no shift has room for is laid in parts",
  });
const arrivalWindow = (addition: string) =>
  optional(window(`Promised to the customer: the visit lies, and may be moved, inside it${addition}`));
const holdable = ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED"] as const;

export const scheduleCommands = defineCommands({
  "schedule.propose": {
    path: "/tickets/{ticketId}/schedule/propose",
    roles: ["dispatcher", "agent"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["READY_TO_SCHEDULE"],
    to: ["SCHEDULE_PROPOSED"],
    status: 200,
    summary:
      "Offer the customer one or more time windows; schedule.confirm records their choice. It books no " +
      "technician: schedule.slots finds good windows, schedule.book books without asking.",
    next: ["schedule.confirm", "schedule.hold", "schedule.reopen"],
    input: Type.Object({
      options: Type.Array(window("An offered time"), {
        minItems: 1,
        maxItems: 20,
        description: "Windows to offer, best first; the first stands as the ticket's time until one is confirmed",
      }),
    }),
    example: {
      options: [
        { start: "2026-11-23T09:00:00-08:00", end: "2026-11-23T11:00:00-08:00" },
        { start: "2026-11-23T13:00:00-08:00", end: "2026-11-23T15:00:00-08:00" },
      ],
    },
    output: body.ticket,
  },
  "schedule.confirm": {
    path: "/tickets/{ticketId}/schedule/confirm",
    roles: ["dispatcher", "customer"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["SCHEDULE_PROPOSED"],
    to: ["SCHEDULED"],
    status: 200,
    summary:
      "Settle on the window the customer chose from those proposed. It assigns nobody: " +
      "assignment.recommend and assignment.dispatch follow.",
    next: ["assignment.recommend", "assignment.dispatch", "schedule.reopen"],
    input: Type.Object(
      {
        start: time("When the chosen window begins; ISO 8601 with zone, exactly as proposed"),
        end: time("When the chosen window ends; ISO 8601 with zone, exactly as proposed"),
        arrival_window: arrivalWindow("; the desk's to give; absent: the visit's time"),
      },
      { description: "end lies after start", "x-window": true },
    ),
    example: { start: sample.time.start, end: sample.time.end },
    output: body.ticket,
  },
  "schedule.book": {
    path: "/tickets/{ticketId}/schedule/book",
    roles: ["dispatcher", "agent"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["READY_TO_SCHEDULE"],
    to: ["SCHEDULED"],
    status: 200,
    summary:
      "Find the best slot AND book it with its technician in one call, without asking the customer. To " +
      "look without booking use schedule.slots. What no shift has room for is laid in parts. It sends nobody: assignment.dispatch follows.",
    next: ["assignment.dispatch", "schedule.reopen"],
    input: Type.Object({
      earliest: optional(time("Not before; ISO 8601 with zone; absent: now")),
      latest: optional(time("Not after, at most 62 days on; ISO 8601 with zone; absent: seven days after earliest")),
      duration_minutes: optional(durationMinutes()),
      tech_id: optional(idOf<TechnicianId>("Only this technician; absent: whoever fits")),
      arrival_window: arrivalWindow(", as does the search; absent: the visit's time"),
      strategy: optional(
        oneOf(
          ["earliest", "least_travel", "best"],
          "Which free slot to take: the earliest, the one with least travel, or the best on balance; absent: best",
        ),
      ),
    }),
    example: {
      earliest: sample.time.dayStart,
      latest: sample.time.dayEnd,
      duration_minutes: 120,
      strategy: "earliest",
    },
    output: body.booked,
  },
  "schedule.move": {
    path: "/tickets/{ticketId}/schedule/move",
    roles: ["dispatcher", "customer"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["SCHEDULED", "DISPATCHED"],
    to: ["SCHEDULED"],
    status: 200,
    summary:
      "Give a settled visit another time in one step: whoever has it keeps it where they can, else the best who is " +
      "free then; somebody already sent is called back. To only take the time back use schedule.reopen.",
    said: ["the customer called, move it to Thursday", "reschedule it to Friday 9 to 11"],
    next: ["assignment.dispatch", "schedule.reopen"],
    input: Type.Object(
      {
        start: time("When the visit now begins; ISO 8601 with zone"),
        end: time("When the visit now ends, in parts the latest for its last one; ISO 8601 with zone"),
        tech_id: optional(
          idOf<TechnicianId>(
            "Who is to come, for a dispatcher to name; absent: whoever has it, else the best who is free",
          ),
        ),
        arrival_window: arrivalWindow("; absent: as before, if it holds the new time"),
        reason: note("Why the visit moves", 1),
        expected_version: expectedVersion(),
      },
      { description: "end lies after start", "x-window": true },
    ),
    example: { start: sample.time.start, end: sample.time.end, reason: "The customer asks for Friday" },
    output: body.moved,
  },
  "schedule.reopen": {
    path: "/tickets/{ticketId}/schedule/reopen",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED", "DISPATCHED"],
    to: ["READY_TO_SCHEDULE"],
    status: 200,
    summary:
      "Take a proposed or settled time back, also once a technician is sent; windows, booking and technician are " +
      "cleared, and scheduling starts anew. To set another time at once use schedule.move.",
    next: ["schedule.slots", "schedule.book", "schedule.propose"],
    input: Type.Object({ reason: note("Why the time is taken back", 1) }),
    example: { reason: "The customer is away then" },
    output: body.ticket,
  },
  "schedule.hold": {
    path: "/tickets/{ticketId}/schedule/hold",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    wrongStateCode: "SCHEDULE_HOLD_STATE_CONFLICT",
    executes: true,
    from: [...holdable, "DISPATCHED"],
    to: ["PENDING_CUSTOMER_CONFIRMATION"],
    status: 201,
    summary:
      "Wait for an undecided customer until a deadline; answers with the hold_id. Whoever was sent stays booked. End it " +
      "with schedule.release (they agreed) or schedule.rollback. For work under way use tech.hold.",
    next: ["schedule.release", "schedule.rollback"],
    input: Type.Object({
      hold_reason: oneOfAnyCase(
        ["CUSTOMER_PENDING", "CUSTOMER_UNREACHABLE", "CUSTOMER_CONFIRMATION_STALE"],
        "Why the customer has not confirmed: still deciding, not reached, or an earlier confirmation ran out",
      ),
      confirmation_window: window("The time the customer has to confirm, not the time of the visit"),
    }),
    example: {
      hold_reason: "CUSTOMER_PENDING",
      confirmation_window: { start: sample.time.dayStart, end: sample.time.dayEnd },
    },
    output: body.hold,
  },
  "schedule.release": {
    path: "/tickets/{ticketId}/schedule/release",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    wrongStateCode: "SCHEDULE_HOLD_STATE_CONFLICT",
    executes: true,
    from: ["PENDING_CUSTOMER_CONFIRMATION"],
    to: holdable,
    status: 200,
    summary:
      "End a hold because the customer agreed; the state and time before it return. To withdraw a hold " +
      "without their consent use schedule.rollback.",
    next: ["assignment.recommend", "schedule.confirm", "schedule.propose"],
    input: Type.Object(
      {
        customer_confirmation_log: optional(
          line(100, { description: "The hold_id that schedule.hold answered with; required" }),
        ),
        customer_confirmation_id: optional(
          line(100, { description: "Another name for customer_confirmation_log; leave it out" }),
        ),
      },
      { anyOf: [{ required: ["customer_confirmation_log"] }, { required: ["customer_confirmation_id"] }] },
    ),
    example: { customer_confirmation_log: sample.hold },
    output: body.restored,
  },
  "schedule.rollback": {
    path: "/tickets/{ticketId}/schedule/rollback",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    wrongStateCode: "SCHEDULE_HOLD_STATE_CONFLICT",
    executes: true,
    from: ["PENDING_CUSTOMER_CONFIRMATION"],
    to: holdable,
    status: 200,
    summary:
      "Withdraw a hold without the customer's consent; the state and time before it return. It undoes " +
      "nothing else; when the customer agreed use schedule.release.",
    next: ["schedule.reopen", "schedule.propose", "ticket.cancel"],
    input: Type.Object({
      confirmation_id: line(100, { description: "The hold_id that schedule.hold answered with" }),
      reason: optional(note("Why the hold is withdrawn; absent: none")),
    }),
    example: { confirmation_id: sample.hold, reason: "Held by mistake" },
    output: body.restored,
  },
});
