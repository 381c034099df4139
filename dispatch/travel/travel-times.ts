// Driving times from a matrix service, remembered: asked for ahead, outside any transaction, and looked up while deciding.
// What the service has not said is the caller's to estimate; it may be away for as long as it likes.

import { askTable, TravelServiceFailure, tablePath, type TableAnswer } from "./osrm-table.ts";
import { placeKey, type Drive, type Place } from "./place.ts";

export type TravelTimesOptions = {
  /** Of the OSRM server; null when there is none, and then nothing is ever asked. */
  readonly url: string | null;
  /** Longest a call to `learn` waits, however many questions it takes. */
  readonly timeoutMs: number;
  readonly clock: { now(): Date };
  readonly log: { info(message: string): void; warn(message: string): void };
};

/** Some 15 MB at most. A roster of 40 with 240 bookings asks for about 1,500 drives per site. */
const drivesKept = 100_000;
/** Roads change slowly; a table of one day's traffic is no better tomorrow. */
const keptForMs = 24 * 3_600_000;
/** How long a place is not asked about again that has no road on the service's map. */
const offMapForMs = 5 * 60_000;
/** After a failure nobody waits for the service again for this long. */
const pauseMs = 30_000;
/** Sources and destinations of one question; OSRM takes 100 places together unless it is told otherwise. */
const tableSide = 50;
const questionsAtOnce = 4;
/** As many places are remembered as off the map at most. */
const offMapKept = 10_000;

type Known = { readonly minutes: number | null; readonly at: number };
type Table = {
  readonly sources: readonly Place[];
  readonly destinations: readonly Place[];
  readonly drives: ReadonlySet<string>;
};

export class TravelTimes {
  readonly #options: TravelTimesOptions;
  readonly #known = new Map<string, Known>();
  /** Questions under way, by path: whoever asks the same waits for the same answer. */
  readonly #asked = new Map<string, Promise<void>>();
  /** Places without a road on the service's map, and since when; their drives alone are estimated. */
  readonly #offMap = new Map<string, number>();
  #failedAt: number | null = null;

  constructor(options: TravelTimesOptions) {
    this.#options = options;
  }

  /** Whole minutes as the service has said; null when it knows no way, or was not asked. Never asks. */
  minutes(from: Place, to: Place): number | null {
    if (this.#options.url === null) return null;
    return placeKey(from) === placeKey(to) ? 0 : (this.#fresh(driveKey(from, to))?.minutes ?? null);
  }

  /** Whether asking would help: some of the drives are unknown, and the service is not known to be away. */
  lacks(drives: readonly Drive[]): boolean {
    return this.#options.url !== null && !this.#isPaused() && drives.some((drive) => this.#isMissing(drive));
  }

  /** Asks for what is not known. Ends at the timeout at the latest, and never throws: what is missing stays unknown. */
  async learn(drives: readonly Drive[]): Promise<void> {
    const { url, timeoutMs } = this.#options;
    if (url === null || this.#isPaused()) return;
    const tables = tablesFor(drives.filter((drive) => this.#isMissing(drive)));
    if (tables.length === 0) return;
    const signal = AbortSignal.timeout(timeoutMs);
    const inTurn = async (): Promise<void> => {
      for (let table = tables.shift(); table; table = tables.shift()) await this.#ask(url, table, signal);
    };
    try {
      await Promise.all(Array.from({ length: questionsAtOnce }, inTurn));
      this.#worked();
    } catch (error) {
      tables.length = 0;
      if (!(error instanceof TravelServiceFailure)) throw error;
      this.#failed(error);
    }
  }

  /** 1 while its last answer was good, else 0, and how many drives are remembered; null without a service. */
  gauges(): { readonly up: number; readonly drives: number } | null {
    return this.#options.url === null ? null : { up: this.#failedAt === null ? 1 : 0, drives: this.#known.size };
  }

  #ask(url: string, table: Table, signal: AbortSignal): Promise<void> {
    const path = tablePath(table.sources, table.destinations);
    const running = this.#asked.get(path);
    if (running) return running;
    const asking = this.#askAndKeep(url, table, signal).finally(() => this.#asked.delete(path));
    this.#asked.set(path, asking);
    return asking;
  }

  async #askAndKeep(url: string, table: Table, signal: AbortSignal): Promise<void> {
    let { sources, destinations } = table;
    const ask = (from: readonly Place[], to: readonly Place[]): Promise<TableAnswer> => askTable(url, from, to, signal);
    let answer = await ask(sources, destinations);
    if (!answer.found) {
      for (const place of await placesOff(ask, sorted([...sources, ...destinations]), answer))
        this.#isOff(place, "no road near it");
      sources = sources.filter((place) => !this.#liesOff(place));
      destinations = destinations.filter((place) => !this.#liesOff(place));
      if (sources.length === 0 || destinations.length === 0) return;
      answer = await ask(sources, destinations);
      if (!answer.found) throw new TravelServiceFailure("it finds no road for places it had one for");
    }
    for (const place of answer.far) this.#isOff(place, "its nearest road more than 2 km away");
    const { minutes } = answer;
    const at = this.#now();
    sources.forEach((from, row) =>
      destinations.forEach((to, column) => {
        const key = driveKey(from, to);
        // The corners of a table that nobody asked for would crowd out what somebody did.
        if (!table.drives.has(key) || this.#liesOff(from) || this.#liesOff(to)) return;
        this.#keep(key, { minutes: minutes[row]?.[column] ?? null, at });
      }),
    );
  }

  /** Said once of a place, by where it is to about a kilometre: it may be somebody's home. */
  #isOff(place: Place, why: string): void {
    const key = placeKey(place);
    if (!this.#offMap.has(key)) {
      const near = `${place.lat.toFixed(2)},${place.lon.toFixed(2)}`;
      this.#options.log.warn(
        `the travel service (DISPATCH_TRAVEL_URL) has ${why} on its map for a place near ${near}; its drives are estimated`,
      );
    }
    this.#offMap.delete(key);
    this.#offMap.set(key, this.#now());
    for (const oldest of this.#offMap.keys()) {
      if (this.#offMap.size <= offMapKept) break;
      this.#offMap.delete(oldest);
    }
  }

  /** A clock that was set back does not make it longer. */
  #liesOff(place: Place): boolean {
    const since = this.#offMap.get(placeKey(place));
    return since !== undefined && Math.abs(this.#now() - since) < offMapForMs;
  }

  #keep(key: string, known: Known): void {
    // Behind the others: the first of a Map is the one that was kept longest.
    this.#known.delete(key);
    this.#known.set(key, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= drivesKept) break;
      this.#known.delete(oldest);
    }
  }

  #isMissing([from, to]: Drive): boolean {
    if (placeKey(from) === placeKey(to) || this.#fresh(driveKey(from, to)) !== null) return false;
    return !this.#liesOff(from) && !this.#liesOff(to);
  }

  #fresh(key: string): Known | null {
    const known = this.#known.get(key);
    return known && this.#now() - known.at < keptForMs ? known : null;
  }

  #now(): number {
    return this.#options.clock.now().getTime();
  }

  /** A clock that was set back does not make the pause longer. */
  #isPaused(): boolean {
    if (this.#failedAt === null) return false;
    const since = this.#now() - this.#failedAt;
    return since >= 0 && since < pauseMs;
  }

  #failed({ message }: TravelServiceFailure): void {
    if (this.#failedAt === null)
      this.#options.log.warn(
        `the travel service (DISPATCH_TRAVEL_URL) fails, ${message}; driving times are estimated until it answers`,
      );
    this.#failedAt = this.#now();
  }

