// What a person must allow when a model chose it. The rules are the policy's, and they hold whatever the host of the
// chat asks or forgets to ask; callers whose token does not say that a model chose are not concerned.

import type { CommandEntry } from "../contract/entry.ts";
import { canonicalSha256 } from "../policy/canonical-json.ts";
import type { ApprovalCondition, HumanApprovalRule } from "../policy/policy.ts";
import type { HumanApproval, Target } from "./actor.ts";
import type { CommandRequest } from "./command-call.ts";
import type { Desk } from "./desk.ts";
import type { JsonObject } from "./json.ts";
import { ApprovalWanted, requireAsAllowed, type AskedFor } from "./approved-call.ts";

type Rulebook = Pick<Desk, "policy" | "settings" | "clock">;

/** How long a person's word counts, in minutes. */
const goodForMinutes = 10;
/** How far ahead the clock of whoever signs may be, in ms. */
const leewayMs = 60_000;

/** A person's answer is never a model's to give, whatever the policy and the settings say. */
const answering: HumanApprovalRule = {
  rule: "approval_request.decide",
  tool: "approval_request.decide",
  severity: "critical",
  reason: "It allows or denies what a model asked a person for; that is a person's to say.",
};

/** The rules in force; of the policy's none where a setting has switched them off. */
export const approvalRules = ({ policy, settings }: Omit<Rulebook, "clock">): readonly HumanApprovalRule[] =>
  settings.chatApprovals === "required" ? [...policy.humanApproval, answering] : [answering];

/** What a call does to visits, with those the actor's model moved in the hour before. */
export type Effects = { readonly technicianChanged: boolean; readonly moved: number; readonly movedInAnHour: number };

/**
 * @param facts what the audit would say of the call; a fact a rule asks for and does not find counts as met
 * @param effects null while they are not known: then no rule about them is asked
 * @param would what the person is shown
 * @throws ApprovalWanted when a rule is met and no person has allowed this very call, or not what it would do now
 */
export function requireHumanApproval(
  rulebook: Rulebook,
  request: CommandRequest,
  entry: Pick<CommandEntry, "aggregate">,
  facts: JsonObject,
  effects: Effects | null,
  would: Omit<AskedFor, "rule">,
): void {
  const { via, humanApproval } = request.actor;
  if (via !== "chat") return;
  const all = approvalRules(rulebook).filter(({ tool, when }) =>
    tool === undefined
      ? when && effects && isEffect(when, effects)
      : tool === request.name && (!when || isMet(when, facts)),
  );
  // Of several that are met the one that asks for most: no rule is a way around another.
  const met = all.find(({ fourEyes }) => fourEyes === true) ?? all[0];
  const { approved } = request;
  const asked = { ...would, rule: met ?? answering };
  if (approved) requireAsAllowed(approved, asked, request.actor.id);
  if (!met || approved) return;
  const faults = humanApproval ? faultsOf(humanApproval, request, entry, rulebook) : [];
  const alone = humanApproval && met.fourEyes === true && humanApproval.approvedBy === request.actor.id;
  if (humanApproval && faults.length === 0 && !alone) return;
  const { rule, severity, reason, fourEyes = false } = met;
  const details = { tool_name: request.name, rule, severity, reason, four_eyes: fourEyes };
  if (!humanApproval) throw new ApprovalWanted("HUMAN_APPROVAL_REQUIRED", asked, details);
  const told = alone ? "it takes somebody else's than whoever asked" : faults.map(faultText).join("; ");
  throw new ApprovalWanted(
    "HUMAN_APPROVAL_REQUIRED",
    asked,
    { ...details, approval_faults: faults },
    `A person's word came with this call, and is not for it: ${told}. ${wayOut}`,
  );
}

const wayOut = "Let a person allow this very call, then send it again with the same Idempotency-Key.";

