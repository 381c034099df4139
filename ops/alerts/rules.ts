// When each alert fires in Prometheus. What it means and who answers it is in dispatch/api/alert-list.ts.

import { alertList, reportedCodes, type AlertCode, type WatchedCode } from "../../dispatch/api/alert-list.ts";
import { natsBehindSeconds } from "../../dispatch/api/metric-list.ts";
import { oldestReadingSeconds, renewed } from "./freshness.ts";
import { burnExpression, burns, objectives, ratioName, spans, type Objective } from "./objectives.ts";

export type Rule = {
  readonly code: AlertCode;
  readonly expression: string;
  /** How long it must hold. */
  readonly holds: string;
  readonly severity: "critical" | "warning";
  /** Of an objective, how quickly its budget burns. */
  readonly pace: string | null;
  /** What holds for every API process at once; null of what one may say alone. */
  readonly reach: "every process" | null;
};

export type Recording = { readonly name: string; readonly expression: string };

/** A worker is woken by the commit itself and by its tick every 5 s: after 24 ticks nobody is looking. */
const longestWaitSeconds = 120;

/** An event is tried again within five minutes, however ill its endpoint is: after three such pauses somebody should look. */
const webhookLagSeconds = 900;

/** Commands end within ten seconds (DISPATCH_DB_STATEMENT_TIMEOUT_MS). The time counts from the first look that saw the lock. */
const longestHeldSeconds = 9;

// Two scrapes of 15 s may fail in a restart; what holds for a minute is no restart. Counts of the last hour need no more.
const holds = "1m";

const watched: Record<Exclude<WatchedCode, Objective["code"]>, string> = {
  API_DOWN: 'up{job="dispatch-api"} == 0 or absent(up{job="dispatch-api"})',
  DATABASE_UNAVAILABLE: 'min(dispatch_dependency_up{dependency="postgres"}) == 0',
  // A value that its process could not renew tells of a lock that may be gone, whatever others read.
  DATABASE_LOCKED:
    "max(dispatch_db_lock_held_seconds and on (instance) " +
    `(dispatch_reading_age_seconds{reading="locks"} < ${oldestReadingSeconds})) > ${longestHeldSeconds}`,
  // Where no process can be scraped at all, API_DOWN says so.
  ALERTS_BLIND:
    `min(dispatch_reading_age_seconds{reading="alert_signals"}) > ${oldestReadingSeconds} or ` +
    `(max(up{job="dispatch-api"}) == 1 unless min(dispatch_reading_age_seconds{reading="alert_signals"}))`,
  WEBHOOKS_BEHIND: `${renewed("max", 'dispatch_webhook_lag_seconds{endpoint="active"}', "webhooks")} > ${webhookLagSeconds}`,
  NATS_BEHIND: `${renewed("max", "dispatch_nats_lag_seconds", "nats")} > ${natsBehindSeconds}`,
  ASSIGNMENT_WAITING: `${renewed("max", "dispatch_assignment_oldest_wait_seconds", "oldest_wait")} > ${longestWaitSeconds}`,
};

/** Beside the same of one process: what others say follows from these alone. */
const ofEveryProcess = {
  API_DOWN: 'max(up{job="dispatch-api"}) == 0 or absent(up{job="dispatch-api"})',
  DATABASE_UNAVAILABLE: 'max(dispatch_dependency_up{dependency="postgres"}) == 0',
};

/** Of the disks themselves: it tells also while Postgres is away, as it may be on a full one. */
const diskCritical =
  "100 * min(dispatch_disk_free_bytes / dispatch_disk_size_bytes) < " +
  'max(dispatch_disk_low_percent{severity="critical"})';

/** For what says itself how long it has been so: one evaluation is enough. */
const atOnce = "0s";
/** A process that has just started has read nothing yet. */
const afterStart = "15s";

const rule = (code: AlertCode, expression: string, held = holds): Rule => ({
  code,
  expression,
  holds: held,
  severity: alertList[code].severity,
  pace: null,
  reach: null,
});

/** The codes of /ops/alerts fire on the same counts and thresholds there and here: the API tells both as gauges. */
export const reportedRules: readonly Rule[] = reportedCodes.map((code) =>
  rule(
    code,
    `${renewed("max", `dispatch_alert_signal{code="${code}"}`, "alert_signals")} >= ` +
      `max(dispatch_alert_threshold{code="${code}"})`,
  ),
);

export const watchedRules: readonly Rule[] = [
  rule("API_DOWN", watched.API_DOWN),
  { ...rule("API_DOWN", ofEveryProcess.API_DOWN), reach: "every process" },
  rule("DATABASE_UNAVAILABLE", watched.DATABASE_UNAVAILABLE),
  { ...rule("DATABASE_UNAVAILABLE", ofEveryProcess.DATABASE_UNAVAILABLE), reach: "every process" },
  rule("DATABASE_LOCKED", watched.DATABASE_LOCKED, atOnce),
  { ...rule("DISK_LOW", diskCritical), severity: "critical" },
  rule("ALERTS_BLIND", watched.ALERTS_BLIND, afterStart),
  rule("ASSIGNMENT_WAITING", watched.ASSIGNMENT_WAITING),
  rule("WEBHOOKS_BEHIND", watched.WEBHOOKS_BEHIND),
  rule("NATS_BEHIND", watched.NATS_BEHIND),
];

export const burnRules: readonly Rule[] = objectives.flatMap((objective) =>
  burns.map((burn) => ({
    code: objective.code,
    expression: burnExpression(objective, burn),
    holds,
    severity: burn.severity,
    pace: burn.pace,
    reach: null,
  })),
);

export const allRules: readonly Rule[] = [...reportedRules, ...watchedRules, ...burnRules];

/** The share of bad ones over each window, reckoned once for alerts and dashboard. */
export const recordings: readonly Recording[] = objectives.flatMap((objective) =>
  spans.map((span) => ({
    name: ratioName(objective, span),
    expression: `${objective.bad(span)} / ${objective.all(span)}`,
  })),
);
