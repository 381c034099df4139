/**
 * Takes back the moves of a plan that are not worth it: the search counts minutes of driving alone, but every move is a call to
 * a customer and a crew. Pure. What comes out keeps every rule, and costs next to nothing more.
 */
import type { Technician } from "../planner/problem.ts";
import type { DayMap, Starts } from "./timed-plan.ts";

/** What moving one visit must save at least, in minutes of driving. */
export const worthMoving = 5;

/** With more new visits than this the day is made anew anyway, and filling gaps would hold the process up. */
const mostFilled = 40;

type Place = { readonly technician: string; readonly start: number };

const same = (a: Place | undefined, b: Place | undefined): boolean =>
  a?.technician === b?.technician && a?.start === b?.start;

/** Whether anybody comes to another time, or somebody else comes. */
export const differs = (a: Starts, b: Starts): boolean =>
  a.size !== b.size || [...a].some(([id, one]) => !same(one, b.get(id)));

/** The plan found, with moves taken back; or the day as it stands with new visits put in between, where that is as good. */
export function withFewMoves(map: DayMap, found: Starts, present: Starts): Starts {
  const fewer = takenBack(map, found, present);
  const still = keptAndFilled(map, found, present);
  return still && troubleOf(map, still, present) <= troubleOf(map, fewer, present) ? still : fewer;
}

/** Driving, what is left out, and the trouble of each move. */
export function troubleOf(map: DayMap, starts: Starts, present: Starts): number {
  const { problem } = map;
  const moved = [...present].filter(([id, was]) => !same(starts.get(id), was)).length;
  const left = problem.visits
    .filter(({ id }) => !starts.has(id))
    .reduce((sum, { priority = 1 }) => sum + (problem.unservedPenalty ?? 0) * priority, 0);
  return map.routes(starts).reduce((sum, { driving }) => sum + driving, 0) + left + worthMoving * moved;
}

/**
 * Nothing moves; what is new takes the cheapest gap, in the order in which the search served it. Null where the day does not
 * fit as it stands, or too much is new.
 */
export function keptAndFilled(map: DayMap, found: Starts, present: Starts): Starts | null {
  if (!map.routes(present).every(({ fits }) => fits)) return null;
  const starts = new Map(present);
  const fresh = [...found]
    .filter(([id]) => !present.has(id))
    .sort(([a, one], [b, other]) => one.start - other.start || (a < b ? -1 : 1));
  if (fresh.length > mostFilled) return null;
  for (const [id] of fresh) {
    const [best] = map.problem.technicians
      .flatMap((technician) => gapsFor(map, starts, technician, id))
      .sort((a, b) => a.added - b.added || a.start - b.start);
    if (best) starts.set(id, { technician: best.technician, start: best.start });
  }
  return starts;
}

function gapsFor(
  map: DayMap,
  starts: Starts,
  technician: Technician,
  id: string,
): { technician: string; start: number; added: number }[] {
  const visit = map.visits.get(id);
  if (!visit || !(visit.skills ?? []).every((skill) => technician.skills?.includes(skill))) return [];
  const stops = stopsOf(map, starts, technician.id);
  const { driving } = map.route(technician, stops);
  return [null, ...stops].flatMap((before) => {
    const at = before
      ? { place: before.visit.at, time: before.start + before.visit.duration }
      : { place: technician.start, time: technician.shift.from };
    const start = map.soonest(technician, visit, at);
    if (start === Number.POSITIVE_INFINITY) return [];
    const route = map.route(technician, [...stops, { visit, start }]);
    return route.fits ? [{ technician: technician.id, start, added: route.driving - driving }] : [];
  });
}

function takenBack(map: DayMap, found: Starts, present: Starts): Starts {
  let starts = atUsualTimes(map, swapAlike(map, found, present), present);
  for (const { id, pinned } of map.problem.visits) {
    const [is, was] = [starts.get(id), present.get(id)];
    if (pinned || !is || !was || same(is, was)) continue;
    const back = atUsualTimes(map, new Map(starts).set(id, was), present, [is.technician, was.technician]);
    const fits =
      same(back.get(id), was) &&
      [is.technician, was.technician].every((one) => routeOf(map, back, one)?.fits !== false);
    if (fits && drivingOf(map, back, is, was) < drivingOf(map, starts, is, was) + worthMoving) starts = back;
  }
  return starts;
}

function drivingOf(map: DayMap, starts: Starts, is: Place, was: Place): number {
  return [...new Set([is.technician, was.technician])].reduce(
    (sum, one) => sum + (routeOf(map, starts, one)?.driving ?? 0),
    0,
  );
}

const stopsOf = (map: DayMap, starts: Starts, technician: string) =>
  [...starts]
    .flatMap(([id, one]) => {
      const visit = map.visits.get(id);
      return visit && one.technician === technician ? [{ visit, start: one.start }] : [];
    })
    .sort((a, b) => a.start - b.start || (a.visit.id < b.visit.id ? -1 : 1));

function routeOf(map: DayMap, starts: Starts, id: string) {
  const technician = map.technicians.get(id);
  return technician ? map.route(technician, stopsOf(map, starts, id)) : null;
}

/** The same order, with each visit at its present time wherever the rest leaves room for that. */
function atUsualTimes(map: DayMap, starts: Starts, present: Starts, only?: readonly string[]): Starts {
  const timed = new Map(starts);
  for (const technician of map.problem.technicians) {
    if (only && !only.includes(technician.id)) continue;
    const stops = stopsOf(map, starts, technician.id).map(({ visit }) => ({
      visit,
      wish: present.get(visit.id)?.start ?? null,
    }));
    for (const [id, start] of map.schedule(technician, stops) ?? [])
      timed.set(id, { technician: technician.id, start });
  }
  return timed;
}

/**
 * Two who are alike in everything may change places at no cost; the search does not care who is who. Each route goes to
 * whoever has most of its visits already.
 */
function swapAlike({ problem }: DayMap, starts: Starts, present: Starts): Starts {
  const pinnedTo = new Set(problem.visits.flatMap(({ pinned }) => pinned?.technician ?? []));
  const alike = Map.groupBy(problem.technicians, ({ id, ...rest }) => JSON.stringify(pinnedTo.has(id) ? { id } : rest));
  const renamed = new Map([...alike.values()].flatMap((group) => [...namesFor(group, starts, present)]));
  return new Map(
    [...starts].map(([visit, { technician, start }]) => [
      visit,
      { technician: renamed.get(technician) ?? technician, start },
    ]),
  );
}

function namesFor(group: readonly Technician[], starts: Starts, present: Starts): Map<string, string> {
  const ids = group.map(({ id }) => id);
  const shared = ids.flatMap((route) =>
    ids.map((person) => ({
      route,
      person,
      visits: [...starts].filter(
        ([visit, one]) => one.technician === route && present.get(visit)?.technician === person,
      ).length,
    })),
  );
  const names = new Map<string, string>();
  const taken = new Set<string>();
  // Stable: with nothing in common everybody keeps their own route as far as it is free.
  const byShared = shared.sort(
    (a, b) => b.visits - a.visits || Number(b.route === b.person) - Number(a.route === a.person),
  );
  for (const { route, person } of byShared) {
    if (names.has(route) || taken.has(person)) continue;
    names.set(route, person);
    taken.add(person);
  }
  return names;
}
