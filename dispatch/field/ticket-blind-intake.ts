// ticket.blind_intake: opens and classifies a ticket from one call, and recognises the same call made twice.

import { statement } from "../db/statement.ts";
import { creationCommand } from "../ticket/ticket-command.ts";
import { firstIdAt, plusMinutes } from "../kernel/clock.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { TicketId } from "../contract/ids.ts";
import type { InputOf } from "../contract/index.ts";
import { abilityWarnings, loadMissingAbilities } from "../workforce/missing-abilities.ts";
import {
  callSignature,
  contact,
  identitySignature,
  normalizeEmail,
  normalizePhone,
  signatureWithoutPhone,
  type IdentityParts,
} from "./identity-signature.ts";
import { handoffPrompt, intakeThresholds } from "./intake-guard.ts";
import { checkIncidentType } from "./known-incident-type.ts";
import { phoneRegion, readPhone, withExtension } from "../directory/phone-number.ts";
import { agreedTerms, loadPlace, requirePlace } from "./intake-place.ts";

type OpenCall = {
  id: TicketId;
  state: string;
  created_at: string;
  signature: string | null;
  corrected: string | null;
  identity_signature: string | null;
};

// Equal calls at the same moment queue here, so that the second finds the first one's ticket. That their phone numbers are one is
// known only with the country of the place, so they queue by all the rest.
const lockCalls = statement("intake_lock_calls", `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`);

// $1 account, $2 site, $3 the time after which a call may be the same, $4 the least id of that time.
const selectOpenCalls = statement<OpenCall>(
  "intake_open_calls",
  `SELECT t.id, t.state, t.created_at, c.signature, c.corrected, t.identity_signature
   FROM tickets t LEFT JOIN intake_calls c ON c.ticket_id = t.id
   WHERE t.account_id = $1 AND t.id >= $4 AND t.site_id = $2 AND t.created_at > $3 AND t.state NOT IN ('CLOSED', 'CANCELLED')
   ORDER BY t.created_at DESC`,
);

const insertCall = statement("intake_call_insert", `INSERT INTO intake_calls (ticket_id, signature) VALUES ($1, $2)`);

export const ticketBlindIntake = creationCommand({
  name: "ticket.blind_intake",
  alone: true,
  async load(tx, { desk, input, now }) {
    const { account_id, site_id } = input;
    const since = plusMinutes(now, -intakeThresholds(desk).duplicateMinutes);
    const [place, , calls, missing] = await Promise.all([
      loadPlace(tx, input),
      tx.row(lockCalls, [signatureWithoutPhone(partsOf(input))]),
      tx.rows(selectOpenCalls, [account_id, site_id, since, firstIdAt(Date.parse(since))]),
      loadMissingAbilities(tx, input.incident_type, desk.policies.live),
    ]);
    return { place, calls, missing };
  },
  decide({ desk, actor, input, ticketId }, { place, calls, missing }) {
    const typeWarnings = checkIncidentType(desk.policies.live, input.incident_type);
    const phone = contact("contact_phone", normalizePhone(input.contact_phone));
    const email = contact("contact_email", normalizeEmail(input.contact_email));
    if (phone === null && email === null)
      throw new Refusal("BLIND_INTAKE_VALIDATION_FAILED", { missing_contact_channel: true });
    requirePlace(actor, input, place);

    const thresholds = intakeThresholds(desk);
    const parts = partsOf(input);
    const region = phoneRegion(place.site_country, desk.settings.phoneRegion);
    const extended = input.contact_phone ? withExtension(input.contact_phone, region) : null;
    const readable = input.contact_phone ? readPhone(input.contact_phone, region) : null;
    const [signature, callHash] = [identitySignature(parts), callSignature({ ...parts, phone: readable })];
    // The signature that clients know says more of how a call was written; tickets from before calls were kept have no other.
    const duplicate = calls.find(
      (call) => call.signature === callHash || call.corrected === callHash || call.identity_signature === signature,
    );
    if (duplicate) throw duplicateIntake(duplicate, signature, thresholds.duplicateMinutes);

    const identity = Math.trunc(input.identity_confidence);
    const classification = Math.trunc(input.classification_confidence);
    const acknowledged = input.sop_handoff_acknowledged ?? false;
    const certain = identity >= thresholds.identity && classification >= thresholds.classification && acknowledged;
    const prompt = certain ? null : promptFor(input);
    return {
      state: certain ? "READY_TO_SCHEDULE" : "TRIAGED",
      create: {
        account_id: input.account_id,
        site_id: input.site_id,
        summary: input.summary,
        description: input.description ?? null,
        priority: input.priority,
        incident_type: input.incident_type,
        ...agreedTerms(desk, place, input.nte_cents),
        customer_name: input.customer_name,
        customer_phone: extended ?? phone,
        customer_email: email,
        identity_signature: signature,
        identity_confidence: identity,
        classification_confidence: classification,
        sop_handoff_acknowledged: acknowledged,
        sop_handoff_required: !certain,
        sop_handoff_prompt: prompt,
      },
      payload: {
        incident_type: input.incident_type,
        priority: input.priority,
        identity_signature: signature,
        identity_confidence: identity,
        classification_confidence: classification,
        sop_handoff_acknowledged: acknowledged,
        ...(missing && { nobody_has: missing }),
      },
      warnings: [...typeWarnings, ...abilityWarnings(missing)],
      write: (tx) => [tx.row(insertCall, [ticketId, callHash])],
      body: (ticket) => ticket,
    };
  },
});

type Intake = InputOf<"ticket.blind_intake">;

function partsOf(input: Intake): IdentityParts {
  const phone = normalizePhone(input.contact_phone);
  const email = normalizeEmail(input.contact_email);
  return {
    accountId: input.account_id,
    siteId: input.site_id,
    incidentType: input.incident_type,
    summary: input.summary,
    customerName: input.customer_name,
    contactPhone: phone.ok ? phone.value : null,
    contactEmail: email.ok ? email.value : null,
  };
}

function promptFor(input: Intake): string {
  const own = input.sop_handoff_prompt;
  return !own ? handoffPrompt(input.incident_type) : own.startsWith("SOP handoff") ? own : `SOP handoff: ${own}`;
}

const duplicateIntake = (duplicate: OpenCall, signature: string, minutes: number): Refusal =>
  new Refusal("DUPLICATE_INTAKE", {
    duplicate_ticket_id: duplicate.id,
    duplicate_ticket_state: duplicate.state,
    duplicate_created_at: duplicate.created_at,
    identity_signature: signature,
    duplicate_within_minutes: minutes,
  });
