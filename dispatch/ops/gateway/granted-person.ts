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
export type ChannelPerson = GrantedPerson & {
  readonly channel: string;
  readonly accountId?: string;
  readonly senderId: string;
};
