// One question to the table service of an OSRM server: the driving times from some places to others.
// https://project-osrm.org/docs/v5.24.0/api/#table-service

import type { Place } from "./place.ts";
import { fetchable } from "./url-credentials.ts";

/** Whole minutes from each source (row) to each destination; null where there is no way. */
export type MinutesTable = readonly (readonly (number | null)[])[];

/** The service did not answer, or not with driving times; the message names no address. */
export class TravelServiceFailure extends Error {
  override readonly name = "TravelServiceFailure";
}

/** Path and query of the question; equal questions have equal ones. */
export function tablePath(sources: readonly Place[], destinations: readonly Place[]): string {
  const places = [...sources, ...destinations].map(({ lat, lon }) => `${lon.toFixed(5)},${lat.toFixed(5)}`);
  const from = sources.map((_, at) => at).join(";");
  const to = destinations.map((_, at) => sources.length + at).join(";");
  return `/table/v1/driving/${places.join(";")}?sources=${from}&destinations=${to}&annotations=duration`;
}

export type TableAnswer =
  | {
      readonly found: true;
      readonly minutes: MinutesTable;
      /** Places whose nearest road is elsewhere. */ readonly far: readonly Place[];
    }
  /** One of the places has no road, and OSRM then answers for none: it lies off the map. Null when it does not say which. */
  | { readonly found: false; readonly off: Place | null };

/** What OSRM says when the roads do not meet: an answer, and no outage. */
const noWay = new Set(["NoTable", "NoRoute"]);
/** A road farther away than this, in metres, is not the place's own: as the crow flies over water, or off the map's edge. */
const farMetres = 2_000;

/**
 * Asks the service.
 * @param base its address; a path before and a query behind are kept
 * @throws TravelServiceFailure
 */
export async function askTable(
  base: string,
  sources: readonly Place[],
  destinations: readonly Place[],
  signal: AbortSignal,
): Promise<TableAnswer> {
  const answer = await fetchJson(addressOf(base, tablePath(sources, destinations)), signal);
  if (typeof answer !== "object" || answer === null)
    throw new TravelServiceFailure("it answered with something else than driving times");
  const code = "code" in answer ? answer.code : null;
  if (code === "NoSegment")
    return {
      found: false,
      off: placeNamed("message" in answer ? answer.message : null, [...sources, ...destinations]),
    };
  if (typeof code === "string" && noWay.has(code))
    return { found: true, minutes: sources.map(() => destinations.map(() => null)), far: [] };
  if (code !== "Ok")
    throw new TravelServiceFailure(
      `it refused the question${typeof code === "string" ? ` with ${code.slice(0, 40)}` : ""}`,
    );
  const table = minutesOf("durations" in answer ? answer.durations : null);
  if (table?.length !== sources.length || table.some((row) => row.length !== destinations.length)) {
    throw new TravelServiceFailure("it answered with something else than driving times");
  }
  return {
    found: true,
    minutes: table,
    far: [...farOf(answer, "sources", sources), ...farOf(answer, "destinations", destinations)],
  };
}

/** OSRM counts the places of the question from 0; some releases leave the number out. */
function placeNamed(message: unknown, places: readonly Place[]): Place | null {
  const at = typeof message === "string" ? /coordinate (\d+)\D*$/.exec(message)?.[1] : undefined;
  return (at === undefined ? undefined : places[Number(at)]) ?? null;
}

/** Each place comes back with how far, in metres, the road lies to which it was moved. */
function farOf(answer: object, side: "sources" | "destinations", places: readonly Place[]): readonly Place[] {
  const moved: unknown = Object.entries(answer).find(([name]) => name === side)?.[1];
  if (!Array.isArray(moved)) return [];
  const waypoints: readonly unknown[] = moved;
  return places.filter((_, at) => {
    const waypoint = waypoints[at];
    if (typeof waypoint !== "object" || waypoint === null || !("distance" in waypoint)) return false;
    return typeof waypoint.distance === "number" && waypoint.distance > farMetres;
  });
}

function addressOf(base: string, path: string): URL {
  const url = new URL(base);
  const [pathname = "", query = ""] = path.split("?");
  url.pathname = url.pathname.replace(/\/+$/, "") + pathname;
  url.search = url.search === "" ? query : `${url.search}&${query}`;
  return url;
}

async function fetchJson(address: URL, signal: AbortSignal): Promise<unknown> {
  try {
    const { url, headers } = fetchable(address);
    const response = await fetch(url, {
      signal,
      redirect: "error",
      headers: { ...headers, accept: "application/json" },
    });
    const text = await response.text();
    // OSRM gives its reasons with status 400.
    if (!response.ok && response.status !== 400) throw new TravelServiceFailure(`it answered ${response.status}`);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof TravelServiceFailure) throw error;
    if (signal.aborted) throw new TravelServiceFailure("it did not answer in time", { cause: error });
    throw new TravelServiceFailure(
      error instanceof SyntaxError ? "it answered with something else than driving times" : "it cannot be reached",
      { cause: error },
    );
  }
}

/** Seconds to whole minutes, rounded up: a drive may end early, not late. Null when it is no table of numbers. */
function minutesOf(durations: unknown): (number | null)[][] | null {
  if (!Array.isArray(durations)) return null;
  const rows: readonly unknown[] = durations;
  const table: (number | null)[][] = [];
  for (const row of rows) {
    if (!Array.isArray(row)) return null;
    const seconds: readonly unknown[] = row;
    const minutes: (number | null)[] = [];
    for (const value of seconds) {
      if (value === null) minutes.push(null);
      else if (typeof value === "number" && value >= 0 && Number.isFinite(value)) minutes.push(Math.ceil(value / 60));
      else return null;
    }
    table.push(minutes);
  }
  return table;
}
