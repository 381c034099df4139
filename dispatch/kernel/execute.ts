// How any command runs: one function that reads from top to bottom. Two flights to Postgres per command: begin, lock
// and read; then write everything and commit.

import { type CommandEntry, pipelineCommands, type PipelineName } from "../contract/index.ts";
import { lockDeskChain } from "./audit.ts";
import { requireAssignedTech, requireScope } from "./authorize.ts";
import { newId, timeAfter } from "./clock.ts";
import type { Answer, CommandRequest } from "./command-call.ts";
import type { Call, CommandHandlers, TicketCall } from "./command.ts";
import type { Desk } from "./desk.ts";
import { isLostRace, refusalFor, stillBusy } from "./failure.ts";
import { requireHumanApproval } from "./human-approval.ts";
import { type AnswerKey, fingerprint, replayOf, selectAnswer } from "./idempotency.ts";
import { requireState } from "./machine.ts";
import { invalidFields, Refusal } from "./refusal.ts";
import { lockFreeTicket, lockTicket } from "../ticket/ticket-row.ts";
import type { Validators } from "./validate.ts";
import { effectOfCreation, effectOfDesk, effectOfTicket, writeEffect, type Effect } from "./write.ts";

export type Kernel = { readonly desk: Desk; readonly handlers: CommandHandlers; readonly validators: Validators };

/** What `prepare` made, and the ticket's audit seq it was made at: any later command on the ticket outdates it. */
type Prepared = { readonly seq: number; readonly value: unknown };
type Outcome =
  | { readonly answer: Answer }
  | { readonly consult: () => Promise<void> }
  | { readonly prepare: () => Promise<Prepared> };

/** How often a command runs anew after losing a race that only the database could decide. */
const maxAttempts = 5;

/**
 * Runs a command to its one answer.
 * @throws Refusal for everything that can be said to the caller, DEPENDENCY_UNAVAILABLE included
 */
export async function execute(kernel: Kernel, request: CommandRequest): Promise<Answer> {
  let prepared: Prepared | undefined;
  let mayConsult = true;
  for (let attempt = 1; ; attempt++) {
    try {
      const outcome = await attemptOnce(kernel, request, mayConsult, prepared);
      if ("answer" in outcome) {
        if (!outcome.answer.replayed) kernel.desk.announce();
        return outcome.answer;
      }
      if (attempt >= maxAttempts) throw stillBusy();
      if ("consult" in outcome) {
        mayConsult = false;
        await outcome.consult();
        continue;
      }
      prepared = await outcome.prepare();
    } catch (error) {
      if (attempt >= maxAttempts || !isLostRace(error)) throw refusalFor(error);
    }
  }
}

async function attemptOnce<N extends PipelineName>(
  kernel: Kernel,
  request: CommandRequest<N>,
  mayConsult: boolean,
  prepared?: Prepared,
): Promise<Outcome> {
  const { desk } = kernel;
  const { name, actor } = request;
  const entry: CommandEntry = pipelineCommands[name];
  const handler = kernel.handlers[name];
  const key: AnswerKey = [actor.id, entry.path, request.requestId];
  const requestHash = fingerprint(request.path, request.body);
  const validated = kernel.validators.commands[name](request.body);
  const call = validated.ok ? callOf(desk, request, validated.input) : null;

  return desk.db.transaction(async (tx): Promise<Outcome> => {
    // First flight: everything is queued before anything is awaited. The lock comes first, so that whatever is read
    // after it is the state this command will change; the stored answer comes last, behind any lock that load takes,
    // so that an equal call which held it has its answer found.
    const [locked, deskHead, loaded, stored] = await Promise.all([
      request.ticketId === null ? null : tx.row(request.skipLocked ? lockFreeTicket : lockTicket, [request.ticketId]),
      handler.on === "desk" ? tx.row(lockDeskChain) : null,
      call && handler.load?.(tx, call),
      tx.row(selectAnswer, key),
    ]);

    if (stored) return { answer: await replayOf(tx, key, stored, requestHash, actor) };
    if (!call) throw invalidFields(validated.ok ? [] : validated.violations);

    let effect: Effect;
    if (handler.on === "ticket") {
      if (!locked)
        throw request.skipLocked ? stillBusy() : new Refusal("TICKET_NOT_FOUND", { ticket_id: request.ticketId });
      requireScope(actor, locked);
      requireAssignedTech(actor, locked);
      const onTicket: TicketCall<N> = { ...call, ticket: locked, now: timeAfter(locked.audit_at, call.now) };
      requireState(locked, entry.from, handler.target?.(onTicket) ?? entry.to[0], handler.wrongStateCode);
      const consult = mayConsult && handler.consult?.(onTicket, loaded);
      if (consult) return { consult };
      const toPrepare = handler.prepare && (handler.needsPreparation?.(loaded) ?? true);
      if (toPrepare && prepared?.seq !== locked.audit_seq) {
        // What is refused must not leave anything outside the database either.
        requireHumanApproval(desk, request, {});
        return { prepare: async () => ({ seq: locked.audit_seq, value: await handler.prepare?.(onTicket, loaded) }) };
      }
      effect = effectOfTicket(onTicket, entry, handler.decide(onTicket, loaded, prepared?.value));
    } else if (handler.on === "creation") {
      effect = effectOfCreation(call, handler.decide(call, loaded));
    } else {
      if (!deskHead) throw new Error("the desk's audit chain has no head; the migration that makes it has not run");
      const onDesk: Call<N> = { ...call, now: timeAfter(deskHead.at, call.now) };
      if (handler.prepare && !prepared) {
        requireHumanApproval(desk, request, {});
        return { prepare: async () => ({ seq: deskHead.seq, value: await handler.prepare?.(onDesk, loaded) }) };
      }
      effect = effectOfDesk(onDesk, handler.decide(onDesk, loaded, prepared?.value), deskHead);
    }

    // The last of the checks: an invoice's total is known only now, and what is refused anyway is no question for people.
    requireHumanApproval(desk, request, effect.payload);

    // Second flight: every row and the commit travel together.
    const written = writeEffect({ request, entry, eventId: call.eventId, effect, requestHash });
    await Promise.all([...written.statements(tx), tx.commit()]);
    return { answer: written.answer };
  });
}

function callOf<N extends PipelineName>(desk: Desk, request: CommandRequest<N>, input: Call<N>["input"]): Call<N> {
  const now = desk.clock.now();
  const clockTime = now.toISOString();
  const ticketId = request.ticketId ?? newId(now.getTime());
  const { actor, requestId, technicianId, planId } = request;
  return {
    desk,
    actor,
    input,
    now: clockTime,
    clockTime,
    ticketId,
    requestId,
    technicianId: technicianId ?? "",
    planId: planId ?? "",
    eventId: newId(now.getTime()),
  };
}
