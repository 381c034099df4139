/**
 * Says whether work is too risky to be completed as a candidate, without a person having looked.
 * Pure; runs after the closeout gate and never instead of it.
 */
import { withoutVersion } from "../policy/incident-type.ts";
import type { CandidateRiskRules } from "../policy/policy.ts";
import { presentEvidenceKeys } from "./closeout-gate.ts";
import { normalizeIncidentType } from "./closeout-requirements.ts";
import type { EvidenceItem } from "./evidence-references.ts";

export type CandidateRiskProfile = {
  readonly level: "high" | "low";
  /** "incident_type:<TYPE>" first, then "evidence_key:<key>" sorted; empty when low. */
  readonly reasons: readonly string[];
  /** Every key present on the ticket, sorted, each once. */
  readonly evidence_keys: readonly string[];
  /** How many evidence items the ticket has. */
  readonly evidence_items: number;
  readonly incident_type: string | null;
};

/** Level high when the incident type or any present evidence key is on the policy's risk lists. */
export function assessCandidateRisk(
  incidentType: string | null,
  items: readonly Pick<EvidenceItem, "kind" | "evidenceKey">[],
  rules: CandidateRiskRules,
): CandidateRiskProfile {
  const type = normalizeIncidentType(incidentType);
  const keys = presentEvidenceKeys(items);
  const reasons = keys.filter((key) => rules.evidenceKeys.includes(key)).map((key) => `evidence_key:${key}`);
  if (type !== null && [type, withoutVersion(type)].some((name) => rules.incidentTypes.includes(name)))
    reasons.unshift(`incident_type:${type}`);
  return {
    level: reasons.length > 0 ? "high" : "low",
    reasons,
    evidence_keys: keys,
    evidence_items: items.length,
    incident_type: type,
  };
}
