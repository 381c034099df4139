// Which calls a person must allow first, what their card says, and what became of it. The rules are the API's: it
// refuses such a call without the approval, whatever this host does.

import { finalStates } from "../../dispatch/contract/states.ts";
import { sortedJson, isObject, listAt, numberAt, objectAt, textAt, type JsonObject } from "./json.ts";
import { dollars, quoted, wordAt } from "./result-text.ts";
import type { Tool } from "./tool-catalog.ts";

export type ApprovalRule = {
  readonly rule: string;
  readonly tool: string;
  readonly severity: "warning" | "critical";
  readonly reason: string;
  readonly dispatchMode: string | null;
  readonly totalCentsAbove: number | null;
  readonly movedVisitsAbove: number | null;
};

/** What a call is about, as it is now; null what it does not name or could not be read. */
export type Subject = { readonly ticket: JsonObject | null; readonly plan: JsonObject | null };

/** The rules in GET /contract's answer; none when approvals are switched off there. */
export function rulesFrom(contract: JsonObject): ApprovalRule[] {
  const approval = objectAt(contract, "human_approval");
  if (approval["required"] !== true) return [];
  return listAt(approval, "rules")
    .filter(isObject)
    .map((one) => ({
      rule: textAt(one, "rule") ?? "?",
      tool: textAt(one, "tool") ?? "?",
      severity: one["severity"] === "critical" ? "critical" : "warning",
      reason: textAt(one, "reason") ?? "",
      dispatchMode: textAt(objectAt(one, "when"), "dispatch_mode"),
      totalCentsAbove: numberAt(objectAt(one, "when"), "total_cents_above"),
      movedVisitsAbove: numberAt(objectAt(one, "when"), "moved_visits_above"),
    }));
}

/**
 * The rule a call meets; null when none. An invoice's total is not known before it is made: its not-to-exceed limit
 * stands in, so that a card comes whenever the total could be above. What cannot be read may be above as well.
 */
export function ruleFor(
  rules: readonly ApprovalRule[],
  tool: Tool,
  args: JsonObject,
  { ticket, plan }: Subject,
): ApprovalRule | null {
  return (
    rules.find((rule) => {
      if (rule.tool !== tool.name) return false;
      // From TRIAGED any dispatch passes scheduling by, whatever it is called.
      if (
        rule.dispatchMode !== null &&
        args["dispatch_mode"] !== rule.dispatchMode &&
        textAt(ticket, "state") !== "TRIAGED"
      )
        return false;
      if (rule.movedVisitsAbove !== null) return plan === null || listAt(plan, "moves").length > rule.movedVisitsAbove;
      if (rule.totalCentsAbove === null) return true;
      const nte = ticket ? (numberAt(ticket, "nte_cents") ?? 0) : 0;
      return nte === 0 || nte > rule.totalCentsAbove;
    }) ?? null
  );
}

/** True when the API will refuse the call for the ticket's state anyway, so that nobody need be asked. */
export function isPointless(tool: Tool, ticket: JsonObject | null): boolean {
  const state = ticket && textAt(ticket, "state");
  if (!state || tool.entry.kind !== "command") return false;
  return (
    finalStates.some((final) => final === state) ||
    (tool.entry.from.length > 0 && !tool.entry.from.some((from) => from === state))
  );
}

/** The card: the action, its target, what will change, why it needs a person. At most 80 and 512 characters. */
export function cardFor(
  rule: ApprovalRule,
  tool: Tool,
  args: JsonObject,
  { ticket, plan }: Subject,
  asking: string,
): { title: string; description: string } {
  const id = ticket ? textAt(ticket, "id") : null;
  const to = tool.entry.kind === "command" && tool.entry.to.length === 1 ? tool.entry.to[0] : null;
  const { actor_role: _role, actor_id: _id, request_id: _request, ticket_id: _ticket, ...own } = args;
  // Ids and choices before prose: what the card has no room for is the end of the longest text.
  const fields = Object.entries(own)
    .map(([key, value]) => `${key} ${quoted(textOf(value), 90)}`)
    .sort((a, b) => a.length - b.length);
  const parts = [
    !ticket && args["ticket_id"] !== undefined && `ticket ${quoted(textOf(args["ticket_id"]), 70)}.`,
    ticket &&
      `${quoted(textAt(ticket, "summary"), 70)}, ${wordAt(ticket, "priority")}, nte ${dollars(numberAt(ticket, "nte_cents") ?? 0)}.`,
    plan && `${listAt(plan, "moves").length} visits of ${wordAt(plan, "day")} move.`,
    ticket && to && `${wordAt(ticket, "state")} -> ${to}.`,
    `Asked by ${asking}. ${rule.reason}`,
    ...fields.map((field) => `${field}.`),
  ];
  return {
    title: cut(`${tool.label}${id ? ` ${id.slice(0, 8)}` : ""}`, 80),
    description: cut(parts.filter(Boolean).join(" "), 512),
  };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : sortedJson(value));
const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
