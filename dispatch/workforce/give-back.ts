// Whoever leaves gives back the work they have not begun, and what they only help with at any time: who is ill today, and who no
// longer works here.

import type { TechnicianId } from "../contract/ids.ts";
import type { KeptWork, RequeuedWork } from "../contract/roster-responses.ts";
import type { Actor } from "../kernel/actor.ts";
import { concernsOf } from "../kernel/aggregate.ts";
import { requireScope } from "../kernel/authorize.ts";
import type { JsonObject } from "../kernel/json.ts";
import { standsAfter } from "../ticket/related-ticket.ts";
import type { ReadTicket } from "../ticket/ticket-row.ts";
import { settleMember } from "./bookings.ts";
import { localIso } from "./local-time.ts";
import { endGivenBack, requeued, settledAs, withoutHelper } from "./requeue.ts";

type Leaving = {
  readonly actor: Actor;
  readonly techId: TechnicianId;
  readonly now: string;
  readonly clockTime: string;
};

/**
 * @param work all of the technician's, locked
 * @param told kept in the history of each ticket that goes back
 * @throws Refusal FORBIDDEN_SCOPE: whoever may not see a ticket may not take its technician away either
 */
export function giveBack({ actor, techId, now, clockTime }: Leaving, work: readonly ReadTicket[], told: JsonObject) {
  for (const ticket of work) requireScope(actor, ticket);
  const going = work.flatMap(({ timezone, ...ticket }) => {
    const leads = ticket.assigned_tech_id === techId;
    const related = leads ? requeued(ticket, told, now, clockTime) : withoutHelper(ticket, told, now);
    return related ? [{ related, timezone, leads }] : [];
  });
  const returned = new Set(going.map(({ related }) => related.row.id));
  const kept: KeptWork[] = work
    .filter(({ id }) => !returned.has(id))
    .map(({ id, state }) => ({ ticket_id: id, state }));
  const back = going.map(({ related: one, timezone }): RequeuedWork => {
    const stands = standsAfter(one);
    return {
      ticket_id: one.row.id,
      previous_state: one.row.state,
      ...stands,
      scheduled_start_local: stands.scheduled_start && localIso(Date.parse(stands.scheduled_start), timezone),
      scheduled_end_local: stands.scheduled_end && localIso(Date.parse(stands.scheduled_end), timezone),
      timezone,
      receipt_id: one.eventId,
    };
  });
  return {
    requeued: back,
    kept,
    /** As the roster counts it: work that waits for an approval is no load. */
    openTickets: kept.filter(({ state }) => state !== "APPROVAL_REQUIRED").length,
    related: going.map(({ related: one, leads }) => ({
      ...one,
      parts: [leads ? endGivenBack(one, now) : settleMember(one.row.id, settledAs(one.row), now, techId)],
    })),
    concerns: concernsOf(work),
    payload: { requeued: back.map(({ ticket_id }) => ticket_id), kept: kept.map(({ ticket_id }) => ticket_id) },
  };
}
