// What is measured at the moment somebody asks: the parts, the pool, the queue, assignments, workers, the outbox, alerts.
// Which gauges there are is the list's business (metric-list.ts); here each is read. What cannot be read keeps its last value,
// and its age tells so: a rule that finds no value says nothing.

import { operatorPhases } from "../contract/states.ts";
import { statement } from "../db/statement.ts";
import { serverConnections } from "../db/server-connections.ts";
import { clockOffset } from "../process/database-clock.ts";
import type { Desk } from "../kernel/desk.ts";
import type { AlertReporter, Measured, OfMachine } from "./alerts.ts";
import { auditWatched } from "./audit-watched.ts";
import { oldestWait, recentAssignments } from "./assignment-pace.ts";
import type { Checks } from "./health.ts";
import type { LockWatch } from "./lock-watch.ts";
import type { readingNames } from "./metric-list.ts";
import type { Metrics } from "./metrics.ts";
import { restartsByPart } from "./part-watch.ts";
import { natsGauges, pendingBySink, readNats } from "./nats-gauges.ts";
import { readingOf, type Reading } from "./reading.ts";
import { assignLatencyText, pushLatencyText, tallies } from "./task-tallies.ts";
import { readWebhooks, webhookGauges } from "./webhook-gauges.ts";
import { workDone, workersSeen } from "./workers-seen.ts";
import { pushesByStanding, roomsByStatus } from "../rooms/room-standing.ts";
import { agentsByStatus, tasksByStatus, waitsByPriority } from "../workforce/task-standing.ts";
import { readTally } from "../workforce/task-tally.ts";

const limits = {
  /** Counting 100,000 open tickets takes Postgres some 20 ms, so several scrapers share one count. */
  freshForMs: 5_000,
  /** A scrape answers with what it has; Postgres being away is no reason to lose all other metrics. */
  withinMs: 1_000,
  now: () => performance.now(),
};

// The two parts of what is open, as their indexes name them: by is_open alone all tickets there ever were would be read.
const countStates = statement<{ state: string; tickets: number }>(
  "gauge_queue",
  `SELECT state, count(*) AS tickets FROM tickets WHERE in_queue OR (is_open AND NOT in_queue) GROUP BY state`,
);

const countAwaiting = statement<{ due: number; put_aside: number }>(
  "gauge_awaiting",
  `SELECT count(*) FILTER (WHERE assign_after IS NULL OR assign_after <= $1) AS due,
          count(*) FILTER (WHERE assign_after > $1) AS put_aside
   FROM tickets WHERE awaiting_technician`,
);

const selectLag = statement<{ seconds: number | null }>(
  "gauge_outbox_lag",
  `SELECT greatest(extract(epoch FROM $1::timestamptz - min(created_at)), 0)::float8 AS seconds
   FROM outbox WHERE xact >= pg_snapshot_xmin(pg_current_snapshot())`,
);

export type GaugeParts = OfMachine & {
  readonly desk: Desk;
  readonly checks: () => Promise<Checks>;
  readonly alerts: AlertReporter;
  readonly openStreams: () => number;
  readonly locks: LockWatch;
};

type Values = ReadonlyMap<string, number>;

/** What is read together, and so has one age. */
type ReadingName = (typeof readingNames)[number];

