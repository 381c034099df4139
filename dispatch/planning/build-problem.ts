/**
 * Turns a desk's day into the planner's problem: rows in, a problem and its meaning out. Pure, and the same for equal rows.
 *
 * What may move. Only tickets in READY_TO_SCHEDULE and SCHEDULED, on the calendars of technicians whose day is planned:
 * - a time the customer confirmed (schedule.confirm, schedule.release) stays to the minute, and only who comes may change;
 * - a visit with an arrival window may move anywhere inside that, within the day, for that is what the customer was promised;
 * - a time the desk chose (schedule.book, plan.apply) may move so far as the caller allows, within the day;
 * - a ticket without a time may be given one on that day.
 * Everything else on those calendars stays where it is: work sent or under way, a customer still confirming, a paused
 * ticket, one that starts within half an hour, one the caller may not see.
 *
 * A visit of a crew is one visit of the problem for each who goes: they begin together, or none of them comes. It moves whole, and
 * while only a part of its crew is booked it stays where it is.
 */
import type { TechnicianId } from "../contract/ids.ts";
import type { StayReason } from "../contract/plan-responses.ts";
import type { Policy } from "../policy/policy.ts";
import type { Problem, Technician, Visit } from "../planner/problem.ts";
import { matchesZone } from "../workforce/ability.ts";
import { availabilityRules, minuteMs, openStarts, type AvailabilityRules } from "../workforce/availability.ts";
import { delayWeights } from "../workforce/bump.ts";
import { placeOf, type RosterEntry } from "../workforce/calendar.ts";
import type { TimeRange } from "../workforce/shift-ranges.ts";
import { crewSize, jobAt, visitMinutes } from "../workforce/site-demand.ts";
import { estimateTravelMinutes, type TravelEstimate } from "../travel/estimate.ts";
import { abilitiesOf } from "./abilities.ts";
import { fixWork, laneFor, type Person, type PlannedLane, type PlannedVisit } from "./fixed-work.ts";
import type { FixedWork } from "./lanes.ts";
import type { PlanDay } from "./plan-day.ts";
import type { PlanTicket } from "./plan-tickets.ts";
import { Places } from "./places.ts";

export type DayRows = {
  readonly day: PlanDay;
  /** Nothing starts, and nothing moves that starts, before; epoch milliseconds. */
  readonly earliest: number;
  readonly roster: readonly RosterEntry[];
  readonly tickets: readonly PlanTicket[];
  readonly zone: string | null;
  readonly techIds: readonly TechnicianId[] | null;
  readonly moveWithinMinutes: number;
};

export type LeftOut = {
  readonly tech_id: TechnicianId;
  readonly tech_name: string;
  readonly reason: string;
  readonly detail: string;
};

export type BuiltProblem = {
  readonly problem: Problem;
  readonly day: PlanDay;
  /** By the id of the problem's technician. */
  readonly lanes: ReadonlyMap<string, PlannedLane>;
  /** By ticket; the problem's other visits are pins, and those of helpers. */
  readonly visits: ReadonlyMap<string, PlannedVisit>;
  /** By the problem's visit: with whose visit a helper helps. */
  readonly helping: ReadonlyMap<string, PlannedVisit>;
  readonly people: readonly Person[];
  readonly stays: ReadonlyMap<StayReason, number>;
  readonly leftOut: readonly LeftOut[];
  readonly rules: AvailabilityRules;
};

/** What it costs to leave a ROUTINE ticket without a visit, in minutes of driving; more than any detour of a day. */
const unservedMinutes = 1_000;
/** What has its place on the calendar is not given up for tickets without one; and a pin for nothing at all. */
const bookedWeight = 100;
const pinnedWeight = 100_000;

/**
 * @param policy of today
 * @param travel the estimate that slots and bookings go by
 * @param rulesOf what a ticket is judged by
 */
