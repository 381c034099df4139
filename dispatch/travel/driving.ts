// Driving as the availability rule asks for it: the service's times where it has said them, estimates elsewhere, and which
// of the two a result stands on. And the drives worth knowing before the question is put.

import { placeKey, type Drive, type Place } from "./place.ts";
import type { TravelTimes } from "./travel-times.ts";
import { estimateTravelMinutes, type TravelEstimate, type TravelSourceOf } from "./estimate.ts";

/** What is asked of a person on the roster: where they set out from, and where they are booked. */
type Stops = {
  readonly home: Place | null;
  readonly bookings: readonly { readonly start: number; readonly place: Place | null }[];
};

export type Driving = { readonly travel: TravelEstimate; readonly travelSource: TravelSourceOf };

/** What is known now; it never asks, so it may be used with a lock held. */
export function drivingBy(times: TravelTimes): Driving {
  return {
    travel: (from, to) =>
      from === null || to === null ? null : (times.minutes(from, to) ?? estimateTravelMinutes(from, to)),
    travelSource: (from, to) => (times.minutes(from, to) === null ? "estimate" : "service"),
  };
}

/** Every drive that placing a job at `place` may weigh: there and on from each stop, and from each stop to the next. */
export function drivesAround(roster: readonly Stops[], place: Place | null): Drive[] {
  const drives: Drive[] = [];
  const add = (from: Place | null, to: Place | null): void => {
    if (from && to && placeKey(from) !== placeKey(to)) drives.push([from, to]);
  };
  for (const { home, bookings } of roster) {
    const inOrder = bookings.toSorted((a, b) => a.start - b.start);
    add(home, place);
    add(place, home);
    inOrder.forEach((booking, at) => {
      add(booking.place, place);
      add(place, booking.place);
      // Any of them may be a shift's first or last.
      add(home, booking.place);
      add(booking.place, home);
      add(booking.place, inOrder[at + 1]?.place ?? null);
    });
  }
  return drives;
}

/** What has to be asked before a command on these people and this place can decide on driving times; null when nothing. */
export function consultOn(
  times: TravelTimes,
  roster: readonly Stops[],
  place: Place | null,
): (() => Promise<void>) | null {
  const drives = drivesAround(roster, place);
  return times.lacks(drives) ? () => times.learn(drives) : null;
}

export type DrivingMatrix = {
  /** Whole minutes from each place (row) to each (column), in the order given. */
  readonly minutes: readonly (readonly number[])[];
  /** How many of them are estimates, the diagonal left out. */
  readonly estimated: number;
};

/** Driving times between all of these places. It may wait for the service: not to be called with a lock held. */
export async function drivingMatrix(times: TravelTimes, places: readonly Place[]): Promise<DrivingMatrix> {
  const drives = places.flatMap((from) => places.map((to): Drive => [from, to]));
  await times.learn(drives);
  const { travel, travelSource } = drivingBy(times);
  return {
    minutes: places.map((from) => places.map((to) => travel(from, to) ?? 0)),
    estimated: drives.filter(([from, to]) => placeKey(from) !== placeKey(to) && travelSource(from, to) === "estimate")
      .length,
  };
}