/** Adds the gauges. Closed and cancelled tickets are not counted: they are history, and ever more of it. */
export function addGauges(
  metrics: Metrics,
  { desk, checks, alerts, disks, parts, openStreams, locks }: GaugeParts,
): void {
  const turn = oneAtATime();
  const readings = new Map<ReadingName, Reading<unknown>>();
  const shared = <T>(name: ReadingName, read: () => Promise<T>, freshForMs?: number): (() => Promise<T | null>) => {
    const reading = readingOf(read, freshForMs === undefined ? limits : { ...limits, freshForMs });
    readings.set(name, reading);
    return reading.value;
  };
  const inTurn = <T>(name: ReadingName, read: () => Promise<T>) => shared(name, () => turn(read));
  const sharing = (name: ReadingName, read: () => Promise<Values>) => orNothing(inTurn(name, read));
  const paces = inTurn("assignments", () => recentAssignments(desk));
  const webhooks = inTurn("webhooks", () => readWebhooks(desk));
  const nats = inTurn("nats", () => readNats(desk));
  const watched = inTurn("audit_watch", () => auditWatched(desk));
  readings.set("disks", disks);
  readings.set("parts", parts);
  const measured = inTurn("alert_signals", () => alerts.measure());
  const tally = inTurn("task_tally", () => readTally(desk.db));
  metrics.histogram(async () => assignLatencyText(await tally()));
  metrics.histogram(async () => pushLatencyText(await tally()));
  metrics.readings({
    dispatch_dependency_up: async () => dependencies(await checks()),
    dispatch_db_pool_connections: async () => {
      const { total, idle, waiting } = desk.db.gauges();
      return new Map([
        ["busy", total - idle],
        ["idle", idle],
        ["waited_for", waiting],
      ]);
    },
    dispatch_db_server_connections: sharing(
      "connections",
      async () => new Map(Object.entries(await serverConnections(desk.db))),
    ),
    dispatch_disk_free_bytes: async () => new Map((await disks.value())?.map(({ use, free }) => [use, free])),
    dispatch_disk_size_bytes: async () => new Map((await disks.value())?.map(({ use, size }) => [use, size])),
    dispatch_disk_low_percent: async () =>
      new Map([
        ["warning", desk.settings.alertDiskFree],
        ["critical", desk.settings.alertDiskCritical],
      ]),
    dispatch_part_restarts: async () => restartsByPart((await parts.value()) ?? [], desk.clock.now()),
    dispatch_clock_offset_seconds: sharing("clock", () => clockSides(desk)),
    dispatch_event_streams: async () => single(openStreams()),
    dispatch_queue_tickets: sharing("queue", () => countQueue(desk)),
    dispatch_awaiting_technician: sharing("awaiting", () => countAssignments(desk)),
    dispatch_assignment_oldest_wait_seconds: sharing("oldest_wait", async () => single(await oldestWait(desk))),
    dispatch_assignments_recent: async () => (await paces())?.counts ?? new Map(),
    dispatch_assignment_seconds: async () => (await paces())?.seconds ?? new Map(),
    dispatch_workers: sharing("workers", () => workersByStatus(desk)),
    dispatch_worker_work: sharing("worker_work", async () => new Map(Object.entries(await workDone(desk)))),
    dispatch_outbox_lag_seconds: sharing("outbox", () => outboxLag(desk)),
    dispatch_tasks: sharing("tasks", () => tasksByStatus(desk.db)),
    dispatch_tasks_oldest_wait_seconds: sharing("task_waits", () => waitsByPriority(desk.db, desk.clock.now())),
    dispatch_agents: sharing("agents", () => agentsByStatus(desk.db, desk.clock.now())),
    dispatch_rooms: sharing("rooms", () => roomsByStatus(desk.db)),
    dispatch_pushes: sharing("pushes", () => pushesByStanding(desk.db, desk.clock.now())),
    ...tallies(tally),
    dispatch_travel_service: async () => new Map(Object.entries(desk.travel.gauges() ?? { drives: 0 })),
    dispatch_outbox_pending: async () => pendingBySink(await webhooks(), await nats()),
    ...webhookGauges(webhooks),
    ...natsGauges(nats),
    dispatch_audit_verified_age_seconds: async () => {
      const found = await watched();
      return found ? single(found.seconds) : new Map();
    },
    dispatch_audit_verified_chains: async () => {
      const found = await watched();
      return new Map(found ? Object.entries({ last: found.last, now: found.now }) : []);
    },
    dispatch_alert_signal: async () => byCode(await measured(), "count"),
    dispatch_alert_threshold: async () => byCode(await measured(), "threshold"),
    // The watch itself asks at most once a second, and whoever waits for a lock is to be told of within seconds.
    dispatch_db_lock_held_seconds: orNothing(shared("locks", () => longestHeld(locks), 0)),
    dispatch_reading_age_seconds: () => agesOf(readings),
  });
}

/** Ages of the readings as they are when all that this scrape asked for have come, or will not. */
async function agesOf(readings: ReadonlyMap<ReadingName, Reading<unknown>>): Promise<Values> {
  await Promise.all([...readings.values()].map(({ value }) => value()));
  return new Map(
    [...readings].flatMap(([name, { ageSeconds }]) => {
      const age = ageSeconds();
      return age === null ? [] : [[name, age] as const];
    }),
  );
}

async function longestHeld(locks: LockWatch): Promise<Values> {
  const seconds = await locks.longestSeconds();
  if (seconds === null) throw new Error("Postgres did not say who holds locks");
  return single(seconds);
}

const single = (value: number): Values => new Map([["", value]]);

const dependencies = ({ postgres, object_store: store }: Checks): Values =>
  new Map([
    ["postgres", postgres.status === "ok" ? 1 : 0],
    ["object_store", store.status === "ok" ? 1 : 0],
  ]);

const byCode = (measured: ReadonlyMap<string, Measured> | null, which: "count" | "threshold"): Values =>
  new Map([...(measured ?? [])].map(([code, one]) => [code, one[which]]));

/** Two numbers that are never below 0, so that the worst of several processes is the greatest. */
async function clockSides(desk: Desk): Promise<Values> {
  const offset = await clockOffset(desk.db);
  return new Map([
    ["ahead", Math.max(0, offset)],
    ["behind", Math.max(0, -offset)],
  ]);
}

async function countQueue(desk: Desk): Promise<Values> {
  const byState = new Map((await desk.db.rows(countStates)).map(({ state, tickets }) => [state, tickets]));
  const open = Object.entries(operatorPhases).filter(([phase]) => phase !== "closed" && phase !== "cancelled");
  return new Map(
    open.map(([phase, states]) => [phase, states.reduce((sum, state) => sum + (byState.get(state) ?? 0), 0)]),
  );
}

async function countAssignments(desk: Desk): Promise<Values> {
  const row = await desk.db.row(countAwaiting, [desk.clock.now().toISOString()]);
  return new Map(Object.entries(row ?? {}));
}

async function workersByStatus(desk: Desk): Promise<Values> {
  const { alive, stale } = await workersSeen(desk);
  return new Map([
    ["alive", alive],
    ["stale", stale],
  ]);
}

async function outboxLag(desk: Desk): Promise<Values> {
  const row = await desk.db.row(selectLag, [desk.clock.now().toISOString()]);
  return single(row?.seconds ?? 0);
}

const orNothing = (read: () => Promise<Values | null>) => async (): Promise<Values> => (await read()) ?? new Map();

/** Lets one read follow the other: a scrape must not take the pool from the commands. */
function oneAtATime(): <T>(read: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (read) => {
    const next = last.then(read);
    last = next.catch(() => undefined);
    return next;
  };
}
