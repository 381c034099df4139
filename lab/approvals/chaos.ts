// Models ask, people answer and others change what it is about, while APIs, workers, Postgres and a gateway, each a process of its own,
// are killed by SIGKILL again and again, most of them in the moments that matter; when all is calm, the model judges the trail.

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { aggregates } from "../../dispatch/aggregates.ts";
import { migrate } from "../../dispatch/db/migrate.ts";
import { openDatabase } from "../../dispatch/db/pool.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { startApiProcess, type ApiProcess } from "../bench/api-process.ts";
import { chance } from "../bench/chance.ts";
import { seedPlaces } from "../bench/seed.ts";
import { startWorkerProcess, type WorkerProcess } from "../bench/worker-process.ts";
import { startKillablePostgres } from "../tasks-chaos/killable-postgres.ts";
import { liveCase, liveGatewayCase, newNotes, type Notes } from "./cases.ts";
import { chatters, startDeskGateway, type DeskGateway } from "./gateway.ts";
import { KeptUp } from "./kept-up.ts";
import { dealer, kinds } from "./kinds.ts";
import { judge, type RequestAtEnd, type TrailEvent, type Verdict } from "./model.ts";
import { tokenSecret, Voice, type Moment } from "./voice.ts";

export const victims = ["api", "worker", "postgres", "gateway"] as const;
export type Victim = (typeof victims)[number];

export type ChaosOptions = {
  /** For the data of server and desk; whoever calls removes it. */
  readonly folder: string;
  readonly seed: number;
  readonly kills: Readonly<{ [V in Victim]: number }>;
  /** No kill is begun after this. */
  readonly seconds: number;
  /** How many cases are lived at the same time. */
  readonly lanes: number;
  readonly say: (line: string) => void;
};

export type ChaosReport = Verdict & {
  readonly seed: number;
  readonly seconds: number;
  readonly kills: Readonly<{ [V in Victim]: number }>;
  /** In which moment: behind an ask, an answer or a card that was just sent; while something allowed waits for a worker; at random. */
  readonly killsAt: Readonly<{ [moment: string]: number }>;
  readonly asked: number;
  readonly answered: number;
  /** Which of the answers were written in a chat, as `/dispatch approve A-000123`, and read there as taken. */
  readonly inChat: Notes["inChat"];
  readonly fates: Readonly<{ [fate: string]: number }>;
  /** How often something had to be said again, and why. */
  readonly repeated: Readonly<{ [why: string]: number }>;
  /** What workers carried out, and lived to tell. */
  readonly byWorkers: number;
  /** How often a process ended that nobody had killed: one that starts while Postgres is away. */
  readonly ownEnds: number;
};

/** With three APIs one of them nearly always answers: where all are away nobody asks, and a kill meets nothing. */
const [apiCount, workerCount] = [3, 2];
/** How long after the last kill something allowed may be under way. */
const calmMs = 30_000;
/** How long a killer waits for the moment it wants. */
const momentMs = 5_000;

