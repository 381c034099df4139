// schedule.book: finds a slot and books it in one transaction. A slot lost to a race is looked for again by the
// pipeline: the database refuses the overlap and this command runs anew on the calendar as it then is.

import { newId } from "../kernel/clock.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { consultOn } from "../travel/driving.ts";
import { loadSiteDemand, placeOfSite } from "../workforce/site-demand.ts";
import { rebook } from "./assign.ts";
import { spanAt, ticketAt } from "./local-times.ts";
import { loadRosterFor } from "./roster-for.ts";
import { searchSpan, slotsFor } from "./slot-search.ts";
import { requireVisitSearch } from "./visit-window.ts";

/** How many of the best slots are shown beside the one that was taken. */
const shown = 5;

export const scheduleBook = ticketCommand({
  name: "schedule.book",
  alone: true,
  target: () => "SCHEDULED",
  async load(tx, call) {
    const { input, ticketId, clockTime } = call;
    const { earliest: from, latest: to } = searchSpan(input, clockTime);
    const [roster, site] = await Promise.all([
      loadRosterFor(tx, call, { ticketId, from, to }),
      loadSiteDemand(tx, ticketId),
    ]);
    return { roster, site };
  },
  consult: ({ desk }, { roster, site }) => consultOn(desk.travel, roster, placeOfSite(site)),
  decide({ desk, input, ticket, now, clockTime }, { roster, site }) {
    requireVisitSearch({ policy: desk.policy, ticket, clockTime }, input);
    const { tech_id: techId, strategy = "best" } = input;
    if (techId && !roster.some((one) => one.id === techId))
      throw new Refusal("ASSIGNMENT_NOT_FOUND", { tech_id: techId });
    const { slots, rejected } = slotsFor({
      desk,
      ticket,
      roster,
      site,
      wish: input,
      strategy,
      limit: shown,
      now: clockTime,
    });
    const [slot] = slots;
    if (!slot) throw new Refusal("NO_FEASIBLE_SLOT", { rejected });

    const technician = roster.find((one) => one.id === slot.tech_id);
    const booking = {
      id: newId(Date.parse(now)),
      technician_id: slot.tech_id,
      ticket_id: ticket.id,
      start: slot.start,
      end: slot.end,
      state: "firm" as const,
      exclusive: technician?.calendared ?? true,
      travel_before_minutes: Math.ceil(slot.travel_before_minutes ?? 0),
      travel_source: slot.travel_source,
    };
    const considered = {
      slots: slots.map((one) => ({ ...spanAt(one, site), factors: [...one.factors] })),
      rejected: [...rejected],
    };
    return {
      path: ["SCHEDULE_PROPOSED", "SCHEDULED"],
      change: {
        scheduled_start: slot.start,
        scheduled_end: slot.end,
        proposed_windows: [{ start: slot.start, end: slot.end }],
        assigned_tech_id: slot.tech_id,
        assigned_provider_id: technician?.providerId ?? null,
      },
      payload: {
        booking_id: booking.id,
        tech_id: slot.tech_id,
        start: slot.start,
        end: slot.end,
        strategy,
        score: slot.score,
        travel_source: slot.travel_source,
      },
      write: (tx) => rebook(tx, ticket.id, booking, now, technician?.maxConcurrent),
      body: (after) => ({ ticket: ticketAt(after, site), booking: spanAt(booking, site), considered }),
    };
  },
});
