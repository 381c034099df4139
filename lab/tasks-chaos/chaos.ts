// Brokers, agents and Postgres, each a process of its own, are killed while tasks are handed out and done; when all tasks have ended, the
// model judges the trail and what the agents' commands recorded. Moments are drawn by a seeded generator and counted in tasks that have
// ended, not in seconds.

import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { aggregates } from "../../dispatch/aggregates.ts";
import { migrate } from "../../dispatch/db/migrate.ts";
import { openDatabase } from "../../dispatch/db/pool.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { startApiProcess } from "../bench/api-process.ts";
import { chance, shuffled } from "../bench/chance.ts";
import { startWorkerProcess, type WorkerProcess } from "../bench/worker-process.ts";
import { AgentProcess } from "./agent-process.ts";
import { readEffects, type Doing } from "./effects.ts";
import { LateAnswers } from "./late-answers.ts";
import { startKillablePostgres, type KillablePostgres } from "./killable-postgres.ts";
import { judge, type Evidence, type TaskAtEnd, type TrailEvent, type Verdict } from "./model.ts";

export type ChaosOptions = {
  /** For the data of server and desk; whoever calls removes it. */
  readonly folder: string;
  readonly seed: number;
  readonly brokers: number;
  readonly agents: number;
  readonly tasks: number;
  /** About how long all of it takes: by that, how long the work of a task does. */
  readonly seconds: number;
  /** How long some agents stay away when they are killed; the others come back at once. */
  readonly awayMs?: number;
  readonly kills: { readonly brokers: number; readonly agents: number; readonly postgres: number };
  readonly say: (line: string) => void;
};

export type ChaosReport = Verdict & {
  readonly seed: number;
  readonly tasks: number;
  readonly seconds: number;
  readonly kills: Readonly<Record<Victim, number>>;
  /** How often a task was tried again at the cost of a retry. */
  readonly retries: number;
  /** What agents said of trouble, and how often. */
  readonly troubles: Readonly<Record<string, number>>;
  /** What was answered to agents that say of a task that it is done after it was taken from them: HTTP status, and how often. */
  readonly lateAnswers: Readonly<Record<string, number>>;
  /** How often an agent ended that nobody had killed. */
  readonly ownEnds: number;
  /** Of the agents' processes, before the end. */
  readonly agentMiB: number;
};

const victims = ["broker", "agent", "postgres"] as const;
type Victim = (typeof victims)[number];

const run = promisify(execFile);
const adminToken = "chaos-admin-token-of-more-than-32-characters";
const scopes = ["warranty", "quote", "supplier", "letter"];
/** Nothing may take longer than this without one more task ending. */
const standstillMs = 300_000;

