// plan.apply: carries a proposal out, whole or not at all. Each ticket that moves gets its own audit row and receipt; what was
// booked since, by whatever way, is refused by the exclusion constraint and then found as the change it is.

import { statement } from "../db/statement.ts";
import type { PlanMove } from "../contract/plan-responses.ts";
import type { BookingBody } from "../contract/responses.ts";
import type { Session } from "../db/pool.ts";
import { newId } from "../kernel/clock.ts";
import { deskCommand, type DeskCall } from "../kernel/desk-chain.ts";
import { requireScope } from "../kernel/authorize.ts";
import { Refusal } from "../kernel/refusal.ts";
import { relatedTicket, standsAfter } from "../ticket/related-ticket.ts";
import { ticketColumns, type TicketRow } from "../ticket/ticket-row.ts";
import { insertBookings, settleBookings } from "../workforce/bookings.ts";
import { loadRoster, readingAt, type RosterEntry } from "../workforce/calendar.ts";
import { crewChange, crewPayload, inOrder, memberOf } from "../workforce/crew.ts";
import { localToInstant, parseDate } from "../workforce/local-time.ts";
import { changesSince, everybodyIn, factsBehind, type PlanChange } from "./plan-facts.ts";
import type { PlanDay } from "./plan-day.ts";
import { lockPlan, planBody, requireOpen, requirePlan, setPlanStatus, type PlanRow } from "./plan-rows.ts";
import { loadTicketsNow, type PlanTicket } from "./plan-tickets.ts";

// In the order of ids, so that two who lock several tickets do not wait for each other.
const lockPlanTickets = statement<TicketRow>(
  "plan_tickets_lock",
  `SELECT ${ticketColumns("t")} FROM tickets t WHERE t.id = ANY ($1) ORDER BY t.id FOR NO KEY UPDATE`,
);

type Loaded = {
  readonly known: PlanRow | null;
  readonly locked: readonly TicketRow[];
  readonly tickets: readonly PlanTicket[];
  readonly roster: readonly RosterEntry[];
};

/**
 * The lock on the desk's chain, which every change of the roster takes too, comes before all of this. It refuses nothing: a
 * call that is only repeated has its answer, whatever became of the plan.
 */
async function load(tx: Session, { desk, ids: { planId }, clockTime }: DeskCall<"plan.apply">): Promise<Loaded> {
  const known = await tx.row(lockPlan, [planId]);
  if (!known) return { known, locked: [], tickets: [], roster: [] };
  const ids = movesOf(known).map(({ ticket_id }) => ticket_id);
  const { start, end } = dayOf(known);
  const [locked, tickets, roster] = await Promise.all([
    tx.rows(lockPlanTickets, [ids]),
    loadTicketsNow(tx, ids),
    loadRoster(
      tx,
      { ticketId: null, from: new Date(start).toISOString(), to: new Date(end).toISOString() },
      readingAt(desk.policy, clockTime),
    ),
  ]);
  return { known, locked, tickets, roster };
}

export const planApply = deskCommand({
  name: "plan.apply",
  load,
  decide(call, { known, locked, tickets, roster }: Loaded) {
    const { ids, actor, input, now, clockTime } = call;
    const row = requirePlan(known, ids.planId, actor);
    requireOpen(row, clockTime);
    for (const ticket of locked) requireScope(actor, ticket);
    const moves = movesOf(row);
    const changes = [...changesOf(row, tickets, roster), ...overdue(moves, clockTime), ...overrun(moves, roster)];
    if (changes.length > 0) throw new Refusal("PLAN_STALE", { plan_id: row.id, changes });
    const steps = moves.flatMap((move) => {
      const ticket = locked.find(({ id }) => id === move.ticket_id);
      return ticket ? [stepOf(row, move, ticket, roster, now)] : [];
    });
    const applied: PlanRow = { ...row, status: "APPLIED" };
    return {
      payload: {
        plan_id: row.id,
        day: row.day,
        zone: row.zone,
        note: input.note ?? null,
        moved_visits: moves.length,
        moved: moves.map(({ ticket_id }) => ticket_id),
      },
      related: steps.map(({ related }) => related),
      concerns: row,
      write: (tx) => [tx.row(setPlanStatus, [row.id, applied.status])],
      body: () => ({
        plan: planBody(applied, clockTime),
        moved: steps.map(({ related, lead, members, move }) => ({
          ticket_id: related.row.id,
          number: related.row.number,
          previous_state: related.row.state,
          state: standsAfter(related).state,
          tech_id: lead.technician_id,
          ...(members.length > 1 && { crew: members }),
          scheduled_start: lead.start,
          scheduled_end: lead.end,
          receipt_id: related.eventId,
          scheduled_start_local: move.to.start_local ?? null,
          scheduled_end_local: move.to.end_local ?? null,
          ...(move.timezone && { timezone: move.timezone }),
        })),
      }),
    };
  },
});