export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { folder, seed, say } = options;
  const begun = performance.now();
  await using ends = new AsyncDisposableStack();
  const postgres = await startKillablePostgres(folder);
  ends.defer(postgres.stop);
  const { url } = postgres;
  await migrate({ databaseUrl: url, log: () => undefined });
  await seedPlaces(url);
  const settings = {
    DISPATCH_AUTH_JWT_SECRET: tokenSecret,
    DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
    DISPATCH_WORKER_LOOP_MS: "1000",
    DISPATCH_NIGHTLY_PLAN_HOUR: "off",
    DISPATCH_DB_POOL_MAX: "6",
    // So often started, they are not compiled each time.
    NODE_COMPILE_CACHE: join(folder, "compiled"),
  };
  let byWorkers = 0;
  const environment = { DISPATCH_DATABASE_URL: url, DISPATCH_DATA_DIR: folder, ...settings };
  const newWorker = (): WorkerProcess =>
    startWorkerProcess({
      databaseUrl: url,
      dataDir: folder,
      settings,
      onLine: ({ message }) => void (message === "worker.approval_carried_out" && byWorkers++),
    });
  const startWorker = async (): Promise<WorkerProcess> => {
    const worker = newWorker();
    await worker.works;
    return worker;
  };
  await compile(environment, newWorker);
  const apis = Array.from({ length: apiCount }, () => new KeptUp<ApiProcess>(() => startApiProcess(environment)));
  const workers = Array.from({ length: workerCount }, () => new KeptUp(startWorker));
  const all = [...apis, ...workers];
  ends.defer(async () => void (await Promise.all(all.map((one) => one.stop()))));
  await Promise.all(all.map(({ up }) => up));

  const rows = new pg.Pool({ connectionString: url, max: 3 });
  // Postgres may be killed under it at any time.
  rows.on("error", () => undefined);
  ends.defer(() => rows.end());
  const moments = new Moments();
  const voice = new Voice(apis, (moment, api) => moments.tell(moment, api));
  const notes = newNotes();
  const killing = new AbortController();
  // It takes its time: whoever asked meanwhile would ask where nothing is killed.
  const gateway = options.kills.gateway > 0 ? await startDeskGateway(ends, folder, apis) : null;
  const deal = dealer();
  const lanes = Array.from({ length: options.lanes }, async (_, lane) => {
    const next = chance(seed + 1_000 + lane);
    while (!killing.signal.aborted) await liveCase({ voice, notes, deal, next });
  });
  if (gateway) {
    const by = {
      gateway,
      onSend: (moment: Moment) => moments.tell(moment, 0),
      numberOf: (key: string) => numberKept(rows, key),
    };
    // One alone waits most of the time for what was killed.
    const gatewayLanes = chatters.map(async (chatter, lane) => {
      const next = chance(seed + 2_000 + lane);
      while (!killing.signal.aborted) await liveGatewayCase({ voice, notes, deal, next }, { ...by, chatter });
    });
    lanes.push(...gatewayLanes);
  }
  const killer = new Killer(options, moments, { apis, begun });
  const working = Promise.all(lanes);
  const telling = setInterval(() => say(`${killer.told}; ${notes.sent.length} asked`), 10_000);
  try {
    await Promise.race([
      Promise.all([
        ...apis.map((_, n) => killer.killApi(n)),
        ...workers.map((worker, n) => killer.killWorker(worker, n, () => isAllowed(rows))),
        killer.killPostgres(postgres.killAndStart),
        gateway && killer.killGateway(gateway),
      ]),
      // Only its failure ends the killing.
      working.then(() => new Promise<never>(() => undefined)),
    ]);
  } finally {
    clearInterval(telling);
    killing.abort();
  }
  await working;
  say(`${killer.told}; ${notes.sent.length} asked; waiting until it is calm…`);
  await Promise.all(all.map(({ up }) => up));
  const until = performance.now() + calmMs;
  while (performance.now() < until && (await isAllowed(rows, 0))) await delay(100);
  await Promise.all(workers.map((worker) => worker.stop()));
  const verdict = await judged(url, notes);
  return {
    ...verdict,
    seed,
    seconds: Math.round((performance.now() - begun) / 1_000),
    kills: killer.kills,
    killsAt: Object.fromEntries(killer.killsAt),
    asked: notes.sent.length,
    answered: notes.words.length + notes.cards.length,
    inChat: notes.inChat,
    fates: Object.fromEntries([...notes.fates].toSorted(([, a], [, b]) => b - a)),
    repeated: Object.fromEntries(voice.repeated),
    byWorkers,
    ownEnds: all.reduce((sum, { ownEnds }) => sum + ownEnds, 0),
  };
}

/** Each program is started once and ended in good order: one that is killed leaves nothing compiled for the next. */
async function compile(environment: Readonly<Record<string, string>>, newWorker: () => WorkerProcess): Promise<void> {
  const [api, worker] = [await startApiProcess(environment), newWorker()];
  await worker.works;
  worker.signal("SIGTERM");
  await Promise.all([api.stop(), worker.ended]);
}

/** What is being sent, for whoever waits for it. */
class Moments {
  readonly #waiting = new Set<(moment: Moment, api: number) => void>();

