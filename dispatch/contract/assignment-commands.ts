// What may be asked of who goes to a visit: one entry per command.

import { defineCommands } from "./entry.ts";
import {
  expectedVersion,
  freeText,
  idOf,
  line,
  mostInCrew,
  note,
  nullable,
  oneOf,
  optional,
  reasonCode,
  ticketRef,
  Type,
  window,
  work,
} from "./fields.ts";
import type { ProviderId, SnapshotId, TechnicianId } from "./ids.ts";
import * as body from "./responses.ts";
import * as sample from "./sample-values.ts";

/** A field that a type of override cannot do without. */
const needs = (overrideType: string, field: string) => ({
  if: { properties: { override_type: { const: overrideType } }, required: ["override_type"] },
  then: { required: [field] },
});

export const assignmentCommands = defineCommands({
  "assignment.recommend": {
    path: "/tickets/{ticketId}/assignment/recommend",
    roles: ["dispatcher", "agent"],
    aggregate: "ticket",
    effect: "touches",
    from: ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED"],
    to: [],
    status: 201,
    summary:
      "Rank the technicians for a ticket, with reasons for each and for everyone left out, and keep the " +
      "ranking as a snapshot. It neither books nor sends: assignment.dispatch does.",
    next: ["assignment.dispatch", "assignment.override"],
    input: Type.Object({
      service_type: line(100, {
        description: "The service asked for: usually the ticket's incident type, else DEFAULT",
      }),
      recommendation_limit: optional(
        Type.Integer({ minimum: 1, maximum: 20, description: "How many technicians to name; absent: 5" }),
      ),
      preferred_window: optional(window("Only technicians free then; absent: the ticket's time")),
    }),
    example: { service_type: "CANNOT_SECURE_ENTRY", recommendation_limit: 3 },
    output: body.recommendation,
  },
  "assignment.dispatch": {
    path: "/tickets/{ticketId}/assignment/dispatch",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["SCHEDULED", "TRIAGED", "READY_TO_SCHEDULE", "SCHEDULE_PROPOSED"],
    to: ["DISPATCHED"],
    status: 200,
    summary:
      "Send a technician to a SCHEDULED ticket and book them for its time. EMERGENCY_BYPASS sends at once, past " +
      "scheduling. To swap whoever is already sent, or past a refusal, use assignment.override.",
    next: ["tech.check_in", "assignment.override", "assignment.unassign"],
    input: Type.Object({
      tech_id: idOf<TechnicianId>("The technician to send; with a snapshot its first"),
      provider_id: optional(idOf<ProviderId>("The firm that does the work; absent: the technician's own")),
      recommendation_snapshot_id: optional(
        nullable(
          Type.Union([idOf<SnapshotId>(), Type.Literal("")]),
          "snapshot_id of the assignment.recommend whose first technician this is; absent, null or empty: no recommendation followed",
        ),
      ),
      dispatch_mode: optional(
        oneOf(
          ["STANDARD", "EMERGENCY_BYPASS", "WORKER_AUTO"],
          "Absent: STANDARD. EMERGENCY_BYPASS goes at once, past time and zone, never ability; from TRIAGED name it " +
            "or STANDARD. WORKER_AUTO is the worker's",
        ),
      ),
      dispatch_rationale: optional(
        freeText(2_000, {
          description:
            "Why scheduling is skipped; past TRIAGED a bypass needs it, maybe 10 characters or more; absent: none",
        }),
      ),
      dispatch_confirmation: optional(
        Type.Boolean({ description: "True when a person has confirmed the bypass, which may need it; absent: false" }),
      ),
    }),
    example: { tech_id: sample.technician, recommendation_snapshot_id: sample.snapshot, dispatch_mode: "STANDARD" },
    output: body.ticket,
  },
  "assignment.override": {
    path: "/tickets/{ticketId}/assignment/override",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    from: ["SCHEDULED", "DISPATCHED"],
    to: ["DISPATCHED"],
    status: 200,
    summary:
      "Put another technician or provider on the ticket, at the same time, with a reason on record; it " +
      "is then DISPATCHED. For the first, ordinary sending use assignment.dispatch.",
    next: ["tech.check_in", "assignment.unassign"],
    input: Type.Object(
      {
        override_type: oneOf(
          ["reassign_tech", "reassign_provider", "direct_dispatch_bypass"],
          "What changes: the technician, the provider alone, or the technician outside the usual choice",
        ),
        reason_code: reasonCode(),
        note: note("Why, in a sentence; at least 10 characters", 10),
        tech_id: optional(idOf<TechnicianId>("The new technician; required unless override_type is reassign_provider")),
        provider_id: optional(
          idOf<ProviderId>("The new provider; required with reassign_provider; absent: the new technician's own"),
        ),
        expected_version: expectedVersion(),
        bump_ticket_id: optional(
          ticketRef(
            "For an EMERGENCY with direct_dispatch_bypass: the technician's booked ticket that goes back to the queue; absent: none",
          ),
        ),
      },
      {
        allOf: [
          needs("reassign_provider", "provider_id"),
          needs("reassign_tech", "tech_id"),
          needs("direct_dispatch_bypass", "tech_id"),
        ],
      },
    ),
    example: {
      override_type: "reassign_tech",
      reason_code: "capacity",
      note: "The first technician is stuck in traffic",
      tech_id: sample.technician,
    },
    output: body.overridden,
  },
  "assignment.transfer": {
    path: "/tickets/{ticketId}/assignment/transfer",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    from: ["ON_SITE", "IN_PROGRESS", "ON_HOLD"],
    to: [],
    status: 200,
    summary:
      "Hand work that is under way to a colleague, who is booked from now on; what was done so far stays with who did it. " +
      "Before anybody has arrived use assignment.override.",
    said: ["give Bob's job to Ana", "Ana takes over, Bob has to leave"],
    next: ["tech.job_packet", "tech.resume", "tech.complete"],
    input: Type.Object({
      tech_id: idOf<TechnicianId>("The colleague who takes the work over"),
      reason: note("Why the work changes hands, at least 3 characters", 3),
      expected_version: expectedVersion(),
      work: optional(
        work("What was done so far on this visit; the invoice has it beside what comes later; absent: none"),
      ),
    }),
    example: {
      tech_id: sample.technician,
      reason: "Ana has to leave; the closer is off and the door is secured",
      work: { labor_minutes: 45 },
    },
    output: body.ticket,
  },
  "assignment.crew": {
    path: "/tickets/{ticketId}/assignment/crew",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    from: ["SCHEDULED", "DISPATCHED", "ON_SITE", "IN_PROGRESS"],
    to: [],
    status: 200,
    summary:
      "Say who goes along with the lead, or does not any more: each helper is booked for the visit, or what is left of it, " +
      "and is asked for kind of work, zone and time; skills and tools the lead brings. It never changes the lead.",
    said: ["send somebody with him", "Ben goes along"],
    next: ["tech.check_in", "tech.job_packet", "assignment.dispatch"],
    input: Type.Object({
      add: optional(
        Type.Array(idOf<TechnicianId>(), {
          maxItems: mostInCrew,
          description: "Technicians who go along; absent: nobody",
        }),
      ),
      remove: optional(
        Type.Array(idOf<TechnicianId>(), {
          maxItems: mostInCrew,
          description: "Helpers who no longer do; absent: nobody",
        }),
      ),
      people: optional(
        Type.Integer({
          minimum: 1,
          maximum: mostInCrew,
          description:
            "How many the visit takes, its lead among them; absent: as before, with who is added and removed",
        }),
      ),
      reason: optional(note("Why the crew changes; absent: none")),
    }),
    example: { add: [sample.technician], reason: "The door weighs 90 kg" },
    output: body.crewed,
  },
  "assignment.unassign": {
    path: "/tickets/{ticketId}/assignment/unassign",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    from: ["SCHEDULED", "DISPATCHED"],
    to: ["SCHEDULED"],
    status: 200,
    summary:
      "Take the technician off, sent or only booked; the ticket is SCHEDULED at the same time with nobody " +
      "assigned, and not given to them again. To name a successor at once use assignment.override.",
    next: ["assignment.recommend", "assignment.dispatch", "schedule.reopen"],
    input: Type.Object({
      reason_code: reasonCode(),
      note: note("Why, in a sentence; at least 10 characters", 10),
      expected_version: expectedVersion(),
    }),
    example: { reason_code: "safety", note: "The van broke down on the way" },
    output: body.ticket,
  },
});
