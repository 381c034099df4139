// Which calls a person must allow first, and what their card says.

import { listAt, numberAt, objectAt, sortedJson, textAt, type JsonObject } from "./json.ts";
import { currencyAt, moneyAt, quoted, wordAt } from "./result-text.ts";
import type { ApprovalRule } from "./approval-rules.ts";
import { fieldsShown } from "./resolve-call.ts";
import type { Subject } from "./subject.ts";
import type { Tool } from "./tool-catalog.ts";

/**
 * The rule a call meets; null when none. An invoice's total is not known before it is made: its not-to-exceed limit
 * stands in, so that a card comes whenever the total could be above. Other effects are known to the API alone: it refuses, and keeps the
 * call until a person answers (approval-requests.ts).
 */
export function ruleFor(
  rules: readonly ApprovalRule[],
  tool: Tool,
  { call: { fields }, ticket, plan }: Subject,
): ApprovalRule | null {
  return (
    rules.find((rule) => {
      if (rule.tool === null) return rule.technicianChanged && namesAnother(fields, ticket);
      if (rule.tool !== tool.name) return false;
      // From TRIAGED any dispatch passes scheduling by, whatever it is called.
      if (
        rule.dispatchMode !== null &&
        fields["dispatch_mode"] !== rule.dispatchMode &&
        textAt(ticket, "state") !== "TRIAGED"
      )
        return false;
      if (rule.unlessDryRun && fields["dry_run"] === true) return false;
      if (rule.movedVisitsAbove !== null) return plan === null || listAt(plan, "moves").length > rule.movedVisitsAbove;
      if (rule.totalCentsAbove === null) return true;
      const nte = ticket ? (numberAt(ticket, "nte_cents") ?? 0) : 0;
      return nte === 0 || nte > rule.totalCentsAbove;
    }) ?? null
  );
}

/** Whether the fields name another technician than the one who has the visit. */
function namesAnother({ tech_id: named }: JsonObject, ticket: JsonObject | null): boolean {
  const has = ticket && textAt(ticket, "assigned_tech_id");
  return has !== null && typeof named === "string" && named.toLowerCase() !== has;
}

/** True when the API will refuse the call for the ticket's state anyway, so that nobody need be asked. */
export function isPointless(tool: Tool, ticket: JsonObject | null): boolean {
  const state = ticket && textAt(ticket, "state");
  if (!state || tool.entry.kind !== "command" || tool.entry.from.length === 0) return false;
  return !tool.entry.from.some((from) => from === state);
}

/**
 * The card: the action, its target, what will change, why it needs a person. At most 80 and 512 characters.
 * @param asking whoever asks, quoted
 * @param ofAll the currency of limits where the ticket's answer does not name it; null where nobody says
 */
export function cardFor(
  rule: Pick<ApprovalRule, "reason">,
  tool: Tool,
  { call, ticket, plan, approval, request, names }: Subject,
  asking: string,
  ofAll: string | null = null,
): { title: string; description: string } {
  const number = ticket && textAt(ticket, "number");
  const currency = currencyAt(ticket ?? approval, ofAll);
  const parts = [
    ticket && `${quoted(textAt(ticket, "summary"), 70)} ${siteText(objectAt(ticket, "site"))}.`,
    ticket &&
      `${changeText(tool, ticket)}, ${wordAt(ticket, "priority")}, nte ${moneyAt(ticket, "nte_cents", currency)}.`,
    plan && `${listAt(plan, "moves").length} visits of ${wordAt(plan, "day")} move.`,
    approval &&
      `${wordAt(approval, "approval_type")} +${moneyAt(approval, "amount_delta_cents", currency)}, ` +
        `${quoted(textAt(approval, "reason"), 70)}, asked for by ${quoted(textAt(approval, "requested_by"), 30)}.`,
    request &&
      `${wordAt(request, "number")}: ${wordAt(request, "tool")} on ${wordAt(objectAt(request, "target"), "aggregate")} ` +
        `${wordAt(objectAt(request, "target"), "id")}, ${quoted(textOf(objectAt(request, "arguments")), 150)}, asked for by ` +
        `${quoted(textAt(request, "asked_by"), 30)}.`,
    `Asked by ${asking}. ${rule.reason}`,
    ...fieldTexts(fieldsShown(tool, call), names).map((field) => `${field}.`),
  ];
  return {
    title: cut(`${tool.label}${number ? ` ${number}` : ""}`, 80),
    description: cut(parts.filter(Boolean).join(" "), 512),
  };
}

const siteText = (site: JsonObject): string => {
  const city = textAt(site, "city");
  return `at ${quoted(textAt(site, "name"), 50)}${city === null ? "" : `, ${quoted(city, 30)}`}`;
};

/** The state the ticket is in, and the one it would come to where there is only one. */
function changeText({ entry }: Tool, ticket: JsonObject): string {
  const to = entry.kind === "command" && entry.to.length === 1 ? entry.to[0] : undefined;
  return `${wordAt(ticket, "state")}${to === undefined ? "" : ` -> ${to}`}`;
}

/** The fields as they are sent; ids and choices before prose: what the card has no room for is the end of the longest text. */
function fieldTexts(fields: JsonObject, names: ReadonlyMap<string, string>): string[] {
  const named = (value: unknown): string => {
    const name = typeof value === "string" ? names.get(value) : undefined;
    return `${quoted(textOf(value), 90)}${name === undefined ? "" : ` (${quoted(name, 40)})`}`;
  };
  return Object.entries(fields)
    .map(([key, value]) => `${key} ${Array.isArray(value) ? value.map(named).join(", ") : named(value)}`)
    .sort((a, b) => a.length - b.length);
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : sortedJson(value));
const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
