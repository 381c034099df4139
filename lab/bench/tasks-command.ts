// `pnpm dispatch:bench:tasks`: what does it cost that a task is given out with ranking, audit trail and announcement, beside a bare job
// queue on the same Postgres; how soon is a new task given out; and does a long queue make each claim dearer?

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { CommandFailure, runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";
import { startApiProcess } from "./api-process.ts";
import { figuresOf, median, round, type Figures } from "./measure.ts";
import { addAgents, makeTaskDesk, readClaims, readLatencies, type Claims, type TaskDesk } from "./tasks-desk.ts";
import { createDatabase, dropDatabase, environmentOf, newDatabase, throwawayServer } from "./throwaway-database.ts";
import { withClient } from "./seed.ts";
import { startWorkerProcess } from "./worker-process.ts";

const say = (line: string): void => console.error(line);
const wanted = { claims: 0.5, idle_p95_ms: 25, busy_p95_ms: 200, growth: 1.2 } as const;

/** New tasks before the first that is timed: by then no process does anything for the first time. */
const warmUps = 20;
/** Between two new tasks that are timed. */
const restMs = 100;

type Bench = {
  readonly serverUrl: string;
  readonly template: string;
  readonly folder: string;
  readonly concurrency: number;
};

export const benchTasksCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:bench:tasks",
      about:
        "On one throw-away Postgres, in turn: claims a second of the broker and of graphile-worker with an empty handler; how soon " +
        "a task is given out on an idle desk and beside many that wait; and what a claim costs with a short and with a long queue. " +
        "Prints ratios and whether they are as wanted, then JSON.",
      options: {
        tasks: { type: "string" },
        rounds: { type: "string" },
        samples: { type: "string" },
        long: { type: "string" },
        concurrency: { type: "string" },
      },
      meanings: {
        tasks: "tasks, and jobs, claimed in a round (default 2000)",
        rounds: "rounds of each side (default 3)",
        samples: "new tasks timed, idle and busy, behind 20 that are not (default 100)",
        long: "length of the long queue (default 100000)",
        concurrency: "connections of the broker, and jobs at once of graphile-worker (default 16)",
      },
    },
    async (values) => {
      const tasks = wholeNumber("tasks", values.tasks, 2_000);
      const rounds = wholeNumber("rounds", values.rounds, 3);
      const samples = wholeNumber("samples", values.samples, 100);
      const long = wholeNumber("long", values.long, 100_000);
      await using ends = new AsyncDisposableStack();
      const server = await throwawayServer(ends, say, { track_commit_timestamp: "on" });
      const template = await newDatabase(server.url);
      const concurrency = wholeNumber("concurrency", values.concurrency, 16);
      const bench: Bench = { serverUrl: server.url, template, folder: server.folder, concurrency };

      const sides = { broker: [] as number[], graphile: [] as number[], short: [] as number[], long: [] as number[] };
      const places = { agents: 50, places: 50, queues: 10 };
      for (let n = 1; n <= rounds; n++) {
        say(`round ${n} of ${rounds}…`);
        const note = async (side: keyof typeof sides, work: Promise<Claims>): Promise<void> => {
          sides[side].push(perSecond(await work));
          say(`  ${side}: ${sides[side].at(-1)} a second`);
        };
        const few = { agents: 20, places: 50, queues: 10 };
        await note("broker", claimAll(bench, { ...places, pending: tasks }, tasks));
        await note("graphile", graphileClaims(bench, tasks));
        await note("short", claimAll(bench, { ...few, pending: 1_000 }, 1_000));
        await note("long", claimAll(bench, { ...few, pending: long }, 1_000));
      }
      say("timing new tasks…");
      const idle = await latencies(bench, { agents: 50, places: 50, queues: 10, pending: 0 }, samples);
      const busy = await latencies(bench, { agents: 50, places: 3, queues: 10, pending: 10_000 }, samples);

      const claims = round(median(sides.broker) / median(sides.graphile), 2);
      const growth = round(median(sides.short) / median(sides.long), 2);
      const rows: readonly (readonly [string, number, string, boolean])[] = [
        ["claims a second, of graphile-worker's", claims, `>= ${wanted.claims}`, claims >= wanted.claims],
        [
          "committed to assigned, idle, p95 ms",
          idle.p95_ms,
          `<= ${wanted.idle_p95_ms}`,
          idle.p95_ms <= wanted.idle_p95_ms,
        ],
        ["the same beside 10000, p95 ms", busy.p95_ms, `<= ${wanted.busy_p95_ms}`, busy.p95_ms <= wanted.busy_p95_ms],
        [`a claim's cost at ${long} to 1000`, growth, `<= ${wanted.growth}`, growth <= wanted.growth],
      ];
      for (const [what, value, limit, holds] of rows)
        console.log(
          `${what.padEnd(40)}${String(value).padStart(8)}  ${limit.padEnd(8)} ${holds ? "as wanted" : "NOT as wanted"}`,
        );
      console.log(JSON.stringify({ claims, growth, idle, busy, sides }));
      return 0;
    },
  );

const perSecond = ({ claims, seconds }: Claims): number => round(claims / seconds, 1);

