// Who asked, as a request keeps them: the same rights, and no more, when the call is carried out.

import { roleFrom, type ActorType } from "../contract/roles.ts";
import type { Id } from "../contract/ids.ts";
import type { Actor, Reach } from "../kernel/actor.ts";
import type { CommandRequest } from "../kernel/command-call.ts";
import type { JsonObject } from "../kernel/json.ts";
import type { RequestRow } from "./request-row.ts";

/** What is kept of whoever sent a call. */
export const askerOf = ({ actor, trace }: CommandRequest): JsonObject => ({
  role: actor.role,
  type: actor.type,
  tech_id: actor.techId,
  accounts: kept(actor.accounts),
  sites: kept(actor.sites),
  claimed_by: actor.claimedBy ?? null,
  correlation_id: trace.correlationId,
});

const kept = (reach: Reach): unknown => (reach === "*" ? reach : [...reach]);

/** @throws Error for a row that no call of this desk can have left */
export function actorFrom({ asked_by: id, asker }: Pick<RequestRow, "asked_by" | "asker">): Actor {
  const role = roleFrom(String(asker["role"]));
  if (role === null) throw new Error(`an approval request names no role: ${String(asker["role"])}`);
  const { tech_id: techId, claimed_by: claimedBy } = asker;
  return {
    id,
    role,
    type: asker["type"] as ActorType,
    techId: typeof techId === "string" ? (techId as Actor["techId"]) : null,
    accounts: reachFrom(asker["accounts"]),
    sites: reachFrom(asker["sites"]),
    via: "chat",
    ...(typeof claimedBy === "string" && { claimedBy }),
  };
}

const reachFrom = <I extends Id>(value: unknown): Reach<I> =>
  value === "*" ? value : new Set(Array.isArray(value) ? (value as I[]) : []);

/** The conversation, or other case, that a call belonged to. */
export const correlationOf = ({ asker }: Pick<RequestRow, "asker">): string => String(asker["correlation_id"]);
