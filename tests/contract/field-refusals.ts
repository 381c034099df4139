// For the error codes' test: each code that a rule of the field gives, and each reason a closeout is refused for.

import { randomUUID } from "node:crypto";
import { invoicedTicket } from "../support/invoices.ts";
import type { TestApi } from "../support/api.ts";
import { acme, addTechnician, ana, ben } from "../support/directory.ts";
import { addVerified, noteFile, photoFile, requestUpload, sha256, store, writing } from "../support/evidence.ts";
import { anyProposal } from "../support/plan-day.ts";
import { upload } from "../support/upload-client.ts";
import {
  addAllEvidence,
  completion,
  freeWindow,
  fullChecklist,
  latchEvidence,
  ticketIn,
} from "../support/ticket-builder.ts";
import type { Produce } from "./request-refusals.ts";

const intake = {
  account_id: acme.id,
  site_id: acme.oakland,
  summary: "Glass is out of the shop front",
  incident_type: "FRAME_OR_GLASS_DAMAGE",
  customer_name: "Kim Lee",
  contact_phone: "510 555 0100",
  priority: "EMERGENCY",
  identity_confidence: 95,
  classification_confidence: 95,
};
const ready = { priority: "URGENT", incident_type: "FRAME_OR_GLASS_DAMAGE", workflow_outcome: "READY_TO_SCHEDULE" };