/** @throws CommandFailure when a process does not start, or nothing goes on */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, say } = options;
  const begun = performance.now();
  const next = chance(seed);
  await using ends = new AsyncDisposableStack();
  const postgres = await startKillablePostgres(options.folder);
  ends.defer(postgres.stop);
  const { url } = postgres;
  await migrate({ databaseUrl: url, log: () => undefined });
  const settings = {
    DISPATCH_ADMIN_TOKEN: adminToken,
    DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
    DISPATCH_TICK_INTERVAL_MS: "500",
    DISPATCH_WORKER_LOOP_MS: "1000",
    DISPATCH_NIGHTLY_PLAN_HOUR: "off",
    DISPATCH_DB_POOL_MAX: "6",
  };
  const dataDir = options.folder;
  const api = await startApiProcess({ DISPATCH_DATABASE_URL: url, DISPATCH_DATA_DIR: dataDir, ...settings });
  ends.defer(api.stop);
  const admin = new Admin(api.url);
  const effectsFile = join(options.folder, "effects");
  await writeFile(effectsFile, "");
  const completed = new Set<string>();
  const capacity = new Map<string, number>();
  const tokens = new Map<string, string>();
  const agents: AgentProcess[] = [];
  ends.defer(async () => void (await Promise.all(agents.map((agent) => agent.stop()))));
  for (let n = 0; n < options.agents; n++) {
    const slug = `agent-${n}`;
    const max_concurrent = 1 + Math.floor(next() * 4);
    capacity.set(slug, max_concurrent);
    const able = [scopes[n % scopes.length], ...scopes.filter(() => next() < 0.3)];
    await admin.post("agents", { slug, capabilities: able, max_concurrent });
    const token = String((await admin.post(`agents/${slug}/token`, {}))["token"]);
    tokens.set(slug, token);
    const onCompleted = (task: string) => void completed.add(task);
    agents.push(new AgentProcess({ apiUrl: api.url, slug, token, effectsFile, onCompleted }));
  }
  const places = [...capacity.values()].reduce((sum, one) => sum + one, 0);
  const workSeconds = (options.seconds * places) / options.tasks / 2;
  const startBroker = () => startWorkerProcess({ databaseUrl: url, dataDir, settings });
  const brokers = Array.from({ length: options.brokers }, startBroker);
  ends.defer(async () => void (await Promise.all(brokers.map((broker) => broker.kill()))));

  const late = new LateAnswers({ apiUrl: api.url, tokens, read: (use) => withClient(url, use) });
  ends.defer(() => late.stop());

  const created = new Set<string>();
  const creating = createTasks(admin, options.tasks, workSeconds, next, created);
  const kills = await meanwhile(options, postgres, { brokers, startBroker, agents, next }, creating);
  await creating;
  say("all tasks have ended; judging…");
  const agentMiB = await memoryOf(agents.flatMap(({ pid }) => pid ?? []));
  await Promise.all([late.stop(), ...agents.map((agent) => agent.stop())]);
  const verdict = await judged(url, {
    effects: await readEffects(effectsFile),
    capacity,
    acknowledged: { created, completed },
    absences: agents.flatMap(({ absences }) => absences),
  });
  const { retries, broken } = await counted(url);
  return {
    ...verdict,
    violations: [...verdict.violations, ...broken],
    seed,
    tasks: created.size,
    seconds: Math.round((performance.now() - begun) / 1000),
    kills,
    retries,
    troubles: summed(agents.map(({ troubles }) => troubles)),
    lateAnswers: Object.fromEntries(late.answers),
    ownEnds: agents.reduce((sum, { ownEnds }) => sum + ownEnds, 0),
    agentMiB,
  };
}

function summed(all: readonly ReadonlyMap<string, number>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const one of all) for (const [words, times] of one) sums[words] = (sums[words] ?? 0) + times;
  return sums;
}

/** The desk's admin, who repeats with the same key whatever finds no answer. */
class Admin {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async post(path: string, body: object): Promise<Record<string, unknown>> {
    const key = randomUUID();
    for (;;) {
      const answer = await this.#try(path, body, key);
      if (answer !== null) return answer;
      await delay(50);
    }
  }

  async #try(path: string, body: object, key: string): Promise<Record<string, unknown> | null> {
    try {
      const response = await fetch(`${this.#url}/api/v1/${path}`, {
        method: "POST",
        headers: {
          "x-agent-id": "chaos",
          authorization: `Bearer ${adminToken}`,
          "content-type": "application/json",
          "idempotency-key": key,
        },
        body: JSON.stringify(body),
      });
      const answer: unknown = await response.json();
      if (response.status < 300 && isObject(answer)) return answer;
      if (response.status === 503 || response.status === 409) return null;
      throw new CommandFailure(`${path} was answered ${response.status}: ${JSON.stringify(answer)}`);
    } catch (error) {
      if (error instanceof TypeError) return null;
      throw error;
    }
  }
}

const creators = 8;
/** What a task may take beyond its work, on a busy machine. */
const spareMs = 75_000;
/** What one that hangs may take. */
const hangMs = 15_000;

async function createTasks(
  admin: Admin,
  count: number,
  workSeconds: number,
  next: () => number,
  created: Set<string>,
): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: creators }, async () => {
      while (left-- > 0) {
        const drawn = next();
        const context: Doing = {
          first: drawn < 0.05 ? "fail" : drawn < 0.08 ? "hang" : drawn < 0.09 ? "impossible" : "done",
          seconds: Math.round(2_000 * workSeconds * next()) / 1_000,
        };
        const { id } = await admin.post("tasks", {
          title: "A task of the chaos",
          scope: scopes[Math.floor(next() * scopes.length)],
          priority: 1 + Math.floor(next() * 5),
          timeout_ms: Math.round(context.first === "hang" ? hangMs : spareMs + context.seconds * 1_000),
          max_retries: 10,
          context,
        });
        created.add(String(id));
      }
    }),
  );
}

type Desk = {
  readonly brokers: WorkerProcess[];
  readonly startBroker: () => WorkerProcess;
  readonly agents: readonly AgentProcess[];
  readonly next: () => number;
};

