// Every alert, once: what it means, who answers it, which page says what to do, and the first command to type. /ops/alerts,
// the Prometheus rules, the runbooks' index and the reference table are made from this list. Data alone.

type AlertEntry = {
  readonly severity: "warning" | "critical";
  /** From when on a warning is critical, where that depends on how bad it is. */
  readonly criticalWhen?: string;
  /** Whose phone rings. */
  readonly owner: "dispatch desk" | "field operations" | "integrations" | "security" | "platform on call";
  readonly runbook: string;
  /** What is wrong, as its reader feels it. */
  readonly summary: string;
  readonly firstCommand: string;
};

const define = <const T extends Record<string, AlertEntry>>(entries: T): T => entries;

/** What /ops/alerts reports. The first four are the contract's; what is added to them comes behind. */
export const reportedAlerts = define({
  STUCK_SCHEDULING: {
    severity: "warning",
    owner: "dispatch desk",
    runbook: "ops/runbooks/stuck_scheduling.md",
    summary: "Tickets have stood still in scheduling for longer than they may.",
    firstCommand: "pnpm dispatch:alerts --explain STUCK_SCHEDULING",
  },
  COMPLETION_REJECTION_SPIKE: {
    severity: "warning",
    owner: "field operations",
    runbook: "ops/runbooks/completion_rejection.md",
    summary:
      "Work is reported as done and refused: evidence, checklist or signature is missing, or the ticket is too risky.",
    firstCommand: "pnpm dispatch:alerts --explain COMPLETION_REJECTION_SPIKE",
  },
  IDEMPOTENCY_CONFLICT_SPIKE: {
    severity: "warning",
    owner: "integrations",
    runbook: "ops/runbooks/idempotency_conflict.md",
    summary: "A client uses one Idempotency-Key for different requests, so that its second intent is lost.",
    firstCommand: "pnpm dispatch:alerts --explain IDEMPOTENCY_CONFLICT_SPIKE",
  },
  AUTH_POLICY_FAILURE_SPIKE: {
    severity: "warning",
    owner: "security",
    runbook: "ops/runbooks/auth_policy_failure.md",
    summary:
      "Callers are refused by token, role, tool or scope: a key that was not rotated everywhere, a " +
      "wrong role, or somebody who tries doors.",
    firstCommand: "pnpm dispatch:alerts --explain AUTH_POLICY_FAILURE_SPIKE",
  },
  INTAKE_DUPLICATE_SPIKE: {
    severity: "warning",
    owner: "dispatch desk",
    runbook: "ops/runbooks/blind_intake_guardrails.md",
    summary: "The same calls are taken in again and again: a channel repeats itself, or two take the same calls.",
    firstCommand: "pnpm dispatch:alerts --explain INTAKE_DUPLICATE_SPIKE",
  },
  VISIT_MISSED: {
    severity: "critical",
    owner: "dispatch desk",
    runbook: "ops/runbooks/unserved_visits.md",
    summary: "A promised visit should have begun, and nobody has arrived: nobody was sent, or the technician is late.",
    firstCommand: "pnpm dispatch:alerts --explain VISIT_MISSED",
  },
  NOBODY_CAN_GO: {
    severity: "warning",
    owner: "dispatch desk",
    runbook: "ops/runbooks/unserved_visits.md",
    summary: "A visit is promised, and the roster has nobody for it: nobody is able, or nobody able is free.",
    firstCommand: "pnpm dispatch:alerts --explain NOBODY_CAN_GO",
  },
  WORKER_SILENT: {
    severity: "critical",
    owner: "platform on call",
    runbook: "ops/runbooks/worker_silent.md",
    summary: "A worker stopped showing that it is alive, and no other took its place.",
    firstCommand: "pnpm dispatch:alerts --explain WORKER_SILENT",
  },
  OUTBOX_STUCK: {
    severity: "critical",
    owner: "platform on call",
    runbook: "ops/runbooks/outbox_stuck.md",
    summary: "Events are committed and told to nobody, because a transaction somewhere on the server does not end.",
    firstCommand: "pnpm dispatch:alerts --explain OUTBOX_STUCK",
  },
  OUTBOX_DEAD_LETTERS: {
    severity: "warning",
    owner: "integrations",
    runbook: "ops/runbooks/outbox_dead_letters.md",
    summary:
      "Events were given up after every try to bring them to a webhook failed; its receiver does not know of them.",
    firstCommand: "pnpm dispatch:alerts --explain OUTBOX_DEAD_LETTERS",
  },
  DISK_LOW: {
    severity: "warning",
    criticalWhen: "at 5 % free",
    owner: "platform on call",
    runbook: "ops/runbooks/disk_full.md",
    summary: "A disk is nearly full; once it is, no command, upload or log line can be written.",
    firstCommand: "pnpm dispatch:alerts --explain DISK_LOW",
  },
  CONNECTIONS_HIGH: {
    severity: "warning",
    owner: "platform on call",
    runbook: "ops/runbooks/database_unavailable.md",
    summary: "Postgres has nearly as many connections as it may have; once it has, nobody new gets in.",
    firstCommand: "pnpm dispatch:alerts --explain CONNECTIONS_HIGH",
  },
  CLOCK_WRONG: {
    severity: "warning",
    owner: "platform on call",
    runbook: "ops/runbooks/clock_wrong.md",
    summary:
      "The clock of an API process differs from Postgres's by a minute or more: good tokens are refused, and times are not true.",
    firstCommand: "pnpm dispatch:alerts --explain CLOCK_WRONG",
  },
  OBJECT_STORE_UNAVAILABLE: {
    severity: "critical",
    owner: "platform on call",
    runbook: "ops/runbooks/object_store_outage.md",
    summary: "The object store cannot be reached or used: no uploads, no evidence, no closing of tickets.",
    firstCommand: "pnpm dispatch:alerts --explain OBJECT_STORE_UNAVAILABLE",
  },
  AUDIT_BROKEN: {
    severity: "critical",
    owner: "security",
    runbook: "ops/runbooks/audit_broken.md",
    summary:
      "The audit trail is not what a checkpoint of it says: somebody rewrote it in the database, or it was restored. No further " +
      "checkpoint is written.",
    firstCommand: "pnpm dispatch:alerts --explain AUDIT_BROKEN",
  },
  AUDIT_CHAIN_BROKEN: {
    severity: "critical",
    owner: "security",
    runbook: "ops/runbooks/audit_broken.md",
    summary: "A ticket's history, or a row it vouches for, was changed in the database past Dispatch.",
    firstCommand: "pnpm dispatch:alerts --explain AUDIT_CHAIN_BROKEN",
  },
  AUDIT_UNVERIFIED: {
    severity: "warning",
    owner: "security",
    runbook: "ops/runbooks/audit_broken.md",
    summary:
      "No worker has looked through the whole audit trail for a day: what was changed in it may not have been found.",
    firstCommand: "pnpm dispatch:alerts --explain AUDIT_UNVERIFIED",
  },
  LOG_LATE: {
    severity: "warning",
    owner: "security",
    runbook: "ops/runbooks/audit_broken.md",
    summary:
      "What happened has no checkpoint of the log yet, or the object store has not got it: until then its owner could rewrite it unseen.",
    firstCommand: "pnpm dispatch:alerts --explain LOG_LATE",
  },
  POLICY_UNREADABLE: {
    severity: "warning",
    owner: "platform on call",
    runbook: "ops/runbooks/policy_unreadable.md",
    summary:
      "A version of the company's rules cannot be read here, and is the newest or some open ticket's: others are in force in its place, " +
      "and such tickets stand still.",
    firstCommand: "pnpm dispatch:alerts --explain POLICY_UNREADABLE",
  },
  PART_RESTARTED: {
    severity: "warning",
    owner: "platform on call",
    runbook: "ops/runbooks/part_restarted.md",
    summary:
      "A part of the stack ended, or hung and was killed, within the last hour, and its supervisor started it again.",
    firstCommand: "pnpm dispatch:alerts --explain PART_RESTARTED",
  },
  TASKS_STUCK: {
    severity: "warning",
    owner: "dispatch desk",
    runbook: "ops/runbooks/tasks_stuck.md",
    summary:
      "Desk tasks have waited for an agent for longer than their priority allows: nobody is able or free, or no worker hands them out.",
    firstCommand: "pnpm dispatch:alerts --explain TASKS_STUCK",
  },
  AGENTS_SILENT: {
    severity: "warning",
    owner: "platform on call",
    runbook: "ops/runbooks/agents_silent.md",
    summary:
      "An AI agent that has or had tasks is not heard of any more, or says itself that it cannot work; it gets nothing until it is back.",
    firstCommand: "pnpm dispatch:alerts --explain AGENTS_SILENT",
  },
  ROOMS_DEAF: {
    severity: "warning",
    owner: "dispatch desk",
    runbook: "ops/runbooks/rooms_deaf.md",
    summary:
      "A room is in error: whoever sits there is told nothing and gets no work until it is mended, and what they were told may be lost.",
    firstCommand: "pnpm dispatch:alerts --explain ROOMS_DEAF",
  },
});

