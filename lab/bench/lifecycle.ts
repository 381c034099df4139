// The work of the benchmark: one ticket's life from call to invoice, as a list of commands that any runner can send.

import { knownId, type AccountId, type SiteId, type TechnicianId } from "../../dispatch/contract/ids.ts";
import { commands, type CommandName, type InputOf } from "../../dispatch/contract/index.ts";
import type { Role } from "../../dispatch/contract/roles.ts";
import { fullChecklist } from "../full-checklist.ts";

export const places = {
  accountId: knownId<AccountId>("0be9c000-0000-4000-8000-000000000001"),
  siteId: knownId<SiteId>("0be9c000-0000-4000-8000-000000000002"),
  techId: knownId<TechnicianId>("0be9c000-0000-4000-8000-000000000003"),
};

export type Step<N extends CommandName = CommandName> = {
  readonly name: N;
  readonly role: Role;
  readonly input: InputOf<N>;
};

const step = <N extends CommandName>(name: N, role: Role, input: InputOf<N>): Step<N> => ({ name, role, input });
const window = { start: "2027-03-01T17:00:00.000Z", end: "2027-03-01T18:30:00.000Z" };
const evidenceKeys = [
  "photo_before_security_risk",
  "photo_after_temporary_or_permanent_securement",
  "note_risk_mitigation_and_customer_handoff",
  "signature_or_no_signature_reason",
];

/** Thirteen commands; evidence is referenced, so that no object store takes part. */
export const lifecycle: readonly Step[] = [
  step("ticket.create", "dispatcher", {
    account_id: places.accountId,
    site_id: places.siteId,
    summary: "Door cannot be locked",
  }),
  step("ticket.triage", "dispatcher", {
    priority: "EMERGENCY",
    incident_type: "CANNOT_SECURE_ENTRY",
    nte_cents: 88_000,
    ready_to_schedule: true,
  }),
  step("schedule.propose", "dispatcher", { options: [window] }),
  step("schedule.confirm", "dispatcher", window),
  // One technician does them all at the same time, which nobody does who is sent in the ordinary way.
  step("assignment.override", "dispatcher", {
    override_type: "direct_dispatch_bypass",
    reason_code: "capacity",
    note: "the bench has one technician",
    tech_id: places.techId,
  }),
  step("tech.check_in", "tech", { timestamp: window.start }),
  ...evidenceKeys.map((key) =>
    step("closeout.add_evidence", "tech", { kind: "PHOTO", uri: `s3://kept-elsewhere/${key}.jpg`, evidence_key: key }),
  ),
  step("tech.complete", "tech", { checklist_status: fullChecklist, work: { labor_minutes: 90, travel_minutes: 20 } }),
  step("qa.verify", "qa", { timestamp: window.end, result: "PASS" }),
  step("billing.generate_invoice", "finance", {}),
];

export const pathOf = (name: CommandName, ticketId: string): string =>
  commands[name].path.replace("{ticketId}", ticketId);
