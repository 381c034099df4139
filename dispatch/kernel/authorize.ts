// The questions of authorisation every command and query asks, in this order: role, tool, scope. What an aggregate asks
// besides is its own guard.

import type { AnyEntry } from "../contract/index.ts";
import { type Actor, reaches } from "./actor.ts";
import type { Belonging, Concerns } from "./aggregate.ts";
import { Refusal } from "./refusal.ts";

/** @throws Refusal FORBIDDEN */
export function requireRole(actor: Actor, entry: AnyEntry): void {
  if (!entry.roles.includes(actor.role)) {
    throw new Refusal("FORBIDDEN", { actor_role: actor.role, allowed_roles: entry.roles });
  }
}

/** @throws Refusal TOOL_NOT_ALLOWED when the caller says it is using another tool */
export function requireTool(claimed: string | undefined, tool: string, endpoint: string): void {
  if (claimed !== undefined && claimed !== tool) {
    throw new Refusal("TOOL_NOT_ALLOWED", { endpoint, tool_name: claimed });
  }
}

/**
 * What is a whole account's is beyond the reach of whoever is kept to some of its sites.
 * @throws Refusal FORBIDDEN_SCOPE unless both account and site lie in the caller's scope
 */
export function requireScope(actor: Actor, { account_id, site_id }: Belonging): void {
  requireReach(actor, { account_ids: [account_id], site_ids: site_id === null ? [] : [site_id] });
  if (site_id === null && actor.sites !== "*")
    throw new Refusal("FORBIDDEN_SCOPE", { scope_field: "site_id", target_id: null });
}

/** Whether both account and site lie in the caller's scope. */
export function isInScope(actor: Actor, place: Belonging): boolean {
  try {
    requireScope(actor, place);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** @throws Refusal FORBIDDEN_SCOPE unless all of these accounts and sites lie in the caller's scope */
export function requireReach(actor: Actor, { account_ids, site_ids }: Concerns): void {
  const account = account_ids.find((id) => !reaches(actor.accounts, id));
  if (account !== undefined) throw new Refusal("FORBIDDEN_SCOPE", { scope_field: "account_id", target_id: account });
  const site = site_ids.find((id) => !reaches(actor.sites, id));
  if (site !== undefined) throw new Refusal("FORBIDDEN_SCOPE", { scope_field: "site_id", target_id: site });
}
