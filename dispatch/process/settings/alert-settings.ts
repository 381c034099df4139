// Settings of the alerts: from where on each is raised.

import { integer } from "./kinds.ts";
import { setting } from "./setting.ts";

export const alertSettings = {
  alertStuckCount: setting(
    "DISPATCH_ALERT_STUCK_SCHEDULING_COUNT_THRESHOLD",
    "alerts.stuck_scheduling_count_threshold",
    integer(1, 1_000_000),
    5,
    "Tickets stuck in scheduling that raise an alert",
  ),
  alertStuckMinutes: setting(
    "DISPATCH_ALERT_STUCK_SCHEDULING_MINUTES",
    "alerts.stuck_scheduling_minutes",
    integer(0, 1_000_000),
    60,
    "Minutes without a move after which a ticket counts as stuck; 0: at once",
  ),
  alertCompletionRejections: setting(
    "DISPATCH_ALERT_COMPLETION_REJECTION_THRESHOLD",
    "alerts.completion_rejection_threshold",
    integer(1, 1_000_000),
    3,
    "Refused completions in an hour that raise an alert",
  ),
  alertIdempotencyConflicts: setting(
    "DISPATCH_ALERT_IDEMPOTENCY_CONFLICT_THRESHOLD",
    "alerts.idempotency_conflict_threshold",
    integer(1, 1_000_000),
    2,
    "Idempotency conflicts in an hour that raise an alert",
  ),
  alertAuthRejections: setting(
    "DISPATCH_ALERT_AUTH_POLICY_REJECTION_THRESHOLD",
    "alerts.auth_policy_rejection_threshold",
    integer(1, 1_000_000),
    5,
    "Refusals by authentication, role or scope in an hour that raise an alert",
  ),
  alertDiskFree: setting(
    "DISPATCH_ALERT_DISK_FREE_PERCENT",
    "alerts.disk_free_percent",
    integer(0, 100),
    15,
    "Percent of a disk left free below which an alert is raised",
  ),
  alertDiskCritical: setting(
    "DISPATCH_ALERT_DISK_CRITICAL_PERCENT",
    "alerts.disk_critical_percent",
    integer(0, 100),
    5,
    "Percent of a disk left free below which that alert is critical",
  ),
  alertConnections: setting(
    "DISPATCH_ALERT_CONNECTIONS_PERCENT",
    "alerts.connections_percent",
    integer(1, 100),
    80,
    "Percent of the connections Postgres may have that raise an alert",
  ),
} as const;
