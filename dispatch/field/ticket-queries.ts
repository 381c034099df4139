// Reading one ticket: itself, its timeline, its evidence.

import { longestEvidencePage } from "../contract/queries.ts";
import { ticketQuery } from "../ticket/ticket-command.ts";
import { ticketBody } from "../ticket/ticket-row.ts";
import { standingRules } from "./closeout-check.ts";
import { cursorOf, positionFrom } from "./cursor.ts";
import { evidenceBody, selectEvidence, selectEvidenceFacts } from "./evidence-rows.ts";
import { ticketAt } from "./local-times.ts";
import { standingEvidence } from "./standing-evidence.ts";
import { asCustomersSee, selectTimelinePage } from "./timeline.ts";
import { demandsOf, selectTrail, visitSpanOf } from "./visits.ts";
import { policyOf } from "../ticket/policy-of.ts";

const timelinePage = 1_000;

export const ticketGet = ticketQuery("ticket.get", async ({ actor, ticket }) => ({
  ...ticketAt(ticketBody(ticket, actor), ticket),
  site: { id: ticket.site_id, name: ticket.site_name, city: ticket.site_city, region: ticket.site_region },
}));

export const ticketTimeline = ticketQuery("ticket.timeline", async ({ desk, actor, input, ticket }) => {
  const limit = input.limit ?? timelinePage;
  const after = input.cursor ? positionFrom(input.cursor, ["count"])[0] : null;
  const found = await desk.db.rows(selectTimelinePage, [ticket.id, after, limit + 1, actor.role !== "customer"]);
  const page = found.slice(0, limit).map(({ last_seq: _, ...event }) => event);
  const last = page.at(-1);
  return {
    ticket_id: ticket.id,
    events: actor.role === "customer" ? page.map(asCustomersSee) : page,
    ...(last && last.seq < (found[0]?.last_seq ?? 0) && { next_cursor: cursorOf([last.seq]) }),
  };
});

export const closeoutListEvidence = ticketQuery("closeout.list_evidence", async (call) => {
  const { desk, actor, input, ticket, now } = call;
  const limit = input.limit ?? longestEvidencePage;
  const [time = null, id = null] = input.cursor ? positionFrom(input.cursor, ["time", "id"]) : [];
  const [found, facts, trail] = await Promise.all([
    desk.db.rows(selectEvidence, [ticket.id, time, id, limit + 1]),
    desk.db.rows(selectEvidenceFacts, [ticket.id]),
    desk.db.rows(selectTrail, [ticket.id]),
  ]);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const rules = { demands: demandsOf(trail), visit: visitSpanOf(trail, ticket, now) };
  const { rejected, doubtful } = standingEvidence(facts, standingRules(policyOf(desk, ticket), rules));
  return {
    ticket_id: ticket.id,
    ...(rejected.length > 0 && { rejected_evidence: [...rejected] }),
    ...(doubtful.length > 0 && { doubtful_evidence: [...doubtful] }),
    evidence: page.map((row) => evidenceBody(row, actor)),
    ...(found.length > limit && last && { next_cursor: cursorOf([last.created_at, last.id]) }),
  };
});
