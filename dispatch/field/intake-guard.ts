// The guard of blind intake: how certain must it be who called and what is wrong before work is scheduled by itself?

import type { Desk } from "../kernel/desk.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";

export type IntakeThresholds = {
  readonly identity: number;
  readonly classification: number;
  readonly duplicateMinutes: number;
};

/** The thresholds in force: the profile's, unless a setting replaces them. */
export function intakeThresholds({ settings, policy }: Desk): IntakeThresholds {
  return {
    identity: settings.intakeIdentityThreshold ?? policy.intake.identityConfidenceThreshold,
    classification: settings.intakeClassificationThreshold ?? policy.intake.classificationConfidenceThreshold,
    duplicateMinutes: settings.intakeDuplicateMinutes ?? policy.intake.duplicateWindowMinutes,
  };
}

export const handoffPrompt = (incidentType: string): string =>
  `SOP handoff: confirm caller, site and ${incidentType} by the standard operating procedure, then acknowledge.`;

/**
 * Keeps an uncertain blind ticket from being scheduled.
 * @throws Refusal LOW_IDENTITY_CONFIDENCE, LOW_CLASSIFICATION_CONFIDENCE, SOP_HANDOFF_REQUIRED, in this order
 */
export function requireCertainIntake(ticket: TicketRow, acknowledged: boolean, thresholds: IntakeThresholds): void {
  const { identity_signature, identity_confidence, classification_confidence } = ticket;
  if (identity_signature === null) return;
  if (identity_confidence < thresholds.identity) {
    const known = { evidence: "identity_confidence", value: identity_confidence, threshold: thresholds.identity };
    throw new Refusal("LOW_IDENTITY_CONFIDENCE", known);
  }
  if (classification_confidence < thresholds.classification) {
    throw new Refusal("LOW_CLASSIFICATION_CONFIDENCE", {
      evidence: "classification_confidence",
      value: classification_confidence,
      threshold: thresholds.classification,
    });
  }
  if (!acknowledged) {
    throw new Refusal("SOP_HANDOFF_REQUIRED", {
      evidence: "sop_handoff_acknowledged",
      sop_handoff_prompt: ticket.sop_handoff_prompt ?? handoffPrompt(ticket.incident_type ?? "incident type"),
      identity_signature,
    });
  }
}
