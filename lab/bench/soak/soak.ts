// The soak: two APIs and two workers under a steady load while one of each is killed again and again, looked at every few
// seconds; then, when all is at rest, the proof that nothing was lost and that nothing is left behind.

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { unlessAborted } from "../../../dispatch/storage/object-store.ts";
import { messageOf } from "../../../dispatch/process/command-line.ts";
import { chance, shuffled } from "../chance.ts";
import { figuresOf, round, type Figures } from "../measure.ts";
import { Met, SoakClient } from "./client.ts";
import { enoughSamples, grew, growthOf, type Growth } from "./flatness.ts";
import { Ledger } from "./ledger.ts";
import { liveLong, liveShort } from "./lives.ts";
import { makeSoakPlace, type SoakPlace } from "./place.ts";
import { SoakProcesses } from "./processes.ts";
import { proveSoak, type Proof } from "./proof.ts";
import { connectionsOf, soakApplication, takeSample, type Sample } from "./samples.ts";

export type SoakOptions = {
  /** Migrated, with the benchmarks' place in it and nothing else. */
  readonly databaseUrl: string;
  /** Folder of the object store and the ledger. */
  readonly dataDir: string;
  /** Least length of the steady load; it goes on until each process to be killed was killed and enough was looked at. */
  readonly seconds: number;
  readonly seed: number;
  /** Commands per second; null for half of what a run at full speed reaches. */
  readonly rate: number | null;
  readonly warmUpSeconds: number;
  readonly clients: number;
  /** One ticket in so many lives the long life. */
  readonly longEvery: number;
  readonly killEverySeconds: number;
  readonly sampleSeconds: number;
  readonly say: (line: string) => void;
  /** Ends it early, with its reason. */
  readonly signal: AbortSignal;
};

export type SoakReport = {
  readonly seconds: number;
  readonly seed: number;
  /** Commands per second at full speed; null where the rate was given. */
  readonly full_rate: number | null;
  readonly wanted_rate: number;
  readonly reached_rate: number;
  /** Acknowledged, the full speed's included. */
  readonly commands: number;
  /** Of the steady load, repetitions included. */
  readonly answered: Figures;
  readonly met: Readonly<Met>;
  readonly kills: Readonly<Record<string, number>>;
  readonly growth: readonly Growth[];
  readonly database_mib: number;
  /** Of all tables, at the end of the load. */
  readonly dead_rows: number;
  readonly proof: Proof;
  /** Refusals nobody should have met. */
  readonly unexpected: readonly string[];
  /** Processes that ended by themselves or badly. */
  readonly fallen: readonly string[];
  /** Connections still there after all processes had ended. */
  readonly connections_left: number;
  readonly samples: readonly Sample[];
};

const connectionsEndWithinMs = 15_000;

/** @throws CommandFailure when a process does not start; the signal's reason when that ends it */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  try {
    return await soakWhole(options);
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  }
}

