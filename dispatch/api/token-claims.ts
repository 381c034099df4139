// The caller as a verified token's claims say.

import type { JWTPayload } from "jose";
import type { Reach } from "../kernel/actor.ts";
import { isObject } from "../kernel/json.ts";
import { Refusal } from "../kernel/refusal.ts";
import { actorIdProblem, actorTypeFrom, reachFrom, type Speaker, uuidFrom } from "./speaker.ts";

/**
 * Who speaks by the claims of a token.
 * @throws Refusal INVALID_AUTH_CLAIMS
 */
export function speakerFromClaims(claims: JWTPayload): Speaker {
  const { sub } = claims;
  const role = claims["role"];
  if (typeof sub !== "string") throw invalidClaim("sub", "is missing");
  const idProblem = actorIdProblem(sub);
  if (idProblem) throw invalidClaim("sub", idProblem);
  if (typeof role !== "string" || role.trim() === "") throw invalidClaim("role", "is missing");
  const sentType = claims["actor_type"] ?? claims["actorType"] ?? "AGENT";
  const type = typeof sentType === "string" ? actorTypeFrom(sentType) : null;
  if (!type) throw invalidClaim("actor_type", "must be HUMAN, AGENT, SERVICE or SYSTEM");
  return {
    id: sub,
    role,
    type,
    techId: techIdOf(claims["tech_id"]),
    accounts: reachOf(claims, "account_ids"),
    sites: reachOf(claims, "site_ids"),
  };
}

/** The refusal of a genuine token for one of its claims. */
export const invalidClaim = (claim: string, rule: string, cause?: unknown): Refusal =>
  new Refusal("INVALID_AUTH_CLAIMS", {}, { message: `The token is genuine, but its claim ${claim} ${rule}.`, cause });

function techIdOf(value: unknown): string | null {
  if (value === undefined || value === null || value === "") return null;
  const id = typeof value === "string" ? uuidFrom(value) : null;
  if (id === null) throw invalidClaim("tech_id", "must be a uuid");
  return id;
}

/** `scope` may also be OAuth's text of words, which says nothing about accounts. */
function reachOf(claims: JWTPayload, name: "account_ids" | "site_ids"): Reach {
  const scope = claims["scope"];
  const sent = (isObject(scope) ? scope[name] : undefined) ?? claims[name] ?? [];
  const reach = reachFrom(sent);
  if (reach === null) throw invalidClaim(`scope.${name}`, "must hold uuids or *");
  return reach;
}
