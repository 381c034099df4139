// The places of a day as nodes of the planner's matrix, with driving in minutes by the estimate that bookings go by. A place
// nobody knows is a node of its own, without driving to or from it, as everywhere on this desk.

import type { Travel } from "../planner/problem.ts";
import type { Place, TravelEstimate } from "../travel/estimate.ts";

type Node = {
  readonly place: Place | null;
  /** What of a drive from here takes none of a lane's time. */
  readonly headStartMinutes: number;
};

export class Places {
  readonly #travel: TravelEstimate;
  readonly #nodes = new Map<string, number>();
  readonly #list: Node[] = [];

  constructor(travel: TravelEstimate) {
    this.#travel = travel;
  }

  /** @param headStartMs what of a drive from here lies before the lane that begins here */
  node(place: Place | null, headStartMs = 0): { node: number } {
    const headStartMinutes = headStartMs / 60_000;
    const name = place === null ? "" : `${place.lat} ${place.lon} ${headStartMinutes}`;
    const node = this.#nodes.get(name) ?? this.#list.push({ place, headStartMinutes }) - 1;
    this.#nodes.set(name, node);
    return { node };
  }

  /** Of all nodes so far. A distance is the whole drive, in minutes; a time is what of it needs room in the lane. */
  matrix(): Travel {
    const drives = this.#list.map((from) =>
      this.#list.map((to) => (samePlace(from, to) ? 0 : (this.#travel(from.place, to.place) ?? 0))),
    );
    const time = drives.map((row, at) => {
      const headStart = this.#list[at]?.headStartMinutes ?? 0;
      return headStart === 0 ? row : row.map((minutes) => Math.max(0, minutes - headStart));
    });
    return { kind: "matrix", distance: drives, time };
  }
}

const samePlace = (a: Node, b: Node): boolean =>
  a === b || (a.place !== null && a.place.lat === b.place?.lat && a.place.lon === b.place.lon);
