// The caller as X-Actor-… headers say, for work on one's own machine. Whoever may send them may be anybody, so they
// are read only where the settings allow it.

import type { IncomingHttpHeaders } from "node:http";
import { idFrom, type AccountId, type Id, type SiteId, type TechnicianId } from "../contract/ids.ts";
import type { Reach } from "../kernel/actor.ts";
import type { Desk } from "../kernel/desk.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { DevHeaders } from "../process/settings/kinds.ts";
import { actorIdProblem, actorTypeFrom, reachFrom, type Speaker } from "./speaker.ts";

/** Whether they count at this moment: the settings allow them, and so does the profile in force, activated since the start or not. */
export const devHeadersNow = ({ settings, policies }: Pick<Desk, "settings" | "policies">): DevHeaders =>
  policies.live.devHeaders && settings.allowDevHeaders;

/**
 * Who speaks by the development headers.
 * @throws Refusal MISSING_ACTOR_CONTEXT, INVALID_ACTOR_CONTEXT
 */
export function speakerFromHeaders(headers: IncomingHttpHeaders): Speaker {
  const id = textOf(headers, "x-actor-id");
  const role = textOf(headers, "x-actor-role");
  if (!id || !role) throw new Refusal("MISSING_ACTOR_CONTEXT");
  const idProblem = actorIdProblem(id);
  if (idProblem) throw invalid("X-Actor-Id", idProblem);
  const type = actorTypeFrom(textOf(headers, "x-actor-type") || "HUMAN");
  if (!type) throw invalid("X-Actor-Type", "must be HUMAN, AGENT, SERVICE or SYSTEM");
  const tech = textOf(headers, "x-tech-id") || null;
  const techId = tech === null ? null : idFrom<TechnicianId>(tech);
  if (tech !== null && techId === null) throw invalid("X-Tech-Id", "must be a uuid");
  return {
    id,
    role,
    type,
    techId,
    accounts: reachOf<AccountId>(headers, "x-account-scope", "X-Account-Scope"),
    sites: reachOf<SiteId>(headers, "x-site-scope", "X-Site-Scope"),
  };
}

function reachOf<I extends Id>(headers: IncomingHttpHeaders, name: string, shown: string): Reach<I> {
  const sent = textOf(headers, name);
  const reach = sent === undefined ? "*" : reachFrom<I>(sent);
  if (reach === null) throw invalid(shown, "must be uuids separated by commas, or *");
  return reach;
}

function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value.trim() : undefined;
}

const invalid = (header: string, rule: string): Refusal =>
  new Refusal("INVALID_ACTOR_CONTEXT", {}, { message: `The header ${header} ${rule}.` });
