/**
 * Takes back the moves of a plan that are not worth it: the search counts minutes of driving alone, but every move is a call to
 * a customer and a crew. Pure. What comes out keeps every rule, and costs next to nothing more.
 */
import type { Technician } from "../scheduling/problem.ts";
import type { DayMap, Starts } from "./timed-plan.ts";

/** What moving one visit must save at least, in minutes of driving. */
const worthMoving = 5;

type Place = { readonly technician: string; readonly start: number };

const same = (a: Place | undefined, b: Place | undefined): boolean => a?.technician === b?.technician && a?.start === b?.start;

/** Whether anybody comes to another time, or somebody else comes. */
export const differs = (a: Starts, b: Starts): boolean => a.size !== b.size || [...a].some(([id, one]) => !same(one, b.get(id)));

export function withFewMoves(map: DayMap, found: Starts, present: Starts): Starts {
  let starts = atUsualTimes(map, swapAlike(map, found, present), present);
  for (const { id, pinned } of map.problem.visits) {
    const [is, was] = [starts.get(id), present.get(id)];
    if (pinned || !is || !was || same(is, was)) continue;
    const back = atUsualTimes(map, new Map(starts).set(id, was), present, [is.technician, was.technician]);
    const fits = same(back.get(id), was) && [is.technician, was.technician].every((one) => routeOf(map, back, one)?.fits !== false);
    if (fits && drivingOf(map, back, is, was) < drivingOf(map, starts, is, was) + worthMoving) starts = back;
  }
  return starts;
}

function drivingOf(map: DayMap, starts: Starts, is: Place, was: Place): number {
  return [...new Set([is.technician, was.technician])].reduce((sum, one) => sum + (routeOf(map, starts, one)?.driving ?? 0), 0);
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
    const stops = stopsOf(map, starts, technician.id).map(({ visit }) => ({ visit, wish: present.get(visit.id)?.start ?? null }));
    for (const [id, start] of map.schedule(technician, stops) ?? []) timed.set(id, { technician: technician.id, start });
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
  return new Map([...starts].map(([visit, { technician, start }]) => [visit, { technician: renamed.get(technician) ?? technician, start }]));
}

function namesFor(group: readonly Technician[], starts: Starts, present: Starts): Map<string, string> {
  const ids = group.map(({ id }) => id);
  const shared = ids.flatMap((route) =>
    ids.map((person) => ({
      route,
      person,
      visits: [...starts].filter(([visit, one]) => one.technician === route && present.get(visit)?.technician === person).length,
    })),
  );
  const names = new Map<string, string>();
  const taken = new Set<string>();
  // Stable: with nothing in common everybody keeps their own route as far as it is free.
  const byShared = shared.sort((a, b) => b.visits - a.visits || Number(b.route === b.person) - Number(a.route === a.person));
  for (const { route, person } of byShared) {
    if (names.has(route) || taken.has(person)) continue;
    names.set(route, person);
    taken.add(person);
  }
  return names;
}
