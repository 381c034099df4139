// What may be asked of a technician's visit and its evidence: one entry per command.

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
  oneOf,
  maxMetadataBytes,
  openObject,
  optional,
  time,
  uuid,
  Type,
  work,
} from "./fields.ts";
import type { TechnicianId } from "./ids.ts";
import * as body from "./responses.ts";
import { ticketStates } from "./states.ts";
import * as sample from "./sample-values.ts";

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
  "image/jpeg|png|webp|heic|heif, application/pdf, text/plain (UTF-8), audio/mp4|aac|amr|ogg|3gpp, " +
  "video/mp4|quicktime|3gpp; image/svg+xml for a signature";
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

export const visitCommands = defineCommands({
  "tech.check_in": {
    path: "/tickets/{ticketId}/tech/check-in",
    roles: ["tech", "dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    byHelpers: true,
    from: ["DISPATCHED", "IN_PROGRESS"],
    to: ["IN_PROGRESS"],
    status: 200,
    summary:
      "Record that somebody has arrived: with the first of a crew DISPATCHED becomes IN_PROGRESS, the others join them. With " +
      "check_out a helper leaves before the work is over. It completes nothing; tech.job_packet says what the work needs.",
    next: ["tech.job_packet", "closeout.request_upload", "tech.complete", "tech.request_change"],
    input: Type.Object({
      timestamp: time("When the technician arrived, or left; ISO 8601 with zone"),
      tech_id: optional(
        idOf<TechnicianId>(
          "Who it is, for a dispatcher or the lead to name; absent: the technician who calls, else the lead",
        ),
      ),
      check_out: optional(
        Type.Boolean({
          description:
            "True: a helper leaves, and is free again; the lead ends with tech.complete or tech.hold. Absent: false, they arrive",
        }),
      ),
      work: optional(work("What a helper who leaves has done, for the invoice; absent: the lead reports it")),
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
        description:
          "Exact size of the file in bytes: at most 1048576 of text or SVG, 209715200 of a video, 26214400 of anything else",
      }),
      sha256: Type.String({
        pattern: "^[0-9a-fA-F]{64}$",
        "x-case": "lower",
        description: "SHA-256 of the file, 64 hex digits",
      }),
      in_parts: optional(
        Type.Boolean({
          description:
            "True, of a video: an address for each part too; asked again under a new idempotency key, those of parts that " +
            "have not arrived; absent: false",
        }),
      ),
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
      corrects: optional(
        uuid(
          "Evidence id of this ticket with the same file under a wrong key, which this one puts right; absent: none",
        ),
      ),
      metadata: optional(
        openObject("Further facts to keep with it, at most 8192 bytes of JSON; absent: none", maxMetadataBytes),
      ),
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
    said: ["nobody was home", "they sent us away at the door"],
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