async function soakWhole(options: SoakOptions): Promise<SoakReport> {
  const { databaseUrl, dataDir, say, signal } = options;
  const place = await makeSoakPlace(databaseUrl);
  await using ends = new AsyncDisposableStack();
  const owner = new pg.Client({ connectionString: databaseUrl, application_name: soakApplication });
  // When Postgres goes, whatever is asked next says so.
  owner.on("error", () => undefined);
  await owner.connect();
  ends.defer(() => owner.end());
  const ledger = new Ledger(join(dataDir, "acknowledged.csv"));
  ends.defer(() => ledger.close());
  const processes = new SoakProcesses(databaseUrl, dataDir);
  ends.defer(() => processes.kill());
  await processes.start();

  const met = new Met();
  const run = { options, processes, ledger, met, place, unexpected: new Array<string>() };
  const full = options.rate === null ? await warmUp(run) : null;
  const rate = options.rate ?? Math.max(1, Math.round((full ?? 0) / 2));
  say(`${rate} commands a second for ${round(options.seconds / 60, 1)} min…`);
  const before = ledger.count;
  const [load, samples] = await underWatch(run, owner, rate);
  const reached = (ledger.count - before) / load.seconds;

  say("all clients are done; proving…");
  const proof = await unlessAborted(proveSoak({ owner, databaseUrl, dataDir, ledger }), signal);
  const growth = growthOf(samples);
  const { database_mib = 0, dead_rows = 0 } = samples.at(-1) ?? {};
  await processes.stop();
  const connections_left = await connectionsLeft(owner, signal);
  return {
    seconds: round(load.seconds, 1),
    seed: options.seed,
    full_rate: full,
    wanted_rate: rate,
    reached_rate: round(reached, 1),
    commands: ledger.count,
    answered: figuresOf(load.durations, load.seconds),
    met,
    kills: Object.fromEntries(processes.mortal.map(({ name, kills }) => [name, kills])),
    growth,
    database_mib,
    dead_rows,
    proof,
    unexpected: run.unexpected,
    fallen: processes.fallen,
    connections_left,
    samples,
  };
}

/** What does not hold, a line each; empty when all is well. */
export function brokenRules({ proof, growth, unexpected, fallen, connections_left }: SoakReport): string[] {
  return [
    ...Object.entries(proof.violations).flatMap(([rule, count]) => (count === 0 ? [] : `${rule}: ${count}`)),
    ...growth
      .filter(grew)
      .map(({ of, growth: by, unit, allowed }) => `${of} grew by ${by} ${unit}, allowed are ${allowed}`),
    ...unexpected,
    ...fallen,
    ...(connections_left === 0 ? [] : [`${connections_left} connections are left behind`]),
  ];
}

type Run = {
  readonly options: SoakOptions;
  readonly processes: SoakProcesses;
  readonly ledger: Ledger;
  readonly met: Met;
  readonly place: SoakPlace;
  readonly unexpected: string[];
};

/** @returns commands per second at full speed, with nobody killed */
async function warmUp(run: Run): Promise<number> {
  const { warmUpSeconds, say, signal } = run.options;
  say(`full speed for ${warmUpSeconds} s…`);
  // Compiled code and filled pools first, or half of it would be half of a cold start.
  await drive(run, null, during(warmUpSeconds / 3), signal);
  const { durations, seconds } = await drive(run, null, during(warmUpSeconds), signal);
  const full = round(durations.length / seconds, 0);
  say(`full speed: ${full} commands a second`);
  return full;
}

/** True for so many seconds from now on. */
function during(seconds: number): () => boolean {
  const until = performance.now() + seconds * 1000;
  return () => performance.now() < until;
}

async function underWatch(run: Run, owner: pg.Client, rate: number): Promise<[Load, Sample[]]> {
  const { options, processes, ledger } = run;
  const begun = performance.now();
  const over = new AbortController();
  const until = AbortSignal.any([over.signal, options.signal]);
  const samples: Sample[] = [];
  const watching = repeatedly(options.sampleSeconds, until, async () => {
    samples.push(await takeSample(owner, processes.all, begun, ledger.count));
    tell(options, samples, processes);
  });
  const killing = killAtRandom(run, until);
  // Whichever fails first ends the others.
  const failed = (error: unknown): never => {
    over.abort();
    throw error;
  };
  // A machine under other load may have had no time for what the soak is about.
  const goesOn = () =>
    performance.now() - begun < options.seconds * 1000 ||
    samples.length < enoughSamples ||
    processes.mortal.some(({ kills }) => kills === 0);
  const driving = drive(run, rate, goesOn, until).finally(() => over.abort());
  const [load] = await Promise.all([driving, watching.catch(failed), killing.catch(failed)]);
  return [load, samples];
}

/** A client that is refused this often need not go on. */
const mostUnexpected = 20;

