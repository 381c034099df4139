// roster.sign_off: somebody is ill. No new work, and what they have not begun goes back to the queue, all in one
// transaction, with one audit row for the roster and one for each ticket.

import { concernsOf } from "../kernel/aggregate.ts";
import { deskCommand } from "../kernel/desk-chain.ts";
import { requireScope } from "../kernel/authorize.ts";
import { standsAfter } from "../ticket/related-ticket.ts";
import { settleBookings } from "./bookings.ts";
import { lockWorkOfTechnician, requeued } from "./requeue.ts";
import { lockAndReadTechnician, requireTechnician, updateDrain } from "./technicians.ts";

export const rosterSignOff = deskCommand({
  name: "roster.sign_off",
  async load(tx, { ids: { technicianId }, clockTime }) {
    const [known, work] = await Promise.all([
      lockAndReadTechnician(tx, technicianId, clockTime),
      tx.rows(lockWorkOfTechnician, [technicianId]),
    ]);
    return { known, work };
  },
  decide({ ids: { technicianId }, actor, input, now, clockTime }, { known, work }) {
    const before = requireTechnician(known, technicianId);
    // Whoever may not see a ticket may not take its technician away either.
    for (const ticket of work) requireScope(actor, ticket);
    const { reason } = input;
    const told = { technician_id: technicianId, reason };
    const back = work.flatMap((ticket) => requeued(ticket, told, now, clockTime) ?? []);
    const returned = new Set(back.map(({ row }) => row.id));
    const kept = work.filter(({ id }) => !returned.has(id)).map(({ id, state }) => ({ ticket_id: id, state }));
    const technician = {
      ...before,
      drained_at: before.drained_at ?? now,
      drain_reason: reason,
      // As the roster counts it: work that waits for an approval is no load.
      open_tickets: kept.filter(({ state }) => state !== "APPROVAL_REQUIRED").length,
    };
    const requeuedWork = back.map((one) => ({
      ticket_id: one.row.id,
      previous_state: one.row.state,
      ...standsAfter(one),
      receipt_id: one.eventId,
    }));
    return {
      payload: {
        ...told,
        requeued: requeuedWork.map(({ ticket_id }) => ticket_id),
        kept: kept.map(({ ticket_id }) => ticket_id),
      },
      related: back,
      concerns: concernsOf(work),
      write: (tx) => [
        tx.row(updateDrain, [technicianId, technician.drained_at, reason]),
        ...back.map((one) => tx.row(settleBookings, [one.row.id, "released", now])),
      ],
      body: () => ({ technician, requeued: requeuedWork, kept }),
    };
  },
});