/** What only Prometheus can tell: the API cannot report its own absence, and keeps no history to burn a budget from. */
export const watchedAlerts = define({
  API_DOWN: {
    severity: "critical",
    owner: "platform on call",
    runbook: "ops/runbooks/everything_is_broken.md",
    summary: "An API process does not answer its scraper, or none is known to it.",
    firstCommand: "pnpm dispatch:alerts",
  },
  DATABASE_UNAVAILABLE: {
    severity: "critical",
    owner: "platform on call",
    runbook: "ops/runbooks/database_unavailable.md",
    summary: "Postgres cannot be reached or used: every command answers 503 until it is back.",
    firstCommand: "pnpm dispatch:alerts",
  },
  DATABASE_LOCKED: {
    severity: "critical",
    owner: "platform on call",
    runbook: "ops/runbooks/locked_table.md",
    summary:
      "A session holds a lock in Postgres that others wait for: what reads or writes there fails until it lets go.",
    firstCommand: "pnpm dispatch:alerts --explain DATABASE_LOCKED",
  },
  ALERTS_BLIND: {
    severity: "critical",
    owner: "platform on call",
    runbook: "ops/runbooks/everything_is_broken.md",
    summary: "What the alerts count cannot be read: whatever else goes wrong, nobody is told.",
    firstCommand: "pnpm dispatch:alerts --explain ALERTS_BLIND",
  },
  ASSIGNMENT_WAITING: {
    severity: "critical",
    owner: "platform on call",
    runbook: "ops/runbooks/worker_silent.md",
    summary: "A scheduled ticket waits and no worker has looked at it: none runs, or none gets on.",
    firstCommand: "pnpm dispatch:alerts --explain ASSIGNMENT_WAITING",
  },
  WEBHOOKS_BEHIND: {
    severity: "warning",
    owner: "integrations",
    runbook: "ops/runbooks/outbox_dead_letters.md",
    summary:
      "A webhook that is not paused has not got events for a quarter of an hour: its receiver fails, or no worker delivers.",
    firstCommand: "pnpm dispatch:alerts --explain WEBHOOKS_BEHIND",
  },
  NATS_BEHIND: {
    severity: "warning",
    owner: "integrations",
    runbook: "ops/runbooks/nats_behind.md",
    summary: "The NATS server has not got events for five minutes: it is away or refuses them, or no worker relays.",
    firstCommand: "pnpm dispatch:alerts --explain NATS_BEHIND",
  },
  COMMAND_ERRORS_BURN: {
    severity: "critical",
    owner: "platform on call",
    runbook: "ops/runbooks/slo_burn.md",
    summary: "Commands fail by the server's fault faster than the objective allows.",
    firstCommand: "pnpm dispatch:alerts --explain COMMAND_ERRORS_BURN",
  },
  COMMAND_LATENCY_BURN: {
    severity: "critical",
    owner: "platform on call",
    runbook: "ops/runbooks/slo_burn.md",
    summary: "More commands are slow than the objective allows.",
    firstCommand: "pnpm dispatch:alerts --explain COMMAND_LATENCY_BURN",
  },
  ASSIGNMENT_LATENCY_BURN: {
    severity: "critical",
    owner: "dispatch desk",
    runbook: "ops/runbooks/slo_burn.md",
    summary: "Scheduled tickets find their technician later than the objective allows.",
    firstCommand: "pnpm dispatch:alerts --explain ASSIGNMENT_LATENCY_BURN",
  },
});

export const alertList = { ...reportedAlerts, ...watchedAlerts };

export type ReportedCode = keyof typeof reportedAlerts;
export type WatchedCode = keyof typeof watchedAlerts;
export type AlertCode = keyof typeof alertList;

const isCode = (text: string): text is AlertCode => Object.hasOwn(alertList, text);

/** Every code in the list's order. */
export const alertCodes: readonly AlertCode[] = Object.keys(alertList).filter(isCode);
/** The codes of /ops/alerts in the list's order. */
export const reportedCodes: readonly ReportedCode[] = alertCodes.filter((code): code is ReportedCode =>
  Object.hasOwn(reportedAlerts, code),
);
