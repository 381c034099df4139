// tech.job_packet: everything a technician needs on site, and what is still missing to complete the work.

import { statement } from "../db/statement.ts";
import type { SiteId } from "../contract/ids.ts";
import { errorRegistry } from "../contract/errors.ts";
import { loadCrew } from "../workforce/crew.ts";
import { ofIncidentType } from "../policy/incident-type.ts";
import { ticketQuery } from "../ticket/ticket-command.ts";
import type { ReadTicket, TicketRow } from "../ticket/ticket-row.ts";
import { selectParts } from "../workforce/bookings.ts";
import { checkCloseout, standingRules } from "./closeout-check.ts";
import { packetCloseoutGate, presentEvidenceKeys, type PacketCloseoutGate } from "./closeout-gate.ts";
import { selectNewestCompletion } from "./completions.ts";
import { evidenceBody, selectEvidenceFacts, selectNewestEvidence } from "./evidence-rows.ts";
import { localOf, promiseAt, spanAt } from "./local-times.ts";
import { onsiteContact, type OnsiteContact } from "./onsite-contact.ts";
import { standingEvidence } from "./standing-evidence.ts";
import { packetActions } from "./ticket-actions.ts";
import { selectNewestEvents } from "./timeline.ts";
import { arrivalsOf, demandsOf, selectTrail, visitSpanOf } from "./visits.ts";
import { policyOf } from "../ticket/policy-of.ts";

type SiteRow = {
  id: SiteId;
  name: string;
  address1: string | null;
  address2: string | null;
  city: string | null;
  region: string | null;
  postal_code: string | null;
  country: string | null;
  timezone: string;
  access_instructions: string | null;
  onsite_contact: OnsiteContact | null;
};

const selectSite = statement<SiteRow>(
  "packet_site",
  `SELECT s.id, s.name, s.address1, s.address2, s.city, s.region, s.postal_code, s.country, s.timezone, s.access_instructions,
          ${onsiteContact("s.id", "$2::uuid")} AS onsite_contact
   FROM sites s WHERE s.id = $1`,
);

const latestEvents = 10;
/** A technician looks at what was recorded last; all of it is in closeout.list_evidence. */
const latestEvidence = 50;

export const techJobPacket = ticketQuery("tech.job_packet", async ({ desk, actor, ticket, now }) => {
  const [site, evidence, newest, completion, trail, events, crew, parts] = await Promise.all([
    desk.db.row(selectSite, [ticket.site_id, ticket.contact_id]),
    desk.db.rows(selectEvidenceFacts, [ticket.id]),
    desk.db.rows(selectNewestEvidence, [ticket.id, latestEvidence]),
    desk.db.row(selectNewestCompletion, [ticket.id]),
    desk.db.rows(selectTrail, [ticket.id]),
    desk.db.rows(selectNewestEvents, [ticket.id]),
    loadCrew(desk.db, ticket.id),
    desk.db.rows(selectParts, [ticket.id]),
  ]);
  const arrivals = arrivalsOf(trail, ticket.assigned_tech_id);
  const checklist = completion?.checklist ?? {};
  const demands = demandsOf(trail);
  const claim = {
    demands,
    visit: visitSpanOf(trail, ticket, now),
    checklist,
    noSignatureReason: completion?.no_signature_reason,
    evidenceRefs: completion?.evidence_refs,
  };
  const policy = policyOf(desk, ticket);
  const gate = packetCloseoutGate(checkCloseout(desk, ticket, evidence, claim));
  const template = ofIncidentType(policy.closeoutTemplates, ticket.incident_type);
  const present = new Set(presentEvidenceKeys(standingEvidence(evidence, standingRules(policy, claim)).counted));
  const required = new Set([...(template?.requiredEvidence ?? []).map(({ key }) => key), ...demands.keys()]);
  return {
    generated_at: now,
    actor: { actor_id: actor.id, actor_role: actor.role, actor_type: actor.type, tool_name: "tech.job_packet" },
    packet: {
      header: { ...headerOf(ticket), ...partsOf(parts, site) },
      crew: crew.members.map((one) => ({ ...one, checked_in_at: arrivals.get(one.tech_id) ?? null })),
      site_and_access: siteAndAccess(ticket, site),
      work_scope: workScope(ticket),
      evidence_requirements: {
        template_version: template?.version ?? null,
        required_evidence: [...required].map((key) => ({
          key,
          kind: policy.evidenceKeys[key]?.kind ?? "any",
          present: present.has(key),
        })),
        evidence_items: newest.map((row) => evidenceBody(row, actor)),
        total_items: evidence.length,
      },
      checklist: {
        required_items: (template?.requiredChecklistKeys ?? []).map((key) => ({
          key,
          checked: checklist[key] === true,
        })),
        source: completion ? "latest_completion_attempt" : "none_recorded",
      },
      closeout_gate: { ...gate },
      timeline: { events, latest_events: events.slice(-latestEvents) },
      actions: packetActions(actor.role, ticket.state, ticket.id, gateError(gate)),
    },
  };
});