export function buildProblem(
  rows: DayRows,
  policy: Policy,
  travel: TravelEstimate = estimateTravelMinutes,
  rulesOf: (ticket: PlanTicket) => Policy = () => policy,
): BuiltProblem {
  const { day, earliest } = rows;
  const rules = { ...availabilityRules(policy), travel };
  const { people, leftOut } = whoIsPlanned(rows);
  const peopleFor = (ticket: PlanTicket): number =>
    ticket.assigned_tech_id !== null || ticket.helpers > 0
      ? 1 + ticket.helpers
      : crewSize(ticket.incident_type, rulesOf(ticket));
  const jobs = new Map(rows.tickets.map((ticket) => [ticket, jobAt(ticket, ticket, rulesOf(ticket))]));
  const workOf = (ticket: PlanTicket, stands: TimeRange | null) => ({
    job: jobs.get(ticket) ?? jobAt(ticket, ticket, rulesOf(ticket)),
    minutes: stands ? (stands.end - stands.start) / minuteMs : visitMinutes(ticket.incident_type, rulesOf(ticket)),
  });
  const isClosed = (ticket: PlanTicket, stands: TimeRange | null): boolean => {
    const { job, minutes } = workOf(ticket, stands);
    const starts = stands ? { start: stands.start, end: stands.start } : startsOf(null, ticket, rows);
    return openStarts(job, starts, minutes * minuteMs).length === 0;
  };
  const span = { start: earliest, end: day.end };
  const { lanes, candidates, stays } = fixWork(people, rows.tickets, span, rules, { peopleFor, isClosed });
  const visits = candidates.map((one): PlannedVisit => ({
    ...one,
    ...workOf(one.ticket, one.stands),
    lane: (one.stands && laneFor(lanes, one.stands)) ?? null,
    helpers: Array.from({ length: one.people - 1 }, (_, at) => ({
      id: `${one.ticket.id} +${at + 1}`,
      lane: (one.stands && laneFor(lanes, { ...one.stands, techId: one.stands.helperIds[at] ?? null })) ?? null,
    })),
  }));
  const abilities = abilitiesOf(people, visits, rules);
  const places = new Places(travel);
  const minute = minuteOf(day);
  const weights = delayWeights(policy.sla.targetMinutes);
  const pins = lanes.flatMap((lane) =>
    lane.pins.map((pin): Visit => ({
      id: idOfPin(pin, lane),
      at: places.node(pin.place),
      duration: (pin.end - pin.start) / minuteMs,
      windows: [[minute(pin.start), minute(pin.start)]],
      priority: pinnedWeight,
      pinned: { technician: lane.id, start: minute(pin.start) },
    })),
  );
  const movable = visits.flatMap((visit): Visit[] => {
    const starts = openStarts(visit.job, startsOf(visit.stands, visit.ticket, rows), visit.minutes * minuteMs);
    const lead: Visit = {
      id: visit.ticket.id,
      at: places.node(placeOf(visit.ticket)),
      duration: visit.minutes,
      windows: starts.map(({ start, end }): [number, number] => [minute(start), minute(end)]),
      skills: [abilities.needed(visit)],
      priority: weights[visit.ticket.priority] * (visit.lane ? bookedWeight : 1),
      ...(visit.helpers.length > 0 && { crew: visit.ticket.id }),
    };
    // The ticket weighs what it weighs, however many go.
    return [
      lead,
      ...visit.helpers.map(({ id }) => ({ ...lead, id, skills: [abilities.neededToHelp(visit)], priority: 0 })),
    ];
  });
  const technicians = lanes.map((lane): Technician => ({
    id: lane.id,
    start: places.node(lane.from, lane.headStartMs),
    end: places.node(lane.to),
    shift: { from: minute(lane.start), to: minute(lane.end) },
    breaks: lane.pauses.map(({ start, end }): [number, number] => [minute(start), minute(end)]),
    skills: abilities.held(lane.person),
  }));
  return {
    problem: {
      schema: "dispatch.schedule.problem/1",
      name: `${day.date} ${day.timeZone}, ${rows.zone ?? "all zones"}`,
      objective: "cost",
      weights: { distance: 1 },
      unservedPenalty: unservedMinutes,
      travel: places.matrix(),
      technicians,
      visits: [...pins, ...movable],
    },
    day,
    people,
    stays,
    rules,
    lanes: new Map(lanes.map((lane) => [lane.id, lane])),
    visits: new Map(visits.map((visit) => [visit.ticket.id, visit])),
    helping: new Map(visits.flatMap((visit) => visit.helpers.map(({ id }) => [id, visit]))),
    leftOut: [
      ...leftOut,
      ...people.filter((one) => !lanes.some(({ person }) => person === one)).map(({ entry }) => offShift(entry)),
    ],
  };
}

/** Work that stands fast as the problem's visit: of a crew's, one for each of them. */
export const idOfPin = ({ ticketId, part }: FixedWork, { id }: Pick<PlannedLane, "id">): string =>
  part === null ? `${ticketId} ${id}` : `${ticketId} #${part} ${id}`;

/** Minutes since the day began, the problem's unit of time. */
export const minuteOf =
  (day: PlanDay) =>
  (instant: number): number =>
    (instant - day.start) / minuteMs;
export const instantOf =
  (day: PlanDay) =>
  (minute: number): number =>
    day.start + Math.round(minute * minuteMs);

/** Between which instants the visit may start, both included, whatever its site's hours. */
function startsOf(
  stands: TimeRange | null,
  { desk_chose_time, arrival_start, arrival_end }: PlanTicket,
  { day, earliest, moveWithinMinutes }: DayRows,
): TimeRange {
  const latest = Math.max(earliest, day.end - minuteMs);
  if (!stands) return { start: earliest, end: latest };
  if (arrival_start !== null && arrival_end !== null)
    return {
      start: Math.max(earliest, Date.parse(arrival_start)),
      end: Math.max(stands.start, Math.min(latest, Date.parse(arrival_end) - (stands.end - stands.start))),
    };
  const room = desk_chose_time ? moveWithinMinutes * minuteMs : 0;
  return {
    start: Math.max(earliest, stands.start - room),
    end: Math.max(stands.start, Math.min(latest, stands.start + room)),
  };
}

function whoIsPlanned({ roster, zone, techIds, day }: DayRows): { people: Person[]; leftOut: LeftOut[] } {
  const asked = roster.filter((one) =>
    techIds ? techIds.includes(one.id) : zone === null || matchesZone(one.zones, zone),
  );
  const people: Person[] = [];
  const leftOut: LeftOut[] = [];
  for (const entry of asked) {
    const calendar = entry.calendar(day);
    if (calendar.ineligible === "INACTIVE") leftOut.push(left(entry, "INACTIVE", "is not active"));
    else if (calendar.ineligible !== null)
      leftOut.push(left(entry, calendar.ineligible, "takes no new work; what is booked stays"));
    else if (calendar.shifts === null)
      leftOut.push(left(entry, "NO_SHIFT", "no shift is on record, so the day's hours are unknown"));
    else people.push({ entry, calendar });
  }
  return { people, leftOut };
}

const left = ({ id, name }: RosterEntry, reason: string, detail: string): LeftOut => ({
  tech_id: id,
  tech_name: name,
  reason,
  detail,
});
const offShift = (entry: RosterEntry): LeftOut =>
  left(entry, "OFF_SHIFT", "is not on shift then, or other work fills the shift");
