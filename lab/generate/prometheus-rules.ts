// ops/prometheus/dispatch.rules.yml: the rules as Prometheus reads them.

import { alertList } from "../../dispatch/api/alert-list.ts";
import { burns, objectives } from "../../ops/alerts/objectives.ts";
import { burnRules, recordings, reportedRules, watchedRules, type Rule } from "../../ops/alerts/rules.ts";

/** Single quotes need no escapes in PromQL, which has double ones alone. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function alert({ code, expression, holds, severity, pace, reach }: Rule): string {
  const { owner, runbook, summary, firstCommand } = alertList[code];
  const more = Object.entries({ pace, reach })
    .map(([name, value]) => (value === null ? "" : `\n          ${name}: ${value}`))
    .join("");
  return `      - alert: ${code}
        expr: ${quoted(expression)}
        for: ${holds}
        labels:
          severity: ${severity}
          owner: ${quoted(owner)}${more}
        annotations:
          summary: ${quoted(summary)}
          runbook: ${quoted(runbook)}
          first_command: ${quoted(firstCommand)}`;
}

const group = (name: string, rules: readonly string[]): string => `  - name: ${name}\n    rules:\n${rules.join("\n")}`;

const comment = (text: string): string => `# ${text}`;

/** The whole file. */
export function rulesFile(): string {
  const ratios = recordings.map(
    ({ name, expression }) => `      - record: ${name}\n        expr: ${quoted(expression)}`,
  );
  const promises = objectives.map(({ promise, target, why }) =>
    comment(`${target * 100} % over 30 days: ${promise}. ${why}`),
  );
  const paces = burns.map(({ pace, long, short, factor, why }) =>
    comment(`${pace}: ${factor} times the budget's speed, over ${long} and still over ${short}. ${why}`),
  );
  return `# Written by \`pnpm generate\` from ops/alerts and dispatch/api/alert-list.ts; edit those. The scrape job is named dispatch-api.
#
# What is promised:
${promises.join("\n")}
#
# When somebody is called:
${paces.join("\n")}
groups:
${[
  group("dispatch-reported", reportedRules.map(alert)),
  group("dispatch-watched", watchedRules.map(alert)),
  group("dispatch-objectives", ratios),
  group("dispatch-burn", burnRules.map(alert)),
].join("\n")}
`;
}
