// The closeout gate as commands and the job packet ask it: rows in, the pure rule's verdict out, or the refusal.

import { warningRegistry, type Warning } from "../contract/warnings.ts";
import type { Desk } from "../kernel/desk.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { Policy } from "../policy/policy.ts";
import type { VisitSpan } from "./capture-times.ts";
import { evaluateCloseoutGate, type CloseoutGateResult } from "./closeout-gate.ts";
import type { EvidenceItem } from "./evidence-references.ts";
import { normalizeIncidentType } from "./closeout-requirements.ts";
import type { StandingRules } from "./standing-evidence.ts";
import type { Demands } from "./visits.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { policyOf } from "../ticket/policy-of.ts";

export type CloseoutClaim = {
  /** What the quality check has sent the work back for. */
  readonly demands: Demands;
  /** Of which the photos are to be. */
  readonly visit: VisitSpan;
  readonly checklist: Readonly<Record<string, boolean>>;
  readonly noSignatureReason: string | null | undefined;
  readonly evidenceRefs: readonly string[] | null | undefined;
  /** Why there was nothing to do: its own template then says what proves it. */
  readonly noWork?: string | null;
  /** A model may be wrong of what it has not seen, so its evidence must be verified whatever the profile. */
  readonly byModel?: boolean;
};

export const checkCloseout = (
  desk: Desk,
  ticket: Pick<TicketRow, "incident_type" | "policy_version">,
  evidence: readonly EvidenceItem[],
  claim: CloseoutClaim,
): CloseoutGateResult => {
  const policy = policyOf(desk, ticket);
  const noWork = claim.noWork?.toUpperCase();
  const result = evaluateCloseoutGate({
    incidentType: noWork ?? ticket.incident_type,
    evidenceItems: evidence,
    standing: standingRules(policy, claim),
    checklist: claim.checklist,
    noSignatureReason: claim.noSignatureReason,
    evidenceRefs: claim.evidenceRefs ?? undefined,
    allowedSchemes: desk.settings.objectStoreSchemes,
    mustBeVerified: policy.evidenceMustBeVerified || claim.byModel === true,
    templates: noWork === undefined ? policy.closeoutTemplates : policy.noWorkTemplates,
  });
  return { ...result, incident_type: normalizeIncidentType(ticket.incident_type) };
};

/** What this desk holds evidence to. */
export const standingRules = (
  { evidenceKeys: keys, evidence }: Policy,
  { demands, visit }: Pick<CloseoutClaim, "demands" | "visit">,
): StandingRules => ({ demands, visit, keys, evidence });

/** What a completion's answer warns of: photos that count although their camera's clock speaks against them. */
const doubtWarnings = ({ doubtful_evidence: doubtful }: CloseoutGateResult): Warning[] =>
  doubtful ? [{ code: "EVIDENCE_DOUBTFUL", message: warningRegistry.EVIDENCE_DOUBTFUL, evidence: [...doubtful] }] : [];

/**
 * @returns what to warn of
 * @throws Refusal CLOSEOUT_REQUIREMENTS_INCOMPLETE with everything that is missing
 */
export function requireCloseout(result: CloseoutGateResult): Warning[] {
  if (!result.ready) throw closeoutRefusal(result);
  return doubtWarnings(result);
}

export const closeoutRefusal = (result: CloseoutGateResult & { ready: false }): Refusal =>
  new Refusal("CLOSEOUT_REQUIREMENTS_INCOMPLETE", {
    requirement_code: result.requirement_code,
    incident_type: result.incident_type,
    template_version: result.template_version,
    missing_evidence_keys: result.missing_evidence_keys,
    missing_checklist_keys: result.missing_checklist_keys,
    invalid_evidence_refs: result.invalid_evidence_refs,
    ...(result.rejected_evidence && { rejected_evidence: result.rejected_evidence }),
  });
