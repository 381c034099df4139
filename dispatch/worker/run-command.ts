// Gives commands as the worker: the same pipeline, checks and audit as any caller's, without the way over HTTP.

import type { TicketId } from "../contract/ids.ts";
import { type BodyOf, pathWith, pipelineCommands, type InputOf, type PipelineName } from "../contract/index.ts";
import type { Receipt } from "../contract/responses.ts";
import type { Actor } from "../kernel/actor.ts";
import { newId } from "../kernel/clock.ts";
import { execute } from "../kernel/execute.ts";
import type { Kernel } from "../kernel/kernel.ts";

export type WorkerCommand<N extends PipelineName> = {
  /** The ticket it is on; absent or null for a command about anything else. */
  readonly ticketId?: TicketId | null;
  /** The ids in its path, where that is no ticket's. */
  readonly ids?: Readonly<Record<string, string>>;
  readonly input: InputOf<N> & object;
  /** Shared by the commands of one case; a new one unless given. */
  readonly correlationId?: string;
};

/**
 * Runs a command on a ticket that nobody else holds, or on the desk.
 * @throws Refusal; IDEMPOTENCY_IN_FLIGHT when another command holds the ticket, DEPENDENCY_UNAVAILABLE when a part is away
 */
export type RunAsWorker = <N extends PipelineName>(
  name: N,
  command: WorkerCommand<N>,
) => Promise<BodyOf<N> & { readonly receipt: Receipt }>;

export function runAsWorker(kernel: Kernel, identity: string): RunAsWorker {
  const actor: Actor = { id: identity, role: "dispatcher", type: "SERVICE", techId: null, accounts: "*", sites: "*" };
  return async (name, { ticketId = null, ids: others = {}, input, correlationId = newId() }) => {
    const ids = ticketId === null ? others : { ticketId };
    const running = execute(kernel, {
      name,
      path: pathWith(pipelineCommands[name].path, ids),
      ids,
      body: { ...input },
      requestId: newId(),
      actor,
      trace: { correlationId, traceId: null, traceParent: null, traceState: null },
      skipLocked: true,
    });
    try {
      return JSON.parse((await running).body);
    } catch (error) {
      // The next try skips tickets that are locked, and this one's ROLLBACK may still be under way.
      await kernel.desk.db.settled();
      throw error;
    }
  };
}
