// Every metric of dispatch-api, once: the registry, the gauges, the dashboard, the reference table and the check of the
// alert rules are made from this list. Data alone. A gauge without a reader, or a reader without a gauge, does not compile.

import { mostEnds } from "../process/part-ends.ts";

type MetricEntry = {
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  /** What one stands for. */
  readonly unit: string;
  readonly help: string;
  /** Labels the dashboard keeps apart; all unless it says otherwise. */
  readonly chartBy?: readonly string[];
  /** How those of several processes are read as one: the same in all (max), each its own part (sum), or the worst; unless it is said,
   *  max for a gauge and sum for what a process counts. */
  readonly across?: "max" | "min" | "sum";
};

const define = <const T extends Record<string, MetricEntry>>(entries: T): T => entries;

/** From a replay out of memory to a command that waits for a lock; in seconds. 0.25 is the limit of the latency objective. */
export const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** An assignment is in time up to this many seconds after the ticket was scheduled: the limit of the assignment objective. */
export const assignmentLimitSeconds = 30;

/** Over how long a time the assignments told of lie. The rules add these spans up, so both must know it. */
export const assignmentSpanMinutes = 5;

/** NATS is behind from this age of an event on that it has not acknowledged. A server that is back is found within seconds. */
export const natsBehindSeconds = 300;

/** Said of what workers add up in the database. */
const tallied =
  "since the desk began, added up by workers from its events a few seconds later: the same in every process, and no restart ends it";

/** What gauges are read from; those of one reading have one age. */
export const readingNames = [
  "alert_signals",
  "connections",
  "clock",
  "disks",
  "parts",
  "queue",
  "awaiting",
  "oldest_wait",
  "assignments",
  "workers",
  "worker_work",
  "outbox",
  "pushes",
  "rooms",
  "webhooks",
  "nats",
  "tasks",
  "task_waits",
  "agents",
  "task_tally",
  "audit_watch",
  "locks",
] as const;

