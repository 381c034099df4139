// What may be asked of scheduling, assignment, the technician's visit and its evidence: one entry per command.

import { defineCommands } from "./entry.ts";
import {
  cents,
  checklist,
  evidenceKey,
  evidenceRefs,
  freeText,
  idOf,
  line,
  note,
  noWorkReasons,
  nullable,
  oneOf,
  oneOfAnyCase,
  openObject,
  optional,
  reasonCode,
  ticketRef,
  time,
  Type,
  window,
  work,
} from "./fields.ts";
import type { ProviderId, SnapshotId, TechnicianId } from "./ids.ts";
import * as body from "./responses.ts";
import { ticketStates } from "./states.ts";
import * as sample from "./sample-values.ts";

const durationMinutes = () =>
  Type.Integer({
    minimum: 5,
    maximum: 1_440,
    description: "Length of the visit in minutes; absent: the usual length for the incident type",
  });
const holdable = ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED"] as const;
const completion = () =>
  Type.Object({
    checklist_status: checklist(),
    no_signature_reason: optional(
      freeText(1_000, {
        description: "Why nobody signed; stands in for a signature; absent: signature evidence is required",
      }),
    ),
    evidence_refs: optional(evidenceRefs()),
    work: optional(
      work(
        "What was done since this visit's last tech.hold, for the invoice; absent: nothing more; without any it has trip " +
          "charges alone, where policy allows that",
      ),
    ),
  });

const mediaTypes =
  "image/jpeg (or image/jpg), image/png, image/webp, image/heic, application/pdf, text/plain, video/mp4 or video/quicktime";
const completionExample = {
  checklist_status: {
    work_performed: true,
    parts_used_or_needed: true,
    resolution_status: true,
    onsite_photos_after: true,
    billing_authorization: true,
  },
  no_signature_reason: "The customer had left the site",
  work: {
    labor_minutes: 75,
    travel_minutes: 30,
    parts: [{ sku: "STRIKE-01", description: "Strike plate", quantity: 1, unit_price_cents: 3_400 }],
  },
} as const;

