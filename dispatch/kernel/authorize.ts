// The four questions of authorisation, in the order they are asked: role, tool, scope, assigned technician.

import type { Entry, ToolName } from "../contract/index.ts";
import { type Actor, reaches } from "./actor.ts";
import { Refusal } from "./refusal.ts";

/** @throws Refusal FORBIDDEN */
export function requireRole(actor: Actor, entry: Entry): void {
  if (!entry.roles.includes(actor.role)) {
    throw new Refusal("FORBIDDEN", { actor_role: actor.role, allowed_roles: entry.roles });
  }
}

/** @throws Refusal TOOL_NOT_ALLOWED when the caller says it is using another tool */
export function requireTool(claimed: string | undefined, tool: ToolName, endpoint: string): void {
  if (claimed !== undefined && claimed !== tool) {
    throw new Refusal("TOOL_NOT_ALLOWED", { endpoint, tool_name: claimed });
  }
}

/** @throws Refusal FORBIDDEN_SCOPE unless both account and site lie in the caller's scope */
export function requireScope(actor: Actor, target: { account_id: string; site_id: string }): void {
  if (!reaches(actor.accounts, target.account_id)) {
    throw new Refusal("FORBIDDEN_SCOPE", { scope_field: "account_id", target_id: target.account_id });
  }
  if (!reaches(actor.sites, target.site_id)) {
    throw new Refusal("FORBIDDEN_SCOPE", { scope_field: "site_id", target_id: target.site_id });
  }
}

/** @throws Refusal NOT_ASSIGNED_TECH when a named technician acts on work that is not theirs */
export function requireAssignedTech(actor: Actor, ticket: { assigned_tech_id: string | null }): void {
  if (actor.role === "tech" && actor.techId !== null && actor.techId !== ticket.assigned_tech_id) {
    throw new Refusal("NOT_ASSIGNED_TECH", { assigned_tech_id: ticket.assigned_tech_id });
  }
}