type Load = { readonly durations: readonly number[]; readonly seconds: number };

/** Lets every client live tickets one after another as long as it goes on; then each leads its ticket to its end. */
async function drive(run: Run, rate: number | null, goesOn: () => boolean, signal: AbortSignal): Promise<Load> {
  const {
    options: { clients, longEvery },
    processes,
    ledger,
    met,
    place,
    unexpected,
  } = run;
  const durations: number[] = [];
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async (_, n) => {
      const due =
        rate === null ? () => Promise.resolve() : paced(begun + (n * 1000) / rate, (clients * 1000) / rate, signal);
      const client = new SoakClient({
        urls: () => processes.urls,
        ledger,
        met,
        due,
        took: (ms) => durations.push(ms),
        signal,
      });
      try {
        while (goesOn()) {
          await (++met.tickets % longEvery === 0 ? liveLong(client, place) : liveShort(client)).catch(
            (error: unknown) => {
              if (signal.aborted) throw error;
              if (unexpected.push(messageOf(error)) >= mostUnexpected) throw error;
            },
          );
        }
      } finally {
        client.close();
      }
    }),
  );
  return { durations, seconds: (performance.now() - begun) / 1000 };
}

/** Waits for one moment after another, `everyMs` apart; who is late does not wait, and so catches up. */
function paced(first: number, everyMs: number, signal: AbortSignal): () => Promise<void> {
  let next = first;
  return async () => {
    const wait = next - performance.now();
    next += everyMs;
    if (wait > 0) await delay(wait, undefined, { signal });
  };
}

/** Kills one of the mortal after another, in an order and at moments drawn by the seed. */
async function killAtRandom({ options, processes }: Run, over: AbortSignal): Promise<void> {
  const next = chance(options.seed);
  for (;;) {
    for (const victim of shuffled(processes.mortal, next)) {
      if (!(await waited(options.killEverySeconds * (0.5 + next()), over))) return;
      await victim.killAndStart();
    }
  }
}

async function repeatedly(seconds: number, over: AbortSignal, once: () => Promise<void>): Promise<void> {
  for (;;) {
    await once();
    if (!(await waited(seconds, over))) return;
  }
}

/** Whether that time passed before it was over. */
async function waited(seconds: number, over: AbortSignal): Promise<boolean> {
  return delay(seconds * 1000, true, { signal: over }).catch(() => false);
}

const tellEverySeconds = 30;

/** A line now and then. */
function tell({ say, sampleSeconds }: SoakOptions, samples: readonly Sample[], { mortal }: SoakProcesses): void {
  const every = Math.max(1, Math.round(tellEverySeconds / sampleSeconds));
  const [now, earlier] = [samples.at(-1), samples.at(-1 - every)];
  if (!now || !earlier || (samples.length - 1) % every !== 0) return;
  const rate = (now.commands - earlier.commands) / (now.at_seconds - earlier.at_seconds);
  const held = now.processes.map(
    ({ name, memory_mib, handles }) => `${name} ${memory_mib ?? "?"} MiB ${handles ?? "?"} handles`,
  );
  const connections = Object.values(now.connections).reduce((sum, n) => sum + n, 0);
  const kills = mortal.reduce((sum, one) => sum + one.kills, 0);
  say(
    `${(now.at_seconds / 60).toFixed(1)} min: ${rate.toFixed(0)}/s, ${kills} kills, ` +
      `${held.join(", ")}, ${connections} connections, database ${now.database_mib} MiB`,
  );
}

/** How many there are once the dead have had time to be noticed. */
async function connectionsLeft(owner: pg.Client, signal: AbortSignal): Promise<number> {
  for (const begun = performance.now(); ; await delay(100, undefined, { signal })) {
    const left = Object.values(await connectionsOf(owner)).reduce((sum, n) => sum + n, 0);
    if (left === 0 || performance.now() - begun > connectionsEndWithinMs) return left;
  }
}
