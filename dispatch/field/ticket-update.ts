// ticket.update: puts right what was written down of a ticket, whatever its work is at. What would break a visit that is booked
// is done only where the caller says that the booking is to be given back.

import type { InputOf } from "../contract/index.ts";
import { cancellableStates, ticketStates, type TicketState } from "../contract/states.ts";
import { requireScope } from "../kernel/authorize.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { statement } from "../db/statement.ts";
import { ofIncidentType } from "../policy/incident-type.ts";
import type { Policy } from "../policy/policy.ts";
import { changesOf } from "../ticket/ticket-changes.ts";
import { ticketCommand, type TicketCall } from "../ticket/ticket-command.ts";
import { updateTicketDetails } from "../ticket/ticket-details.ts";
import type { TicketChange, TicketRow } from "../ticket/ticket-row.ts";
import { matchesCapability } from "../workforce/ability.ts";
import { settleBookings } from "../workforce/bookings.ts";
import { abilityWarnings, missingAbilities, selectAbilities } from "../workforce/missing-abilities.ts";
import { selectBarredRaise, selectPendingApproval } from "./approvals.ts";
import { callSignature, contact, normalizeEmail, normalizePhone } from "./identity-signature.ts";
import { checkIncidentType } from "./known-incident-type.ts";
import { requireContact, requireInUse, type OutOfUse } from "./intake-place.ts";
import { phoneRegion, readPhone, withExtension } from "../directory/phone-number.ts";
import { isHigherNte, requireSettableNte } from "./limit.ts";
import { endHold } from "./schedule-holds.ts";
import { selectUpdateFacts, type UpdateFacts } from "./update-facts.ts";
import { policyOf } from "../ticket/policy-of.ts";

type Call = TicketCall<"ticket.update">;
type Input = InputOf<"ticket.update">;

/** Where some fields may be changed, the site only until somebody has come; all others may wherever the ticket is open. */
const changeableIn: Partial<Record<keyof Input, readonly TicketState[]>> = {
  incident_type: cancellableStates,
  nte_cents: cancellableStates,
  site_id: ticketStates.slice(0, ticketStates.indexOf("DISPATCHED")),
};
/** States in which triage sets the limit without an approver; later a higher one is what approvers decide. */
const limitIsOpen: readonly TicketState[] = ["NEW", "NEEDS_INFO", "TRIAGED", "READY_TO_SCHEDULE"];
/** States with a time that a change may break; who is on site already works it out there. */
const planned: readonly TicketState[] = [
  "SCHEDULE_PROPOSED",
  "SCHEDULED",
  "PENDING_CUSTOMER_CONFIRMATION",
  "DISPATCHED",
];

export const ticketUpdate = ticketCommand({
  name: "ticket.update",
  async load(tx, { input, ticketId }) {
    const { site_id = null, asset_id = null, contact_id = null, incident_type } = input;
    const [facts, barred, pending, people] = await Promise.all([
      tx.row(selectUpdateFacts, [ticketId, site_id, asset_id, contact_id]),
      tx.row(selectBarredRaise, [ticketId]),
      tx.row(selectPendingApproval, [ticketId]),
      incident_type === undefined ? [] : tx.rows(selectAbilities, []),
    ]);
    return { facts, barred, goesOnIn: pending?.evidence.return_state ?? null, people };
  },
  decide(call, { facts, barred, goesOnIn, people }) {
    const { desk, input, ticket, now } = call;
    const { incident_type: type } = input;
    const policy = policyOf(desk, ticket);
    const missing = type === undefined ? null : missingAbilities(type, policy, people);
    const typeWarnings = type === undefined ? [] : checkIncidentType(policy, type);
    const change = changeOf(call, facts);
    requireChangeable(ticket, goesOnIn ?? ticket.state, change);
    requireSettableNte(ticket, input.nte_cents, barred, policy.invoice);
    if (isHigherNte(input.nte_cents, ticket.nte_cents, policy.invoice) && !limitIsOpen.includes(ticket.state)) {
      throw new Refusal(
        "UPDATE_NOT_POSSIBLE",
        { fields: ["nte_cents"], from_state: ticket.state, allowed_from_states: limitIsOpen },
        {
          message:
            "A higher limit is an approver's to allow by now: the technician asks for it with tech.request_change once at work, " +
            "finance with billing.request_limit once it is verified; before that take the time back with schedule.reopen.",
        },
      );
    }
    const breaking = breakingFields(ticket, change, policy, facts);
    if (breaking.length > 0 && input.replan !== true) {
      const { scheduled_start, scheduled_end, assigned_tech_id } = ticket;
      throw new Refusal("BOOKING_AT_STAKE", { fields: breaking, scheduled_start, scheduled_end, assigned_tech_id });
    }
    const replanned = breaking.length > 0;
    const whole = { ...change, ...(replanned && withoutTime) };
    const after = { ...ticket, ...whole };
    return {
      ...(replanned && { path: wayBack(ticket.state) }),
      change: whole,
      payload: {
        changes: changesOf(desk, ticket, whole, now),
        ...(replanned && { replanned: breaking }),
        ...(missing && { nobody_has: missing }),
      },
      place: { account_id: after.account_id, site_id: after.site_id },
      concerns: { account_ids: [ticket.account_id], site_ids: [ticket.site_id] },
      warnings: [...typeWarnings, ...abilityWarnings(missing)],
      parts: [
        ...(replanned ? [settleBookings(ticket.id, "released", now)] : []),
        ...(replanned && ticket.state === "PENDING_CUSTOMER_CONFIRMATION"
          ? [endHold(ticket.id, "WITHDRAWN", now)]
          : []),
      ],
      write: (tx) => [
        ...updateTicketDetails(tx, after),
        ...(ticket.identity_signature === null
          ? []
          : [tx.row(correctCall, [ticket.id, signatureOf(after, regionOf(desk, facts))])]),
      ],
      body: (body) => body,
    };
  },
});

