// What a person must allow when a model chose it. The rules are the policy's, and they hold whatever the host of the
// chat asks or forgets to ask; callers whose token does not say that a model chose are not concerned.

import type { ApprovalCondition, HumanApprovalRule } from "../policy/policy.ts";
import type { CommandRequest } from "./command-call.ts";
import type { Desk } from "./desk.ts";
import type { JsonObject } from "./json.ts";
import { Refusal } from "./refusal.ts";

type Rulebook = Pick<Desk, "policy" | "settings">;

/** The rules in force; none where a setting has switched them off. */
export const approvalRules = ({ policy, settings }: Rulebook): readonly HumanApprovalRule[] =>
  settings.chatApprovals === "required" ? policy.humanApproval : [];

/**
 * @param facts what the audit would say of the call; a fact a rule asks for and does not find counts as met
 * @throws Refusal HUMAN_APPROVAL_REQUIRED when a rule is met and no person has allowed this very call
 */
export function requireHumanApproval(rulebook: Rulebook, request: CommandRequest, facts: JsonObject): void {
  if (request.actor.via !== "chat" || approverOf(request) !== null) return;
  const met = approvalRules(rulebook).find(({ tool, when }) => tool === request.name && (!when || isMet(when, facts)));
  if (!met) return;
  const { rule, severity, reason } = met;
  throw new Refusal("HUMAN_APPROVAL_REQUIRED", { tool_name: request.name, rule, severity, reason });
}

function isMet(when: ApprovalCondition, facts: JsonObject): boolean {
  // From TRIAGED a dispatch passes scheduling by in either mode; the other word must not be a way around the person.
  if ("dispatch_mode" in when)
    return facts["bypass"] !== false || (facts["dispatch_mode"] ?? when.dispatch_mode) === when.dispatch_mode;
  const [fact, limit] =
    "total_cents_above" in when
      ? [facts["total_cents"], when.total_cents_above]
      : [facts["moved_visits"], when.moved_visits_above];
  return typeof fact !== "number" || fact > limit;
}

/** Who allowed this very call, by tool and Idempotency-Key; null when nobody did. */
function approverOf({ name, requestId, actor: { humanApproval } }: CommandRequest): string | null {
  return humanApproval?.tool === name && humanApproval.requestId === requestId ? humanApproval.approvedBy : null;
}

/** What the caller's token says of how the call came about, as the audit keeps it; nothing for all other callers. */
export function originOf(request: CommandRequest): JsonObject {
  const { via, claimedBy } = request.actor;
  const approvedBy = approverOf(request);
  return {
    ...(via !== undefined && { via }),
    ...(claimedBy !== undefined && { claimed_by: claimedBy }),
    ...(approvedBy !== null && { approved_by: approvedBy }),
  };
}
