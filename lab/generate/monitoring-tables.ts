// ops/reference/metrics.md, ops/reference/alerts.md, and the table of alerts in the runbooks' index.

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { alertCodes, alertList, type AlertCode } from "../../dispatch/api/alert-list.ts";
import { deskMetrics, runtimeMetrics, type Metric } from "../../dispatch/api/metric-list.ts";
import { burns, leastBad, objectives } from "../../ops/alerts/objectives.ts";
import { allRules } from "../../ops/alerts/rules.ts";
import { code, made, table } from "./markdown.ts";

const root = join(import.meta.dirname, "../..");
export const runbookIndex = "ops/runbooks/README.md";

const metricRow = ({ name, type, labels, unit, help }: Metric) => [
  code(name),
  type,
  labels.map(code).join(", "),
  unit,
  help,
];

/** ops/reference/metrics.md */
export function metricsPage(): string {
  const head = ["metric", "type", "labels", "unit", "meaning"];
  return `${made}

# Metrics

As Prometheus text on the metrics port (\`DISPATCH_METRICS_PORT\`) and at \`/metrics\` for clients that ask for \`text/plain\`. The
counters are those of one API process. What concerns tickets, workers, events and alerts is read from the database: every
process tells the same, so take the \`max\`, not the \`sum\`, of those whose \`dispatch_reading_age_seconds\` is small: what a process
could not read again keeps its last value.

${table(head, deskMetrics.map(metricRow))}

Of what the runtime tells about itself, the dashboard shows:

${table(head, runtimeMetrics.map(metricRow))}
`;
}

/** ops/reference/alerts.md */
export function alertsPage(): string {
  const rules = allRules.map(({ code: name, pace, reach, expression, holds, severity }) => [
    [code(name), pace, reach].filter((part) => part !== null).join(" "),
    severity,
    alertList[name].owner,
    linked(name, "../../"),
    code(expression),
    holds,
  ]);
  const promises = objectives.map(({ code: name, promise, target, why }) => [
    code(name),
    promise,
    `${Number((target * 100).toFixed(1))} %`,
    why,
  ]);
  const paces = burns.map(({ pace, factor, long, short, severity, why }) => [
    pace,
    `${factor} ×`,
    long,
    short,
    severity,
    why,
  ]);
  return `${made}

# Alerts

\`/ops/alerts\` reports its own codes; Prometheus loads [dispatch.rules.yml](../prometheus/dispatch.rules.yml) and knows these all.

${table(["alert", "severity", "owner", "runbook", "fires when", "for"], rules)}

## Objectives

Over 30 days. The rest up to 100 % is the budget.

${table(["alert", "promise", "target", "why"], promises)}

A budget burns when both windows use it up faster than the factor says, and at least ${leastBad} bad ones lie in the long window:

${table(["pace", "factor", "long window", "short window", "severity", "why"], paces)}

That events are told without delay has no budget: \`OUTBOX_STUCK\` fires at the first event held back for a minute.
`;
}

function severityOf(name: AlertCode): string {
  const { severity, criticalWhen }: { severity: string; criticalWhen?: string } = alertList[name];
  return criticalWhen === undefined ? severity : `${severity}, critical ${criticalWhen}`;
}

/** Alert, severity, runbook, owner, first command: between the markers of the runbooks' index. What wakes a person comes first. */
export const indexTable = (): string =>
  table(
    ["alert", "severity", "what it means", "runbook", "owner", "first command"],
    [...alertCodes]
      .sort((a, b) => rank[alertList[a].severity] - rank[alertList[b].severity])
      .map((name) => [
        code(name),
        severityOf(name),
        alertList[name].summary,
        linked(name, ""),
        alertList[name].owner,
        code(alertList[name].firstCommand),
      ]),
  );
const rank = { critical: 0, warning: 1 } as const;

/** A link where the page is there already. */
function linked(name: AlertCode, up: string): string {
  const { runbook } = alertList[name];
  const target = up === "" ? basename(runbook) : `${up}${runbook}`;
  return existsSync(join(root, runbook)) ? `[${basename(runbook)}](${target})` : code(basename(runbook));
}