const correctCall = statement("intake_call_correct", `UPDATE intake_calls SET corrected = $2 WHERE ticket_id = $1`);

const regionOf = (desk: Call["desk"], facts: UpdateFacts | null): string =>
  phoneRegion(facts?.country ?? null, desk.settings.phoneRegion);

/** @throws Refusal INVALID_REQUEST */
const keptPhone = (written: string | null, region: string): string | null =>
  (written === null ? null : withExtension(written, region)) ?? contact("customer_phone", normalizePhone(written));

/** What the call is recognised by when it comes again as it is written down now. */
const signatureOf = (ticket: TicketRow, region: string): string =>
  callSignature({
    accountId: ticket.account_id,
    siteId: ticket.site_id,
    incidentType: ticket.incident_type ?? "",
    summary: ticket.summary,
    customerName: ticket.customer_name ?? "",
    contactPhone: ticket.customer_phone,
    contactEmail: ticket.customer_email,
    phone: ticket.customer_phone === null ? null : readPhone(ticket.customer_phone, region),
  });

const withoutTime: TicketChange = {
  scheduled_start: null,
  scheduled_end: null,
  proposed_windows: [],
  assigned_tech_id: null,
  assigned_provider_id: null,
};

const wayBack = (state: TicketState): TicketState[] =>
  state === "DISPATCHED" ? ["SCHEDULED", "READY_TO_SCHEDULE"] : ["READY_TO_SCHEDULE"];

/**
 * What is given, in the form in which it is kept.
 * @throws Refusal INVALID_REQUEST, FORBIDDEN_SCOPE, SITE_NOT_FOUND, ASSET_NOT_FOUND
 */
function changeOf({ desk, actor, input, ticket }: Call, facts: UpdateFacts | null): TicketChange {
  const { replan: _, expected_version: __, customer_phone, customer_email, ...rest } = input;
  const change: TicketChange = {
    ...rest,
    ...(customer_phone !== undefined && { customer_phone: keptPhone(customer_phone, regionOf(desk, facts)) }),
    ...(customer_email !== undefined && { customer_email: contact("customer_email", normalizeEmail(customer_email)) }),
  };
  if (Object.keys(change).length === 0) throw invalidField("", "minProperties", "give at least one field to change");
  const site = change.site_id ?? ticket.site_id;
  if (site !== ticket.site_id) {
    requireScope(actor, { account_id: ticket.account_id, site_id: site });
    if (facts?.site_account !== ticket.account_id) throw new Refusal("SITE_NOT_FOUND", { site_id: site });
    if (facts.out_of_use?.kind === "site") requireInUse(actor, facts.out_of_use);
  }
  const out = facts?.out_of_use ?? null;
  if (change.asset_id && facts?.asset_site !== site)
    throw new Refusal("ASSET_NOT_FOUND", { asset_id: change.asset_id });
  if (out?.kind === "asset" && isNewlyNamed(out, change, ticket)) requireInUse(actor, out);
  if (change.contact_id && facts) requireContact({ account_id: ticket.account_id, site_id: site }, facts);
  if (out && isNewlyNamed(out, change, ticket)) requireInUse(actor, out);
  // What stands at the site it was at, and who is to be asked for there, say nothing of another one.
  return site === ticket.site_id ? change : { asset_id: null, contact_id: null, ...change };
}

/** What a ticket names already it may keep. Of another account's nothing is told. */
const isNewlyNamed = ({ kind, id }: OutOfUse, change: TicketChange, ticket: TicketRow): boolean =>
  (kind === "asset" && change.asset_id === id && ticket.asset_id !== id) ||
  (kind === "contact" && change.contact_id === id && ticket.contact_id !== id);

/**
 * @param state of the work: of what waits for an approver, the one it goes on in
 * @throws Refusal UPDATE_NOT_POSSIBLE for a field that may no longer change
 */
function requireChangeable(ticket: TicketRow, state: TicketState, change: TicketChange): void {
  for (const [field, states] of Object.entries(changeableIn)) {
    const isOther = Object.entries(change).some(([name, value]) => name === field && value !== { ...ticket }[field]);
    const isLate = !states.includes(state) || (field === "site_id" && ticket.arrived_at !== null);
    if (isOther && isLate) {
      const details = { fields: [field], from_state: state, allowed_from_states: states };
      throw new Refusal("UPDATE_NOT_POSSIBLE", details);
    }
  }
}

/** Fields whose change means that what is booked, offered or held no longer fits. */
function breakingFields(ticket: TicketRow, change: TicketChange, policy: Policy, facts: UpdateFacts | null): string[] {
  if (!planned.includes(ticket.state)) return [];
  const { site_id: site = ticket.site_id, incident_type: type = ticket.incident_type } = change;
  const demands = (of: string | null) => {
    const {
      requiredSkills = [],
      requiredTools = [],
      defaultDurationMinutes,
      crewSize = 1,
    } = ofIncidentType(policy.incidentTypes, of) ?? {};
    return JSON.stringify([requiredSkills.toSorted(), requiredTools.toSorted(), defaultDurationMinutes, crewSize]);
  };
  const does = facts?.service_types ?? null;
  const isUnable = type !== null && type !== ticket.incident_type && does !== null && !matchesCapability(does, type);
  return [
    ...(site === ticket.site_id ? [] : ["site_id"]),
    ...(isUnable || demands(type) !== demands(ticket.incident_type) ? ["incident_type"] : []),
  ];
}
