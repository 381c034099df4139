// Driving times from a matrix service, remembered: asked for ahead, outside any transaction, and looked up while deciding.
// What the service has not said is the caller's to estimate; it may be away for as long as it likes.

import { askTable, TravelServiceFailure, tablePath } from "./osrm-table.ts";
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
/** After a failure nobody waits for the service again for this long. */
const pauseMs = 30_000;
/** Sources and destinations of one question; OSRM takes 100 places together unless it is told otherwise. */
const tableSide = 50;
const questionsAtOnce = 4;

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

  async #askAndKeep(url: string, { sources, destinations, drives }: Table, signal: AbortSignal): Promise<void> {
    const minutes = await askTable(url, sources, destinations, signal);
    const at = this.#now();
    sources.forEach((from, row) =>
      destinations.forEach((to, column) => {
        const key = driveKey(from, to);
        // The corners of a table that nobody asked for would crowd out what somebody did.
        if (drives.has(key)) this.#keep(key, { minutes: minutes[row]?.[column] ?? null, at });
      }),
    );
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
    return placeKey(from) !== placeKey(to) && this.#fresh(driveKey(from, to)) === null;
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
