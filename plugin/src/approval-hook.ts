// before_tool_call: holds a risky call until a person has allowed it.

import { readArguments } from "./arguments.ts";
import { answerRequest, askFor, requestIdFrom } from "./approval-requests.ts";
import { approvalsGiven, give } from "./approvals-given.ts";
import type { ApprovalRule } from "./approval-rules.ts";
import { cardFor, isPointless, ruleFor } from "./approvals.ts";
import { seatOf } from "./control-rooms.ts";
import { roleIn, type Caller, type Desk } from "./desk.ts";
import { commands } from "../../dispatch/contract/index.ts";
import { chooseRole, personBehind, type Requester } from "./identity.ts";
import { textAt, type JsonObject } from "./json.ts";
import { keyOfIntent } from "./idempotency-key.ts";
import { resolveCall } from "./resolve-call.ts";
import { quoted } from "./result-text.ts";
import { subjectOf } from "./subject.ts";
import { recordCall, turnStore } from "./claims/turn-store.ts";
import { toolsByChatName } from "./tool-catalog.ts";
import { failed, refused, type ToolResult } from "./tool-result.ts";

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
  readonly sessionKey: string | null;
  readonly sessionId: string | null;
};

/** The card for a call, or null when it may go ahead: to be done, or to be refused by the API without anybody's time. */
export async function cardForCall(
  desk: Desk,
  { toolName, args, toolCallId, requester, sessionKey, sessionId }: GuardedCall,
): Promise<Card | null> {
  const tool = toolsByChatName.get(toolName);
  if (tool?.entry.kind !== "command" || "problem" in readArguments(tool, args)) return null;
  const known = requester ? personBehind(desk.configuration, requester) : desk.configuration.owner;
  // What the tool itself refuses, be it for the arguments, a stranger or a role, is not to bother anybody.
  if (!known) return null;
  const seat = await seatOf(desk, known, sessionKey);
  if (seat.kind !== "seat") return null;
  const { person, isControl } = seat;
  const choice = chooseRole(person, tool.entry, isControl ? undefined : args["actor_role"]);
  if ("why" in choice) return null;
  const caller: Caller = { person, role: choice.role, viaChat: true };

  const rules = await desk.approvalRules(caller);
  const mayMeet = ({ tool: of, technicianChanged }: ApprovalRule) =>
    of === tool.name || (technicianChanged && args["tech_id"] !== undefined);
  if (!rules.some(mayMeet)) return null;
  // Names become ids before anybody is asked: what the card shows is what is sent, and where a name fits several things or
  // none there is no card, but the tool's own question.
  const resolution = await resolveCall(desk, tool, caller, args);
  if (resolution.kind !== "found") return null;
  const subject = await subjectOf(desk, tool, caller, resolution);
  const rule = subject && ruleFor(rules, tool, subject);
  if (!rule || isPointless(tool, subject.ticket)) return null;

  // Kept by the desk before anybody is asked: the intent outlives the card, and this gateway. An answer is never kept as a request itself.
  const key =
    textAt(args, "request_id")?.toLowerCase() ??
    (toolCallId === undefined ? null : keyOfIntent({ toolCallId, sessionKey, sessionId, tool: tool.name, args }));
  const asking = key === null ? null : await askFor(desk, tool, caller, subject.call, key);
  if (asking?.kind === "not needed") return null;
  const number = asking?.kind === "kept" ? asking.number : null;

  const { title, description } = cardFor(rule, tool, subject, quoted(person.actor, 40), desk.currency());
  return {
    title: number === null ? title : `${title.slice(0, 68)} (${number})`,
    description,
    severity: rule.severity,
    timeoutMs: cardMs,
    allowedDecisions: ["allow-once", "deny"],
    onResolution: (decision) => {
      if (decision === "deny" && number !== null) void deny(desk, number);
      if (decision !== "allow-once")
        recordCall(
          turnStore(),
          sessionKey,
          { tool: tool.name, args, result: notAllowed(tool.name, decision) },
          desk.now(),
        );
      if (decision !== "allow-once" || toolCallId === undefined) return;
      // Cards go to the gateway's owner; the host does not say more about who pressed the button.
      const approvedBy = desk.configuration.owner?.actor ?? "gateway-owner";
      const one = { actor: person.actor, tool: tool.name, args, call: subject.call, approvedBy };
      give(approvalsGiven(), toolCallId, one, desk.now());
    },
  };
}

/** What came of a call that no one allowed: the host answers the model itself, and what it may say of that is held to this. */
const notAllowed = (tool: string, decision: string): ToolResult =>
  decision === "deny"
    ? refused(tool, { code: "DENIED_ON_CARD", message: "A person denied it.", details: { status: "DENIED" } })
    : failed(tool, "Nobody answered the card.", "It waits for its answer as a request.");

/** A no on the card is the owner's answer to the request as well; where it does not arrive the request waits on, and allows nothing. */
async function deny(desk: Desk, number: string): Promise<void> {
  const { owner } = desk.configuration;
  const id = requestIdFrom(number);
  const role = owner && roleIn(owner, commands["approval_request.decide"]);
  if (!owner || !role || id === null) return;
  await answerRequest(desk, { person: owner, role, viaChat: false }, id, { outcome: "denied", reason: "" });
}