export const metricList = define({
  dispatch_requests_total: {
    type: "counter",
    labels: ["method", "endpoint", "status"],
    unit: "requests",
    help: "Requests answered",
    chartBy: ["method", "status"],
  },
  dispatch_http_requests_total: {
    type: "counter",
    labels: ["method", "endpoint", "status"],
    unit: "requests",
    help: "The same as dispatch_requests_total, under the name that the contract of tasks gives it",
    chartBy: ["status"],
  },
  dispatch_errors_total: { type: "counter", labels: ["code"], unit: "errors", help: "Errors answered" },
  dispatch_request_duration_seconds: {
    type: "histogram",
    labels: ["kind", "tool"],
    unit: "seconds",
    help: "Time from a request's headers to its answer, by kind (command or query) and tool",
    chartBy: ["kind"],
  },
  dispatch_transitions_total: {
    type: "counter",
    labels: ["from_state", "to_state"],
    unit: "moves",
    help: "Moves of tickets by commands of this API; those of workers, and what they carry out for one that died, are not among them",
    chartBy: ["to_state"],
  },
  dispatch_claims_checked_total: {
    type: "counter",
    labels: [],
    unit: "claims",
    help: "Claims of the chat's agent that were held to receipts",
  },
  dispatch_claims_unproven_total: {
    type: "counter",
    labels: ["lack"],
    unit: "claims",
    help: "Of those, the ones that neither a receipt nor a reading of their turn showed, by what lacked; each was corrected in the reply",
  },
  dispatch_idempotency_replay_total: {
    type: "counter",
    labels: [],
    unit: "commands",
    help: "Commands answered from a stored answer",
  },
  dispatch_idempotency_conflict_total: {
    type: "counter",
    labels: [],
    unit: "commands",
    help: "Idempotency keys used for another request",
  },
  dispatch_assignments_with_snapshot_total: {
    type: "counter",
    labels: [],
    unit: "dispatches",
    help: "Dispatches that followed a recommendation",
  },
  dispatch_assignments_without_snapshot_total: {
    type: "counter",
    labels: [],
    unit: "dispatches",
    help: "Dispatches without a recommendation",
  },
  dispatch_log_lines_dropped_total: {
    type: "counter",
    labels: [],
    unit: "lines",
    help: "Lines of this process's log that are missing, because it could not be written: a full disk, or nobody who reads",
  },
  dispatch_dependency_up: {
    type: "gauge",
    labels: ["dependency"],
    unit: "1 or 0",
    help: "Whether a part can be reached and used: postgres, object_store",
    across: "min",
  },
  dispatch_db_pool_connections: {
    type: "gauge",
    labels: ["use"],
    unit: "connections",
    help: "Connections to Postgres by use",
    across: "sum",
  },
  dispatch_db_server_connections: {
    type: "gauge",
    labels: ["which"],
    unit: "connections",
    help: "Connections of the whole Postgres server: used, and most, how many it has for logins without reserved ones",
  },
  dispatch_disk_free_bytes: {
    type: "gauge",
    labels: ["use"],
    unit: "bytes",
    help: "Room left on the disk, by what it is used for; several uses may share one. A server's elsewhere is not seen",
    across: "min",
  },
  dispatch_disk_size_bytes: { type: "gauge", labels: ["use"], unit: "bytes", help: "Size of that disk" },
  dispatch_disk_low_percent: {
    type: "gauge",
    labels: ["severity"],
    unit: "percent",
    help: "Below how much free of a disk DISK_LOW fires, and is critical",
  },
  dispatch_clock_offset_seconds: {
    type: "gauge",
    labels: ["which"],
    unit: "seconds",
    help: "By how much this process's clock is ahead of Postgres's, or behind it; one of the two is 0",
  },
  dispatch_part_restarts: {
    type: "gauge",
    labels: ["part"],
    unit: "restarts",
    help:
      "How often each part of this machine's stack ended in the last hour and was started again by its supervisor, up to " +
      `${mostEnds}; nothing where no stack runs`,
  },
  dispatch_event_streams: { type: "gauge", labels: [], unit: "streams", help: "Event streams open now", across: "sum" },
  dispatch_queue_tickets: { type: "gauge", labels: ["phase"], unit: "tickets", help: "Open tickets by operator phase" },
  dispatch_awaiting_technician: {
    type: "gauge",
    labels: ["when"],
    unit: "tickets",
    help: "Scheduled tickets without a technician, by whether the worker may look at them now",
  },
  dispatch_assignment_oldest_wait_seconds: {
    type: "gauge",
    labels: [],
    unit: "seconds",
    help:
      "How long the scheduled ticket that no worker has looked at has waited, of several the longest; 0 " +
      "where the policy leaves dispatching to people",
  },
  dispatch_assignments_recent: {
    type: "gauge",
    labels: ["pace"],
    unit: "dispatches",
    help:
      `Technicians whom workers booked or sent in the last ${assignmentSpanMinutes} minutes, by whether within ` +
      `${assignmentLimitSeconds} s of the scheduling`,
  },
  dispatch_assignment_seconds: {
    type: "gauge",
    labels: ["quantile"],
    unit: "seconds",
    help:
      "Time from scheduling to the technician a worker booked or sent, of those of the last " +
      `${assignmentSpanMinutes} minutes; 0 where there were none`,
  },
  dispatch_workers: {
    type: "gauge",
    labels: ["status"],
    unit: "processes",
    help: "Worker processes, by whether they were seen within three heartbeats",
  },
  dispatch_worker_work: {
    type: "gauge",
    labels: ["what"],
    unit: "since start",
    help: "Dispatches and errors of the live workers since each started",
  },
  dispatch_outbox_lag_seconds: {
    type: "gauge",
    labels: [],
    unit: "seconds",
    help: "Age of the oldest event that is held back by a transaction still running",
  },
  dispatch_outbox_pending: {
    type: "gauge",
    labels: ["sink"],
    unit: "events",
    help:
      "Events committed and not yet taken over by who is told of them: webhook (those of paused endpoints too), and nats, 0 where " +
      "DISPATCH_NATS_URL is unset",
  },
  dispatch_nats_lag_seconds: {
    type: "gauge",
    labels: [],
    unit: "seconds",
    help: "Age of the oldest event that the NATS server has not acknowledged",
  },
  dispatch_nats_skipped: {
    type: "gauge",
    labels: [],
    unit: "events",
    help: "Events that were never told to NATS, because no server takes such a subject, or so long a message",
  },
  dispatch_tasks: {
    type: "gauge",
    labels: ["status"],
    unit: "tasks",
    help: "Desk tasks by state, those that are over too",
  },
  dispatch_tasks_oldest_wait_seconds: {
    type: "gauge",
    labels: ["priority"],
    unit: "seconds",
    help: "How long the pending task that has waited the longest has waited, by priority; 0 where none waits",
  },
  dispatch_agents: {
    type: "gauge",
    labels: ["status"],
    unit: "agents",
    help: "AI agents on the roster: awake, silent (not heard of for two minutes, or out of order), and away (asleep or stopped)",
  },
  dispatch_rooms: {
    type: "gauge",
    labels: ["status"],
    unit: "rooms",
    help: "Rooms by what whoever sits there is at; one in error is told nothing. Control rooms are not counted",
  },
  dispatch_pushes: {
    type: "gauge",
    labels: ["what"],
    unit: "pushes",
    help: "Pushes that wait for their room, that were sent and not heard yet, and that were given up in the last hour (lost)",
  },
  dispatch_unmatched_total: {
    type: "counter",
    labels: [],
    unit: "tasks",
    help: `How often the broker said that nobody can take a task, once for each reason; ${tallied}`,
    across: "max",
  },
  dispatch_wakes_total: {
    type: "counter",
    labels: ["outcome"],
    unit: "wakes",
    help: `Wakes of sleeping agents, by whether the agent came (ready) or not in time (failed); ${tallied}`,
    across: "max",
  },
  dispatch_assign_latency_seconds: {
    type: "histogram",
    labels: [],
    unit: "seconds",
    help: `Time from a task's move to pending to its move to assigned, the waking of a sleeper included; ${tallied}`,
    across: "max",
  },
  dispatch_push_latency_seconds: {
    type: "histogram",
    labels: [],
    unit: "seconds",
    help: `Time from when a push could be told to its room until the other side had taken it, of those that were heard; ${tallied}`,
    across: "max",
  },
  dispatch_travel_service: {
    type: "gauge",
    labels: ["what"],
    unit: "1 or 0; drives",
    help: "The travel service, where one is named: up, 1 while its last answer was good, and drives, how many are remembered",
  },
  dispatch_webhook_pending: {
    type: "gauge",
    labels: ["endpoint"],
    unit: "events",
    help: "Events that wait for a webhook, by whether it is active or paused",
  },
  dispatch_webhook_lag_seconds: {
    type: "gauge",
    labels: ["endpoint"],
    unit: "seconds",
    help: "Age of the oldest event some webhook has not got, by whether it is active or paused",
  },
  dispatch_webhook_dead_letters: {
    type: "gauge",
    labels: [],
    unit: "events",
    help: "Events that were given up because no try reached the webhook",
  },
  dispatch_audit_verified_age_seconds: {
    type: "gauge",
    labels: [],
    unit: "seconds",
    help: "Time since workers had last looked through every audit chain; AUDIT_UNVERIFIED fires after a day",
  },
  dispatch_audit_verified_chains: {
    type: "gauge",
    labels: ["round"],
    unit: "chains",
    help: "Audit chains that workers looked at in the last whole round through them (last), and in the one under way (now)",
  },
  dispatch_alert_signal: {
    type: "gauge",
    labels: ["code"],
    unit: "count",
    help: "What /ops/alerts counts for each of its codes",
  },
  dispatch_alert_threshold: {
    type: "gauge",
    labels: ["code"],
    unit: "count",
    help: "At which count a code of /ops/alerts fires",
  },
  dispatch_db_lock_held_seconds: {
    type: "gauge",
    labels: [],
    unit: "seconds",
    help:
      "How long a transaction has stood in others' way with a lock, or locked a table as a whole, as far as those who wait tell or " +
      "scrapes have seen; of several the longest, 0 where there is none",
  },
  dispatch_reading_age_seconds: {
    type: "gauge",
    labels: ["reading"],
    unit: "seconds",
    help:
      "Age of what gauges were read from: those that cannot be read keep their last value. alert_signals is what /ops/alerts " +
      "counts, the others are named after their gauges",
    across: "min",
  },
});

