// The rules for what a person must allow, as the API tells them: it refuses such a call without the approval, whatever this
// host does.

import { isObject, listAt, numberAt, objectAt, textAt, type JsonObject } from "./json.ts";

export type ApprovalRule = {
  readonly rule: string;
  /** Null where the rule is about an effect that any tool may have. */
  readonly tool: string | null;
  readonly severity: "warning" | "critical";
  readonly reason: string;
  readonly technicianChanged: boolean;
  readonly dispatchMode: string | null;
  readonly totalCentsAbove: number | null;
  readonly movedVisitsAbove: number | null;
  /** Not where it is only asked what would happen. */
  readonly unlessDryRun: boolean;
};

/** The rules in GET /contract's answer; none when approvals are switched off there. */
export function rulesFrom(contract: JsonObject): ApprovalRule[] {
  const approval = objectAt(contract, "human_approval");
  if (approval["required"] !== true) return [];
  return listAt(approval, "rules")
    .filter(isObject)
    .map((one) => ({
      rule: textAt(one, "rule") ?? "?",
      tool: textAt(one, "tool"),
      severity: one["severity"] === "critical" ? "critical" : "warning",
      reason: textAt(one, "reason") ?? "",
      technicianChanged: objectAt(one, "when")["technician_changed"] === true,
      dispatchMode: textAt(objectAt(one, "when"), "dispatch_mode"),
      totalCentsAbove: numberAt(objectAt(one, "when"), "total_cents_above"),
      movedVisitsAbove: numberAt(objectAt(one, "when"), "moved_visits_above"),
      unlessDryRun: objectAt(one, "when")["dry_run"] === false,
    }));
}
