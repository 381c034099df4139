/**
 * Takes back what a plan moves of crews for next to nothing, and then of single visits, around crews that stand where they are now.
 * Pure. A crew moves whole or not at all.
 */
import type { Problem, Technician, Visit } from "../planner/problem.ts";
import { keptAndFilled, troubleOf, withFewMoves, worthMoving } from "./few-moves.ts";
import { DayMap, type Starts } from "./timed-plan.ts";

type Place = { readonly technician: string; readonly start: number };

/** The plan found, with as few moves as are worth it. */
export function withCrewsKept(map: DayMap, found: Starts, present: Starts): Starts {
  const crews = [...Map.groupBy(map.problem.visits, ({ crew }) => crew)].flatMap(([crew, members]) =>
    crew === undefined ? [] : [members],
  );
  if (crews.length === 0) return withFewMoves(map, found, present);
  let starts = found;
  for (const members of crews) starts = keptFor(map, namedAlike(members, starts, present), members, present);
  // From here on a crew's place is as fixed as that of work under way.
  const ofCrews = crews.flat().map(({ id }) => id);
  const standing = new Map(present);
  for (const id of ofCrews) {
    const at = starts.get(id);
    if (at) standing.set(id, at);
  }
  const fewer = withFewMoves(withCrewsPinned(map.problem, starts), starts, standing);
  const amid = crewsAmid(map, crews, found, present);
  const still = amid && keptAndFilled(withCrewsPinned(map.problem, amid), found, amid);
  return still && troubleOf(map, still, present) <= troubleOf(map, fewer, present) ? still : fewer;
}

/** With more crews than this that are new the day is made anew anyway, and looking for gaps would hold the process up. */
const mostPlaced = 8;

/** Nothing moves, and each crew that is new comes when that adds least driving; null where one of them has no place so. */
function crewsAmid(map: DayMap, crews: readonly Visit[][], found: Starts, present: Starts): Starts | null {
  const fresh = crews.filter(([lead]) => lead && found.has(lead.id) && !present.has(lead.id));
  if (fresh.length === 0 || fresh.length > mostPlaced || !map.routes(present).every(({ fits }) => fits)) return null;
  return fresh.reduce<Starts | null>((starts, members) => starts && placedAmid(map, starts, members), present);
}

type OwnDay = { readonly technician: Technician; readonly stops: ReturnType<typeof stopsOf>; readonly driving: number };

function placedAmid(map: DayMap, starts: Starts, members: readonly Visit[]): Starts | null {
  const [lead] = members;
  if (!lead) return null;
  const days = map.problem.technicians.map((technician): OwnDay => {
    const stops = stopsOf(map, starts, technician.id, starts);
    return { technician, stops, driving: map.route(technician, stops).driving };
  });
  const soonest = days.flatMap(({ technician, stops }) =>
    [
      { place: technician.start, time: technician.shift.from },
      ...stops.map(({ visit, start }) => ({ place: visit.at, time: start + visit.duration })),
    ].map((at) => map.soonest(technician, lead, at)),
  );
  const moments = [...new Set([...lead.windows.map(([opens]) => opens), ...soonest])].filter(Number.isFinite);
  const [best] = moments
    .flatMap((start) => crewAt(map, days, members, start))
    .sort((a, b) => a.added - b.added || a.start - b.start);
  return (
    (best &&
      new Map([
        ...starts,
        ...members.map(({ id }, i) => [id, { technician: best.who[i] ?? "", start: best.start }] as const),
      ])) ??
    null
  );
}

/** Those for whom that moment adds least driving, the lead first; none where too few have room. */
function crewAt(map: DayMap, days: readonly OwnDay[], [lead, ...helpers]: readonly Visit[], start: number) {
  const holds = (visit: Visit | undefined, { skills = [] }: Technician): boolean =>
    (visit?.skills ?? []).every((skill) => skills.includes(skill));
  const free = days
    .flatMap(({ technician, stops, driving }) => {
      const route = lead && map.route(technician, [...stops, { visit: lead, start }]);
      return route?.fits ? [{ technician, added: route.driving - driving }] : [];
    })
    .sort((a, b) => a.added - b.added);
  return free.flatMap((one) => {
    const beside = free
      .filter((other) => other !== one && holds(helpers[0], other.technician))
      .slice(0, helpers.length);
    if (!holds(lead, one.technician) || beside.length < helpers.length) return [];
    const all = [one, ...beside];
    return [
      { start, who: all.map(({ technician }) => technician.id), added: all.reduce((sum, { added }) => sum + added, 0) },
    ];
  });
}

/** Helpers who come now as well keep their own visit, so that nobody seems to change places with another. */
function namedAlike(members: readonly Visit[], starts: Starts, present: Starts): Starts {
  const [, ...helpers] = members;
  const places = helpers.flatMap(({ id }) => starts.get(id) ?? []);
  if (places.length < helpers.length) return starts;
  const named = new Map(starts);
  const left: string[] = [];
  for (const { id } of helpers) {
    const at = places.findIndex(({ technician }) => technician === present.get(id)?.technician);
    const [place] = at < 0 ? [] : places.splice(at, 1);
    if (place) named.set(id, place);
    else left.push(id);
  }
  for (const [i, id] of left.entries()) {
    const place = places[i];
    if (place) named.set(id, place);
  }
  return named;
}

/** The crew back where it stands, unless that costs more driving than its move is worth, or does not fit. */
function keptFor(map: DayMap, starts: Starts, members: readonly Visit[], present: Starts): Starts {
  const places = members.flatMap(({ id }) => {
    const [is, was] = [starts.get(id), present.get(id)];
    return is && was ? [{ id, is, was }] : [];
  });
  const moved = places.filter(({ is, was }) => is.technician !== was.technician || is.start !== was.start);
  if (places.length < members.length || moved.length === 0) return starts;
  const routes = [...new Set(moved.flatMap(({ is, was }) => [is.technician, was.technician]))];
  const back = new Map<string, Place>(starts);
  for (const { id, was } of places) back.set(id, was);
  const pinned = withCrewsPinned(map.problem, back);
  for (const id of routes) {
    const technician = pinned.technicians.get(id);
    const times = technician && pinned.schedule(technician, stopsOf(pinned, back, id, present));
    if (!times) return starts;
    for (const [visit, start] of times) back.set(visit, { technician: id, start });
  }
  return drivingOf(map, back, routes) < drivingOf(map, starts, routes) + worthMoving ? back : starts;
}

function stopsOf(map: DayMap, starts: Starts, technician: string, present: Starts) {
  return [...starts]
    .flatMap(([id, one]) => {
      const visit = map.visits.get(id);
      return visit && one.technician === technician
        ? [{ visit, start: one.start, wish: present.get(id)?.start ?? null }]
        : [];
    })
    .sort((a, b) => a.start - b.start || (a.visit.id < b.visit.id ? -1 : 1));
}

const drivingOf = (map: DayMap, starts: Starts, routes: readonly string[]): number =>
  map
    .routes(starts)
    .filter(({ route }) => routes.includes(route.technician))
    .reduce((sum, { driving }) => sum + driving, 0);

/** The same day, with each crew that comes pinned to its people and moment. */
function withCrewsPinned(problem: Problem, starts: Starts): DayMap {
  const visits = problem.visits.map((visit): Visit => {
    const at = visit.crew === undefined ? undefined : starts.get(visit.id);
    return at ? { ...visit, pinned: at, windows: [[at.start, at.start]] } : visit;
  });
  return new DayMap({ ...problem, visits });
}
