// The caller as a verified token's claims say, and what they say of how the call came about.

import type { JWTPayload } from "jose";
import { idFrom, type AccountId, type Id, type SiteId, type TechnicianId } from "../contract/ids.ts";
import type { Actor, HumanApproval, Reach, Target } from "../kernel/actor.ts";
import { isObject } from "../kernel/json.ts";
import { Refusal } from "../kernel/refusal.ts";
import { isTime } from "../kernel/validate.ts";
import { actorIdProblem, actorTypeFrom, reachFrom, type Speaker } from "./speaker.ts";

/**
 * Who speaks by the claims of a token.
 * @throws Refusal INVALID_AUTH_CLAIMS
 */
export function speakerFromClaims(claims: JWTPayload): Speaker {
  const { sub } = claims;
  const role = claims["role"];
  if (typeof sub !== "string") throw invalidClaim("sub", "is missing");
  const id = personFrom(sub, "sub");
  if (typeof role !== "string" || role.trim() === "") throw invalidClaim("role", "is missing");
  const sentType = claims["actor_type"] ?? claims["actorType"] ?? "AGENT";
  const type = typeof sentType === "string" ? actorTypeFrom(sentType) : null;
  if (!type) throw invalidClaim("actor_type", "must be HUMAN, AGENT, SERVICE or SYSTEM");
  return {
    id,
    role,
    type,
    techId: techIdOf(claims["tech_id"]),
    accounts: reachOf<AccountId>(claims, "account_ids"),
    sites: reachOf<SiteId>(claims, "site_ids"),
    ...originOf(claims),
  };
}

function originOf(claims: JWTPayload): Pick<Actor, "via" | "claimedBy" | "humanApproval"> {
  const { via, claimed_by: claimedBy, human_approval: approval } = claims;
  if (isGiven(via) && via !== "chat") throw invalidClaim("via", "must be chat, or be left out");
  return {
    ...(via === "chat" && { via }),
    ...(isGiven(claimedBy) && claimedBy !== "" && { claimedBy: personFrom(claimedBy, "claimed_by") }),
    ...(isGiven(approval) && { humanApproval: approvalFrom(approval) }),
  };
}

function approvalFrom(value: unknown): HumanApproval {
  if (!isObject(value)) throw invalidClaim("human_approval", "must be an object");
  const { tool, target, arguments_hash: hash, request_id: requestId, approved_by: approvedBy, at } = value;
  const key = typeof requestId === "string" ? idFrom(requestId) : null;
  if (typeof tool !== "string" || tool === "") throw invalidClaim("human_approval.tool", "must be the name of a tool");
  if (typeof hash !== "string" || !sha256Pattern.test(hash))
    throw invalidClaim("human_approval.arguments_hash", "must be a SHA-256 of 64 hex digits");
  if (key === null) throw invalidClaim("human_approval.request_id", "must be a uuid");
  if (typeof at !== "string" || !isTime(at))
    throw invalidClaim("human_approval.at", "must be an ISO 8601 time with a zone");
  return {
    tool,
    target: targetFrom(target),
    argumentsHash: hash.toLowerCase(),
    requestId: key,
    approvedBy: personFrom(approvedBy, "human_approval.approved_by"),
    at,
  };
}

function targetFrom(value: unknown): Target {
  const { aggregate, id } = isObject(value) ? value : {};
  if (typeof aggregate !== "string" || aggregate === "")
    throw invalidClaim("human_approval.target.aggregate", "must name what the tool is about");
  if (id !== null && (typeof id !== "string" || id === ""))
    throw invalidClaim("human_approval.target.id", "must be the id in the call's path, or null where there is none");
  return { aggregate, id: id?.toLowerCase() ?? null };
}

const sha256Pattern = /^[0-9a-f]{64}$/i;

function personFrom(value: unknown, claim: string): string {
  if (typeof value !== "string") throw invalidClaim(claim, "must be a text");
  const problem = actorIdProblem(value);
  if (problem) throw invalidClaim(claim, problem);
  return value;
}

/** Some signers write null for what they leave out. */
const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** The refusal of a genuine token for one of its claims. */
export const invalidClaim = (claim: string, rule: string, cause?: unknown): Refusal =>
  new Refusal("INVALID_AUTH_CLAIMS", {}, { message: `The token is genuine, but its claim ${claim} ${rule}.`, cause });

function techIdOf(value: unknown): TechnicianId | null {
  if (value === undefined || value === null || value === "") return null;
  const id = typeof value === "string" ? idFrom<TechnicianId>(value) : null;
  if (id === null) throw invalidClaim("tech_id", "must be a uuid");
  return id;
}

/** `scope` may also be OAuth's text of words, which says nothing about accounts. */
function reachOf<I extends Id>(claims: JWTPayload, name: "account_ids" | "site_ids"): Reach<I> {
  const scope = claims["scope"];
  const sent = (isObject(scope) ? scope[name] : undefined) ?? claims[name] ?? [];
  const reach = reachFrom<I>(sent);
  if (reach === null) throw invalidClaim(`scope.${name}`, "must hold uuids or *");
  return reach;
}