export function fieldRefusals(pilot: TestApi, strict: TestApi) {
  /** Triage to scheduling of a blind ticket of which not enough is certain. */
  const triageBlind = async (uncertain: object) => {
    const { id } = await pilot.run("ticket.blind_intake", {
      body: { ...intake, customer_name: `Kim ${randomUUID()}`, ...uncertain },
    });
    return pilot.refuse("ticket.triage", { ticket: id, body: ready });
  };
  /** Dispatch by a recommendation of whose first technician something has changed since. */
  const dispatchAfter = async (change: string, techs: { recommended: string; dispatched?: string }) => {
    const { id } = await ticketIn(pilot, "SCHEDULED");
    const recommend = { ticket: id, body: { service_type: "DOOR_WONT_LATCH_V2" } };
    const { snapshot_id, recommendations } = await pilot.run("assignment.recommend", recommend);
    if (recommendations[0]?.tech_id !== techs.recommended) throw new Error("another technician is recommended");
    await pilot.owner.query(`UPDATE technicians SET ${change} WHERE id = $1`, [techs.recommended]);
    const body = { tech_id: techs.dispatched ?? techs.recommended, recommendation_snapshot_id: snapshot_id };
    const refused = await pilot.refuse("assignment.dispatch", { ticket: id, body });
    await pilot.owner.query("DELETE FROM technician_shifts WHERE technician_id = $1", [techs.recommended]);
    await pilot.owner.query("DELETE FROM technicians WHERE id = $1", [techs.recommended]);
    return refused;
  };
  const best = () => addTechnician(pilot.owner, { quality: 100, serviceTypes: ["DOOR_WONT_LATCH"] });
  const decide = (ticket: string, approvalId: string | null, actor: string) =>
    pilot.refuse("approval.decide", {
      as: "dispatcher",
      actor,
      ticket,
      body: { approval_id: approvalId, decision: "APPROVED" },
    });

  return {
    BLIND_INTAKE_VALIDATION_FAILED: () =>
      pilot.refuse("ticket.blind_intake", { body: { ...intake, contact_phone: undefined } }),
    NOT_ASSIGNED_TECH: async () => {
      const { id } = await ticketIn(pilot, "DISPATCHED", { techId: ana });
      return pilot.refuse("tech.check_in", {
        as: "tech",
        headers: { "x-tech-id": ben },
        ticket: id,
        body: { timestamp: pilot.clock.iso },
      });
    },
    SELF_APPROVAL_FORBIDDEN: async () => {
      const { id, approvalId } = await ticketIn(pilot, "APPROVAL_REQUIRED");
      return decide(id, approvalId, "builder-dispatcher");
    },
    APPROVAL_NOT_FOUND: async () => {
      const { id } = await ticketIn(pilot, "APPROVAL_REQUIRED");
      return decide(id, randomUUID(), "chief");
    },
    APPROVAL_NOT_PENDING: async () => {
      const { id, approvalId } = await ticketIn(pilot, "APPROVAL_REQUIRED");
      await pilot.run("approval.decide", { ticket: id, body: { approval_id: approvalId, decision: "DENIED" } });
      await pilot.run("ticket.triage", { ticket: id, body: { ...ready, workflow_outcome: "APPROVAL_REQUIRED" } });
      return decide(id, approvalId, "chief");
    },
    INVALID_APPROVAL_TARGET_STATE: async () => {
      const { id, approvalId } = await ticketIn(pilot, "APPROVAL_REQUIRED");
      await pilot.owner.query(
        `UPDATE approvals SET evidence = '{"source": "hand", "return_state": "CLOSED"}' WHERE id = $1`,
        [approvalId],
      );
      return decide(id, approvalId, "chief");
    },
    AUDIT_MISMATCH: async () => {
      const { id, approvalId } = await ticketIn(pilot, "APPROVAL_REQUIRED");
      await pilot.owner.query("UPDATE approvals SET amount_delta_cents = 9900000 WHERE id = $1", [approvalId]);
      return decide(id, approvalId, "chief");
    },
    INVALID_STATE_TRANSITION: async () => {
      const { id } = await ticketIn(pilot, "NEW");
      return pilot.refuse("ticket.close", { ticket: id });
    },
    CONTACT_NOT_FOUND: () => pilot.refuse("contact.get", { contact: randomUUID() }),
    STILL_IN_USE: async () => {
      const { id } = await ticketIn(pilot, "NEW");
      const { site_id } = await pilot.read("ticket.get", { ticket: id });
      return pilot.refuse("site.archive", { site: site_id, body: { reason: "closed" } });
    },
    ARCHIVED: async () => {
      const { account } = await pilot.run("account.upsert", { body: { name: "Gone" } });
      await pilot.owner.query("UPDATE accounts SET archived_at = now() WHERE id = $1", [account.id]);
      return pilot.refuse("account.upsert", { body: { account_id: account.id, notes: "?" } });
    },
    MERGED: async () => {
      const { account } = await pilot.run("account.upsert", { body: { name: "Twice" } });
      await pilot.owner.query("UPDATE accounts SET merged_into = $2 WHERE id = $1", [account.id, acme.id]);
      return pilot.refuse("account.upsert", { body: { account_id: account.id, notes: "?" } });
    },
    DUPLICATE_INTAKE: async () => {
      await pilot.run("ticket.blind_intake", { body: intake });
      return pilot.refuse("ticket.blind_intake", { body: intake });
    },
    LOW_IDENTITY_CONFIDENCE: () => triageBlind({ identity_confidence: 84.9 }),
    LOW_CLASSIFICATION_CONFIDENCE: () => triageBlind({ classification_confidence: 84 }),
    SOP_HANDOFF_REQUIRED: () => triageBlind({}),
    ASSIGNMENT_NOT_FOUND: async () => {
      const { id } = await ticketIn(pilot, "SCHEDULED");
      return pilot.refuse("assignment.dispatch", { ticket: id, body: { tech_id: randomUUID() } });
    },
    TECH_UNAVAILABLE: async () => {
      const drained = await addTechnician(pilot.owner, { drained: true, quality: 0 });
      const { id } = await ticketIn(pilot, "SCHEDULED");
      return pilot.refuse("assignment.dispatch", { ticket: id, body: { tech_id: drained } });
    },
    ASSIGNMENT_RECOMMENDATION_MISMATCH: async () =>
      dispatchAfter("quality = 99", { recommended: await best(), dispatched: ben }),
    ASSIGNMENT_CAPABILITY_MISMATCH: async () =>
      dispatchAfter("service_types = '{CANNOT_SECURE_ENTRY}'", { recommended: await best() }),
    ASSIGNMENT_ZONE_MISMATCH: async () => dispatchAfter("zone = 'NV'", { recommended: await best() }),
    ASSIGNMENT_LIMIT: async () => {
      const { technician } = await pilot.run("roster.upsert", {
        body: { name: "One at a time", zone: "CA", skills: ["door_hardware"], quality: 0, max_concurrent: 1 },
      });
      const body = { tech_id: technician.id, dispatch_mode: "EMERGENCY_BYPASS" };
      const [one, other] = [await ticketIn(pilot, "TRIAGED"), await ticketIn(pilot, "TRIAGED")];
      await pilot.run("assignment.dispatch", { ticket: one.id, body });
      return pilot.refuse("assignment.dispatch", { ticket: other.id, body });
    },
    ASSIGNMENT_BYPASS_DENIED: async () => {
      const { id } = await ticketIn(strict, "TRIAGED");
      return strict.refuse("assignment.dispatch", {
        ticket: id,
        body: { tech_id: ana, dispatch_mode: "EMERGENCY_BYPASS" },
      });
    },
    NO_FEASIBLE_SLOT: async () => {
      const drained = await addTechnician(pilot.owner, { drained: true, quality: 0 });
      const { id } = await ticketIn(pilot, "READY_TO_SCHEDULE");
      return pilot.refuse("schedule.book", { ticket: id, body: { tech_id: drained } });
    },
    WINDOW_NOT_PROPOSED: async () => {
      const { id } = await ticketIn(strict, "SCHEDULE_PROPOSED");
      return strict.refuse("schedule.confirm", { ticket: id, body: freeWindow(strict) });
    },
    WINDOW_IN_PAST: async () => {
      const window = { start: strict.clock.in(-120), end: strict.clock.in(-60) };
      const { id } = await ticketIn(strict, "SCHEDULE_PROPOSED", { window });
      return strict.refuse("schedule.confirm", { ticket: id, body: window });
    },
    EVIDENCE_NOT_FOUND: async () => {
      const { id } = await ticketIn(pilot, "NEW");
      return pilot.refuse("closeout.get_evidence", { as: "qa", ticket: id, evidence: randomUUID() });
    },
    RANGE_NOT_SATISFIABLE: async () => {
      const { id } = await ticketIn(pilot, "IN_PROGRESS");
      const { id: evidence } = await addVerified(pilot, { ticket: id }, "note_door");
      const headers = { accept: "*/*", range: "bytes=1000000-" };
      return pilot.refuse("closeout.get_evidence", { as: "qa", ticket: id, evidence, headers });
    },
    INVOICE_NOT_FOUND: () => pilot.refuse("invoice.get", { as: "finance", invoice: randomUUID() }),
    // The shipped price book says of no seller.
    DOCUMENT_INCOMPLETE: async () => {
      const { invoiceId } = await invoicedTicket(pilot);
      return pilot.refuse("invoice.get_xml", {
        as: "finance",
        invoice: invoiceId,
        headers: { accept: "application/xml" },
      });
    },
    NOTHING_TO_CREDIT: async () => {
      const { id } = await ticketIn(pilot, "INVOICED");
      const body = { lines: [{ line: 1, amount_cents: 1_000_000 }], reason: "far too much" };
      return pilot.refuse("billing.credit", { as: "finance", ticket: id, body });
    },
    PLAN_NOT_FOUND: () => pilot.refuse("plan.apply", { plan: randomUUID() }),
    PLAN_STALE: async () => {
      const { id, moves } = await anyProposal(pilot);
      await pilot.run("ticket.cancel", { ticket: moves[0]?.ticket_id ?? "", body: { reason: "mended already" } });
      return pilot.refuse("plan.apply", { plan: id });
    },
    PLAN_NOT_OPEN: async () => {
      const { id } = await anyProposal(pilot);
      await pilot.run("plan.cancel", { plan: id });
      return pilot.refuse("plan.apply", { plan: id });
    },
    // The rival who wins every race, again and again, is a trigger: it refuses the booking as the exclusion would.
    SLOT_TAKEN: async () => {
      const { id } = await ticketIn(pilot, "READY_TO_SCHEDULE");
      await pilot.owner.query(
        `CREATE FUNCTION lose_race() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'taken' USING ERRCODE = 'exclusion_violation'; END $$`,
      );
      await pilot.owner.query(
        "CREATE TRIGGER lose BEFORE INSERT ON bookings FOR EACH ROW EXECUTE FUNCTION lose_race()",
      );
      const refused = await pilot.refuse("schedule.book", { ticket: id });
      await pilot.owner.query("DROP FUNCTION lose_race CASCADE");
      return refused;
    },
    SCHEDULE_HOLD_STATE_CONFLICT: async () => {
      const { id } = await ticketIn(pilot, "PENDING_CUSTOMER_CONFIRMATION");
      return pilot.refuse("schedule.rollback", { ticket: id, body: { confirmation_id: randomUUID() } });
    },
    HOLD_SNAPSHOT_MISSING: async () => {
      const { id, holdId } = await ticketIn(pilot, "PENDING_CUSTOMER_CONFIRMATION");
      await pilot.owner.query("DELETE FROM schedule_holds WHERE ticket_id = $1", [id]);
      return pilot.refuse("schedule.release", { ticket: id, body: { customer_confirmation_log: holdId } });
    },
    HOLD_CONFIRMATION_MISSING: async () => {
      const { id } = await ticketIn(pilot, "PENDING_CUSTOMER_CONFIRMATION");
      return pilot.refuse("schedule.release", {
        ticket: id,
        body: { customer_confirmation_log: "the customer said yes" },
      });
    },
    CUSTOMER_CONFIRMATION_STALE: async () => {
      const { id, holdId } = await ticketIn(pilot, "PENDING_CUSTOMER_CONFIRMATION");
      pilot.clock.advance(241);
      return pilot.refuse("schedule.release", { ticket: id, body: { customer_confirmation_log: holdId } });
    },
    CLOSEOUT_REQUIREMENTS_INCOMPLETE: async () => {
      const { id } = await ticketIn(pilot, "IN_PROGRESS");
      return pilot.refuse("tech.complete", { ticket: id, body: completion });
    },
    MANUAL_REVIEW_REQUIRED: async () => {
      const { id } = await ticketIn(pilot, "IN_PROGRESS", { incidentType: "AUTO_OPERATOR_FAULT" });
      await addAllEvidence(pilot, id, "AUTO_OPERATOR_FAULT");
      return pilot.refuse("closeout.candidate", { ticket: id, body: completion });
    },
    AUTONOMY_DISABLED: async () => {
      const { id } = await ticketIn(pilot, "IN_PROGRESS");
      await pilot.run("ops.autonomy.pause", { body: { scope_type: "TICKET", ticket_id: id, reason: "audit" } });
      return pilot.refuse("tech.complete", { ticket: id, body: completion });
    },
    QA_VERIFICATION_FAILED: async () => {
      const { id } = await ticketIn(pilot, "COMPLETED_PENDING_VERIFICATION");
      return pilot.refuse("qa.verify", {
        ticket: id,
        body: { timestamp: pilot.clock.iso, result: "FAIL", notes: "it still sticks" },
      });
    },
    NTE_EXCEEDED: async () => {
      const { id } = await ticketIn(pilot, "IN_PROGRESS", { nteCents: 10_000 });
      await addAllEvidence(pilot, id);
      return pilot.refuse("tech.complete", { as: "tech", ticket: id, body: completion });
    },
    NOTHING_TO_INVOICE: async () => {
      const { id } = await ticketIn(pilot, "CANCELLED");
      return pilot.refuse("billing.generate_invoice", { as: "finance", ticket: id });
    },
    VERSION_CONFLICT: async () => {
      const { id } = await ticketIn(pilot, "TRIAGED");
      return pilot.refuse("ticket.update", { ticket: id, body: { summary: "Other words", expected_version: 0 } });
    },
    UPDATE_NOT_POSSIBLE: async () => {
      const { id } = await ticketIn(pilot, "VERIFIED");
      return pilot.refuse("ticket.update", { ticket: id, body: { incident_type: "HARDWARE_REPLACEMENT" } });
    },
    BOOKING_AT_STAKE: async () => {
      const { id } = await ticketIn(pilot, "DISPATCHED");
      return pilot.refuse("ticket.update", { ticket: id, body: { incident_type: "FRAME_OR_GLASS_DAMAGE" } });
    },
    NTE_RAISE_REFUSED: async () => {
      const { id, approvalId } = await ticketIn(pilot, "APPROVAL_REQUIRED");
      await pilot.run("approval.decide", { ticket: id, body: { approval_id: approvalId, decision: "DENIED" } });
      return pilot.refuse("ticket.triage", { ticket: id, body: { ...ready, nte_cents: 500_000 } });
    },
    EVIDENCE_LIMIT: async () => {
      const { id } = await ticketIn(pilot, "NEW");
      await pilot.owner.query(
        `INSERT INTO evidence_items (id, ticket_id, kind, uri, metadata, verification, created_by, created_at)
         SELECT gen_random_uuid(), $1, 'NOTE', 's3://old/' || n, '{}', 'referenced', 'tech-1', '2026-01-01'
         FROM generate_series(1, 200) AS n`,
        [id],
      );
      return pilot.refuse("closeout.add_evidence", { ticket: id, body: { kind: "NOTE", uri: "s3://phone/one-more" } });
    },
    EVIDENCE_NOT_STORED: async () => {
      const { id } = await ticketIn(pilot, "IN_PROGRESS");
      const { uri } = await requestUpload(pilot, { ticket: id }, photoFile());
      return pilot.refuse("closeout.add_evidence", { ticket: id, body: { kind: "PHOTO", uri } });
    },
    EVIDENCE_CHECKSUM_MISMATCH: async () => {
      const { id } = await ticketIn(pilot, "IN_PROGRESS");
      const announced = noteFile("as agreed");
      const ticket = await requestUpload(pilot, { ticket: id }, announced);
      await upload(ticket, writing("as I like"));
      return pilot.refuse("closeout.add_evidence", { ticket: id, body: { kind: "NOTE", uri: ticket.uri } });
    },
    EVIDENCE_DUPLICATE: async () => {
      const [one, other] = [await ticketIn(strict, "IN_PROGRESS"), await ticketIn(strict, "IN_PROGRESS")];
      const file = photoFile("an old picture");
      const uri = await store(strict, { ticket: one.id }, file);
      await strict.run("closeout.add_evidence", { ticket: one.id, body: { kind: "PHOTO", uri } });
      const body = {
        kind: "PHOTO",
        content_type: file.contentType,
        size_bytes: file.bytes.length,
        sha256: sha256(file.bytes),
      };
      return strict.refuse("closeout.request_upload", { ticket: other.id, body });
    },
    EVIDENCE_TOO_LARGE: async () => {
      const { id } = await ticketIn(pilot, "IN_PROGRESS");
      const body = {
        kind: "VIDEO",
        content_type: "video/mp4",
        size_bytes: 200 * 1_048_576 + 1,
        sha256: "0".repeat(64),
      };
      return pilot.refuse("closeout.request_upload", { ticket: id, body });
    },
    UNSUPPORTED_MEDIA_TYPE: async () => {
      const { id } = await ticketIn(pilot, "IN_PROGRESS");
      const body = { kind: "PHOTO", content_type: "image/gif", size_bytes: 10, sha256: "0".repeat(64) };
      return pilot.refuse("closeout.request_upload", { ticket: id, body });
    },
  } satisfies Record<string, Produce>;
}

