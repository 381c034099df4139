// schedule.slots: when could an able technician come, and why can the others not?

import { ticketQuery } from "../ticket/ticket-command.ts";
import { sha256 } from "../kernel/json.ts";
import { Refusal } from "../kernel/refusal.ts";
import { consultOn } from "../travel/driving.ts";
import { loadCrew, peopleFor } from "../workforce/crew.ts";
import { loadSiteDemand, placeOfSite } from "../workforce/site-demand.ts";
import { loadRosterFor } from "./roster-for.ts";
import { searchSpan, slotBody, slotsFor } from "./slot-search.ts";
import { policyOf } from "../ticket/policy-of.ts";

const normalLimit = 10;

export const scheduleSlots = ticketQuery("schedule.slots", async ({ desk, actor, input, ticket, now }) => {
  const { earliest, latest, problem } = searchSpan(input, now);
  if (problem) {
    throw new Refusal("INVALID_QUERY", { validation_errors: [{ path: "latest", rule: "range", message: problem }] });
  }
  const [roster, site, crew] = await Promise.all([
    loadRosterFor(desk.db, { desk, actor, clockTime: now }, { ticketId: ticket.id, from: earliest, to: latest }),
    loadSiteDemand(desk.db, ticket.id),
    loadCrew(desk.db, ticket.id),
  ]);
  await consultOn(desk.travel, roster, placeOfSite(site))?.();
  const found = slotsFor({
    desk,
    ticket,
    roster,
    site,
    wish: input,
    strategy: "earliest",
    limit: input.limit ?? normalLimit,
    now,
    people: peopleFor(crew, policyOf(desk, crew)),
  });
  return {
    slots: found.slots.map((one) => slotBody(one, site)),
    // Who is away, and why, is no customer's to know by name.
    rejected: found.rejected.map(({ tech_name, ...why }) => (actor.role === "customer" ? why : { ...why, tech_name })),
    generated_at: now,
    // Changes whenever anything the search looked at has changed.
    schedule_version: sha256(JSON.stringify(found.searched)).slice(0, 16),
    timezone: site?.timezone ?? null,
  };
});