const headerOf = (ticket: ReadTicket) => ({
  ticket_id: ticket.id,
  number: ticket.number,
  priority: ticket.priority,
  incident_type: ticket.incident_type,
  current_state: ticket.state,
  scheduled_window: {
    start: ticket.scheduled_start,
    end: ticket.scheduled_end,
    start_local: localOf(ticket.scheduled_start, ticket),
    end_local: localOf(ticket.scheduled_end, ticket),
  },
  arrival_window: promiseAt(ticket, ticket),
  timezone: ticket.timezone,
  assigned_provider_id: ticket.assigned_provider_id,
  assigned_tech_id: ticket.assigned_tech_id,
  not_technicians: ticket.not_technicians,
  follows: ticket.follows,
  follow_ups: ticket.follow_ups,
});

/** On which days the work goes on, where it is longer than one. */
const partsOf = (parts: readonly { readonly start: string; readonly end: string }[], site: SiteRow | null) =>
  parts.length > 1
    ? {
        parts: parts.map(({ start, end }, at) => ({ part: at + 1, of: parts.length, ...spanAt({ start, end }, site) })),
      }
    : {};

function siteAndAccess(ticket: TicketRow, site: SiteRow | null) {
  const { address1, address2, city, region, postal_code, country } = site ?? {};
  return {
    site_id: ticket.site_id,
    site_name: site?.name ?? null,
    address: { address1, address2, city, region, postal_code, country },
    timezone: site?.timezone ?? null,
    access_instructions: site?.access_instructions ?? null,
    contact_id: ticket.contact_id,
    onsite_contact: site?.onsite_contact ?? null,
  };
}

const workScope = (ticket: TicketRow) => ({
  summary: ticket.summary,
  customer_description: ticket.description,
  nte_cents: ticket.nte_cents,
  authorized_scope_constraints: [
    ...(ticket.nte_cents > 0
      ? [`Do not exceed ${(ticket.nte_cents / 100).toFixed(2)} without an approved change.`]
      : []),
    ...(ticket.pending_approval_id ? ["An approval is pending; work beyond the agreed scope waits for it."] : []),
  ],
});

function gateError(gate: PacketCloseoutGate) {
  if (gate.ready) return null;
  const { message, dimension } = errorRegistry.CLOSEOUT_REQUIREMENTS_INCOMPLETE;
  return {
    code: "CLOSEOUT_REQUIREMENTS_INCOMPLETE",
    message,
    dimension,
    requirement_code: gate.code,
    missing_evidence_keys: gate.missing_evidence_keys,
    missing_checklist_keys: gate.missing_checklist_keys,
    invalid_evidence_refs: gate.invalid_evidence_refs,
    ...(gate.rejected_evidence && { rejected_evidence: gate.rejected_evidence }),
  };
}
