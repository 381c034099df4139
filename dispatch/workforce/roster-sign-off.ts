// roster.sign_off: somebody is ill. No new work, and what they have not begun goes back to the queue, all in one
// transaction, with one audit row for the roster and one for each ticket.

import { deskCommand } from "../kernel/command.ts";
import { requireScope } from "../kernel/authorize.ts";
import { besideAfter, writeBeside } from "../ticket/related-ticket.ts";
import { settleBookings } from "./bookings.ts";
import { lockWorkOfTechnician, requeued } from "./requeue.ts";
import { lockAndReadTechnician, requireTechnician, updateDrain } from "./technicians.ts";

export const rosterSignOff = deskCommand({
  name: "roster.sign_off",
  async load(tx, { technicianId, clockTime }) {
    const [known, work] = await Promise.all([
      lockAndReadTechnician(tx, technicianId, clockTime),
      tx.rows(lockWorkOfTechnician, [technicianId]),
    ]);
    return { known, work };
  },
  decide({ desk, technicianId, actor, input, now, clockTime }, { known, work }) {
    const before = requireTechnician(known, technicianId);
    // Whoever may not see a ticket may not take its technician away either.
    for (const ticket of work) requireScope(actor, ticket);
    const { reason } = input;
    const told = { technician_id: technicianId, reason };
    const back = work.flatMap((ticket) => requeued(ticket, told, now, clockTime) ?? []);
    const returned = new Set(back.map(({ ticket }) => ticket.id));
    const kept = work.filter(({ id }) => !returned.has(id)).map(({ id, state }) => ({ ticket_id: id, state }));
    const technician = {
      ...before,
      drained_at: before.drained_at ?? now,
      drain_reason: reason,
      // As the roster counts it: work that waits for an approval is no load.
      open_tickets: kept.filter(({ state }) => state !== "APPROVAL_REQUIRED").length,
    };
    const requeuedWork = back.map((one) => ({
      ticket_id: one.ticket.id,
      previous_state: one.ticket.state,
      ...besideAfter(one),
      receipt_id: one.eventId,
    }));
    return {
      payload: {
        ...told,
        requeued: requeuedWork.map(({ ticket_id }) => ticket_id),
        kept: kept.map(({ ticket_id }) => ticket_id),
      },
      write: (tx, event) => [
        tx.row(updateDrain, [technicianId, technician.drained_at, reason]),
        ...back.flatMap((one) => [
          tx.row(settleBookings, [one.ticket.id, "released", now]),
          ...writeBeside(tx, event, one, desk.policy.sla.targetMinutes),
        ]),
      ],
      body: () => ({ technician, requeued: requeuedWork, kept }),
    };
  },
});
