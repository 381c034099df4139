/**
 * Says of a settled plan what a dispatcher wants to know: how the day stands before and after, what moves and why, what stays
 * and why. Pure.
 */
import type { DayFigures, PlanBody, PlanMove, StayReason } from "../contract/plan-responses.ts";
import type { Plan, Route } from "../planner/plan.ts";
import type { Technician } from "../planner/problem.ts";
import { minuteMs } from "../workforce/availability.ts";
import { localIso } from "../workforce/local-time.ts";
import { instantOf, type BuiltProblem } from "./build-problem.ts";
import type { PlannedLane, PlannedVisit } from "./fixed-work.ts";
import type { SettledPlan } from "./settle-plan.ts";
import { startsOf, type DayMap } from "./timed-plan.ts";

export type PlanStory = Pick<PlanBody, "before" | "after" | "moves" | "unserved" | "stays" | "left_out" | "rules">;

export function describePlan(built: BuiltProblem, { map, before, plan }: SettledPlan): PlanStory {
  const after = plan ?? before;
  return {
    before: figuresOf(built, map, before),
    after: figuresOf(built, map, after),
    moves: plan ? movesOf(built, map, before, plan) : [],
    unserved: after.unserved.flatMap((id) => {
      const ticket = built.visits.get(id)?.ticket;
      return ticket
        ? [{ ticket_id: ticket.id, number: ticket.number, priority: ticket.priority, detail: whyUnserved(built, id) }]
        : [];
    }),
    stays: [...built.stays].map(([reason, count]) => ({ reason, count, detail: stayDetails[reason] })),
    left_out: [...built.leftOut],
    rules: [...rules],
  };
}

const rules = [
  "Work that is sent or under way, held for a customer's confirmation, paused, or about to start stays as it is.",
  "A time that the customer confirmed stays to the minute; only who comes may change.",
  "A visit with an arrival window may move anywhere inside it, within the day.",
  "A time that the desk chose may move by at most move_within_minutes, within the day.",
  "A visit is planned while its site is open; an emergency at any hour.",
  "A crew begins together and is planned whole, or not at all.",
  "A visit moves only for at least 5 minutes less driving, or to make room.",
];

const stayDetails: Readonly<Record<StayReason, string>> = {
  UNDER_WAY: "sent or under way",
  HELD: "a customer is still to confirm the time",
  PAUSED: "automatic work on the ticket is paused",
  STARTS_SOON: "starts within half an hour, or has started",
  TECHNICIAN_LEFT_OUT: "booked on a technician whose day is not planned",
  OUTSIDE_HOURS: "booked outside the technician's hours, into a pause or over other work; see to it by hand",
  IN_PARTS: "work over several days, which schedule.move moves as a whole",
  OUT_OF_SCOPE: "of another zone, or beyond what this caller may see",
  CREW: "only a part of its crew is booked, or has a day that is planned; assignment.crew and schedule.move see to the whole",
  SITE_CLOSED: "the site is closed at its time, or all of the day; see to it by hand",
};

function figuresOf({ visits, day }: BuiltProblem, map: DayMap, plan: Plan): DayFigures {
  const starts = startsOf(plan);
  const instant = instantOf(day);
  const late = [...visits.values()].filter(({ ticket }) => {
    const at = starts.get(ticket.id);
    const due = Date.parse(ticket.response_due);
    return at ? instant(at.start) > due : due < day.end;
  });
  return {
    served: new Set([...starts.keys()].map(visitOf)).size,
    unserved: plan.unserved.filter((id) => visits.has(id)).length,
    late: late.length,
    travel_minutes: rounded(plan.terms.distance),
    overtime_minutes: rounded(map.routes(starts).reduce((sum, { overtime }) => sum + overtime, 0)),
    cost: rounded(plan.cost),
  };
}

/** One visit, however many go: pins and helpers are named by their ticket (and part) and one word more. */
const visitOf = (id: string): string => (id.includes(" ") ? id.slice(0, id.lastIndexOf(" ")) : id);

function movesOf(built: BuiltProblem, map: DayMap, before: Plan, after: Plan): PlanMove[] {
  const [was, is] = [startsOf(before), startsOf(after)];
  const instant = instantOf(built.day);
  const moved = [...built.visits.values()].filter(({ ticket, helpers }) =>
    [ticket, ...helpers].some(({ id }) => {
      const [old, now] = [was.get(id), is.get(id)];
      return now && (old?.technician !== now.technician || old.start !== now.start);
    }),
  );
  const savedInAll = before.terms.distance - after.terms.distance;
  const nameOf = ({ person: { entry } }: PlannedLane) => ({ tech_id: entry.id, tech_name: entry.name });
  return moved.flatMap((visit): PlanMove[] => {
    const { ticket, stands, helpers } = visit;
    const now = is.get(ticket.id);
    const lane = now && built.lanes.get(now.technician);
    if (!now || !lane) return [];
    const start = instant(now.start);
    const saves = rounded(
      [ticket, ...helpers].reduce(
        (sum, { id }) => sum + detourOf(map, before, id).minutes - detourOf(map, after, id).minutes,
        0,
      ),
    );
    return [
      {
        ticket_id: ticket.id,
        number: ticket.number,
        summary: ticket.summary,
        priority: ticket.priority,
        state: ticket.state,
        from: stands && {
          tech_id: stands.techId,
          tech_name: visit.lane?.person.entry.name ?? null,
          ...spanOf(stands.start, stands.end, ticket.timezone),
          ...(helpers.length > 0 && { helpers: helpers.flatMap((one) => (one.lane ? [nameOf(one.lane)] : [])) }),
        },
        to: {
          ...nameOf(lane),
          ...spanOf(start, start + Math.round(visit.minutes * minuteMs), ticket.timezone),
          travel_before_minutes: Math.ceil(detourOf(map, after, ticket.id).before),
          ...(helpers.length > 0 && {
            helpers: helpers.flatMap(({ id }) => {
              const theirs = built.lanes.get(is.get(id)?.technician ?? "");
              const minutes = Math.ceil(detourOf(map, after, id).before);
              return theirs ? [{ ...nameOf(theirs), travel_before_minutes: minutes }] : [];
            }),
          }),
        },
        timezone: ticket.timezone,
        saves_minutes: saves,
        reason: reasonOf(visit, saves, savedInAll, newcomerIn(built, after, visit, was)),
      },
    ];
  });
}

