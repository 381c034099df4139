// The places of a day as nodes of the planner's matrix, with driving in minutes by the estimate that bookings go by. A place
// nobody knows is a node of its own, without driving to or from it, as everywhere on this desk.

import type { Travel } from "../planner/problem.ts";
import type { Place, TravelEstimate } from "../travel/estimate.ts";

export class Places {
  readonly #travel: TravelEstimate;
  readonly #nodes = new Map<string, number>();
  readonly #list: (Place | null)[] = [];

  constructor(travel: TravelEstimate) {
    this.#travel = travel;
  }

  node(place: Place | null): { node: number } {
    const name = place === null ? "" : `${place.lat} ${place.lon}`;
    const node = this.#nodes.get(name) ?? this.#list.push(place) - 1;
    this.#nodes.set(name, node);
    return { node };
  }

  /** Of all nodes so far; driving is counted in time, so distance and time are one table. */
  matrix(): Travel {
    const minutes = this.#list.map((from) => this.#list.map((to) => (from === to ? 0 : (this.#travel(from, to) ?? 0))));
    return { kind: "matrix", distance: minutes, time: minutes };
  }
}
