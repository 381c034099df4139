// What becomes of an incident type that the policy does not know: it has no skills, no duration and no closeout template, so
// work of it can be done by nobody in particular and be completed by nobody at all.

import type { Warning } from "../contract/warnings.ts";
import { Refusal } from "../kernel/refusal.ts";
import { unknownType, type UnknownType } from "../policy/incident-type.ts";
import type { Policy } from "../policy/policy.ts";

/**
 * Of a ticket's incident type: what to warn of where the profile takes an unknown one.
 * @throws Refusal INVALID_REQUEST where the profile refuses it
 */
export function checkIncidentType(policy: Policy, type: string): Warning[] {
  const unknown = unknownType(policy, type);
  if (!unknown) return [];
  if (policy.unknownIncidentType === "refuse") throw unknownTypeRefusal(unknown, "INVALID_REQUEST");
  const message =
    `The policy does not know the incident type ${type}: it asks for no skill and no tool, and the work cannot be ` +
    `completed before the ticket has one of the known types. ${meant(unknown)}`;
  return [{ code: "UNKNOWN_INCIDENT_TYPE", message, ...unknown }];
}

/**
 * Of the scope of a rule, which for an unknown type would hold for nothing.
 * @throws Refusal
 */
export function requireKnownType(policy: Policy, type: string, code: "INVALID_REQUEST" | "INVALID_QUERY"): void {
  const unknown = unknownType(policy, type);
  if (unknown) throw unknownTypeRefusal(unknown, code);
}

function unknownTypeRefusal(unknown: UnknownType, code: "INVALID_REQUEST" | "INVALID_QUERY"): Refusal {
  const message = `is no incident type that the policy knows. ${meant(unknown)}`;
  return new Refusal(code, { validation_errors: [{ path: "incident_type", rule: "known", message }], ...unknown });
}

const meant = ({ known, closest }: UnknownType): string =>
  closest === null ? `Known are ${known.join(", ")}.` : `Perhaps ${closest} is meant; known are ${known.join(", ")}.`;
