/**
 * Decides whether work of one incident type has the evidence and the checklist its template demands.
 * Pure; knows nothing of references, storage or signatures given as a reason (closeout-gate.ts does).
 */
import { ofIncidentType } from "../policy/incident-type.ts";
import type { CloseoutTemplate, Index } from "../policy/policy.ts";

/** What a technician reported; an item counts only when it is exactly `true`. */
export type Checklist = Readonly<Record<string, unknown>>;

type RequirementLists = {
  readonly missing_evidence_keys: readonly string[];
  readonly missing_checklist_keys: readonly string[];
};

export type CloseoutRequirements = RequirementLists &
  (
    | {
        readonly ready: true;
        readonly code: "READY";
        readonly incident_type: string;
        readonly template_version: string;
      }
    | {
        readonly ready: false;
        readonly code: "MISSING_EVIDENCE" | "MISSING_CHECKLIST" | "MISSING_REQUIREMENTS";
        readonly incident_type: string;
        readonly template_version: string;
      }
    | {
        readonly ready: false;
        readonly code: "TEMPLATE_NOT_FOUND";
        readonly incident_type: string | null;
        readonly template_version: null;
      }
  );

export type CloseoutRequirementsInput = {
  /** Any case; null or blank has no template. */
  readonly incidentType: string | null;
  readonly evidenceKeys: Iterable<string>;
  /** Keys the quality check has asked for, beside the template's. */
  readonly demandedKeys: readonly string[];
  readonly checklist: Checklist;
  readonly templates: Index<CloseoutTemplate>;
};

/** The name a template is filed under: trimmed and upper-cased; null when nothing is left. */
export function normalizeIncidentType(incidentType: string | null): string | null {
  return incidentType?.trim().toUpperCase() || null;
}

/**
 * Compares what is there with what the template demands.
 * Both missing lists are sorted by code unit; they are empty when there is no template to miss anything from.
 */
export function evaluateCloseoutRequirements(input: CloseoutRequirementsInput): CloseoutRequirements {
  const incidentType = normalizeIncidentType(input.incidentType);
  const template = ofIncidentType(input.templates, incidentType);
  if (incidentType === null || template === undefined) {
    return {
      ready: false,
      code: "TEMPLATE_NOT_FOUND",
      incident_type: incidentType,
      template_version: null,
      missing_evidence_keys: [],
      missing_checklist_keys: [],
    };
  }
  const present = new Set(input.evidenceKeys);
  const required = new Set([...template.requiredEvidence.map(({ key }) => key), ...input.demandedKeys]);
  const missingEvidence = [...required].filter((key) => !present.has(key)).sort();
  const missingChecklist = template.requiredChecklistKeys.filter((key) => input.checklist[key] !== true).sort();
  const found = {
    incident_type: incidentType,
    template_version: template.version,
    missing_evidence_keys: missingEvidence,
    missing_checklist_keys: missingChecklist,
  };
  if (missingEvidence.length > 0 && missingChecklist.length > 0) {
    return { ready: false, code: "MISSING_REQUIREMENTS", ...found };
  }
  if (missingEvidence.length > 0) return { ready: false, code: "MISSING_EVIDENCE", ...found };
  if (missingChecklist.length > 0) return { ready: false, code: "MISSING_CHECKLIST", ...found };
  return { ready: true, code: "READY", ...found };
}
