// One question to the table service of an OSRM server: the driving times from some places to others.
// https://project-osrm.org/docs/v5.24.0/api/#table-service

import type { Place } from "./place.ts";

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

/** What OSRM says when a place lies off its map or its roads do not meet: an answer, and no outage. */
const noWay = new Set(["NoSegment", "NoTable", "NoRoute"]);

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
): Promise<MinutesTable> {
  const answer = await fetchJson(addressOf(base, tablePath(sources, destinations)), signal);
  if (typeof answer !== "object" || answer === null)
    throw new TravelServiceFailure("it answered with something else than driving times");
  const code = "code" in answer ? answer.code : null;
  if (typeof code === "string" && noWay.has(code)) return sources.map(() => destinations.map(() => null));
  if (code !== "Ok")
    throw new TravelServiceFailure(
      `it refused the question${typeof code === "string" ? ` with ${code.slice(0, 40)}` : ""}`,
    );
  const table = minutesOf("durations" in answer ? answer.durations : null);
  if (table?.length !== sources.length || table.some((row) => row.length !== destinations.length)) {
    throw new TravelServiceFailure("it answered with something else than driving times");
  }
  return table;
}

function addressOf(base: string, path: string): URL {
  const url = new URL(base);
  const [pathname = "", query = ""] = path.split("?");
  url.pathname = url.pathname.replace(/\/+$/, "") + pathname;
  url.search = url.search === "" ? query : `${url.search}&${query}`;
  return url;
}

async function fetchJson(url: URL, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(url, { signal, redirect: "error", headers: { accept: "application/json" } });
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
