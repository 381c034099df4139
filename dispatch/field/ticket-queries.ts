// Reading one ticket: itself, its timeline, its evidence.

import { ticketQuery } from "../ticket/ticket-command.ts";
import { ticketBody } from "../ticket/ticket-row.ts";
import { cursorOf, positionFrom } from "./cursor.ts";
import { evidenceBody, selectEvidence } from "./evidence-rows.ts";
import { ticketAt } from "./local-times.ts";
import { asCustomersSee, selectTimeline } from "./timeline.ts";

const timelinePage = 1_000;

export const ticketGet = ticketQuery("ticket.get", async ({ actor, ticket }) =>
  ticketAt(ticketBody(ticket, actor), ticket),
);

export const ticketTimeline = ticketQuery("ticket.timeline", async ({ desk, actor, input, ticket }) => {
  const limit = input.limit ?? timelinePage;
  const after = input.cursor ? positionFrom(input.cursor, ["count"])[0] : null;
  const events = await desk.db.rows(selectTimeline, [ticket.id, after, limit + 1, actor.role !== "customer"]);
  const page = events.slice(0, limit);
  const last = page.at(-1);
  return {
    ticket_id: ticket.id,
    events: actor.role === "customer" ? page.map(asCustomersSee) : page,
    ...(events.length > limit && last && { next_cursor: cursorOf([last.seq]) }),
  };
});

export const closeoutListEvidence = ticketQuery("closeout.list_evidence", async ({ desk, actor, ticket }) => ({
  ticket_id: ticket.id,
  evidence: (await desk.db.rows(selectEvidence, [ticket.id])).map((row) => evidenceBody(row, actor)),
}));
