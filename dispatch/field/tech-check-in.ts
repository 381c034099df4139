// tech.check_in: the technician arrives and begins; on site and at work are two moves of one command.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { utc } from "./windows.ts";

export const techCheckIn = ticketCommand({
  name: "tech.check_in",
  decide: ({ input }) => ({
    path: ["ON_SITE", "IN_PROGRESS"],
    payload: { timestamp: utc(input.timestamp), location: input.location ?? null },
    body: (ticket) => ticket,
  }),
});
