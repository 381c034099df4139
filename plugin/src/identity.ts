// Who is really speaking, by what the host proved, never by what the model says. Pure.

import type { AnyEntry } from "../../dispatch/contract/index.ts";
import { roleFrom, type Role } from "../../dispatch/contract/roles.ts";
import type { Configuration, Grant } from "./configuration.ts";

/** The requester as the host proved it; what is absent was not proved. */
export type Requester = {
  readonly channel: string | null;
  readonly accountId: string | null;
  readonly senderId: string | null;
  readonly owner: boolean;
  /** The gateway's agent whose turn it is; null where the host tells none. */
  readonly agentId: string | null;
};

export const nobody: Requester = { channel: null, accountId: null, senderId: null, owner: false, agentId: null };

/** Where the gateway's own people speak: its dashboard; its command line and HTTP have no channel at all. */
const ownSurfaces: readonly (string | null)[] = ["webchat", null];

/**
 * The person behind a requester; null is a stranger. A sender on a channel is who the configuration says, owner or
 * not; only where there is no sender at all (dashboard, command line, gateway token) does the owner speak, or the gateway's
 * agent whose turn it is, where the configuration knows that as a worker of its own. A chat channel without a sender is nobody:
 * the host runs heartbeats like that, in the owner's name.
 */
export function personBehind({ owner, people, agents }: Configuration, requester: Requester): Grant | null {
  if (requester.senderId === null) {
    if (!requester.owner || !ownSurfaces.includes(requester.channel)) return null;
    return agents.find(({ agentId }) => agentId === requester.agentId) ?? owner;
  }
  return (
    people.find(
      (one) =>
        one.senderId === requester.senderId &&
        one.channel === requester.channel &&
        (one.accountId === null || one.accountId === requester.accountId),
    ) ?? null
  );
}

export type RoleChoice = { readonly role: Role } | { readonly why: string };

/** The role to act in: the one wished for if it was granted, else the first granted one that the tool allows. */
export function chooseRole(person: Grant, entry: AnyEntry, wish: unknown): RoleChoice {
  const granted = `granted here: ${person.roles.join(", ")}`;
  if (wish === undefined || wish === null || wish === "") {
    const role = person.roles.find((one) => entry.roles.includes(one));
    return role ? { role } : { why: `this tool is for ${entry.roles.join(", ")}; ${granted}` };
  }
  const role = typeof wish === "string" ? roleFrom(wish) : null;
  if (role && person.roles.includes(role)) return { role };
  return { why: `actor_role ${JSON.stringify(wish)?.slice(0, 60) ?? ""} was not granted to this sender; ${granted}` };
}
