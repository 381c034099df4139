// tech.resume: goes on with interrupted work.

import { ticketCommand } from "../ticket/ticket-command.ts";

export const techResume = ticketCommand({
  name: "tech.resume",
  decide: ({ input }) => ({ path: ["IN_PROGRESS"], payload: { note: input.note ?? null }, body: (ticket) => ticket }),
});
