// GET /docs: the contract as a page to read: every tool with its roles, states, fields, answer and an example, then every error.
// Rendered from the contract; it loads nothing and runs nothing.

import { createHash } from "node:crypto";
import { errorEntries } from "../contract/errors.ts";
import { toolsOf, type AnyEntry, type Contract } from "../contract/index.ts";
import { besideBody } from "../contract/responses.ts";
import { isObject } from "../kernel/json.ts";
import { claimList } from "./claim-list.ts";

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1.5rem; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
nav ul { columns: 16rem; padding-left: 1.2rem; }
section { border-top: 1px solid var(--line); margin-top: 2rem; }
h3 { margin-bottom: .2rem; }
dl { display: grid; gap: .2rem 1rem; grid-template-columns: max-content 1fr; margin: .5rem 0; }
dt { opacity: .7; }
dd { margin: 0; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
pre { background: var(--soft); border-radius: .3rem; margin: .8rem 0; overflow-x: auto; padding: .6rem .8rem; }
.method { background: var(--soft); border-radius: .3rem; font-weight: 600; padding: 0 .4rem; }
`;

/** For the page's Content-Security-Policy: this style sheet and nothing else. */
export const docsStyleHash = createHash("sha256").update(style).digest("base64");

/** The page. */
export function docsPage(contract: Contract): string {
  const all = toolsOf(contract);
  const groups = Map.groupBy(all, ([tool]) => tool.slice(0, tool.indexOf(".")));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dispatch-api</title>
<style>${style}</style>
</head>
<body>
<h1>dispatch-api</h1>
<p>Commands are POST with the header <code>Idempotency-Key</code>: one uuid per intent, the same again for every retry.
Queries are GET. Send <code>Authorization: Bearer …</code>. The same as a machine reads it: <a href="/openapi.json">openapi.json</a>.</p>
<nav aria-label="Tools"><ul>
${all.map(([tool]) => `<li><a href="#${tool}">${tool}</a></li>`).join("\n")}
<li><a href="#tokens">tokens</a></li>
<li><a href="#errors">errors</a></li>
</ul></nav>
<main>
${[...groups].map(groupSection).join("\n")}
${claimTable()}
${errorTable()}
</main>
</body>
</html>
`;
}

function groupSection([group, tools]: readonly [string, readonly (readonly [string, AnyEntry])[]]): string {
  return `<section aria-label="${group}">\n<h2>${group}</h2>\n${tools.map(toolBlock).join("\n")}\n</section>`;
}

const headCell = (title: string): string => `<th scope="col">${title}</th>`;

function toolBlock([tool, entry]: readonly [string, AnyEntry]): string {
  const states =
    entry.kind === "query" || (entry.from.length === 0 && entry.to.length === 0)
      ? ""
      : `<dt>from</dt><dd>${codes(entry.from, "–")}</dd><dt>to</dt><dd>${codes(entry.to, "unchanged")}</dd>`;
  return `<article id="${tool}">
<h3>${tool}</h3>
<p>${escaped(entry.summary)}</p>
<dl>
<dt>request</dt><dd><span class="method">${entry.method}</span> <code>${escaped(entry.path)}</code></dd>
<dt>roles</dt><dd>${entry.roles.join(", ")}</dd>
${states}
<dt>answer</dt><dd>${entry.kind === "command" ? entry.status : 200}: ${answerFields(entry)}</dd>
<dt>next</dt><dd>${entry.next.map((next) => `<a href="#${next}">${next}</a>`).join(", ") || "–"}</dd>
</dl>
${fieldTable(entry)}
${exampleBlock(entry)}
</article>`;
}

function answerFields(entry: AnyEntry): string {
  const properties =
    "properties" in entry.output && isObject(entry.output.properties) ? Object.keys(entry.output.properties) : [];
  return codes(entry.kind === "command" ? [...properties, ...Object.keys(besideBody)] : properties, "–");
}

