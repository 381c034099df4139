// ops/grafana/dispatch.json: a panel for each objective and each metric of the list, and the alerts that fire.

import { deskMetrics, runtimeMetrics, type Metric } from "../../dispatch/api/metric-list.ts";
import { objectives, ratioName, spans } from "../../ops/alerts/objectives.ts";

type Target = { readonly expr: string; readonly legendFormat: string };
type Panel = {
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly targets: readonly Target[];
};

const rateSpan = "5m";
const quantiles = [0.5, 0.95, 0.99];
const width = 8;
const height = 7;
const perRow = 24 / width;
const grafanaUnits: Readonly<Record<string, string>> = { seconds: "s", bytes: "bytes", "1 or 0": "bool_on_off" };

const legendOf = (labels: readonly string[]): string => labels.map((label) => `{{${label}}}`).join(" ");
const by = (labels: readonly string[]): string => (labels.length === 0 ? "" : ` by (${labels.join(", ")})`);

/** How a metric is shown: counters as a rate, histograms as quantiles, gauges as they are. */
function targetsOf({
  name,
  type,
  labels,
  chartBy = labels,
  across = type === "gauge" ? "max" : "sum",
}: Metric): Target[] {
  if (type === "counter")
    return [{ expr: `${across}${by(chartBy)} (rate(${name}[${rateSpan}]))`, legendFormat: legendOf(chartBy) }];
  if (type === "gauge") return [{ expr: `${across}${by(chartBy)} (${name})`, legendFormat: legendOf(chartBy) }];
  return quantiles.map((quantile) => ({
    expr: `histogram_quantile(${quantile}, ${across}${by(["le", ...chartBy])} (rate(${name}_bucket[${rateSpan}])))`,
    legendFormat: `${legendOf(chartBy)} p${quantile * 100}`,
  }));
}

/** What is told of it first. */
const titleOf = ({ help }: Metric): string => help.split(";")[0] ?? help;

const panelOf = (metric: Metric): Panel => ({
  title: metric.type === "counter" ? `${titleOf(metric)} per second` : titleOf(metric),
  description: `${metric.name} (${metric.unit}): ${metric.help}`,
  unit: metric.type === "counter" ? "ops" : (grafanaUnits[metric.unit] ?? "short"),
  targets: targetsOf(metric),
});

const runtimePanel = (metric: Metric): Panel => {
  const expr = metric.type === "counter" ? `rate(${metric.name}[${rateSpan}])` : metric.name;
  return {
    ...panelOf(metric),
    title: titleOf(metric),
    unit: grafanaUnits[metric.unit] ?? "short",
    targets: [{ expr, legendFormat: "{{instance}}" }],
  };
};

const objectivePanels: readonly Panel[] = objectives.map((objective) => ({
  title: `Bad ones, against ${Number(((1 - objective.target) * 100).toFixed(2))} % allowed: ${objective.promise}`,
  description: objective.why,
  unit: "percentunit",
  targets: spans.map((span) => ({ expr: ratioName(objective, span), legendFormat: `last ${span}` })),
}));

const alertPanel: Panel = {
  title: "Alerts that fire",
  description: "Each names its runbook and first command; see ops/runbooks/README.md",
  unit: "short",
  targets: [
    {
      expr: 'count by (alertname, severity, owner) (ALERTS{alertstate="firing"})',
      legendFormat: "{{alertname}} {{severity}} {{owner}}",
    },
  ],
};

/** In a row of their own: a desk without any has nothing to show there. */
const isOfTasks = ({ name }: Metric): boolean =>
  /^dispatch_(tasks|agents|rooms|pushes|unmatched|wakes|assign_latency|push_latency)(_|$)/.test(name);

const datasource = { type: "prometheus", uid: "${datasource}" };

function placed(sections: readonly (readonly [string, readonly Panel[]])[]): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const [title, members] of sections) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y: y++, w: 24, h: 1 },
    });
    for (const [at, { unit, targets, ...panel }] of members.entries()) {
      const gridPos = { x: (at % perRow) * width, y: y + Math.floor(at / perRow) * height, w: width, h: height };
      panels.push({
        id: panels.length + 1,
        type: "timeseries",
        ...panel,
        datasource,
        gridPos,
        fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
        targets: targets.map((target, index) => ({ refId: String.fromCharCode(65 + index), datasource, ...target })),
      });
    }
    y += Math.ceil(members.length / perRow) * height;
  }
  return panels;
}

/** The whole file. */
export function dashboardFile(): string {
  const dashboard = {
    uid: "dispatch",
    title: "Dispatch",
    description: "Written by `pnpm generate` from dispatch/api/metric-list.ts and ops/alerts; edit those.",
    schemaVersion: 39,
    tags: ["dispatch"],
    time: { from: "now-6h", to: "now" },
    refresh: "30s",
    templating: { list: [{ name: "datasource", type: "datasource", query: "prometheus" }] },
    panels: placed([
      ["What is promised", [...objectivePanels, alertPanel]],
      ["The desk", deskMetrics.filter((metric) => !isOfTasks(metric)).map(panelOf)],
      ["Desk tasks and AI agents", deskMetrics.filter(isOfTasks).map(panelOf)],
      ["The processes", runtimeMetrics.map(runtimePanel)],
    ]),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
