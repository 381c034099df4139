// Who is speaking: what credentials turned into. Everything about rights is decided on this and nothing else.

import type { AccountId, Id, SiteId, TechnicianId } from "../contract/ids.ts";
import type { ActorType, Role } from "../contract/roles.ts";

/** Ids a caller may reach; "*" reaches all, an empty set nothing. */
export type Reach<I extends Id = Id> = "*" | ReadonlySet<I>;

export type Actor = {
  readonly id: string;
  readonly role: Role;
  readonly type: ActorType;
  /** The technician this caller is, when the credentials name one. */
  readonly techId: TechnicianId | null;
  readonly accounts: Reach<AccountId>;
  readonly sites: Reach<SiteId>;
  /** Set when a model chose the call. Like what follows, only a token can say it. */
  readonly via?: "chat";
  /** Who the model said it is: kept for the audit, believed by nobody. */
  readonly claimedBy?: string;
  readonly humanApproval?: HumanApproval;
};

/** A person's word that one call may go ahead: for all of what follows, and for nothing else. */
export type HumanApproval = {
  readonly tool: string;
  readonly target: Target;
  /** SHA-256 of the arguments as canonical JSON, 64 hex digits. */
  readonly argumentsHash: string;
  /** The call's Idempotency-Key, in lower case. */
  readonly requestId: string;
  readonly approvedBy: string;
  /** When it was given, ISO 8601. */
  readonly at: string;
};

/** What a call is about. */
export type Target = {
  /** As the tool's contract entry names it. */
  readonly aggregate: string;
  /** The ids in the call's path, several joined by "/"; null where there are none. */
  readonly id: string | null;
};

/** Where a request came from, carried into audit, outbox and log. */
export type Trace = {
  readonly correlationId: string;
  readonly traceId: string | null;
  readonly traceParent: string | null;
  readonly traceState: string | null;
};

/** Whether a model speaks, in whoever's name and with whatever role. */
export const isModel = ({ role, type, via }: Pick<Actor, "role" | "type" | "via">): boolean =>
  role === "agent" || type === "AGENT" || via === "chat";

export const reaches = <I extends Id>(reach: Reach<I>, id: NoInfer<I>): boolean => reach === "*" || reach.has(id);

/** A reach as a statement's parameter: null means everything. */
export const reachParameter = <I extends Id>(reach: Reach<I>): readonly I[] | null =>
  reach === "*" ? null : [...reach];
