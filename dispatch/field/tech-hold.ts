// tech.hold: interrupts the work.

import { ticketCommand } from "../ticket/ticket-command.ts";

export const techHold = ticketCommand({
  name: "tech.hold",
  decide: ({ input }) => ({
    path: ["ON_HOLD"],
    payload: { reason_code: input.reason_code, note: input.note ?? null },
    body: (ticket) => ticket,
  }),
});
