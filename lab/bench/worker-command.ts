// `pnpm dispatch:bench:worker`: is nobody ever booked twice, does a stuck backlog slow the rest down, and how soon is a
// scheduled ticket assigned? It runs on throw-away databases with processes of its own, some of which it kills.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { measureLatency, type LatencyRow } from "./worker-latency.ts";
import { fight, type FightReport } from "./worker-fight.ts";
import { round } from "./measure.ts";
import { CommandFailure, runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";

const say = (line: string): void => console.error(line);
const parts = ["fight", "backlog", "latency"] as const;

export const benchWorkerCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:bench:worker",
      about:
        "Lets workers and API clients fight over tickets and technicians while workers are killed, and " +
        "proves that nobody was booked twice and nothing was lost; then the same beside a backlog nobody " +
        "can do; then measures how soon a scheduled ticket is assigned. Prints tables, then JSON.",
      options: {
        seconds: { type: "string" },
        seed: { type: "string" },
        tickets: { type: "string" },
        technicians: { type: "string" },
        workers: { type: "string" },
        clients: { type: "string" },
        backlog: { type: "string" },
        samples: { type: "string" },
        only: { type: "string" },
        json: { type: "string" },
      },
      meanings: {
        seconds: "length of each fight (default 60)",
        seed: "of the moments of killing and of what the clients do (default 1)",
        tickets: "tickets fought over (default 500)",
        technicians: "technicians fought over (default 20)",
        workers: "worker processes (default 4)",
        clients: "API clients, over two API processes (default 8)",
        backlog: "tickets nobody can do, in the second fight (default 100000)",
        samples: "tickets timed with NOTIFY, and as many without (default 30)",
        only: `${parts.join(", ")} alone; backlog fights without it as well, to compare`,
        json: "also write the JSON to this file",
      },
    },
    async (values) => {
      if (values.only !== undefined && !parts.some((part) => part === values.only))
        throw new CommandFailure(`--only must be one of ${parts.join(", ")}`);
      const wanted = (part: (typeof parts)[number]) => values.only === undefined || values.only === part;
      const seed = wholeNumber("seed", values.seed, 1);
      const sizes = {
        seconds: wholeNumber("seconds", values.seconds, 60),
        tickets: wholeNumber("tickets", values.tickets, 500),
        technicians: wholeNumber("technicians", values.technicians, 20),
        workers: wholeNumber("workers", values.workers, 4),
        clients: wholeNumber("clients", values.clients, 8),
        apis: 2,
      };
      const backlog = wholeNumber("backlog", values.backlog, 100_000);
      const samples = wholeNumber("samples", values.samples, 30);
      await using ends = new AsyncDisposableStack();
      const dataDir = await mkdtemp(join(tmpdir(), "dispatch-bench-worker-"));
      ends.defer(() => rm(dataDir, { recursive: true, force: true }));
      const server = await startEmbeddedPostgres({ dataDir, log: say });
      ends.defer(() => server.stop());
      // The processes it started end with it.
      const interrupted = (): void => void ends.disposeAsync().finally(() => process.exit(130));
      process.once("SIGINT", interrupted).once("SIGTERM", interrupted);

      const fights: FightReport[] = [];
      for (const size of [
        ...(wanted("fight") || wanted("backlog") ? [0] : []),
        ...(wanted("backlog") ? [backlog] : []),
      ]) {
        fights.push(await fight({ ...sizes, seed, serverUrl: server.url, dataDir, backlog: size, say }));
      }
      const latency = wanted("latency")
        ? await measureLatency({ serverUrl: server.url, dataDir, samples, seed, say })
        : [];
      const [without, beside] = fights;
      const ratio = without && beside ? round(beside.assignments_per_second / without.assignments_per_second, 2) : null;
      const broken = fights.flatMap(brokenRules);
      print(fights, ratio, latency);
      const report = JSON.stringify({
        machine: { cores: cpus().length, node: process.version },
        seed,
        fights,
        ratio,
        latency,
        broken,
      });
      console.log(report);
      if (values.json) await writeFile(values.json, `${report}\n`);
      for (const rule of broken) say(`BROKEN ${rule}`);
      return broken.length === 0 ? 0 : 1;
    },
  );

/** The rules that do not hold, with how often. */
function brokenRules({ backlog, violations, receipts_missing, server_errors }: FightReport): string[] {
  const counts = Object.entries({ ...violations, receipts_missing, server_errors });
  return counts.flatMap(([rule, count]) => (count === 0 ? [] : `${rule}: ${count} (backlog ${backlog})`));
}

function print(fights: readonly FightReport[], ratio: number | null, latency: readonly LatencyRow[]): void {
  const [first] = fights;
  if (first) {
    const { violations, ...figures } = first;
    const rows = (pick: (report: FightReport) => Readonly<Record<string, number>>, names: readonly string[]) => {
      for (const name of names)
        console.log(`${name.padEnd(34)}${fights.map((one) => String(pick(one)[name] ?? "").padStart(12)).join("")}`);
    };
    console.log("");
    rows(({ violations: _, ...numbers }) => numbers, Object.keys(figures));
    console.log("\nwhat must not be");
    rows((report) => report.violations, Object.keys(violations));
    if (ratio !== null) console.log(`\nthroughput beside the backlog / without it: ${ratio}`);
    console.log("");
  }
  if (latency.length === 0) return;
  console.log(
    "scheduled → assigned, idle desk".padEnd(34) +
      ["samples", "p50 ms", "p95 ms", "max ms"].map((title) => title.padStart(12)).join(""),
  );
  for (const { woken_by, samples, p50_ms, p95_ms, max_ms } of latency) {
    console.log(
      `${woken_by.padEnd(34)}${[samples, p50_ms, p95_ms, max_ms].map((value) => String(value).padStart(12)).join("")}`,
    );
  }
  console.log("");
}
