// Who is speaking: what credentials turned into. Everything about rights is decided on this and nothing else.

import type { ActorType, Role } from "../contract/roles.ts";

/** Ids a caller may reach; "*" reaches all, an empty set nothing. */
export type Reach = "*" | ReadonlySet<string>;

export type Actor = {
  readonly id: string;
  readonly role: Role;
  readonly type: ActorType;
  /** The technician this caller is, when the credentials name one. */
  readonly techId: string | null;
  readonly accounts: Reach;
  readonly sites: Reach;
  /** Set when a model chose the call. Like what follows, only a token can say it. */
  readonly via?: "chat";
  /** Who the model said it is: kept for the audit, believed by nobody. */
  readonly claimedBy?: string;
  readonly humanApproval?: HumanApproval;
};

/** A person's word that one call may go ahead. */
export type HumanApproval = {
  readonly tool: string;
  /** The call's Idempotency-Key, in lower case. */
  readonly requestId: string;
  readonly approvedBy: string;
};

/** Where a request came from, carried into audit, outbox and log. */
export type Trace = {
  readonly correlationId: string;
  readonly traceId: string | null;
  readonly traceParent: string | null;
  readonly traceState: string | null;
};

export const reaches = (reach: Reach, id: string): boolean => reach === "*" || reach.has(id);

/** A reach as a statement's parameter: null means everything. */
export const reachParameter = (reach: Reach): readonly string[] | null => (reach === "*" ? null : [...reach]);