/** How often a broker looks at what no news tells; as users have it unless said otherwise. */
type Pace = { readonly DISPATCH_WORKER_LOOP_MS?: string };

/** A broker, and when it has looked through the whole trail, as it does once a day: that takes as long as the queue is. */
function startSettledBroker(databaseUrl: string, dataDir: string, concurrency: number, pace: Pace = {}) {
  const settled = Promise.withResolvers<void>();
  const broker = startWorkerProcess({
    databaseUrl,
    dataDir,
    settings: {
      DISPATCH_DB_POOL_MAX: String(concurrency),
      DISPATCH_NIGHTLY_PLAN_HOUR: "off",
      DISPATCH_AUDIT_EVENTS_PER_SECOND: "100000",
      ...pace,
    },
    onLine: ({ message }) => {
      if (message === "worker.audit_looked_through") settled.resolve();
    },
  });
  const died = broker.ended.then((code) => {
    throw new CommandFailure(`the broker ended with ${code} before it had looked through the trail`);
  });
  // At the end it is killed, and nobody waits any more.
  died.catch(() => undefined);
  return { ...broker, settled: Promise.race([settled.promise, died]) };
}

/** Lets one broker give out `count` tasks of a desk. */
async function claimAll(
  { serverUrl, template, folder, concurrency }: Bench,
  desk: TaskDesk,
  count: number,
): Promise<Claims> {
  const url = await makeTaskDesk(serverUrl, template, desk);
  const broker = startSettledBroker(url, folder, concurrency, { DISPATCH_WORKER_LOOP_MS: "250" });
  try {
    await broker.settled;
    await addAgents(url, desk);
    for (let waited = 0; (await readClaims(url)).claims < count; waited += 100) {
      if (waited > 300_000) throw new CommandFailure(`the broker did not give out ${count} tasks`);
      await delay(100);
    }
    return await readClaims(url);
  } finally {
    await broker.kill();
    await dropDatabase(serverUrl, url);
  }
}

const graphile = join(import.meta.dirname, "tasks-graphile.ts");
const endWithParent = new URL("./end-with-parent.ts", import.meta.url).href;

async function graphileClaims({ serverUrl, concurrency }: Bench, jobs: number): Promise<Claims> {
  const url = await createDatabase(serverUrl);
  try {
    const args = ["--import", endWithParent, graphile, url, String(jobs), String(concurrency)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit", "ipc"] });
    const said: Buffer[] = [];
    child.stdout?.on("data", (bytes: Buffer) => said.push(bytes));
    const [code] = await once(child, "close");
    if (code !== 0) throw new CommandFailure(`graphile-worker's program ended with ${code}`);
    const answer: { seconds: number } = JSON.parse(Buffer.concat(said).toString());
    return { claims: jobs, seconds: answer.seconds };
  } finally {
    await dropDatabase(serverUrl, url);
  }
}

/** How soon new tasks are given out on a desk where all else that waits finds nobody with a place. */
async function latencies(
  { serverUrl, template, folder, concurrency }: Bench,
  desk: TaskDesk,
  samples: number,
): Promise<Figures> {
  const url = await makeTaskDesk(serverUrl, template, desk);
  await using ends = new AsyncDisposableStack();
  ends.defer(() => dropDatabase(serverUrl, url));
  const broker = startSettledBroker(url, folder, concurrency);
  ends.defer(broker.kill);
  const api = await startApiProcess(environmentOf(url, folder));
  ends.defer(api.stop);
  await broker.settled;
  await addAgents(url, desk);
  await withClient(url, (client) =>
    client.query(
      "UPDATE agents SET capabilities = '{fresh}', max_concurrent = 50 WHERE slug IN ('agent-47', 'agent-48', 'agent-49')",
    ),
  );
  const made: string[] = [];
  const watching = new pg.Client(url);
  await watching.connect();
  ends.defer(() => watching.end());
  const given = { name: "given", text: "SELECT FROM tasks WHERE id = $1 AND status = 'assigned'" };
  const isGiven = async (id: string) => (await watching.query({ ...given, values: [id] })).rowCount;
  for (let n = -warmUps; n < samples; n++) {
    // What the one before it has set off is over, however long that takes.
    await delay(restMs + ((n + warmUps) % 10) * 5);
    const response = await fetch(`${api.url}/api/v1/tasks`, {
      method: "POST",
      headers: {
        "x-agent-id": "bench",
        "x-actor-id": "bench",
        "x-actor-role": "dispatcher",
        "content-type": "application/json",
        "idempotency-key": randomUUID(),
      },
      body: JSON.stringify({ title: "Fresh", scope: "fresh", priority: 1 + ((n + warmUps) % 5) }),
    });
    const { id }: { id: string } = JSON.parse(await response.text());
    if (n >= 0) made.push(id);
    for (let waited = 0; !(await isGiven(id)); waited += 20) {
      if (waited > 20_000) throw new CommandFailure("a new task was not given out within 20 s");
      await delay(20);
    }
  }
  const ms = await readLatencies(url, made);
  return figuresOf(ms, ms.reduce((sum, one) => sum + one, 0) / 1000);
}
