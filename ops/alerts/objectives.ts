// What Dispatch promises (service level objectives) and how quickly a budget of failures may be used up before somebody is
// called. Data and a little arithmetic; `pnpm generate` makes the Prometheus rules, the dashboard and the table from it.

import type { WatchedCode } from "../../dispatch/api/alert-list.ts";
import { assignmentLimitSeconds, assignmentSpanMinutes } from "../../dispatch/api/metric-list.ts";
import { renewed } from "./freshness.ts";

export type Objective = {
  /** The alert that fires while its budget burns. */
  readonly code: Extract<WatchedCode, `${string}_BURN`>;
  /** Part of the names of the recorded series. */
  readonly series: string;
  readonly promise: string;
  /** Least share of good ones, over 30 days. */
  readonly target: number;
  /** Why this number. */
  readonly why: string;
  /** PromQL: how many there were in a span, and how many of them were bad. */
  readonly all: (span: string) => string;
  readonly bad: (span: string) => string;
};

// A path that is no tool's is the caller's mistake; a refusal (4xx) is an answer. 5xx is what Dispatch owes, 503 included.
const commandsOf = (more: string) => `method="POST",endpoint!="UNMATCHED"${more}`;
const requests = (span: string, more = "") =>
  `(sum(increase(dispatch_requests_total{${commandsOf(more)}}[${span}])) or vector(0))`;
const timed = (series: string, span: string, more = "") =>
  `(sum(increase(dispatch_request_duration_seconds_${series}{kind="command"${more}}[${span}])) or vector(0))`;
const recent = (aggregate: string, labels: string) =>
  renewed(aggregate, `dispatch_assignments_recent${labels}`, "assignments");
// Every API process reports the same last minutes, so one of them is taken, once for each span of that length.
const assignments = (span: string, what: string) => `sum_over_time((${what})[${span}:${assignmentSpanMinutes}m])`;

export const objectives: readonly Objective[] = [
  {
    code: "COMMAND_ERRORS_BURN",
    series: "command_errors",
    promise: "A command is answered, if only with a refusal, and not with an error of the server's (5xx)",
    target: 0.999,
    why:
      "43 minutes of full outage in 30 days: a restart of Postgres a week and one bad hour's half. A " +
      "retry with the same key is safe, so one failure in a thousand costs a client a second, not a " +
      "ticket.",
    all: (span) => requests(span),
    bad: (span) => requests(span, ',status=~"5.."'),
  },
  {
    code: "COMMAND_LATENCY_BURN",
    series: "command_latency",
    promise: "A command is answered within 250 ms",
    target: 0.99,
    why:
      "A chat's turn has a dozen calls; at 250 ms each the person still waits for the model and not for " +
      "the desk. One in a hundred may wait for a lock or read an upload.",
    all: (span) => timed("count", span),
    bad: (span) => `(${timed("count", span)} - ${timed("bucket", span, ',le="0.25"')})`,
  },
  {
    code: "ASSIGNMENT_LATENCY_BURN",
    series: "assignment_latency",
    promise: `A worker books or sends a technician within ${assignmentLimitSeconds} s of the scheduling`,
    target: 0.95,
    why:
      "News of a commit wakes a worker at once and the tick does every 5 s, so 30 s is six missed " +
      "ticks. One in twenty may have nobody free and wait for the roster: that is the desk's concern " +
      "before it is the machine's.",
    all: (span) => assignments(span, `sum(${recent("max by (pace)", "")})`),
    bad: (span) => assignments(span, recent("max", '{pace="late"}')),
  },
];

export type Burn = {
  readonly pace: "fast" | "steady" | "slow";
  readonly severity: "critical" | "warning";
  readonly long: string;
  /** A twelfth of it: the alert ends soon after the fault does. */
  readonly short: string;
  /** How many times faster than over 30 days the budget is used up. */
  readonly factor: number;
  readonly why: string;
};

const budgetHours = 30 * 24;
/** The speed at which a share of the budget is gone after some hours: 2 % in 1 h is 14.4, 5 % in 6 h is 6, 10 % in 72 h is 1. */
const factorOf = (share: number, hours: number): number => Number(((share * budgetHours) / hours).toFixed(1));

// Windows and shares are those of Google's SRE Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".
export const burns: readonly Burn[] = [
  {
    pace: "fast",
    severity: "critical",
    long: "1h",
    short: "5m",
    factor: factorOf(0.02, 1),
    why: "2 % of a month's budget in 1 h: gone in two days. Call somebody.",
  },
  {
    pace: "steady",
    severity: "critical",
    long: "6h",
    short: "30m",
    factor: factorOf(0.05, 6),
    why: "5 % in 6 h: gone in five days. Call somebody.",
  },
  {
    pace: "slow",
    severity: "warning",
    long: "3d",
    short: "6h",
    factor: factorOf(0.1, 72),
    why: "10 % in 3 d: just about all of it by the month's end. Look into it in working hours.",
  },
];

/** At night one failure among three commands is no burn: so many bad ones must lie in the long window. */
export const leastBad = 5;

export const ratioName = ({ series }: Objective, span: string): string => `dispatch:${series}:ratio_${span}`;

/** Every window a ratio is recorded for. */
export const spans: readonly string[] = [...new Set(burns.flatMap(({ long, short }) => [short, long]))];

/** The alert's expression: over budget in the long window, still over it in the short one, and not by a handful. */
export function burnExpression(objective: Objective, { long, short, factor }: Burn): string {
  const limit = `${factor} * ${Number((1 - objective.target).toFixed(4))}`;
  return [
    `${ratioName(objective, long)} > ${limit}`,
    `${ratioName(objective, short)} > ${limit}`,
    `${objective.bad(long)} >= ${leastBad}`,
  ].join(" and ");
}
