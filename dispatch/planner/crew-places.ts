// Where a crew could be put, as the routes are: each place that each of its visits could take in each route, and the moments and
// technicians that together cost least.

import { int, num } from "./arrays.ts";
import { arrivalAfter, departureBefore, earliestStart, latestStart } from "./calendar.ts";
import type { Compiled, Span } from "./compiled.ts";
import { Insertion } from "./insertion.ts";
import type { Random } from "./random.ts";
import type { Solution } from "./solution.ts";

export type Crew = {
  readonly members: readonly number[];
  /** By member: an equal number for those who ask for the same of the same place. */
  readonly kinds: readonly number[];
  readonly kindCount: number;
  /** When all of them may begin; sorted and apart. */
  readonly spans: readonly Span[];
  readonly penalty: number;
};

/** Chance that a technician is passed over, so that the same crew is not always the answer. */
const blink = 0.05;
/** So many moments are tried when the best turn out not to do. */
const moments = 8;

type Choice = { readonly at: number; readonly cost: number; readonly technicians: readonly number[] };

/** Each place that each of a crew could take in each route: between which moments, and at which cost. */
export class CrewPlaces {
  readonly #solution: Solution;
  readonly #c: Compiled;
  readonly #insertion: Insertion;
  readonly #from: Float64Array;
  readonly #to: Float64Array;
  readonly #cost: Float64Array;
  readonly #technician: Int32Array;
  /** By kind: where its options begin; those of one technician follow each other. */
  #begins: number[] = [0];
  #count = 0;

  constructor(solution: Solution) {
    const { visits, technicians } = solution.compiled;
    const most = 4 * (2 * technicians + 2 * visits + 4);
    this.#solution = solution;
    this.#c = solution.compiled;
    this.#insertion = new Insertion(solution.routes);
    this.#from = new Float64Array(most);
    this.#to = new Float64Array(most);
    this.#cost = new Float64Array(most);
    this.#technician = new Int32Array(most);
  }

  list({ members, kinds, kindCount }: Crew, random: Random | null): void {
    const { technicians, able } = this.#c;
    this.#count = 0;
    this.#begins = [];
    for (let kind = 0; kind < kindCount; kind++) {
      const visit = members[kinds.indexOf(kind)] ?? 0;
      this.#begins.push(this.#count);
      for (let technician = 0; technician < technicians; technician++) {
        if (int(able, visit * technicians + technician) === 0) continue;
        if (random !== null && random.fraction() < blink) continue;
        this.#listRoute(visit, technician);
      }
    }
    this.#begins.push(this.#count);
  }

