// Gives one of the worker's own commands for each ticket of a list. Which ticket it still fits, the command decides.

import type { TicketId } from "../contract/ids.ts";
import { internalCommands } from "../contract/internal-commands.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { DutyParts } from "./duty.ts";
import { awayPart } from "./trouble.ts";

/** Logged of a ticket that somebody else holds at this moment: it is found again at the next tick. */
export const heldTicket = "worker.ticket_held";

export type OnEach = {
  readonly command: keyof typeof internalCommands;
  readonly ticketIds: readonly TicketId[];
  readonly stopping: () => boolean;
};

/**
 * Runs the command on each ticket and tells how many it moved. A refusal is another worker's success, or a caller's; it is
 * found again if it was not.
 * @throws what tells that a part of the desk is away, and defects
 */
export async function runOnEach({ log, run }: DutyParts, { command, ticketIds, stopping }: OnEach): Promise<number> {
  let done = 0;
  for (const ticketId of ticketIds) {
    if (stopping()) break;
    try {
      const { receipt } = await run(command, { ticketId, input: {} });
      done++;
      log.info({ command, ticket_id: ticketId, receipt_id: receipt.receipt_id }, "worker.ticket_moved");
    } catch (error) {
      if (!(error instanceof Refusal) || awayPart(error) !== null) throw error;
      if (error.code === "IDEMPOTENCY_IN_FLIGHT") log.debug({ command, ticket_id: ticketId }, heldTicket);
    }
  }
  return done;
}
