// before_tool_call: holds a risky call until a person has allowed it.

import { queries } from "../../dispatch/contract/index.ts";
import { readArguments } from "./arguments.ts";
import { approvalsGiven, give } from "./approvals-given.ts";
import { cardFor, isPointless, ruleFor } from "./approvals.ts";
import { roleIn, type Caller, type Desk } from "./desk.ts";
import { chooseRole, personBehind, type Requester } from "./identity.ts";
import { isUuid } from "./idempotency-key.ts";
import { objectAt, type JsonObject } from "./json.ts";
import { quoted } from "./result-text.ts";
import { toolsByChatName } from "./tool-catalog.ts";

/** How long a card waits for its answer, in ms. */
const cardMs = 300_000;

export type Card = {
  readonly title: string;
  readonly description: string;
  readonly severity: "warning" | "critical";
  readonly timeoutMs: number;
  readonly allowedDecisions: ("allow-once" | "deny")[];
  readonly onResolution: (decision: string) => void;
};

export type GuardedCall = {
  /** The tool as the model calls it; anybody's tool. */
  readonly toolName: string;
  readonly args: JsonObject;
  readonly toolCallId: string | undefined;
  /** Null where the host could not prove who asks. */
  readonly requester: Requester | null;
};

/** The card for a call, or null when it may go ahead: to be done, or to be refused by the API without anybody's time. */
export async function cardForCall(
  desk: Desk,
  { toolName, args, toolCallId, requester }: GuardedCall,
): Promise<Card | null> {
  const tool = toolsByChatName.get(toolName);
  if (tool?.entry.kind !== "command" || "problem" in readArguments(tool, args)) return null;
  const person = requester ? personBehind(desk.configuration, requester) : desk.configuration.owner;
  // What the tool itself refuses, be it for the arguments, a stranger or a role, is not to bother anybody.
  if (!person) return null;
  const choice = chooseRole(person, tool.entry, args["actor_role"]);
  if ("why" in choice) return null;
  const caller: Caller = { person, role: choice.role, viaChat: true };

  const rules = await desk.approvalRules(caller);
  if (!rules.some((rule) => rule.tool === tool.name)) return null;
  const [ticket, planAnswer] = await Promise.all([
    readBy(desk, caller, "ticket.get", args["ticket_id"]),
    readBy(desk, caller, "plan.get", args["plan_id"]),
  ]);
  const subject = { ticket, plan: planAnswer && objectAt(planAnswer, "plan") };
  const rule = ruleFor(rules, tool, args, subject);
  if (!rule || isPointless(tool, ticket)) return null;

  const card = cardFor(rule, tool, args, subject, quoted(person.actor, 40));
  return {
    ...card,
    severity: rule.severity,
    timeoutMs: cardMs,
    allowedDecisions: ["allow-once", "deny"],
    onResolution: (decision) => {
      if (decision !== "allow-once" || toolCallId === undefined) return;
      // Cards go to the gateway's owner; the host does not say more about who pressed the button.
      give(approvalsGiven(), toolCallId, {
        tool: tool.name,
        args,
        approvedBy: desk.configuration.owner?.actor ?? "gateway-owner",
      });
    },
  };
}

/** What a query by id tells the caller of; null when the id is none, or there is no answer. */
async function readBy(
  desk: Desk,
  caller: Caller,
  name: "ticket.get" | "plan.get",
  id: unknown,
): Promise<JsonObject | null> {
  if (!isUuid(id)) return null;
  const role = roleIn(caller.person, queries[name]);
  return role ? desk.peek({ ...caller, role }, queries[name].path.replace(/\{\w+\}/, id)) : null;
}