/** Each reason a closeout is refused for. */
export function closeoutRefusals(pilot: TestApi) {
  const complete = async (evidence: readonly string[], body: object, incidentType = "DOOR_WONT_LATCH") => {
    const { id } = await ticketIn(pilot, "IN_PROGRESS", { incidentType });
    for (const key of evidence) {
      await pilot.run("closeout.add_evidence", {
        ticket: id,
        body: { kind: "PHOTO", uri: `s3://phone/${key}`, evidence_key: key },
      });
    }
    return pilot.refuse("tech.complete", { ticket: id, body });
  };
  const reason = { no_signature_reason: "nobody there" };
  return {
    TEMPLATE_NOT_FOUND: () => complete([], completion, "SOMETHING_NEW"),
    MISSING_SIGNATURE_CONFIRMATION: () => complete(latchEvidence, { checklist_status: fullChecklist }),
    INVALID_EVIDENCE_REFERENCE: () =>
      complete(latchEvidence, { checklist_status: fullChecklist, ...reason, evidence_refs: ["s3://phone/other"] }),
    MISSING_EVIDENCE: () => complete(latchEvidence.slice(1), { checklist_status: fullChecklist, ...reason }),
    MISSING_CHECKLIST: () => complete(latchEvidence, { checklist_status: {}, ...reason }),
    MISSING_REQUIREMENTS: () => complete([], { checklist_status: {}, ...reason }),
    MISSING_COMPLETION_CONTEXT: async () => {
      const { id } = await ticketIn(pilot, "COMPLETED_PENDING_VERIFICATION");
      await pilot.owner.query("DELETE FROM completions WHERE ticket_id = $1", [id]);
      return pilot.refuse("qa.verify", { ticket: id, body: { timestamp: pilot.clock.iso, result: "PASS" } });
    },
    AUTOMATION_RISK_BLOCK: async () => {
      const { id } = await ticketIn(pilot, "IN_PROGRESS");
      await addAllEvidence(pilot, id);
      await store(pilot, { ticket: id }, photoFile());
      const risky = { kind: "PHOTO", uri: "s3://phone/hole", evidence_key: "photo_before_security_risk" };
      await pilot.run("closeout.add_evidence", { ticket: id, body: risky });
      return pilot.refuse("closeout.candidate", { ticket: id, body: completion });
    },
  } satisfies Record<string, Produce>;
}
