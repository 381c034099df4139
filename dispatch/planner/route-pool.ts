// Routes that the search has had in its solutions, each set of visits in the cheapest order seen; of those seen last only.

import { int, num } from "./arrays.ts";
import { noCrew } from "./compiled.ts";
import { Random } from "./random.ts";
import type { KnownRoute } from "./route-table.ts";
import type { Solution } from "./solution.ts";

export class RoutePool {
  readonly routes: KnownRoute[] = [];
  readonly #solution: Solution;
  readonly #size: number;
  /** Where in `routes` the one with a key is, and the keys in the same places. */
  readonly #at = new Map<number, number>();
  readonly #keys: number[] = [];
  // Numbers drawn for each visit and kind: their sum is the route's key. Sums of them are exact.
  readonly #visitMark: Float64Array;
  readonly #kindMark: Float64Array;
  /** By technician: stamp of the route last taken. */
  readonly #taken: Float64Array;
  #next = 0;

  /** @param size routes kept, at most */
  constructor(solution: Solution, size: number) {
    const { visits, technicians } = solution.compiled;
    const random = new Random(1);
    const marks = (count: number) => Float64Array.from({ length: count }, () => random.below(2 ** 40));
    this.#solution = solution;
    this.#size = size;
    this.#visitMark = marks(visits);
    this.#kindMark = marks(technicians);
    this.#taken = new Float64Array(technicians);
  }

  /** Takes those routes of the current solution that are new. */
  gather(): void {
    const { row: rows, routes, compiled } = this.#solution;
    for (let technician = 0; technician < compiled.technicians; technician++) {
      const row = int(rows, technician);
      const stamp = num(routes.stamp, row);
      if (num(this.#taken, technician) === stamp) continue;
      this.#taken[technician] = stamp;
      if (int(routes.length, row) > 2) this.#take(row, int(compiled.kind, technician));
    }
  }

  /** Those routes of the current solution that serve crews; the pool holds none, since a crew's time is that of all of its routes. */
  crewRoutes(): KnownRoute[] {
    const { row: rows, routes, compiled } = this.#solution;
    return Array.from(rows).flatMap((row, technician) => {
      const from = row * routes.stride + 1;
      const stops = routes.node.slice(from, from + int(routes.length, row) - 2);
      const kind = int(compiled.kind, technician);
      return stops.some((node) => int(compiled.crew, node) !== noCrew)
        ? [{ kind, stops, cost: num(routes.cost, row) }]
        : [];
    });
  }

  #take(row: number, kind: number): void {
    const { routes, compiled } = this.#solution;
    const from = row * routes.stride + 1;
    const to = from + int(routes.length, row) - 2;
    let key = num(this.#kindMark, kind);
    for (let i = from; i < to; i++) {
      const node = int(routes.node, i);
      if (int(compiled.crew, node) !== noCrew) return;
      if (node !== compiled.call) key += num(this.#visitMark, node);
    }
    const cost = num(routes.cost, row);
    const known = this.#at.get(key);
    if (known !== undefined && cost >= (this.routes[known]?.cost ?? 0)) return;
    this.routes[known ?? this.#placeFor(key)] = { kind, stops: routes.node.slice(from, to), cost };
  }

  #placeFor(key: number): number {
    const place = this.#next;
    const old = this.#keys[place];
    if (old !== undefined) this.#at.delete(old);
    this.#at.set(key, place);
    this.#keys[place] = key;
    this.#next = (place + 1) % this.#size;
    return place;
  }
}