const spanOf = (start: number, end: number, timezone: string) => ({
  start: new Date(start).toISOString(),
  end: new Date(end).toISOString(),
  start_local: localIso(start, timezone),
  end_local: localIso(end, timezone),
});

function reasonOf(visit: PlannedVisit, saves: number, savedInAll: number, newcomer: PlannedVisit | null): string {
  const who = visit.people > 1 ? `a crew of ${visit.people}` : "a technician";
  if (!visit.stands) return `Gives the ticket a time and ${who}; it had neither.`;
  if (!visit.lane) return `Gives the agreed time ${who}; nobody was to come.`;
  if (saves >= 1) return `Saves ${Math.round(saves)} min of driving.`;
  if (newcomer) return `Makes room for ${kinds[newcomer.ticket.priority]}, ticket ${newcomer.ticket.number}.`;
  if (savedInAll >= 1) return `Lets the other moves save ${Math.round(savedInAll)} min of driving together.`;
  return "Makes the drives fit, which they do not as booked.";
}

const kinds = { EMERGENCY: "an emergency", URGENT: "urgent work", ROUTINE: "other work" } as const;
const urgency = { EMERGENCY: 0, URGENT: 1, ROUTINE: 2 } as const;

/** The most urgent visit that came to where this one was. */
function newcomerIn(
  { visits, helping }: BuiltProblem,
  after: Plan,
  left: PlannedVisit,
  was: ReadonlyMap<string, { technician: string }>,
): PlannedVisit | null {
  const route = after.routes.find(({ technician }) => technician === left.lane?.id);
  const arrived = (route?.stops ?? []).flatMap(({ visit }) => {
    const one = visits.get(visit) ?? helping.get(visit);
    return one && one !== left && was.get(visit)?.technician !== left.lane?.id ? [one] : [];
  });
  return arrived.sort((a, b) => urgency[a.ticket.priority] - urgency[b.ticket.priority])[0] ?? null;
}

/** What a visit adds to its route's driving, and how long the drive to it is. */
function detourOf(map: DayMap, { routes }: Plan, id: string): { minutes: number; before: number } {
  const route = routes.find(({ stops }) => stops.some(({ visit }) => visit === id));
  const technician = map.technicians.get(route?.technician ?? "");
  const visit = map.visits.get(id);
  if (!route || !technician || !visit) return { minutes: 0, before: 0 };
  const [earlier, later] = neighbours(map, route, id);
  const [from, to] = [earlier ?? technician.start, later ?? technician.end ?? technician.start];
  const before = map.driving(from, visit.at);
  const direct = route.stops.length === 1 ? 0 : map.driving(from, to);
  return { minutes: before + map.driving(visit.at, to) - direct, before };
}

function neighbours({ visits }: DayMap, { stops }: Route, id: string) {
  const at = stops.findIndex(({ visit }) => visit === id);
  return [at - 1, at + 1].map((i) => visits.get(stops[i]?.visit ?? "")?.at);
}

function whyUnserved({ problem, lanes, visits }: BuiltProblem, id: string): string {
  const ableFor = (visit: string): Technician[] => {
    const needed = problem.visits.find((one) => one.id === visit)?.skills ?? [];
    return problem.technicians.filter(({ skills = [] }) => needed.every((one) => skills.includes(one)));
  };
  const { people = 1, helpers = [] } = visits.get(id) ?? {};
  const leads = ableFor(id);
  if (lanes.size === 0) return "nobody's day can be planned";
  if (leads.length === 0) return "nobody on shift that day may do this work there";
  if (people === 1) return "nobody who may do this work has room for it that day";
  const all = [...leads, ...helpers.flatMap((one) => ableFor(one.id))];
  const able = new Set(all.map((one) => lanes.get(one.id)?.person)).size;
  return able < people
    ? `it takes ${people} people at once, and only ${able} on shift that day may do or help with it`
    : `it takes ${people} people at once, and no ${people} who may do it have room at the same time that day`;
}

const rounded = (minutes: number): number => Math.round(minutes * 10) / 10;
