// What only the worker does, because a time came, or an operator on the machine: entries of the same shape as the tools', run by the same
// pipeline, and offered to nobody: no route, no tool, no page lists them.

import { attention } from "./attention.ts";
import { defineCommands } from "./entry.ts";
import { idOf, Type } from "./fields.ts";
import type { SnapshotId, TechnicianId } from "./ids.ts";
import { planScope } from "./plan-commands.ts";
import { planned } from "./plan-responses.ts";
import * as body from "./responses.ts";
import * as sample from "./sample-values.ts";
import { cancellableStates } from "./states.ts";

const nothingToSay = () => Type.Object({});

const slaTold = () => Type.Object({ ticket: body.ticket, level: Type.Enum(["warning", "breach"]) });

export const internalCommands = defineCommands({
  "schedule.expire_hold": {
    path: "/tickets/{ticketId}/schedule/expire-hold",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    wrongStateCode: "SCHEDULE_HOLD_STATE_CONFLICT",
    executes: true,
    from: ["PENDING_CUSTOMER_CONFIRMATION"],
    to: ["READY_TO_SCHEDULE"],
    status: 200,
    summary: "The customer let the confirmation window pass: the hold ends, and the ticket is scheduled anew.",
    example: {},
    next: ["schedule.propose", "schedule.book"],
    input: nothingToSay(),
    output: body.ticket,
  },
  "schedule.expire_proposal": {
    path: "/tickets/{ticketId}/schedule/expire-proposal",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["SCHEDULE_PROPOSED"],
    to: ["READY_TO_SCHEDULE"],
    status: 200,
    summary: "The last of the offered windows is over: the offer ends, and the ticket is scheduled anew.",
    example: {},
    next: ["schedule.propose", "schedule.book"],
    input: nothingToSay(),
    output: body.ticket,
  },
  "assignment.reserve": {
    path: "/tickets/{ticketId}/assignment/reserve",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["SCHEDULED"],
    to: [],
    status: 200,
    summary: "A technician is booked for a confirmed visit; the worker sends them when its time comes.",
    example: { tech_id: sample.technician, recommendation_snapshot_id: sample.snapshot },
    next: ["assignment.dispatch", "schedule.reopen"],
    input: Type.Object({
      tech_id: idOf<TechnicianId>("The technician to book"),
      recommendation_snapshot_id: idOf<SnapshotId>("The recommendation whose first technician this is"),
    }),
    output: body.ticket,
  },
  "sla.warning": {
    path: "/tickets/{ticketId}/sla/warning",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "touches",
    from: [...cancellableStates],
    to: [],
    status: 200,
    summary: "The ticket's deadline is near; told once for a deadline.",
    example: {},
    next: [],
    input: nothingToSay(),
    output: slaTold(),
  },
  "sla.breach": {
    path: "/tickets/{ticketId}/sla/breach",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "touches",
    from: [...cancellableStates],
    to: [],
    status: 200,
    summary: "The ticket's deadline is over; told once for a deadline.",
    example: {},
    next: [],
    input: nothingToSay(),
    output: slaTold(),
  },
  "attention.begin": {
    path: "/tickets/{ticketId}/attention/begin",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "touches",
    from: [...cancellableStates],
    to: [],
    status: 200,
    summary: "The ticket begins to need somebody's attention; told once for each reason.",
    example: {},
    next: [],
    input: nothingToSay(),
    output: Type.Object({ ticket: body.ticket, attention }),
  },
  "plan.nightly": {
    path: "/plans/nightly",
    roles: ["dispatcher"],
    aggregate: "desk",
    effect: "touches",
    from: [],
    to: [],
    status: 201,
    summary: "A proposal for the coming day of one zone, once for each day and zone, whichever worker comes first.",
    example: { day: "2026-11-23", zone: "CA" },
    next: ["plan.apply"],
    input: Type.Object(planScope),
    output: planned,
  },
  "policy.activate": {
    path: "/policy/activate",
    roles: ["dispatcher"],
    aggregate: "desk",
    effect: "touches",
    from: [],
    to: [],
    status: 201,
    summary: "Another version of the company's rules is in force, for tickets that open from now on.",
    example: { content: '{"files":{},"base":{}}' },
    next: [],
    input: Type.Object({
      content: Type.String({
        minLength: 2,
        maxLength: 8_000_000,
        description: "The files of a policy folder and the profile they say the differences of, as JSON text",
      }),
    }),
    output: Type.Object({
      version: Type.Integer(),
      hash: Type.String(),
      activated_by: Type.String(),
      activated_at: Type.String({ format: "date-time" }),
    }),
  },
});