function isEffect(when: ApprovalCondition, { technicianChanged, moved, movedInAnHour }: Effects): boolean {
  if ("technician_changed" in when) return technicianChanged;
  return "moved_visits_in_an_hour_above" in when && moved > 0 && movedInAnHour > when.moved_visits_in_an_hour_above;
}

function isMet(when: ApprovalCondition, facts: JsonObject): boolean {
  // From TRIAGED a dispatch passes scheduling by in either mode; the other word must not be a way around the person.
  if ("dispatch_mode" in when)
    return facts["bypass"] !== false || (facts["dispatch_mode"] ?? when.dispatch_mode) === when.dispatch_mode;
  if ("total_cents_above" in when) return isAbove(facts["total_cents"], when.total_cents_above);
  if ("dry_run" in when) return facts["dry_run"] !== true;
  if ("moved_visits_above" in when) return isAbove(facts["moved_visits"], when.moved_visits_above);
  return true;
}

const isAbove = (fact: unknown, limit: number): boolean => typeof fact !== "number" || fact > limit;

/** A claim of the approval that does not fit the call: what it says, and what it would have to. */
type Fault = { readonly claim: string; readonly given: string; readonly needed: string };

const faultText = ({ claim, given, needed }: Fault): string =>
  `human_approval.${claim} is ${given}, and would have to be ${needed}`;

/** What in a person's word is about something else than this call; nothing when it is good for it. */
function faultsOf(
  { tool, target, argumentsHash, requestId, at }: HumanApproval,
  request: CommandRequest,
  { aggregate }: Pick<CommandEntry, "aggregate">,
  { clock }: Pick<Rulebook, "clock">,
): Fault[] {
  const own: Target = { aggregate, id: Object.values(request.ids).join("/") || null };
  const now = clock.now().getTime();
  const given = Date.parse(at);
  const earliest = new Date(now - goodForMinutes * 60_000).toISOString();
  const latest = new Date(now + leewayMs).toISOString();
  const faults: (Fault | false)[] = [
    tool !== request.name && { claim: "tool", given: tool, needed: request.name },
    targetText(target) !== targetText(own) && { claim: "target", given: targetText(target), needed: targetText(own) },
    argumentsHash !== canonicalSha256(request.body) && {
      claim: "arguments_hash",
      given: argumentsHash,
      needed: `the SHA-256 of this call's arguments, ${canonicalSha256(request.body)}`,
    },
    requestId !== request.requestId && { claim: "request_id", given: requestId, needed: request.requestId },
    given < Date.parse(earliest) && {
      claim: "at",
      given: at,
      needed: `no older than ${goodForMinutes} minutes, so ${earliest} or later`,
    },
    given > Date.parse(latest) && {
      claim: "at",
      given: at,
      needed: `no later than ${latest}; compare the clocks of both machines`,
    },
  ];
  return faults.filter((one) => one !== false);
}

/** Whether a person's word came with a call, and is for just that. */
export const hasWordFor = (
  request: CommandRequest,
  entry: Pick<CommandEntry, "aggregate">,
  rulebook: Pick<Rulebook, "clock">,
): boolean =>
  request.actor.humanApproval !== undefined &&
  faultsOf(request.actor.humanApproval, request, entry, rulebook).length === 0;

const targetText = ({ aggregate, id }: Target): string => (id === null ? aggregate : `${aggregate} ${id}`);

/** What the caller's token says of how the call came about, as the audit keeps it; nothing for all other callers. */
export function originOf(
  request: CommandRequest,
  entry: Pick<CommandEntry, "aggregate">,
  rulebook: Pick<Rulebook, "clock">,
): JsonObject {
  const { via, claimedBy, humanApproval } = request.actor;
  const isFor = humanApproval && hasWordFor(request, entry, rulebook);
  const { approved } = request;
  return {
    ...(via !== undefined && { via }),
    ...(claimedBy !== undefined && { claimed_by: claimedBy }),
    ...(isFor && { approved_by: humanApproval.approvedBy }),
    ...(approved && { approval_request: approved.number, approved_by: approved.by }),
  };
}
