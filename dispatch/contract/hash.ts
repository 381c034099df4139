// One hash for the whole contract, by which a client and the API tell whether they mean the same. Words for people do
// not count: another sentence is not another contract.

import { createHash } from "node:crypto";
import { contract as ours, toolsOf, type AnyEntry, type Contract } from "./index.ts";

/** Keywords of a schema that only people read. */
const words: ReadonlySet<string> = new Set(["title", "description", "examples"]);
/** Keywords whose members are named by fields of ours, one of which is called description. */
const namedByFields: ReadonlySet<string> = new Set(["properties", "patternProperties"]);

const made = new WeakMap<Contract, string>();

/** SHA-256, as 64 lower-case hex digits, over the rules of every tool; the same in every process of one release. */
export function contractHash(contract: Contract = ours): string {
  const hash = made.get(contract) ?? hashOf(toolsOf(contract));
  made.set(contract, hash);
  return hash;
}

/** The hash of some tools, whatever their order. */
export function hashOf(tools: Iterable<readonly [string, AnyEntry]>): string {
  const rules = Object.fromEntries([...tools].map(([name, entry]) => [name, rulesOf(entry)]));
  return createHash("sha256").update(sortedJson(rules), "utf8").digest("hex");
}

function rulesOf(entry: AnyEntry): object {
  const { kind, method, path, ids, roles } = entry;
  const common = {
    kind,
    method,
    path,
    ids,
    roles,
    input: withoutWords(entry.input),
    output: withoutWords(entry.output),
  };
  if (entry.kind === "query") return common;
  const { aggregate, effect, executes, from, to, wrongStateCode, status } = entry;
  return { ...common, aggregate, effect, executes, from, to, wrongStateCode, status };
}

/** @param byField whether the members are schemas named by fields, and not a schema's keywords */
function withoutWords(value: unknown, byField = false): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutWords(one));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([key]) => byField || !words.has(key));
  return Object.fromEntries(
    members.map(([key, member]) => [key, withoutWords(member, !byField && namedByFields.has(key))]),
  );
}

/** JSON with members by name, and lists of texts by the text: roles, states, required and enum are sets. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== "object" || member === null) return member;
    if (Array.isArray(member)) return member.every((one) => typeof one === "string") ? member.toSorted() : member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
