// `pnpm dispatch:bench`: how fast is the API beside the bare database, and how does cost grow with the number of tickets?
// It runs on throw-away databases and says what it measured, not whether that is good.

import { pino } from "pino";
import { startApi } from "../dispatch/api/start.ts";
import type { Desk } from "../dispatch/kernel/desk.ts";
import { readSettings } from "../dispatch/process/settings.ts";
import { startApiProcess, type ApiProcess } from "../lab/bench/api-process.ts";
import {
  recordLifecycle,
  renewed,
  sendTransaction,
  statementsPerLifecycle,
  type Recorded,
} from "../lab/bench/baseline.ts";
import { measureGrowth, type GrowthRow } from "../lab/bench/growth.ts";
import { lifecycle } from "../lab/bench/lifecycle.ts";
import { median, round, runFor, type Figures } from "../lab/bench/measure.ts";
import { measureLifecycles } from "../lab/bench/over-http.ts";
import { writeReport } from "../lab/bench/report.ts";
import { seedTickets } from "../lab/bench/seed.ts";
import { environmentOf, newDatabase, throwawayServer } from "../lab/bench/throwaway-database.ts";
import { runCommand, wholeNumber } from "../dispatch/process/command-line.ts";

const say = (line: string): void => console.error(line);

await runCommand(
  {
    name: "pnpm dispatch:bench",
    about:
      "Measures whole ticket lifecycles over HTTP with durable commits, beside the same statements " +
      "straight through pg, and how cost grows with the number of tickets. Prints a table, then JSON.",
    options: {
      seconds: { type: "string" },
      rounds: { type: "string" },
      concurrency: { type: "string" },
      small: { type: "string" },
      large: { type: "string" },
      turns: { type: "string" },
      "no-growth": { type: "boolean" },
      json: { type: "string" },
    },
    meanings: {
      seconds: "length of each measured run (default 8)",
      rounds: "API and baseline in turn, this often (default 3)",
      concurrency: "connections at once (default 16)",
      small: "tickets of the small desk (default 1000)",
      large: "tickets of the large desk (default 200000)",
      turns: "small and large desk in turn, this often (default 50 times the rounds)",
      "no-growth": "leave the comparison of desk sizes out",
      json: "also write the JSON to this file",
    },
  },
  async (values) => {
    const options = {
      seconds: wholeNumber("seconds", values.seconds, 8),
      rounds: wholeNumber("rounds", values.rounds, 3),
      workers: wholeNumber("concurrency", values.concurrency, 16),
    };
    await using ends = new AsyncDisposableStack();
    const { url, folder } = await throwawayServer(ends, say);
    const speed = await measureSpeed(url, folder, options);
    const growth = values["no-growth"]
      ? []
      : await measureSizes(url, folder, {
          small: wholeNumber("small", values.small, 1_000),
          large: wholeNumber("large", values.large, 200_000),
          turns: wholeNumber("turns", values.turns, options.rounds * 50),
        });
    print(speed, growth);
    await writeReport({ ...speed, growth }, values.json);
    return 0;
  },
);

type Speed = {
  readonly concurrency: number;
  readonly statements_per_lifecycle: number;
  readonly api: Figures;
  readonly replays: Figures;
  readonly baseline: Figures;
  readonly ratio: number;
  readonly ratios: readonly number[];
  readonly replay_ratio: number;
};

async function measureSpeed(
  serverUrl: string,
  folder: string,
  { seconds, rounds, workers }: { seconds: number; rounds: number; workers: number },
): Promise<Speed> {
  const database = await newDatabase(serverUrl);
  const recorded = await withDesk(database, folder, recordLifecycle);
  const api = await startOn(database, folder);
  const apiRuns: { commands: Figures; replays: Figures }[] = [];
  const baselineRuns: Figures[] = [];
  try {
    say("warming up…");
    await measureLifecycles(api.url, workers, Math.min(2, seconds));
    for (let turn = 1; turn <= rounds; turn++) {
      say(`round ${turn} of ${rounds}: API…`);
      apiRuns.push(await measureLifecycles(api.url, workers, seconds));
      say(`round ${turn} of ${rounds}: baseline…`);
      baselineRuns.push(await withDesk(database, folder, (desk) => measureBaseline(desk, recorded, workers, seconds)));
    }
  } finally {
    await api.stop();
  }
  const ratios = apiRuns.map(({ commands }, i) => round(commands.per_second / (baselineRuns[i]?.per_second ?? 1), 2));
  const commands = middle(apiRuns.map((run) => run.commands));
  const replays = middle(apiRuns.map((run) => run.replays));
  return {
    concurrency: workers,
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
  workers: number,
  seconds: number,
): Promise<Figures> {
  const mostPerSecond = 1_500;
  const ready = Array.from({ length: mostPerSecond * seconds }, () => renewed(recorded));
  return runFor(seconds, workers, async (_worker, took) => {
    for (const transaction of ready.pop() ?? []) {
      const begun = performance.now();
      await sendTransaction(desk.db, transaction);
      took(performance.now() - begun);
    }
  });
}

async function measureSizes(
  serverUrl: string,
  folder: string,
  { small, large, turns }: { small: number; large: number; turns: number },
): Promise<GrowthRow[]> {
  const apis: ApiProcess[] = [];
  try {
    for (const count of [small, large]) {
      say(`making a desk of ${count} tickets with their history…`);
      const database = await newDatabase(serverUrl);
      await seedTickets(database, count);
      apis.push(await startOn(database, folder));
    }
    say("comparing the two desks…");
    const [smallUrl = "", largeUrl = ""] = apis.map(({ url }) => url);
    await measureGrowth(smallUrl, largeUrl, Math.ceil(turns / 8));
    return await measureGrowth(smallUrl, largeUrl, turns);
  } finally {
    for (const api of apis) await api.stop();
  }
}

function startOn(database: string, folder: string): Promise<ApiProcess> {
  return startApiProcess(environmentOf(database, folder));
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

function print(speed: Speed, growth: readonly GrowthRow[]): void {
  const { api, replays, baseline } = speed;
  const line = (name: string, { per_second, p50_ms, p99_ms }: Figures) =>
    `${name.padEnd(34)}${String(per_second).padStart(8)}/s${p50_ms.toFixed(2).padStart(10)} ms${p99_ms.toFixed(2).padStart(10)} ms`;
  console.log(
    `\n${lifecycle.length} commands a ticket, ${speed.statements_per_lifecycle} statements, ` +
      `concurrency ${speed.concurrency}, durable commits\n`,
  );
  console.log(`${"".padEnd(34)}${"rate".padStart(10)}${"p50".padStart(13)}${"p99".padStart(13)}`);
  console.log(line("API, commands over HTTP", api));
  console.log(line("API, replays over HTTP", replays));
  console.log(line("baseline, transactions through pg", baseline));
  console.log(
    `\nAPI / baseline ${speed.ratio} (rounds: ${speed.ratios.join(", ")}); replays / commands ${speed.replay_ratio}\n`,
  );
  if (growth.length === 0) return;
  console.log(`${"".padEnd(34)}${"small".padStart(13)}${"large".padStart(13)}${"ratio".padStart(8)}`);
  for (const { request, small_ms, large_ms, ratio } of growth) {
    console.log(
      `${request.padEnd(34)}${small_ms.toFixed(2).padStart(10)} ms${large_ms.toFixed(2).padStart(10)} ms${ratio.toFixed(2).padStart(8)}`,
    );
  }
  console.log("");
}
