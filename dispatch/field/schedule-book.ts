// schedule.book: finds a slot and books it in one transaction. A slot lost to a race is looked for again by the
// pipeline: the database refuses the overlap and this command runs anew on the calendar as it then is. A crew is booked whole or
// not at all.

import type { BookingBody } from "../contract/responses.ts";
import { newId } from "../kernel/clock.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { consultOn } from "../travel/driving.ts";
import { inOrder } from "../workforce/crew.ts";
import type { SlotHelper, SlotRejection } from "../workforce/find-slots.ts";
import { crewSize, loadSiteDemand, placeOfSite } from "../workforce/site-demand.ts";
import { rebook } from "./assign.ts";
import { spanAt, ticketAt } from "./local-times.ts";
import { crewPayload, memberOf } from "./crew.ts";
import { nobodyFree } from "./promise.ts";
import { loadRosterFor } from "./roster-for.ts";
import { searchSpan, slotBody, slotsFor } from "./slot-search.ts";
import { requireVisitSearch } from "./visit-window.ts";
import { closedWarnings } from "./site-closed.ts";

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
  decide({ desk, actor, input, ticket, now, clockTime }, { roster, site }) {
    requireVisitSearch({ policy: desk.policy, ticket, clockTime }, input);
    const { tech_id: techId, strategy = "best" } = input;
    if (techId && !roster.some((one) => one.id === techId))
      throw new Refusal("ASSIGNMENT_NOT_FOUND", { tech_id: techId });
    const people = crewSize(ticket.incident_type, desk.policy);
    const { slots, rejected, free } = slotsFor({
      desk,
      ticket,
      roster,
      site,
      wish: input,
      strategy,
      limit: shown,
      now: clockTime,
      people,
    });
    const [slot] = slots;
    if (!slot)
      throw nobodyFree(actor, { rejected: rejected.map(asExcluded) }, people > 1 ? { needed: people, free } : null);

    const technician = roster.find((one) => one.id === slot.tech_id);
    const bookingOf = (one: SlotHelper, role: "lead" | "helper"): BookingBody => ({
      id: newId(Date.parse(now)),
      technician_id: one.tech_id,
      ticket_id: ticket.id,
      start: slot.start,
      end: slot.end,
      state: "firm" as const,
      exclusive: roster.find(({ id }) => id === one.tech_id)?.calendared ?? true,
      travel_before_minutes: Math.ceil(one.travel_before_minutes ?? 0),
      travel_source: slot.travel_source,
      role,
    });
    const booking = bookingOf(slot, "lead");
    const bookings = [booking, ...(slot.helpers ?? []).map((one) => bookingOf(one, "helper"))];
    const crew = inOrder(bookings.map((one) => memberOf(one, roster)));
    const considered = { slots: slots.map((one) => slotBody(one, site)), rejected: [...rejected] };
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
        ...crewPayload(crew),
      },
      warnings: closedWarnings(desk, site, [slot]),
      write: (tx) => rebook(tx, ticket.id, bookings, now, roster),
      body: (after) => ({ ticket: ticketAt(after, site), booking: spanAt(booking, site), crew, considered }),
    };
  },
});

const asExcluded = ({ tech_id: id, tech_name: name, ...why }: SlotRejection) => ({ id, name, ...why });
