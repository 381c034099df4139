// As much of PromQL as it takes to say which series an expression reads, with which labels: enough to catch a metric or a
// label that was renamed. Grammar and arithmetic are promtool's business.

export type Matcher = { readonly label: string; readonly operator: string; readonly value: string };
export type Selector = { readonly metric: string; readonly matchers: readonly Matcher[] };

export type Reading = {
  readonly selectors: readonly Selector[];
  /** Labels named by `by`, `without`, `on`, `ignoring` and the like. */
  readonly grouping: readonly string[];
};

const grouping = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const selector = /([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\})?/g;
const matcher = /([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"([^"]*)"/g;
const words = new Set([
  "and",
  "or",
  "unless",
  "bool",
  "offset",
  "by",
  "without",
  "on",
  "ignoring",
  "group_left",
  "group_right",
  "inf",
  "nan",
]);

/** What an expression reads. Functions and operators of aggregation are names before a parenthesis. */
export function readExpression(expression: string): Reading {
  const labels = [...expression.matchAll(grouping)].flatMap(([, list = ""]) =>
    list
      .split(",")
      .map((label) => label.trim())
      .filter(Boolean),
  );
  const rest = expression.replaceAll(grouping, "(").replaceAll(/\[[^\]]*\]/g, "");
  const selectors: Selector[] = [];
  for (const found of rest.matchAll(selector)) {
    const [whole, metric = "", braces = ""] = found;
    const next = rest.slice(found.index + whole.length).trimStart();
    const before = rest[found.index - 1] ?? "";
    if (words.has(metric.toLowerCase()) || (braces === "" && next.startsWith("(")) || /[0-9.]/.test(before)) continue;
    const matchers = [...braces.matchAll(matcher)].map(([, label = "", operator = "", value = ""]) => ({
      label,
      operator,
      value,
    }));
    selectors.push({ metric, matchers });
  }
  return { selectors, grouping: labels };
}

export type Sample = { readonly metric: string; readonly labels: Readonly<Record<string, string>> };

/** The samples of a Prometheus text. */
export const readSamples = (text: string): Sample[] =>
  text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, metric = "", braces = ""] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? \S+$/.exec(line) ?? [];
      if (metric === "") throw new Error(`not a sample: ${line}`);
      return {
        metric,
        labels: Object.fromEntries([...braces.matchAll(matcher)].map(([, label = "", , value = ""]) => [label, value])),
      };
    });
