// ticket.blind_intake: opens and classifies a ticket from one call, and recognises the same call made twice.

import { statement } from "../db/statement.ts";
import { creationCommand } from "../ticket/ticket-command.ts";
import { plusMinutes } from "../kernel/clock.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import type { TicketId } from "../contract/ids.ts";
import type { InputOf } from "../contract/index.ts";
import { abilityWarnings, loadMissingAbilities } from "../workforce/missing-abilities.ts";
import { identitySignature, normalizeEmail, normalizePhone, type NormalizedContact } from "./identity-signature.ts";
import { handoffPrompt, intakeThresholds } from "./intake-guard.ts";
import { checkIncidentType } from "./known-incident-type.ts";
import { loadPlace, requirePlace } from "./intake-place.ts";

type Duplicate = { id: TicketId; state: string; created_at: string };

// Equal calls at the same moment queue here, so that the second finds the first one's ticket.
const lockSignature = statement("intake_lock_signature", `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`);

const selectDuplicate = statement<Duplicate>(
  "intake_duplicate",
  `SELECT id, state, created_at FROM tickets
   WHERE identity_signature = $1 AND account_id = $2 AND site_id = $3 AND created_at > $4
     AND state NOT IN ('CLOSED', 'CANCELLED')
   ORDER BY created_at DESC LIMIT 1`,
);

export const ticketBlindIntake = creationCommand({
  name: "ticket.blind_intake",
  alone: true,
  async load(tx, { desk, input, now }) {
    const signature = signatureOf(input);
    const since = plusMinutes(now, -intakeThresholds(desk).duplicateMinutes);
    const [place, , duplicate, missing] = await Promise.all([
      loadPlace(tx, input),
      tx.row(lockSignature, [signature]),
      tx.row(selectDuplicate, [signature, input.account_id, input.site_id, since]),
      loadMissingAbilities(tx, input.incident_type, desk.policy),
    ]);
    return { place, duplicate, signature, missing };
  },
  decide({ desk, actor, input }, { place, duplicate, signature, missing }) {
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
      body: (ticket) => ticket,
    };
  },
});

type Intake = InputOf<"ticket.blind_intake">;

function signatureOf(input: Intake): string {
  const phone = normalizePhone(input.contact_phone);
  const email = normalizeEmail(input.contact_email);
  return identitySignature({
    accountId: input.account_id,
    siteId: input.site_id,
    incidentType: input.incident_type,
    summary: input.summary,
    customerName: input.customer_name,
    contactPhone: phone.ok ? phone.value : null,
    contactEmail: email.ok ? email.value : null,
  });
}

function contact(path: string, normalized: NormalizedContact): string | null {
  if (!normalized.ok) throw invalidField(path, "format", normalized.reason);
  return normalized.value;
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
