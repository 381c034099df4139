// When nobody is free for an emergency and the policy lets the worker decide: takes the technician off the work whose delay
// does the least harm, by the same command a dispatcher would give. The other ticket goes back to the queue.

import type { BodyOf } from "../contract/index.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { Claim } from "./assignment-queue.ts";
import type { DutyParts } from "./duty.ts";

type Proposals = NonNullable<BodyOf<"assignment.recommend">["bump"]>;

/** What was free to take a moment ago and is not any more, or must be left alone; then the next best is tried. */
const passedOver = new Set([
  "AUTONOMY_DISABLED",
  "INVALID_REQUEST",
  "SLOT_TAKEN",
  "TECH_UNAVAILABLE",
  "TICKET_NOT_FOUND",
]);

/**
 * Sends the first technician of the proposals, which come lowest harm first, who may be taken off what they have.
 * @returns whether somebody was sent
 * @throws Refusal when the emergency itself was taken by another; AUTONOMY_DISABLED does not come through, since every
 *   proposal is then passed over
 */
export async function bumpForEmergency(
  { desk, log, run, totals }: DutyParts,
  { ticketId }: Claim,
  proposals: Proposals,
  correlationId: string,
): Promise<boolean> {
  if (!desk.policy.workerMayBump) return false;
  for (const { tech_id, ticket_id: bumpId, cost } of proposals) {
    const input = {
      override_type: "direct_dispatch_bypass" as const,
      reason_code: "safety" as const,
      note: `Nobody was free for an emergency; delaying this does the least harm (cost ${cost}).`,
      tech_id,
      bump_ticket_id: bumpId,
    };
    try {
      const { receipt } = await run("assignment.override", { ticketId, correlationId, input });
      totals.dispatches++;
      log.info(
        {
          ticket_id: ticketId,
          correlation_id: correlationId,
          tech_id,
          bumped_ticket_id: bumpId,
          cost,
          receipt_id: receipt.receipt_id,
        },
        "worker.dispatch_success",
      );
      return true;
    } catch (error) {
      if (!(error instanceof Refusal) || !passedOver.has(error.code)) throw error;
    }
  }
  return false;
}
