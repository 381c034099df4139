// GET /ops/alerts: what an operator should look at now. Signals come from the database, so that every process says the
// same, and look back one hour, so that an alert clears by itself.

import { codesOf } from "../contract/errors.ts";
import { statement } from "../db/statement.ts";
import type { Desk } from "../kernel/desk.ts";
import type { Rejections } from "../kernel/rejections.ts";
import type { Settings } from "../kernel/settings.ts";
import { serviceName } from "./health.ts";

const hourMs = 3_600_000;

/** An alert's code and the page that says what to do. */
export const runbooks = {
  STUCK_SCHEDULING: "ops/runbooks/stuck_scheduling.md",
  COMPLETION_REJECTION_SPIKE: "ops/runbooks/completion_rejection.md",
  IDEMPOTENCY_CONFLICT_SPIKE: "ops/runbooks/idempotency_conflict.md",
  AUTH_POLICY_FAILURE_SPIKE: "ops/runbooks/auth_policy_failure.md",
} as const;
export type AlertCode = keyof typeof runbooks;

export type Alert = {
  readonly code: AlertCode;
  readonly severity: "warning";
  readonly count: number;
  readonly threshold: number;
  readonly stale_minutes?: number;
  readonly runbook: string;
};

export type AlertReport = {
  readonly service: string;
  readonly generated_at: string;
  readonly thresholds: ReturnType<typeof thresholdsOf>;
  readonly signals: Signals;
  readonly alerts: readonly Alert[];
  readonly runbooks: typeof runbooks;
};

export type Signals = {
  readonly stuck_scheduling_count: number;
  readonly completion_rejection_count: number;
  readonly idempotency_conflict_count: number;
  readonly auth_policy_rejection_count: number;
};

// The states are written out as in the partial index tickets_scheduling_stuck, or Postgres would not use it.
const selectSignals = statement<Signals>(
  "alert_signals",
  `SELECT (SELECT count(*) FROM tickets
           WHERE state IN ('READY_TO_SCHEDULE', 'SCHEDULE_PROPOSED', 'SCHEDULED', 'PENDING_CUSTOMER_CONFIRMATION')
             AND last_transition_at < $2) AS stuck_scheduling_count,
          coalesce(sum(count) FILTER (WHERE code = ANY ($3::text[])), 0)::bigint AS completion_rejection_count,
          coalesce(sum(count) FILTER (WHERE code = ANY ($4::text[])), 0)::bigint AS idempotency_conflict_count,
          coalesce(sum(count) FILTER (WHERE code = ANY ($5::text[])), 0)::bigint AS auth_policy_rejection_count
   FROM rejections WHERE occurred_at > $1`,
);

const counted = [codesOf("completion_rejection"), codesOf("idempotency_conflict"), codesOf("auth_policy_rejection")];

/** Makes the function that reports the alerts of this moment. */
export function alertReporter(desk: Desk, rejections: Rejections): () => Promise<AlertReport> {
  const thresholds = thresholdsOf(desk.settings);
  return async () => {
    // Refusals wait a moment to be written together; whoever asks now wants them counted.
    await rejections.flush();
    const now = desk.clock.now();
    const since = new Date(now.getTime() - hourMs).toISOString();
    const staleSince = new Date(now.getTime() - thresholds.stuck_scheduling_minutes * 60_000).toISOString();
    const signals = await desk.db.row(selectSignals, [since, staleSince, ...counted]);
    if (!signals) throw new Error("the question for the alert signals was answered without a row");
    return {
      service: serviceName,
      generated_at: now.toISOString(),
      thresholds,
      signals,
      alerts: firing(signals, thresholds),
      runbooks,
    };
  };
}

function thresholdsOf(settings: Settings) {
  return {
    stuck_scheduling_count: settings.alertStuckCount,
    stuck_scheduling_minutes: settings.alertStuckMinutes,
    completion_rejection_count: settings.alertCompletionRejections,
    idempotency_conflict_count: settings.alertIdempotencyConflicts,
    auth_policy_rejection_count: settings.alertAuthRejections,
  };
}

function firing(signals: Signals, thresholds: ReturnType<typeof thresholdsOf>): Alert[] {
  const rules = [
    ["STUCK_SCHEDULING", "stuck_scheduling_count", { stale_minutes: thresholds.stuck_scheduling_minutes }],
    ["COMPLETION_REJECTION_SPIKE", "completion_rejection_count", {}],
    ["IDEMPOTENCY_CONFLICT_SPIKE", "idempotency_conflict_count", {}],
    ["AUTH_POLICY_FAILURE_SPIKE", "auth_policy_rejection_count", {}],
  ] as const;
  return rules
    .filter(([, signal]) => signals[signal] >= thresholds[signal])
    .map(([code, signal, more]) => ({
      code,
      severity: "warning",
      count: signals[signal],
      threshold: thresholds[signal],
      ...more,
      runbook: runbooks[code],
    }));
}