  #listRoute(visit: number, technician: number): void {
    const c = this.#c;
    const { routes, tried } = this.#solution;
    const row = int(tried, technician);
    const base = row * routes.stride;
    const last = int(routes.length, row) - 1;
    const { to, from } = c.times[technician] ?? c.distance;
    const line = visit * c.nodes;
    const fixed = last === 1 ? c.weights.technician : 0;
    const alone = this.#insertion.stockHolds(row, technician, visit);
    const call = int(routes.callAt, row);
    if (!alone && call === 0 && !c.hasDepot) return;
    for (let i = alone ? 0 : call; i < last; i++) {
      const previous = line + int(routes.node, base + i);
      const next = line + int(routes.node, base + i + 1);
      const arrive = arrivalAfter(c, technician, num(routes.leave, base + i), num(from, previous));
      const earliest = earliestStart(c, technician, visit, arrive);
      if (earliest === Number.POSITIVE_INFINITY) break;
      const leave = departureBefore(c, technician, num(routes.latest, base + i + 1), num(to, next));
      const latest = latestStart(c, technician, visit, leave - num(c.service, visit));
      if (latest < earliest - c.slack) continue;
      // With a call at the depot on the way, which may be cheaper elsewhere; the route's own insertion finds out.
      const there =
        alone || call > 0
          ? num(c.distance.from, previous)
          : num(c.distance.from, c.call * c.nodes + int(routes.node, base + i)) + num(c.distance.from, line + c.call);
      const further = there + num(c.distance.to, next) - num(routes.leg, base + i);
      this.#from[this.#count] = earliest;
      this.#to[this.#count] = latest + c.slack;
      this.#cost[this.#count] =
        c.weights.distance * further + c.weights.duration * (num(from, previous) + num(to, next)) + fixed;
      this.#technician[this.#count] = technician;
      this.#count += 1;
    }
  }

  /**
   * The cheapest choices, cheapest first; at the same cost the moment at which the crew comes now, else the earliest. Somebody's
   * earliest arrival is always among the moments at which all of a set of places can be taken, if there is any. Where durations
   * count, the moment has a price that nobody knows before the routes are timed: then luck decides between what costs about as much.
   */
  cheapest(crew: Crew, now: number, most: number, random: Random | null): Choice[] {
    const timed = this.#c.weights.duration > 0 ? random : null;
    const unknown = this.#c.weights.duration * num(this.#c.service, crew.members[0] ?? 0);
    const at = new Set<number>(Number.isNaN(now) ? [] : [now]);
    for (let i = 0; i < this.#count; i++) {
      const [from, to] = [num(this.#from, i), num(this.#to, i) - this.#c.slack];
      const open = crew.spans.find(([, closes]) => closes >= from);
      if (open) at.add(Math.max(open[0], from));
      const last = timed && crew.spans.findLast(([opens]) => opens <= to);
      if (last) at.add(Math.min(last[1], to));
    }
    const best: Choice[] = [];
    const [first, ...others] = at;
    const moment = (one: number | undefined): void => {
      const worst = best.length < moments ? most : (best.at(-1)?.cost ?? most);
      const dearer = timed === null ? 0 : unknown * timed.fraction();
      const found = one === undefined ? null : this.#at(crew, one, worst, dearer);
      if (!found) return;
      const place = best.findIndex(({ cost }) => cost > found.cost);
      best.splice(place < 0 ? best.length : place, 0, found);
      if (best.length > moments) best.pop();
    };
    moment(first);
    for (const one of others.sort((a, b) => a - b)) moment(one);
    return best;
  }

  /** The cheapest who can begin at that moment together, for less than `most`. */
  #at({ members, kinds, kindCount }: Crew, at: number, most: number, dearer: number): Choice | null {
    const lists: { technician: number; cost: number }[][] = [];
    for (let kind = 0; kind < kindCount; kind++) {
      const list = this.#able(kind, at, members.length);
      if (list.length === 0) return null;
      lists.push(list);
    }
    let cost = most;
    let technicians: readonly number[] | null = null;
    const chosen: number[] = [];
    const choose = (sum: number): void => {
      if (sum >= cost) return;
      const kind = kinds[chosen.length];
      if (kind === undefined) {
        cost = sum;
        technicians = [...chosen];
        return;
      }
      for (const one of lists[kind] ?? []) {
        if (chosen.includes(one.technician)) continue;
        chosen.push(one.technician);
        choose(sum + one.cost);
        chosen.pop();
      }
    };
    choose(dearer);
    return technicians && { at, cost, technicians };
  }

  /** Of a kind the `most` technicians for whom that moment is cheapest: more are never needed, since so many take all places. */
  #able(kind: number, at: number, most: number): { technician: number; cost: number }[] {
    const list: { technician: number; cost: number }[] = [];
    const end = this.#begins[kind + 1] ?? 0;
    for (let i = this.#begins[kind] ?? 0; i < end;) {
      const technician = int(this.#technician, i);
      let cost = Number.POSITIVE_INFINITY;
      for (; i < end && int(this.#technician, i) === technician; i++)
        if (num(this.#from, i) <= at && at <= num(this.#to, i)) cost = Math.min(cost, num(this.#cost, i));
      if (cost === Number.POSITIVE_INFINITY || (list.length === most && cost >= (list.at(-1)?.cost ?? 0))) continue;
      const place = list.findIndex((one) => one.cost > cost);
      list.splice(place < 0 ? list.length : place, 0, { technician, cost });
      if (list.length > most) list.pop();
    }
    return list;
  }
}
