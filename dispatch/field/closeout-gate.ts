/**
 * The gate work passes before it counts as complete: template, signature, references, requirements, in that order.
 * Pure. Paused autonomy (before it) and the candidate's risk (after it, closeout-risk.ts) are the command's steps.
 */
import { signatureKey, type CloseoutTemplate, type Index } from "../policy/policy.ts";
import { evaluateCloseoutRequirements, type Checklist } from "./closeout-requirements.ts";
import { invalidEvidenceRefs, isSignature, isUsableEvidence, type EvidenceItem } from "./evidence-references.ts";
import { standingEvidence, type RejectedEvidence, type StandingRules } from "./standing-evidence.ts";

export type CloseoutGateInput = {
  readonly incidentType: string | null;
  readonly evidenceItems: readonly EvidenceItem[];
  /** What the quality check has sent the work back for, and what else evidence is held to. */
  readonly standing: StandingRules;
  readonly checklist: Checklist;
  readonly noSignatureReason: string | null | undefined;
  /** As the caller sent them; undefined means every item. */
  readonly evidenceRefs: readonly string[] | undefined;
  readonly allowedSchemes: readonly string[];
  readonly mustBeVerified: boolean;
  readonly templates: Index<CloseoutTemplate>;
};

export type GateRequirementCode =
  | "TEMPLATE_NOT_FOUND"
  | "MISSING_SIGNATURE_CONFIRMATION"
  | "INVALID_EVIDENCE_REFERENCE"
  | "MISSING_EVIDENCE"
  | "MISSING_CHECKLIST"
  | "MISSING_REQUIREMENTS";

type CloseoutGateReport = {
  readonly incident_type: string | null;
  readonly template_version: string | null;
  readonly missing_evidence_keys: readonly string[];
  readonly missing_checklist_keys: readonly string[];
  readonly invalid_evidence_refs: readonly string[];
  /** Items that do not stand for their keys, and why; absent when all do. */
  readonly rejected_evidence?: readonly RejectedEvidence[];
  /** Items that do, although something speaks against them; absent when there are none. */
  readonly doubtful_evidence?: readonly RejectedEvidence[];
  readonly signature_satisfied: boolean;
  /** Trimmed; null when blank or absent. */
  readonly no_signature_reason: string | null;
};

export type CloseoutGateResult = CloseoutGateReport &
  ({ readonly ready: true } | { readonly ready: false; readonly requirement_code: GateRequirementCode });

/** The gate as the technician's job packet shows it. */
export type PacketCloseoutGate = CloseoutGateReport & {
  readonly ready: boolean;
  readonly code: "READY" | GateRequirementCode;
};

/**
 * Runs every step and names the first that fails.
 * All lists are filled whichever step fails, so one answer tells a technician everything that is left to do;
 * the one exception is a missing signature, whose missing_evidence_keys hold that key alone.
 * Where objects must be verified, an item that is not usable does not satisfy its key either: else naming one
 * good item in evidenceRefs would let all the others pass unseen.
 */
export function evaluateCloseoutGate(input: CloseoutGateInput): CloseoutGateResult {
  const { evidenceItems, mustBeVerified, standing } = input;
  const reason = input.noSignatureReason?.trim() || null;
  const { counted, rejected, doubtful } = standingEvidence(evidenceItems, standing);
  const keys = presentEvidenceKeys(mustBeVerified ? counted.filter((item) => isUsableEvidence(item, input)) : counted);
  const requirements = evaluateCloseoutRequirements({
    incidentType: input.incidentType,
    evidenceKeys: reason === null ? keys : [...keys, signatureKey],
    demandedKeys: [...standing.demands.keys()],
    checklist: input.checklist,
    templates: input.templates,
  });
  const invalidRefs = invalidEvidenceRefs(evidenceItems, input.evidenceRefs, input);
  const signatureSatisfied = reason !== null || counted.some(isSignature);
  const report: CloseoutGateReport = {
    incident_type: requirements.incident_type,
    template_version: requirements.template_version,
    missing_evidence_keys: requirements.missing_evidence_keys,
    missing_checklist_keys: requirements.missing_checklist_keys,
    invalid_evidence_refs: invalidRefs,
    ...(rejected.length > 0 && { rejected_evidence: rejected }),
    ...(doubtful.length > 0 && { doubtful_evidence: doubtful }),
    signature_satisfied: signatureSatisfied,
    no_signature_reason: reason,
  };
  if (requirements.code === "TEMPLATE_NOT_FOUND") return refuse(report, "TEMPLATE_NOT_FOUND");
  if (!signatureSatisfied) {
    return refuse({ ...report, missing_evidence_keys: [signatureKey] }, "MISSING_SIGNATURE_CONFIRMATION");
  }
  if (invalidRefs.length > 0) return refuse(report, "INVALID_EVIDENCE_REFERENCE");
  return requirements.ready ? { ready: true, ...report } : refuse(report, requirements.code);
}

/** The same result in the job packet's shape: `code` always there, READY when the gate is open. */
export function packetCloseoutGate(result: CloseoutGateResult): PacketCloseoutGate {
  if (result.ready) return { ...result, code: "READY" };
  const { requirement_code: code, ...rest } = result;
  return { ...rest, code };
}

/** The evidence keys the items stand for, sorted, each once. A signature of any kind stands for the signature key. */
export function presentEvidenceKeys(items: readonly Pick<EvidenceItem, "kind" | "evidenceKey">[]): string[] {
  const keys = new Set<string>();
  for (const item of items) {
    if (item.evidenceKey !== null) keys.add(item.evidenceKey);
    if (isSignature(item)) keys.add(signatureKey);
  }
  return [...keys].sort();
}

function refuse(report: CloseoutGateReport, code: GateRequirementCode): CloseoutGateResult {
  return { ready: false, requirement_code: code, ...report };
}
