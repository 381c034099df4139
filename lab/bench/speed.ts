// The API beside the bare database: whole lifecycles over HTTP, and the same statements straight through pg, in turn.

import { pino } from "pino";
import { startApi } from "../../dispatch/api/start.ts";
import type { Desk } from "../../dispatch/kernel/desk.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { startApiProcess } from "./api-process.ts";
import { recordLifecycle, renewed, sendTransaction, statementsPerLifecycle, type Recorded } from "./baseline.ts";
import { lifecycle } from "./lifecycle.ts";
import { median, round, runFor, type Figures } from "./measure.ts";
import { measureLifecycles } from "./over-http.ts";
import { environmentOf, newDatabase, type ThrowawayServer } from "./throwaway-database.ts";

export type SpeedOptions = {
  readonly server: ThrowawayServer;
  readonly seconds: number;
  readonly rounds: number;
  readonly clients: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
};

export type Speed = {
  readonly concurrency: number;
  readonly statements_per_lifecycle: number;
  readonly api: Figures;
  readonly replays: Figures;
  readonly baseline: Figures;
  readonly ratio: number;
  readonly ratios: readonly number[];
  readonly replay_ratio: number;
};

export async function measureSpeed(options: SpeedOptions): Promise<Speed> {
  const { server, seconds, rounds, clients, signal, say } = options;
  const database = await newDatabase(server.url);
  const recorded = await withDesk(database, server.folder, recordLifecycle);
  const api = await startApiProcess(environmentOf(database, server.folder));
  const apiRuns: { commands: Figures; replays: Figures }[] = [];
  const baselineRuns: Figures[] = [];
  try {
    say("warming up…");
    await measureLifecycles(api.url, clients, Math.min(2, seconds), signal);
    for (let turn = 1; turn <= rounds; turn++) {
      say(`round ${turn} of ${rounds}: API…`);
      apiRuns.push(await measureLifecycles(api.url, clients, seconds, signal));
      say(`round ${turn} of ${rounds}: baseline…`);
      baselineRuns.push(await withDesk(database, server.folder, (desk) => measureBaseline(desk, recorded, options)));
    }
  } finally {
    await api.stop();
  }
  const ratios = apiRuns.map(({ commands }, i) => round(commands.per_second / (baselineRuns[i]?.per_second ?? 1), 2));
  const commands = middle(apiRuns.map((run) => run.commands));
  const replays = middle(apiRuns.map((run) => run.replays));
  return {
    concurrency: clients,
    statements_per_lifecycle: statementsPerLifecycle(recorded),
    api: commands,
    replays,
    baseline: middle(baselineRuns),
    ratio: median(ratios),
    ratios,
    replay_ratio: round(replays.per_second / commands.per_second, 2),
  };
}

function middle(runs: readonly Figures[]): Figures {
  const none = { count: 0, per_second: 0, p50_ms: 0, p95_ms: 0, p99_ms: 0 };
  return runs.toSorted((a, b) => a.per_second - b.per_second)[Math.floor(runs.length / 2)] ?? none;
}

/** As many repetitions as could be needed are made ready first, so that the clock sees statements alone. */
async function measureBaseline(
  desk: Desk,
  recorded: readonly Recorded[],
  { clients, seconds, signal }: SpeedOptions,
): Promise<Figures> {
  const mostPerSecond = 1_500;
  const ready = Array.from({ length: Math.ceil(mostPerSecond * seconds) }, () => renewed(recorded));
  const sendNext = async (_worker: number, took: (ms: number) => void) => {
    for (const transaction of ready.pop() ?? []) {
      const begun = performance.now();
      await sendTransaction(desk.db, transaction);
      took(performance.now() - begun);
    }
  };
  return runFor(seconds, clients, sendNext, signal);
}

async function withDesk<T>(database: string, folder: string, use: (desk: Desk) => Promise<T>): Promise<T> {
  const api = await startApi({
    settings: readSettings(environmentOf(database, folder)),
    log: pino({ level: "silent" }),
  });
  try {
    return await use(api.desk);
  } finally {
    await api.stop();
  }
}

export function printSpeed({ concurrency, api, replays, baseline, ...speed }: Speed): void {
  const ms = (value: number) => `${value.toFixed(2).padStart(10)} ms`;
  const line = (name: string, { per_second, p50_ms, p99_ms }: Figures) =>
    `${name.padEnd(34)}${per_second.toFixed(0).padStart(8)}/s${ms(p50_ms)}${ms(p99_ms)}`;
  console.log(
    `\n${lifecycle.length} commands a ticket, ${speed.statements_per_lifecycle} statements, ` +
      `concurrency ${concurrency}, durable commits\n`,
  );
  console.log(`${"".padEnd(34)}${"rate".padStart(10)}${"p50".padStart(13)}${"p99".padStart(13)}`);
  console.log(line("API, commands over HTTP", api));
  console.log(line("API, replays over HTTP", replays));
  console.log(line("baseline, transactions through pg", baseline));
  console.log(
    `\nAPI / baseline ${speed.ratio} (rounds: ${speed.ratios.join(", ")}); replays / commands ${speed.replay_ratio}\n`,
  );
}