/** Kills when it is time, until all tasks have ended. */
async function meanwhile(
  { tasks, kills, say, awayMs }: ChaosOptions,
  postgres: KillablePostgres,
  { brokers, startBroker, agents, next }: Desk,
  creating: Promise<void>,
): Promise<Record<Victim, number>> {
  // Only its failure ends the waiting.
  const failed = creating.then(() => new Promise<never>(() => undefined));
  const wanted: Record<Victim, number> = { broker: kills.brokers, agent: kills.agents, postgres: kills.postgres };
  const order = shuffled(
    victims.flatMap((victim) => Array.from({ length: wanted[victim] }, () => victim)),
    next,
  );
  const moments = order.map(() => Math.floor(tasks * 0.9 * next())).toSorted((a, b) => a - b);
  const due = order.map((victim, n) => ({ victim, at: moments[n] ?? 0 }));
  const done: Record<Victim, number> = { broker: 0, agent: 0, postgres: 0 };
  let last = { ended: -1, at: performance.now() };
  for (;;) {
    const ended = await Promise.race([countEnded(postgres.url), failed]);
    if (ended > last.ended) last = { ended, at: performance.now() };
    if (performance.now() - last.at > standstillMs)
      throw new CommandFailure(`nothing went on for ${standstillMs / 1000} s: ${ended} of ${tasks} tasks have ended`);
    const [first] = due;
    if (first === undefined && ended >= tasks) return done;
    if (first === undefined || first.at > ended) {
      await delay(50);
      continue;
    }
    due.shift();
    done[first.victim]++;
    if (first.victim === "postgres") {
      say(`${ended} of ${tasks} have ended; Postgres is killed`);
      await postgres.killAndStart();
    } else if (first.victim === "broker") {
      const at = Math.floor(next() * brokers.length);
      await brokers[at]?.kill();
      brokers[at] = startBroker();
    } else agents[Math.floor(next() * agents.length)]?.kill(next() < 0.1 ? awayMs : undefined);
  }
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

const countEnded = (url: string): Promise<number> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM tasks WHERE status IN ('completed', 'failed', 'timed_out', 'cancelled')",
    );
    return rows[0]?.n ?? 0;
  });

const judged = (url: string, seen: Omit<Evidence, "trail" | "tasks">): Promise<Verdict> =>
  withClient(url, async (client) => {
    const trail = await client.query<TrailEvent>(
      `SELECT aggregate, aggregate_id AS id, seq, pg_xact_commit_timestamp(xmin)::text || ' ' || xmin::text AS commit,
              to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, tool_name AS tool, actor_id AS actor,
              before_state AS before, after_state AS after, payload->>'assignee' AS assignee, payload->>'run' AS run,
              payload->'result'->>'at' AS "resultOf"
       FROM audit_events WHERE aggregate IN ('task', 'worker')
       ORDER BY pg_xact_commit_timestamp(xmin), xmin::text, aggregate, aggregate_id, seq`,
    );
    const tasks = await client.query<TaskAtEnd>("SELECT id, status, timeout_ms FROM tasks");
    return judge({ ...seen, trail: trail.rows, tasks: tasks.rows });
  });

/** What the desk's own verification says of the whole trail, what was told to nobody, and what retries it took. */
async function counted(url: string): Promise<{ retries: number; broken: string[] }> {
  const db = openDatabase({
    url,
    poolMax: 2,
    applicationName: "dispatch-chaos",
    role: null,
    statementTimeoutMs: 300_000,
    lockTimeoutMs: 300_000,
    onError: () => undefined,
  });
  try {
    const { faults } = await verifyAudit(db, aggregates);
    const broken = faults.map(({ kind, chain, seq }) => `${kind} in the chain of ${chain} at #${seq}`);
    return await withClient(url, async (client) => {
      const untold = await client.query(
        "SELECT FROM audit_events e WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.audit_event_id = e.id)",
      );
      if (untold.rowCount) broken.push(`${untold.rowCount} commands were told to nobody`);
      const { rows } = await client.query<{ n: number }>("SELECT coalesce(sum(retry_count), 0)::int AS n FROM tasks");
      return { retries: rows[0]?.n ?? 0, broken };
    });
  } finally {
    await db.close();
  }
}

/** In MiB, together. */
async function memoryOf(pids: readonly number[]): Promise<number> {
  const { stdout } = await run("ps", ["-o", "rss=", "-p", pids.join(",")]);
  return Math.round(stdout.split("\n").reduce((sum, line) => sum + Number(line), 0) / 1_024);
}