/** A command's body, or a query's path with its parameters, as one would send it. */
function exampleBlock(entry: AnyEntry): string {
  if (entry.kind === "query" && Object.keys(entry.example).length === 0) return "";
  const text =
    entry.kind === "command" ? JSON.stringify(entry.example, null, 2) : `${entry.path}?${queryStringOf(entry.example)}`;
  return `<pre aria-label="Example"><code>${escaped(text)}</code></pre>`;
}

function queryStringOf(parameters: AnyEntry["example"]): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) query.append(name, String(one));
  }
  return query.toString();
}

function fieldTable(entry: AnyEntry): string {
  const fields = Object.entries<unknown>(entry.input.properties);
  if (fields.length === 0) return "";
  const required = new Set(entry.input.required ?? []);
  const rows = fields.map(
    ([name, schema]) =>
      `<tr><th scope="row"><code>${escaped(name)}</code></th><td>${required.has(name) ? "yes" : ""}</td>` +
      `<td>${escaped(ruleOf(schema))}</td><td>${escaped(descriptionOf(schema))}</td></tr>`,
  );
  const titles = [entry.kind === "command" ? "field" : "parameter", "required", "value", "meaning"];
  return `<div class="table"><table>
<thead><tr>${titles.map(headCell).join("")}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody></table></div>`;
}

/** What a value may be, in a few words. */
function ruleOf(schema: unknown): string {
  if (!isObject(schema)) return "any";
  const { enum: values, anyOf, type, format, items, properties } = schema;
  if (Array.isArray(values)) return values.join(" | ");
  if (Array.isArray(anyOf)) return anyOf.map(ruleOf).join(" or ");
  if (type === "array") return `list of ${ruleOf(items)}${rangeOf(schema, "minItems", "maxItems")}`;
  if (type === "object" && isObject(properties)) {
    return `{ ${Object.entries(properties)
      .map(([name, child]) => `${name}: ${ruleOf(child)}`)
      .join(", ")} }`;
  }
  if (typeof format === "string") return format === "date-time" ? "ISO 8601 time with zone" : format;
  if (type === "string") return `text${rangeOf(schema, "minLength", "maxLength")}`;
  return `${String(type ?? "any")}${rangeOf(schema, "minimum", "maximum")}`;
}

function rangeOf(schema: { readonly [key: string]: unknown }, low: string, high: string): string {
  const least = schema[low];
  const most = schema[high];
  if (least === undefined && most === undefined) return "";
  if (most === undefined) return `, at least ${String(least)}`;
  return least === undefined ? `, at most ${String(most)}` : `, ${String(least)} to ${String(most)}`;
}

const descriptionOf = (schema: unknown): string =>
  isObject(schema) && typeof schema["description"] === "string" ? schema["description"] : "";

function errorTable(): string {
  const rows = errorEntries.map(
    ([code, { status, message, dimension }]) =>
      `<tr><td>${status}</td><th scope="row"><code>${code}</code></th><td>${escaped(message)}</td><td>${dimension ?? ""}</td></tr>`,
  );
  return `<section id="errors">
<h2>Errors</h2>
<div class="table"><table>
<thead><tr><th scope="col">HTTP</th><th scope="col">code</th><th scope="col">meaning</th><th scope="col">dimension</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody></table></div>
</section>`;
}

function claimTable(): string {
  const rows = claimList.map(
    ({ claim, required, meaning }) =>
      `<tr><th scope="row">${codes(claim.split(", "), "")}</th><td>${required ? "yes" : ""}</td><td>${escaped(meaning)}</td></tr>`,
  );
  return `<section id="tokens">
<h2>Tokens</h2>
<p>HS256, RS256, ES256 or EdDSA. An operator makes one with <code>pnpm dispatch:token</code>.</p>
<div class="table"><table>
<thead><tr>${["claim", "required", "meaning"].map(headCell).join("")}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody></table></div>
</section>`;
}

const codes = (values: readonly string[], none: string): string =>
  values.length === 0 ? none : values.map((value) => `<code>${escaped(value)}</code>`).join(", ");

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
