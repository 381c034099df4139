// What a command on its way to its answer is, and its decision: every check in the order callers rely on, then the command's
// own. It reads and writes nothing.

import type { CommandEntry } from "../contract/entry.ts";
import { requireScope } from "./authorize.ts";
import { timeAfter } from "./clock.ts";
import type { Answer, CommandRequest } from "./command-call.ts";
import { concernsOf, type Aggregate, type Belonging } from "./aggregate.ts";
import type { Call, Command, RowCall } from "./command.ts";
import type { Desk } from "./desk.ts";
import { stillBusy } from "./failure.ts";
import { foreseenOf, versionIn } from "./approved-call.ts";
import { requireHumanApproval } from "./human-approval.ts";
import { replayOf, type StoredAnswer } from "./idempotency.ts";
import { requireState } from "./machine.ts";
import { movedBy } from "./moved-visits.ts";
import { invalidFields, Refusal, type Violation } from "./refusal.ts";
import { isObject } from "./json.ts";
import { effectOfCreation, effectOnRow, written, type Effect, type Written } from "./write.ts";

/** A command on its way to its answer. */
export type Job = {
  readonly desk: Desk;
  readonly request: CommandRequest;
  readonly entry: CommandEntry;
  readonly handler: Command;
  /** The key of its stored answer. */
  readonly key: string;
  readonly requestHash: string;
  /** Null when fields are wrong: then only a stored answer can be given. */
  readonly call: Call | null;
  readonly violations: readonly Violation[];
  /** Whether driving times may still be asked for. */
  readonly mayConsult: boolean;
  readonly prepared: Prepared | undefined;
};

/** What `prepare` made, and the row's audit seq it was made at: any later command on the row outdates it. */
export type Prepared = { readonly seq: number; readonly value: unknown };

/** What the first flight read for a job. */
export type Read = {
  /** Null when there is none, or another command holds it. */
  readonly row: unknown;
  /** Whether the lock was waited for; a row that is missing then does not exist. */
  readonly waited: boolean;
  readonly loaded: unknown;
  /** What the aggregate's guard asked for beside the row. */
  readonly standing: unknown;
  readonly stored: StoredAnswer | null;
  /** Visits that the actor's model moved in the hour before; 0 where nobody counts. */
  readonly movedLately: number;
};

export type Outcome =
  | { readonly kind: "written"; readonly written: Written }
  | { readonly kind: "replayed"; readonly answer: Answer }
  /** Another command holds the row; to be tried again alone, waiting for it. */
  | { readonly kind: "held" }
  | { readonly kind: "consult"; readonly consult: () => Promise<void> }
  | { readonly kind: "prepare"; readonly prepare: () => Promise<Prepared> };

/**
 * A job's decision on what was read for it, with every check before it in the order callers rely on.
 * @throws Refusal
 */
export function decide(job: Job, { row, waited, loaded, standing, stored, movedLately }: Read): Outcome {
  const { desk, request, entry, handler, call, requestHash } = job;
  if (stored) return { kind: "replayed", answer: replayOf(stored, requestHash, request.actor) };
  if (!call) throw invalidFields(job.violations);
  let effect: Effect;
  if (handler.on === "creation") effect = effectOfCreation(handler.aggregate, call, handler.decide(call, loaded));
  else if (handler.on === "upsert") {
    const { aggregate } = handler;
    const onRow = row === null ? null : reached(aggregate, row, call, entry, standing);
    requireVersion(aggregate, row, call.input);
    if (!onRow) effect = effectOfCreation(aggregate, call, handler.create(call, loaded));
    else effect = effectOnRow(aggregate, onRow, entry, handler.change(onRow, loaded));
  } else {
    const { aggregate } = handler;
    if (row === null) {
      if (request.skipLocked) throw stillBusy();
      if (!waited) return { kind: "held" };
      throw aggregate.notFound(call.id);
    }
    const onRow = reached(aggregate, row, call, entry, standing);
    const head = aggregate.headOf(row);
    const state = aggregate.stateOf(row);
    if (state !== null)
      requireState(state, entry.from, handler.target?.(onRow) ?? entry.to[0], entry.wrongStateCode, aggregate.edges);
    requireVersion(aggregate, row, call.input);
    const consult = job.mayConsult && handler.consult?.(onRow, loaded);
    if (consult) return { kind: "consult", consult };
    const toPrepare = handler.prepare && (handler.needsPreparation?.(loaded) ?? true);
    if (toPrepare && (handler.preparedOnce ? !job.prepared : job.prepared?.seq !== head.seq)) {
      // What is refused must not leave anything outside the database either.
      const version = versionIn(aggregate, row);
      const would = { foreseen: state === null ? {} : { state }, version, place: aggregate.placeOf(row) };
      requireHumanApproval(desk, request, entry, {}, null, would);
      return {
        kind: "prepare",
        prepare: async () => ({ seq: head.seq, value: await handler.prepare?.(onRow, loaded) }),
      };
    }
    effect = effectOnRow(aggregate, onRow, entry, handler.decide(onRow, loaded, job.prepared?.value));
  }
  // The last of the checks: an invoice's total is known only now, and what is refused anyway is no question for people.
  if (request.actor.via === "chat") {
    const { visits, technicianChanged } = movedBy(desk, handler.on === "creation" ? null : row, effect);
    const effects = { technicianChanged, moved: visits, movedInAnHour: movedLately + visits };
    const would = {
      foreseen: foreseenOf(effect),
      version: versionIn(effect.aggregate, effect.found),
      place: placeToAllow(effect),
    };
    requireHumanApproval(desk, request, entry, effect.decision.payload, effects, would);
    if (visits > 0) effect = withMoved(effect, visits);
  }
  if (request.askOnly) throw new Refusal("APPROVAL_NOT_NEEDED");
  return {
    kind: "written",
    written: written({ desk, request, entry, key: job.key, requestHash, eventId: call.eventId, effect }),
  };
}

/** Whose it is to allow; null where what is another's changes with it: then that is for those who reach all of the office. */
function placeToAllow({ place, decision }: Effect): Belonging | null {
  const beside = (decision.related ?? []).map((one) => one.aggregate.placeOf("created" in one ? one.created : one.row));
  const { account_ids, site_ids } = concernsOf([place, ...beside]);
  return account_ids.length > 1 || (place?.site_id && site_ids.length > 1) ? null : place;
}

/**
 * The call on a row that the caller may reach, at a time behind its last event.
 * @throws Refusal FORBIDDEN_SCOPE, or what the aggregate's guard says
 */
function reached(aggregate: Aggregate, row: unknown, call: Call, entry: CommandEntry, standing: unknown): RowCall {
  const place = aggregate.placeOf(row);
  if (place) requireScope(call.actor, place);
  aggregate.guard(call.actor, row, entry, standing);
  return { ...call, row, now: timeAfter(aggregate.headOf(row).at, call.now) };
}

/** With how many visits it moves in the audit, for the sum of the next hour. */
const withMoved = (effect: Effect, visits: number): Effect => ({
  ...effect,
  decision: { ...effect.decision, payload: { ...effect.decision.payload, moved_visits: visits } },
});

/** @throws Refusal VERSION_CONFLICT where the caller says what it read, and that is no longer, or not, what there is */
function requireVersion(aggregate: Aggregate, row: unknown, input: unknown): void {
  const expected = isObject(input) ? input["expected_version"] : undefined;
  const current = row === null ? null : aggregate.versionOf?.(row);
  if (expected !== undefined && expected !== current)
    throw new Refusal("VERSION_CONFLICT", { current_version: current });
}
