// roster.sign_off: somebody is ill. No new work, and what they have not begun goes back to the queue, all in one
// transaction, with one audit row for the roster and one for each ticket.

import { deskCommand } from "../kernel/desk-chain.ts";
import { giveBack } from "./give-back.ts";
import { lockWorkOfTechnician } from "./requeue.ts";
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
  decide(call, { known, work }) {
    const {
      ids: { technicianId },
      input: { reason },
      now,
    } = call;
    const before = requireTechnician(known, technicianId);
    const told = { technician_id: technicianId, reason };
    const given = giveBack({ ...call, techId: technicianId }, work, told);
    const { requeued, kept, related, concerns, openTickets } = given;
    const technician = {
      ...before,
      drained_at: before.drained_at ?? now,
      drain_reason: reason,
      open_tickets: openTickets,
    };
    return {
      payload: { ...told, ...given.payload },
      related,
      concerns,
      write: (tx) => [tx.row(updateDrain, [technicianId, technician.drained_at, reason, true])],
      body: () => ({ technician, requeued, kept }),
    };
  },
});
