// How many visits a model moved for one actor lately, and how many a call would move: what rules about effects are judged by.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { Desk } from "./desk.ts";
import { approvalRules } from "./human-approval.ts";
import type { CommandRequest } from "./command-call.ts";
import type { Effect } from "./write.ts";

const withinMs = 60 * 60_000;

// One actor's calls go one after the other, so that none is judged without those which are under way. Within a process they
// wait for each other before they take a connection; this is for those of other processes.
const lockMover = statement<{ locked: string | null }>(
  "moves_lock_actor",
  "SELECT pg_advisory_xact_lock(hashtextextended($1, 7))::text AS locked",
);

// What a person allowed is not the model's.
const selectMoved = statement<{ visits: number }>(
  "moves_of_actor",
  `SELECT coalesce(sum((payload ->> 'moved_visits')::integer), 0)::integer AS visits FROM audit_events
   WHERE actor_id = $1 AND created_at > $2 AND payload ? 'moved_visits' AND payload ->> 'via' = 'chat' AND NOT payload ? 'approved_by'`,
);

/** Whether a call counts towards a sum: then it runs in a transaction of its own. */
export const isCounted = (desk: Pick<Desk, "policy" | "settings">, { actor }: CommandRequest): boolean =>
  actor.via === "chat" &&
  approvalRules(desk).some(({ when }) => when !== undefined && "moved_visits_in_an_hour_above" in when);

/** Queued before all other locks of the call. @returns the visits moved in the hour before */
export async function movedLately(tx: Session, desk: Desk, { actor }: CommandRequest): Promise<number> {
  const since = new Date(desk.clock.now().getTime() - withinMs).toISOString();
  const [, moved] = await Promise.all([tx.row(lockMover, [actor.id]), tx.row(selectMoved, [actor.id, since])]);
  return moved?.visits ?? 0;
}

export type MovedVisits = { readonly visits: number; readonly technicianChanged: boolean };

/**
 * What an effect does to visits, those of related rows too. A command that counts what it moves knows more than their rows:
 * a plan gives a first time as well.
 * @param before the command's own row; null where it makes one
 */
export function movedBy(desk: Desk, before: unknown, { aggregate, row, decision, at }: Effect): MovedVisits {
  const own = before === null ? null : (aggregate.moved?.(before, row) ?? null);
  const related = (decision.related ?? []).map((one) =>
    "created" in one
      ? null
      : (one.aggregate.moved?.(one.row, one.aggregate.changed(desk, one.row, one.change, one.path, at)) ?? null),
  );
  const moves = [own, ...related].filter((move) => move !== null);
  const { moved_visits: counted } = decision.payload;
  return {
    visits: Math.max(moves.length, typeof counted === "number" ? counted : 0),
    technicianChanged: moves.some(({ technicianChanged }) => technicianChanged),
  };
}