  #worked(): void {
    if (this.#failedAt === null) return;
    this.#failedAt = null;
    this.#options.log.info("the travel service answers again");
  }
}

type Ask = (from: readonly Place[], to: readonly Place[]) => Promise<TableAnswer>;

/**
 * Those of the places that have no road, by small questions: from one of them to all. OSRM names one at a time, or none; then the
 * halves are asked, and their halves.
 * @param known what it has said of them
 */
async function placesOff(ask: Ask, places: readonly Place[], known?: TableAnswer): Promise<readonly Place[]> {
  const [first] = places;
  if (first === undefined) return [];
  const answer = known ?? (await ask([first], places));
  if (answer.found) return [];
  const named = answer.off ?? (places.every((place) => placeKey(place) === placeKey(first)) ? first : null);
  if (named !== null) {
    const others = places.filter((place) => placeKey(place) !== placeKey(named));
    return [named, ...(await placesOff(ask, others))];
  }
  const half = Math.ceil(places.length / 2);
  return [...(await placesOff(ask, places.slice(0, half))), ...(await placesOff(ask, places.slice(half)))];
}

const driveKey = (from: Place, to: Place): string => `${placeKey(from)};${placeKey(to)}`;

/** The questions that together cover these drives, the same for the same drives in any order. */
function tablesFor(drives: readonly Drive[]): Table[] {
  const [froms, tos] = [sorted(drives.map(([from]) => from)), sorted(drives.map(([, to]) => to))];
  const wanted = new Set(drives.map(([from, to]) => driveKey(from, to)));
  return sides(froms).flatMap((rows) =>
    sides(tos).flatMap((columns) => {
      const sources = rows.filter((from) => columns.some((to) => wanted.has(driveKey(from, to))));
      const destinations = columns.filter((to) => rows.some((from) => wanted.has(driveKey(from, to))));
      return sources.length === 0 ? [] : [{ sources, destinations, drives: wanted }];
    }),
  );
}

const sorted = (places: readonly Place[]): Place[] =>
  [...new Map(places.map((place) => [placeKey(place), place])).entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, place]) => place);

const sides = (places: readonly Place[]): Place[][] =>
  Array.from({ length: Math.ceil(places.length / tableSide) }, (_, at) =>
    places.slice(at * tableSide, (at + 1) * tableSide),
  );
