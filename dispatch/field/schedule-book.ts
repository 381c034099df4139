// schedule.book: finds a slot and books it in one transaction. A slot lost to a race is looked for again by the
// pipeline: the database refuses the overlap and this command runs anew on the calendar as it then is. A crew is booked whole or
// not at all.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { consultOn } from "../travel/driving.ts";
import { crewPayload, inOrder, memberOf } from "../workforce/crew.ts";
import { minuteMs } from "../workforce/availability.ts";
import type { Slot, SlotRejection } from "../workforce/find-slots.ts";
import type { TimeRange } from "../workforce/shift-ranges.ts";
import { crewSize, loadSiteDemand, placeOfSite } from "../workforce/site-demand.ts";
import { arrivalFor } from "./arrival-window.ts";
import { bookingsOf, partsIn, rebook } from "./assign.ts";
import { partsAt, spanAt, ticketAt } from "./local-times.ts";
import { nobodyFree } from "./promise.ts";
import { loadRosterFor } from "./roster-for.ts";
import { searchSpan, slotBody, slotsFor, withinPromise } from "./slot-search.ts";
import { requireVisitSearch } from "./visit-window.ts";
import { closedWarnings } from "./site-closed.ts";
import { policyOf } from "../ticket/policy-of.ts";

/** How many of the best slots are shown beside the one that was taken. */
const shown = 5;

export const scheduleBook = ticketCommand({
  name: "schedule.book",
  alone: true,
  target: () => "SCHEDULED",
  async load(tx, call) {
    const { input, ticketId, clockTime } = call;
    const { earliest: from, latest: to } = searchSpan(withinPromise(input), clockTime);
    const [roster, site] = await Promise.all([
      loadRosterFor(tx, call, { ticketId, from, to }),
      loadSiteDemand(tx, ticketId),
    ]);
    return { roster, site };
  },
  consult: ({ desk }, { roster, site }) => consultOn(desk.travel, roster, placeOfSite(site)),
  decide(call, { roster, site }) {
    const { desk, actor, input, ticket, now, clockTime } = call;
    const arrival = arrivalFor(call, null);
    requireVisitSearch({ policy: policyOf(desk, ticket), ticket, clockTime }, input);
    const { tech_id: techId, strategy = "best" } = input;
    if (techId && !roster.some((one) => one.id === techId))
      throw new Refusal("ASSIGNMENT_NOT_FOUND", { tech_id: techId });
    const people = crewSize(ticket.incident_type, policyOf(desk, ticket));
    const { slots, rejected, free } = slotsFor({
      desk,
      ticket,
      roster,
      site,
      wish: withinPromise(input),
      strategy,
      limit: shown,
      now: clockTime,
      people,
    });
    const [slot] = slots;
    const technician = slot && roster.find((one) => one.id === slot.tech_id);
    if (!slot || !technician)
      throw nobodyFree(actor, { rejected: rejected.map(asExcluded) }, people > 1 ? { needed: people, free } : null);

    const { travel_source: travelSource } = slot;
    const pieces = piecesOf(slot);
    const lead = bookingsOf(ticket.id, technician, pieces, { travelSource, role: "lead" }, now);
    const helping = (slot.helpers ?? []).flatMap((helper) => {
      const one = roster.find(({ id }) => id === helper.tech_id);
      const piece = pieceOf({ ...slot, travel_before_minutes: helper.travel_before_minutes });
      return one ? bookingsOf(ticket.id, one, [piece], { travelSource, role: "helper" }, now).all : [];
    });
    const bookings = [...lead.all, ...helping];
    const crew = inOrder([lead.first, ...helping].map((one) => memberOf(one, roster)));
    const considered = { slots: slots.map((one) => slotBody(one, site)), rejected: [...rejected] };
    return {
      path: ["SCHEDULE_PROPOSED", "SCHEDULED"],
      change: {
        scheduled_start: slot.start,
        scheduled_end: slot.end,
        arrival_start: arrival?.start ?? null,
        arrival_end: arrival?.end ?? null,
        proposed_windows: [{ start: slot.start, end: slot.end }],
        assigned_tech_id: slot.tech_id,
        assigned_provider_id: technician.providerId,
        parted_minutes: slot.parts ? workIn(pieces) : null,
      },
      payload: {
        booking_id: lead.first.id,
        tech_id: slot.tech_id,
        start: slot.start,
        end: slot.end,
        ...(arrival && { arrival_window: arrival }),
        strategy,
        score: slot.score,
        travel_source: slot.travel_source,
        ...partsIn(lead),
        ...crewPayload(crew),
      },
      warnings: closedWarnings(desk, site, slot.parts ?? [slot]),
      parts: rebook(ticket.id, bookings, now, roster),
      body: (after) => ({
        ticket: ticketAt(after, site),
        booking: spanAt(lead.first, site),
        ...partsAt(lead, site),
        crew,
        considered,
      }),
    };
  },
});

const asExcluded = ({ tech_id: id, tech_name: name, ...why }: SlotRejection) => ({ id, name, ...why });

/** The slot itself, or each of its parts. */
const piecesOf = ({ parts, ...whole }: Slot) => (parts ?? [whole]).map(pieceOf);

const pieceOf = ({
  start,
  end,
  travel_before_minutes: travelBefore,
}: Pick<Slot, "start" | "end" | "travel_before_minutes">) => ({
  start: Date.parse(start),
  end: Date.parse(end),
  travelBefore,
});

const workIn = (pieces: readonly TimeRange[]): number =>
  pieces.reduce((sum, { start, end }) => sum + (end - start) / minuteMs, 0);
