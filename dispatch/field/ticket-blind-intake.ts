// ticket.blind_intake: opens and classifies a ticket from one call, and recognises the same call made twice.

import { statement } from "../db/statement.ts";
import { creationCommand } from "../ticket/ticket-command.ts";
import { plusMinutes } from "../kernel/clock.ts";
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
  type CallParts,
} from "./identity-signature.ts";
import { handoffPrompt, intakeThresholds } from "./intake-guard.ts";
import { checkIncidentType } from "./known-incident-type.ts";
import { readPhone } from "./phone-number.ts";
import { loadPlace, requirePlace } from "./intake-place.ts";

type Duplicate = { id: TicketId; state: string; created_at: string };

// Equal calls at the same moment queue here, so that the second finds the first one's ticket.
const lockSignature = statement("intake_lock_signature", `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`);

// The signature that clients know says more of how a call was written; tickets from before calls were kept have no other.
const selectDuplicate = statement<Duplicate>(
  "intake_duplicate",
  `SELECT t.id, t.state, t.created_at
   FROM (SELECT ticket_id AS id FROM intake_calls WHERE signature = $1
         UNION SELECT id FROM tickets WHERE identity_signature = $2) AS same
   JOIN tickets t ON t.id = same.id
   WHERE t.account_id = $3 AND t.site_id = $4 AND t.created_at > $5 AND t.state NOT IN ('CLOSED', 'CANCELLED')
   ORDER BY t.created_at DESC LIMIT 1`,
);

const insertCall = statement("intake_call_insert", `INSERT INTO intake_calls (ticket_id, signature) VALUES ($1, $2)`);

export const ticketBlindIntake = creationCommand({
  name: "ticket.blind_intake",
  alone: true,
  async load(tx, { desk, input, now }) {
    const parts = partsOf(input, desk.settings.phoneRegion);
    const [signature, callHash] = [identitySignature(parts), callSignature(parts)];
    const since = plusMinutes(now, -intakeThresholds(desk).duplicateMinutes);
    const [place, , duplicate, missing] = await Promise.all([
      loadPlace(tx, input),
      tx.row(lockSignature, [callHash]),
      tx.row(selectDuplicate, [callHash, signature, input.account_id, input.site_id, since]),
      loadMissingAbilities(tx, input.incident_type, desk.policy),
    ]);
    return { place, duplicate, signature, callHash, missing };
  },
  decide({ desk, actor, input, ticketId }, { place, duplicate, signature, callHash, missing }) {
    const typeWarnings = checkIncidentType(desk.policy, input.incident_type);
    const phone = contact("contact_phone", normalizePhone(input.contact_phone));
    const email = contact("contact_email", normalizeEmail(input.contact_email));
    if (phone === null && email === null)
      throw new Refusal("BLIND_INTAKE_VALIDATION_FAILED", { missing_contact_channel: true });
    requirePlace(actor, input, place);

    const thresholds = intakeThresholds(desk);
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
        nte_cents: input.nte_cents ?? 0,
        customer_name: input.customer_name,
        customer_phone: phone,
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

function partsOf(input: Intake, region: string): CallParts {
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
    phone: input.contact_phone ? readPhone(input.contact_phone, region) : null,
  };
}

function promptFor(input: Intake): string {
  const own = input.sop_handoff_prompt;
  return !own ? handoffPrompt(input.incident_type) : own.startsWith("SOP handoff") ? own : `SOP handoff: ${own}`;
}

const duplicateIntake = (duplicate: Duplicate, signature: string, minutes: number): Refusal =>
  new Refusal("DUPLICATE_INTAKE", {
    duplicate_ticket_id: duplicate.id,
    duplicate_ticket_state: duplicate.state,
    duplicate_created_at: duplicate.created_at,
    identity_signature: signature,
    duplicate_within_minutes: minutes,
  });