/** A field that a type of override cannot do without. */
const needs = (overrideType: string, field: string) => ({
  if: { properties: { override_type: { const: overrideType } }, required: ["override_type"] },
  then: { required: [field] },
});

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
      "look without booking use schedule.slots. It sends nobody: assignment.dispatch follows.",
    next: ["assignment.dispatch", "schedule.reopen"],
    input: Type.Object({
      earliest: optional(time("Not before; ISO 8601 with zone; absent: now")),
      latest: optional(time("Not after, at most 62 days on; ISO 8601 with zone; absent: seven days after earliest")),
      duration_minutes: optional(durationMinutes()),
      tech_id: optional(idOf<TechnicianId>("Only this technician; absent: whoever fits")),
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
    next: ["assignment.dispatch", "schedule.reopen"],
    input: Type.Object(
      {
        start: time("When the visit now begins; ISO 8601 with zone"),
        end: time("When the visit now ends; ISO 8601 with zone"),
        tech_id: optional(
          idOf<TechnicianId>(
            "Who is to come, for a dispatcher to name; absent: whoever has it, else the best who is free",
          ),
        ),
        reason: note("Why the visit moves", 1),
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
    next: ["tech.job_packet", "tech.resume", "tech.complete"],
    input: Type.Object({
      tech_id: idOf<TechnicianId>("The colleague who takes the work over"),
      reason: note("Why the work changes hands, at least 3 characters", 3),
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
    input: Type.Object({ reason_code: reasonCode(), note: note("Why, in a sentence; at least 10 characters", 10) }),
    example: { reason_code: "safety", note: "The van broke down on the way" },
    output: body.ticket,
  },
});

export const visitCommands = defineCommands({
  "tech.check_in": {
    path: "/tickets/{ticketId}/tech/check-in",
    roles: ["tech", "dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["DISPATCHED"],
    to: ["IN_PROGRESS"],
    status: 200,
    summary:
      "Record that the technician has arrived and begins the work: DISPATCHED becomes IN_PROGRESS. It " +
      "completes nothing; tech.job_packet says what the work needs.",
    next: ["tech.job_packet", "closeout.request_upload", "tech.complete", "tech.request_change"],
    input: Type.Object({
      timestamp: time("When the technician arrived; ISO 8601 with zone"),
      location: optional(
        Type.Unsafe<unknown>({
          description:
            "Where the technician is: {lat, lon} in degrees, north and east positive; {lat, lng} is the same. Absent: not recorded",
        }),
      ),
    }),
    example: { timestamp: sample.time.start, location: { lat: 37.8044, lon: -122.2712 } },
    output: body.ticket,
  },
  "tech.hold": {
    path: "/tickets/{ticketId}/tech/hold",
    roles: ["tech", "dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["IN_PROGRESS"],
    to: ["ON_HOLD"],
    status: 200,
    summary:
      "Interrupt work IN_PROGRESS, for example to wait for parts, and report what was done so far. tech.resume goes on, " +
      "ticket.return_visit plans another visit. For a customer undecided about a time use " +
      "schedule.hold.",
    next: ["tech.resume", "ticket.return_visit"],
    input: Type.Object({
      reason_code: oneOf(["parts", "access", "safety", "weather", "customer", "other"], "What the work waits for"),
      note: optional(note("What has to happen before it goes on; absent: none")),
      work: optional(
        work("What was done so far on this visit; the invoice has it beside what comes later; absent: none"),
      ),
    }),
    example: { reason_code: "parts", note: "The strike plate is on order" },
    output: body.ticket,
  },
  "tech.resume": {
    path: "/tickets/{ticketId}/tech/resume",
    roles: ["tech", "dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["ON_HOLD"],
    to: ["IN_PROGRESS"],
    status: 200,
    summary: "Go on with work that is ON_HOLD, within the same visit. To plan a later visit use ticket.return_visit.",
    next: ["closeout.request_upload", "tech.complete", "tech.hold"],
    input: Type.Object({ note: optional(note("Why the work can go on; absent: none")) }),
    example: { note: "The parts are here" },
    output: body.ticket,
  },
  "tech.request_change": {
    path: "/tickets/{ticketId}/tech/request-change",
    roles: ["tech"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["IN_PROGRESS"],
    to: ["APPROVAL_REQUIRED"],
    status: 200,
    summary:
      "Ask for a higher cost limit or another scope during the work, which then waits for approval.decide. It changes no limit by itself.",
    next: ["approval.decide", "approval.list"],
    input: Type.Object({
      approval_type: oneOf(["NTE_INCREASE", "PROPOSAL"], "A higher cost limit, or another scope of work"),
      reason: note("Why the change is needed, for the approver", 1),
      amount_delta_cents: optional(
        cents("How much more it will cost, in cents; approval raises the limit by it; absent: 0"),
      ),
      evidence_refs: optional(evidenceRefs()),
    }),
    example: {
      approval_type: "NTE_INCREASE",
      reason: "The closer leaks as well and must be replaced",
      amount_delta_cents: 25_000,
    },
    output: body.changeRequested,
  },
  "closeout.request_upload": {
    path: "/tickets/{ticketId}/evidence/uploads",
    roles: ["dispatcher", "agent", "tech"],
    aggregate: "ticket",
    effect: "touches",
    executes: true,
    from: ["DISPATCHED", "ON_SITE", "IN_PROGRESS", "ON_HOLD", "COMPLETED_PENDING_VERIFICATION"],
    to: [],
    status: 201,
    summary:
      "Get a signed address to send one evidence file to. It records nothing: send the file there, then " +
      "name the answer's uri in closeout.add_evidence.",
    next: ["closeout.add_evidence"],
    input: Type.Object({
      evidence_key: optional(evidenceKey()),
      kind: line(60, { description: "PHOTO, VIDEO, NOTE, DOCUMENT or SIGNATURE" }),
      content_type: Type.String({ minLength: 1, maxLength: 100, "x-case": "lower", description: mediaTypes }),
      size_bytes: Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: "Exact size of the file in bytes, at most 26214400",
      }),
      sha256: Type.String({
        pattern: "^[0-9a-fA-F]{64}$",
        "x-case": "lower",
        description: "SHA-256 of the file, 64 hex digits",
      }),
    }),
    example: {
      evidence_key: "photo_before_security_risk",
      kind: "PHOTO",
      content_type: "image/jpeg",
      size_bytes: 184_320,
      sha256: sample.sha256,
    },
    output: body.upload,
  },
  "closeout.add_evidence": {
    path: "/tickets/{ticketId}/evidence",
    roles: ["dispatcher", "agent", "tech"],
    aggregate: "ticket",
    effect: "touches",
    executes: true,
    from: ticketStates.filter((state) => state !== "CLOSED" && state !== "CANCELLED"),
    to: [],
    status: 201,
    summary:
      "Record one piece of evidence; an uploaded file is read and checked first. It uploads nothing: " +
      "for a file in hand call closeout.request_upload before.",
    next: ["tech.job_packet", "closeout.request_upload", "tech.complete"],
    input: Type.Object({
      kind: line(60, { description: "PHOTO, VIDEO, NOTE, DOCUMENT or SIGNATURE" }),
      uri: line(2_048, {
        description: "The uri that closeout.request_upload answered with, or that of an object kept elsewhere",
      }),
      checksum: optional(
        line(200, { description: "SHA-256 of the object, hex; absent: taken from the stored file, if there is one" }),
      ),
      evidence_key: optional(evidenceKey()),
      metadata: optional(openObject("Further facts to keep with it; absent: none")),
    }),
    example: {
      kind: "PHOTO",
      uri: "s3://dispatch-objects/evidence/door-before.jpg",
      checksum: sample.sha256,
      evidence_key: "photo_before_security_risk",
    },
    output: body.evidence,
  },
  "closeout.candidate": {
    path: "/tickets/{ticketId}/closeout/candidate",
    roles: ["dispatcher", "agent", "tech"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["IN_PROGRESS"],
    to: ["COMPLETED_PENDING_VERIFICATION"],
    status: 200,
    summary:
      "Complete work automatically, for an agent: the checks of tech.complete, and refused besides when " +
      "incident type or evidence is risky. A person's own completion is tech.complete.",
    next: ["qa.verify", "qa.return_work"],
    input: completion(),
    example: completionExample,
    output: body.candidate,
  },
  "closeout.no_work": {
    path: "/tickets/{ticketId}/closeout/no-work",
    roles: ["tech", "dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["DISPATCHED", "IN_PROGRESS"],
    to: ["COMPLETED_PENDING_VERIFICATION"],
    status: 200,
    summary:
      "End a call-out that had nothing to do, with its reason and what proves it; it is verified like any work and billed as " +
      "a trip. Work that was done is completed with tech.complete.",
    next: ["qa.verify", "qa.return_work"],
    input: Type.Object({
      reason_code: oneOf(
        [...noWorkReasons],
        "Why there was nothing to do; each wants its own evidence, and a refusal names what is missing",
      ),
      note: note("What was found on site; it stands in for a signature", 1),
      evidence_refs: optional(evidenceRefs()),
    }),
    example: { reason_code: "no_access", note: "The gate was locked and nobody answered the phone" },
    output: body.ticket,
  },
  "tech.complete": {
    path: "/tickets/{ticketId}/tech/complete",
    roles: ["dispatcher", "tech"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["IN_PROGRESS"],
    to: ["COMPLETED_PENDING_VERIFICATION"],
    status: 200,
    summary:
      "Complete the work on a person's word; refused, with what is missing, until the evidence and " +
      "checklist of the incident type are there. For automatic completion use closeout.candidate.",
    next: ["qa.verify", "qa.return_work"],
    input: completion(),
    example: completionExample,
    output: body.ticket,
  },
});