/** What the runtime tells of itself, as far as the dashboard shows it. */
export const processMetrics = define({
  nodejs_eventloop_lag_p99_seconds: {
    type: "gauge",
    labels: [],
    unit: "seconds",
    help: "How late the event loop was, 99th percentile",
  },
  process_resident_memory_bytes: { type: "gauge", labels: [], unit: "bytes", help: "Memory of the process" },
  process_open_fds: { type: "gauge", labels: [], unit: "descriptors", help: "Open files and sockets; Linux alone" },
  process_cpu_seconds_total: { type: "counter", labels: [], unit: "seconds", help: "Processor time" },
});

type Entries = typeof metricList;
export type MetricName = keyof Entries;
type NamesOf<T extends MetricEntry["type"]> = {
  [N in MetricName]: Entries[N]["type"] extends T ? N : never;
}[MetricName];
export type CounterName = NamesOf<"counter">;
export type GaugeName = NamesOf<"gauge">;
/** What every process reads alike, although it only grows. */
export type TallyName = {
  [N in MetricName]: Entries[N] extends { readonly type: "counter"; readonly across: "max" } ? N : never;
}[MetricName];
export type Metric = MetricEntry & { readonly name: string };

const named = (entries: Record<string, MetricEntry>): Metric[] =>
  Object.entries(entries).map(([name, entry]) => ({ name, ...entry }));

/** The desk's own metrics in the list's order. */
export const deskMetrics: readonly Metric[] = named(metricList);
/** What of the runtime's metrics is shown. */
export const runtimeMetrics: readonly Metric[] = named(processMetrics);
