// People as the plugin's configuration names them.

import type { Role } from "../../contract/roles.ts";

/** Whom the plugin speaks for; ids of accounts and sites, or "*". */
export type GrantedPerson = {
  readonly actor: string;
  readonly roles: readonly Role[];
  readonly accounts: readonly string[];
  readonly sites: readonly string[];
  readonly techId?: string;
};
/** An agent of the gateway beside the desk's, that does desk tasks under a name of its own. */
export type GatewayAgent = GrantedPerson & { readonly agentId: string };
export type ChannelPerson = GrantedPerson & {
  readonly channel: string;
  readonly accountId?: string;
  readonly senderId: string;
};
