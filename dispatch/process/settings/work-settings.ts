// Settings of what happens by itself: tasks and the agents who do them, the worker's duties, plans, webhooks, the audit's watch.

import { flag, hourOrOff, integer, text, webUrl, word } from "./kinds.ts";
import { setting } from "./setting.ts";

export const workSettings = {
  tickIntervalMs: setting(
    "DISPATCH_TICK_INTERVAL_MS",
    "assignment.tick_interval_ms",
    integer(50, 3_600_000),
    5_000,
    "How often tasks that wait are looked through without news of any, in ms",
  ),
  wakeTimeoutMs: setting(
    "DISPATCH_WAKE_TIMEOUT_MS",
    "assignment.wake_timeout_ms",
    integer(100, 3_600_000),
    30_000,
    "Longest a sleeping agent may take to report ready before the next is asked, in ms",
  ),
  defaultTimeoutMs: setting(
    "DISPATCH_DEFAULT_TIMEOUT_MS",
    "assignment.default_timeout_ms",
    integer(1_000, 86_400_000),
    300_000,
    "Longest a task may take that names no time of its own, in ms",
  ),
  maxConcurrent: setting(
    "DISPATCH_MAX_CONCURRENT",
    "assignment.max_concurrent_per_agent",
    integer(1, 50),
    3,
    "How many tasks and tickets an agent has at a time that names no number of its own",
  ),
  lifecycleUrl: setting(
    "DISPATCH_LIFECYCLE_URL",
    "lifecycle.url",
    webUrl,
    null,
    "Service that starts and wakes agents; asked GET /admin/agents/:id and POST /admin/agents/:id/wake",
    { shown: "unset: agents are woken by a push", aliases: ["DISPATCH_WARREN_URL"] },
  ),
  lifecycleToken: setting("DISPATCH_LIFECYCLE_TOKEN", "lifecycle.token", text, null, "Token that service asks for", {
    secret: true,
    aliases: ["DISPATCH_WARREN_TOKEN"],
  }),
  personaUrl: setting(
    "DISPATCH_PERSONA_URL",
    "personas.url",
    webUrl,
    null,
    "Service that agents' personas are read from, at /api/v1/personas; for a later version, this one reads them nowhere",
    { shown: "unset: from the playbook", aliases: ["DISPATCH_FORGE_URL"] },
  ),
  eventDigestMs: setting(
    "DISPATCH_EVENT_DIGEST_MS",
    "events.digest_ms",
    integer(100, 3_600_000),
    60_000,
    "How long news of workers that can wait is gathered before the control rooms are told, in ms",
  ),
  tmuxSocket: setting(
    "DISPATCH_TMUX_SOCKET",
    "tmux.socket",
    text,
    null,
    "Socket of the tmux server that agents' rooms are in: a path, or a name in tmux's own folder",
    { shown: "unset: tmux's own", example: "dispatch" },
  ),
  workerIdentity: setting(
    "DISPATCH_WORKER_IDENTITY",
    "worker.identity",
    word,
    "dispatch-worker",
    "Who the worker is in the audit trail",
  ),
  workerLoopMs: setting(
    "DISPATCH_WORKER_LOOP_MS",
    "worker.loop_ms",
    integer(50, 3_600_000),
    5_000,
    "How often the worker looks by itself, in ms; news of a commit wakes it at once",
  ),
  workerHeartbeatMs: setting(
    "DISPATCH_WORKER_HEARTBEAT_MS",
    "worker.heartbeat_ms",
    integer(50, 3_600_000),
    20_000,
    "How often the worker shows that it is alive, in ms",
  ),
  workerBatchLimit: setting(
    "DISPATCH_WORKER_BATCH_LIMIT",
    "worker.batch_limit",
    integer(1, 10_000),
    20,
    "Tickets the worker assigns in one cycle",
  ),
  workerShutdownTimeoutMs: setting(
    "DISPATCH_WORKER_SHUTDOWN_TIMEOUT_MS",
    "worker.shutdown_timeout_ms",
    integer(100, 600_000),
    15_000,
    "Longest a stopping worker waits for the ticket it works on, in ms",
  ),
  webhookTimeoutMs: setting(
    "DISPATCH_WEBHOOK_TIMEOUT_MS",
    "webhooks.timeout_ms",
    integer(50, 20_000),
    10_000,
    "Longest a webhook may take to answer, in ms",
  ),
  webhookPrivateAddresses: setting(
    "DISPATCH_WEBHOOK_PRIVATE_ADDRESSES",
    "webhooks.private_addresses",
    flag,
    false,
    "Whether webhooks that are added through the API may lead into this machine's own network",
  ),
  nightlyPlanHour: setting(
    "DISPATCH_NIGHTLY_PLAN_HOUR",
    "planning.nightly_plan_hour",
    hourOrOff,
    20,
    "Hour of the evening, on the clock of each zone, from which the worker proposes the coming day's plan; off for none",
  ),
  auditEventsPerSecond: setting(
    "DISPATCH_AUDIT_EVENTS_PER_SECOND",
    "audit.events_per_second",
    integer(1, 100_000),
    200,
    "How many audit events a second all workers together verify by and by: at 200 a round through 17 million takes a day. A history " +
      "that was changed past Dispatch is looked through without pauses",
  ),
} as const;