  tell(moment: Moment, api: number): void {
    for (const hear of this.#waiting) hear(moment, api);
  }

  /** @returns the moment; null when none of these came in time */
  async next(wanted: readonly Moment[], api: number | null): Promise<Moment | null> {
    const { promise, resolve } = Promise.withResolvers<Moment | null>();
    const hear = (moment: Moment, at: number): void => {
      if (wanted.includes(moment) && (api === null || api === at)) resolve(moment);
    };
    this.#waiting.add(hear);
    const timer = setTimeout(() => resolve(null), momentMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(hear);
    }
  }
}

class Killer {
  readonly #options: ChaosOptions;
  readonly #moments: Moments;
  readonly #apis: readonly KeptUp<ApiProcess>[];
  readonly #until: number;
  readonly #left: { [V in Victim]: number };
  /** Which APIs are being killed, and may not be counted on. */
  readonly #dying = new Set<number>();
  #postgres: Promise<void> = Promise.resolve();
  readonly kills: { [V in Victim]: number } = { api: 0, worker: 0, postgres: 0, gateway: 0 };
  readonly killsAt = new Map<string, number>();

  constructor(
    options: ChaosOptions,
    moments: Moments,
    { apis, begun }: { readonly apis: readonly KeptUp<ApiProcess>[]; readonly begun: number },
  ) {
    this.#options = options;
    this.#moments = moments;
    this.#apis = apis;
    this.#until = begun + options.seconds * 1_000;
    this.#left = { ...options.kills };
  }

  get told(): string {
    return victims.map((victim) => `${this.kills[victim]} of ${this.#options.kills[victim]} ${victim}`).join(", ");
  }

  killApi = async (n: number): Promise<void> => {
    const api = this.#apis[n];
    if (!api) return;
    const kill = async (): Promise<void> => {
      this.#dying.add(n);
      await api.kill();
      this.#dying.delete(n);
    };
    await this.#kill("api", n, kill, async (next) => {
      // Seldom the last one goes, or one while Postgres is away: then nobody is answered, and a kill meets nothing.
      const isCareless = next() < 0.05;
      await this.#inStep("api", "worker", 0.05);
      await api.up;
      if (!isCareless) await this.#postgres;
      if (next() < 0.1) await this.#sometime(next, 1_000);
      else {
        const moment = await this.#moments.next(next() < 0.4 ? ["ask"] : ["answer", "card"], n);
        if (moment === null) return null;
        // From before it is read until behind the answer.
        await delay(40 * next());
        if (isCareless || this.#isOtherThere(n)) return moment;
      }
      return isCareless || this.#isOtherThere(n) ? "random" : null;
    });
  };

  killWorker = (worker: KeptUp<WorkerProcess>, n: number, waits: () => Promise<boolean>): Promise<void> =>
    this.#kill(
      "worker",
      10 + n,
      () => worker.kill(),
      async (next) => {
        await this.#inStep("worker", "api");
        await worker.up;
        if (next() < 0.2) return this.#sometime(next, 2_000);
        const until = performance.now() + momentMs;
        while (!(await waits())) {
          if (performance.now() > until) return "random";
          await delay(40);
        }
        await delay(80 * next());
        return "carrying out";
      },
    );

  killPostgres = (killAndStart: () => Promise<void>): Promise<void> =>
    this.#kill(
      "postgres",
      20,
      () => (this.#postgres = killAndStart()),
      async (next) => {
        await this.#inStep("postgres", "api");
        // Whoever lost it has to find it again, or nothing goes on.
        await this.#sometime(next, 3_000);
        if (next() < 0.2) return "random";
        const moment = await this.#moments.next(next() < 0.4 ? ["ask"] : ["answer", "card"], null);
        await delay(40 * next());
        return moment;
      },
    );

  killGateway = (gateway: DeskGateway): Promise<void> =>
    this.#kill("gateway", 30, gateway.kill, async (next) => {
      await gateway.up;
      // It lives for a while: what was written while it was away is heard then.
      for (let left = Math.floor(8 * next()); left > 0; left--) await this.#moments.next(["gateway", "chat"], null);
      const moment = await this.#moments.next([next() < 0.4 ? "gateway" : "chat"], null);
      // What comes by it takes longer than what is sent to the API: from before it is sent until behind its answer.
      await delay(400 * next());
      return moment && (moment === "chat" ? "answer" : "ask");
    });

  #isOtherThere = (n: number): boolean => this.#apis.some(({ now }, at) => at !== n && now && !this.#dying.has(at));

  /** So that each victim is killed from the beginning to the end, among the others: one is ahead of another by this part at most. */
  async #inStep(victim: Victim, other: Victim, most = 0): Promise<void> {
    const part = (of: Victim): number => this.kills[of] / Math.max(1, this.#options.kills[of]);
    const isAhead = (): boolean => this.#left[other] > 0 && part(victim) > part(other) + most;
    while (isAhead() && performance.now() < this.#until) await delay(50);
  }

  async #sometime(next: () => number, most: number): Promise<string> {
    await delay(most * next());
    return "random";
  }

  /** @param moment null where it did not come: it is waited for once more */
  async #kill(
    victim: Victim,
    salt: number,
    kill: () => Promise<void>,
    moment: (next: () => number) => Promise<string | null>,
  ): Promise<void> {
    const next = chance(this.#options.seed + salt);
    while (this.#left[victim] > 0 && performance.now() < this.#until) {
      this.#left[victim]--;
      const at = await moment(next);
      if (at === null) {
        this.#left[victim]++;
        continue;
      }
      await kill();
      this.kills[victim]++;
      const where = `${victim}, ${at}`;
      this.killsAt.set(where, (this.killsAt.get(where) ?? 0) + 1);
    }
  }
}

