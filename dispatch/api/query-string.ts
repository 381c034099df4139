// Turns the raw query string of a URL into typed parameters by the query's schema. Whether their values are allowed
// is the validator's to say; here a text becomes a list, a number, a yes or no, or a value in the right case, or is refused.

import type { QueryEntry } from "../contract/entry.ts";
import { isObject, type JsonObject } from "../kernel/json.ts";
import { invalidFields, type Violation } from "../kernel/refusal.ts";

/** How one parameter is read. */
type Parameter = { readonly list: boolean; readonly read: (text: string) => unknown };

export type ParameterReader = (query: string) => JsonObject;

const maxParameters = 200;

/** Makes the reader for a query; done once per query. */
export function parameterReader(entry: QueryEntry): ParameterReader {
  const parameters = new Map<string, Parameter>();
  for (const [name, schema] of Object.entries<unknown>(entry.input.properties)) {
    const type = isObject(schema) ? schema["type"] : undefined;
    const items = isObject(schema) && type === "array" ? schema["items"] : schema;
    parameters.set(name, { list: type === "array", read: valueReader(items) });
  }
  return (query) => (query === "" ? {} : readParameters(query, parameters));
}

/** @throws Refusal INVALID_QUERY */
function readParameters(query: string, parameters: ReadonlyMap<string, Parameter>): JsonObject {
  const values: Record<string, unknown> = {};
  for (const [name, texts] of decodedParameters(query, [...parameters.keys()])) {
    const parameter = parameters.get(name);
    if (!parameter) continue;
    if (parameter.list) {
      const items = texts
        .flatMap((text) => text.split(","))
        .map((item) => item.trim())
        .filter((item) => item !== "");
      if (items.length === 0) throw refused(name, "minItems", "must not be empty");
      values[name] = items.map(parameter.read);
    } else {
      if (texts.length > 1) throw refused(name, "unique", "may be given only once");
      values[name] = parameter.read((texts[0] ?? "").trim());
    }
  }
  return values;
}

/**
 * The parameters of a query string with all their values, decoded.
 * @throws Refusal INVALID_QUERY for a parameter that is not known, too many of them, or broken percent-encoding
 */
export function decodedParameters(query: string, known: readonly string[]): Map<string, string[]> {
  const values = new Map<string, string[]>();
  const pairs = query.split("&", maxParameters + 1);
  if (pairs.length > maxParameters) throw refused("", "maxItems", `at most ${maxParameters} parameters are read`);
  for (const pair of pairs) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals), "");
    const text = equals === -1 ? "" : decoded(pair.slice(equals + 1), name);
    if (!known.includes(name)) throw refused(name.slice(0, 100), "unknown", "is not a parameter of this path");
    const before = values.get(name);
    if (before) before.push(text);
    else values.set(name, [text]);
  }
  return values;
}

const flags: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["false", false],
]);

function valueReader(schema: unknown): (text: string) => unknown {
  if (!isObject(schema)) return (text) => text;
  // A text that is no whole number stays text, and the validator says that it should be one.
  if (schema["type"] === "integer") return (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text);
  if (schema["type"] === "boolean") return (text) => flags.get(text.toLowerCase()) ?? text;
  const { enum: allowed } = schema;
  if (Array.isArray(allowed)) {
    const spellings = new Map(allowed.map((value: unknown) => [String(value).toLowerCase(), value]));
    return (text) => spellings.get(text.toLowerCase()) ?? text;
  }
  if (schema["x-case"] === "lower") return (text) => text.toLowerCase();
  return schema["x-case"] === "upper" ? (text) => text.toUpperCase() : (text) => text;
}

function decoded(text: string, name: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw refused(name, "encoding", "has a percent-encoding that is broken");
  }
}

function refused(path: string, rule: string, message: string) {
  const violation: Violation = { path, rule, message };
  return invalidFields([violation], "INVALID_QUERY");
}