const movesOf = ({ found }: PlanRow): readonly PlanMove[] => found?.moves ?? [];

function dayOf({ day, time_zone }: PlanRow): PlanDay {
  const first = parseDate(day);
  return {
    date: day,
    timeZone: time_zone,
    start: localToInstant(first, 0, time_zone),
    end: localToInstant(first + 1, 0, time_zone),
  };
}

function changesOf(row: PlanRow, tickets: readonly PlanTicket[], roster: readonly RosterEntry[]): PlanChange[] {
  const moves = movesOf(row);
  return changesSince(
    row.facts ?? { tickets: [], technicians: [] },
    factsBehind(moves, { tickets, roster, day: dayOf(row) }),
  );
}

/** What a technician is on site with beyond its planned end, where a visit would be moved to. */
const overrun = (moves: readonly PlanMove[], roster: readonly RosterEntry[]): PlanChange[] =>
  roster
    .filter(({ id, beyondPlan }) =>
      moves.some(
        ({ to }) =>
          everybodyIn(to).includes(id) && beyondPlan.some((one) => to.start < iso(one.end) && iso(one.start) < to.end),
      ),
    )
    .map(({ id }) => ({ kind: "technician", tech_id: id, what: ["busy"] }));

const iso = (instant: number): string => new Date(instant).toISOString();

/** Nobody is booked for a time that has begun. */
const overdue = (moves: readonly PlanMove[], now: string): PlanChange[] =>
  moves
    .filter(({ to }) => to.start < now)
    .map(({ ticket_id, to }) => ({
      kind: "ticket",
      ticket_id,
      what: ["time_passed"],
      was: null,
      is: { start: to.start },
    }));

type Going = Pick<PlanMove["to"], "tech_id" | "travel_before_minutes">;

function stepOf(row: PlanRow, move: PlanMove, ticket: TicketRow, roster: readonly RosterEntry[], now: string) {
  const { to, reason } = move;
  const bookingOf = ({ tech_id, travel_before_minutes }: Going, role: "lead" | "helper"): BookingBody => ({
    id: newId(Date.parse(now)),
    technician_id: tech_id,
    ticket_id: ticket.id,
    start: to.start,
    end: to.end,
    state: "firm",
    exclusive: true,
    travel_before_minutes,
    travel_source: "estimate",
    role,
  });
  const lead = bookingOf(to, "lead");
  const bookings = [lead, ...(to.helpers ?? []).map((one) => bookingOf(one, "helper"))];
  const members = inOrder(bookings.map((one) => memberOf(one, roster)));
  const retimed = ticket.scheduled_start !== to.start || ticket.scheduled_end !== to.end;
  const related = relatedTicket(
    {
      ticket,
      path: ticket.state === "READY_TO_SCHEDULE" ? ["SCHEDULE_PROPOSED", "SCHEDULED"] : [],
      change: {
        scheduled_start: to.start,
        scheduled_end: to.end,
        assigned_tech_id: to.tech_id,
        assigned_provider_id: roster.find(({ id }) => id === to.tech_id)?.providerId ?? null,
        ...crewChange(ticket, 0),
        ...(retimed && { proposed_windows: [{ start: to.start, end: to.end }] }),
      },
      payload: {
        plan_id: row.id,
        reason,
        booking_id: lead.id,
        tech_id: to.tech_id,
        start: to.start,
        end: to.end,
        previous_tech_id: ticket.assigned_tech_id,
        previous_start: ticket.scheduled_start,
        previous_end: ticket.scheduled_end,
        ...crewPayload(members),
      },
    },
    now,
  );
  const parts = [settleBookings(ticket.id, "released", now), ...insertBookings(bookings, now)];
  return { lead, members, related: { ...related, parts }, move };
}