/** Postgres may be killed under it at any time. */
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

/** Whether something was allowed so long ago that workers take it, and is not done; false while Postgres is away. */
const isAllowed = (rows: pg.Pool, ms = 1_950): Promise<boolean> =>
  rows
    .query(
      "SELECT FROM approval_requests WHERE status = 'approved' AND decided_at < now() - make_interval(secs => $1) LIMIT 1",
      [ms / 1_000],
    )
    .then(
      ({ rowCount }) => (rowCount ?? 0) > 0,
      () => false,
    );

/** Null where none keeps it, and while Postgres is away. */
const numberKept = (rows: pg.Pool, key: string): Promise<string | null> =>
  rows.query<{ number: string }>("SELECT upper(id) AS number FROM approval_requests WHERE request_id = $1", [key]).then(
    (found) => found.rows[0]?.number ?? null,
    () => null,
  );

async function judged(url: string, { strange, fates: _fates, ...told }: Notes): Promise<Verdict> {
  const { trail, requests, untold } = await withClient(url, async (client) => ({
    trail: await client.query<TrailEvent>(
      `SELECT id::text AS event, aggregate, aggregate_id AS id, tool_name AS tool, actor_id AS actor, after_state AS after,
              pg_xact_commit_timestamp(xmin)::text || ' ' || xmin::text AS commit, payload->>'via' AS via,
              payload->>'approved_by' AS "approvedBy", payload->>'approval_request' AS number, payload->>'outcome' AS outcome
       FROM audit_events WHERE aggregate IN ('ticket', 'account', 'site', 'approval_request')
       ORDER BY pg_xact_commit_timestamp(xmin), xmin::text, aggregate, aggregate_id, seq`,
    ),
    requests: await client.query<RequestAtEnd>(
      `SELECT upper(id) AS number, status, tool, target_id AS target, asked_by AS by, request_id::text AS key,
              decided_by AS "decidedBy", receipt_id::text AS receipt, error_code AS error, upper(asked_again) AS "askedAgain",
              upper(asks_again_for) AS "asksAgainFor", differs
       FROM approval_requests`,
    ),
    untold: await client.query(
      "SELECT FROM audit_events e WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.audit_event_id = e.id)",
    ),
  }));
  const reserved = new Set(kinds.map(({ tool }) => tool));
  const verdict = judge({ ...told, trail: trail.rows, requests: requests.rows, reserved });
  const broken = untold.rowCount ? [`${untold.rowCount} commands were told to nobody`] : [];
  return { ...verdict, violations: [...verdict.violations, ...strange, ...broken, ...(await auditFaults(url))] };
}

/** What the desk's own verification says of the whole trail. */
async function auditFaults(url: string): Promise<string[]> {
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
    return faults.map(({ kind, chain, seq }) => `${kind} in the chain of ${chain} at #${seq}`);
  } finally {
    await db.close();
  }
}
