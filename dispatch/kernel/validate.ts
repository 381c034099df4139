// Turns what a caller sent into what a handler may trust: trims, folds letter case, and checks against the contract's
// schema. It knows no field by name.

import { Ajv, type ErrorObject, type SchemaValidateFunction, type ValidateFunction } from "ajv";
import { uuidPattern } from "../contract/ids.ts";
import { contract as ours, type AnyEntry, type Contract } from "../contract/index.ts";
import { isObject, storedJsonBytes, type JsonObject } from "./json.ts";
import type { Violation } from "./refusal.ts";

export type Validated<Input> =
  | { readonly ok: true; readonly input: Input }
  | { readonly ok: false; readonly violations: Violation[] };

export type UnknownFields = "ignore" | "refuse";

export type Validator<Input> = (raw: JsonObject) => Validated<Input>;

/** For each command and each query, the function that checks its input. */
export type Validators = {
  readonly commands: Readonly<Record<string, Validator<unknown>>>;
  readonly queries: Readonly<Record<string, Validator<unknown>>>;
};

/** Years a time may lie in; outside them Postgres and JavaScript disagree or a typing error is certain. */
const years = { from: 1900, to: 9000 };
const isoTimePattern = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|z|[+-]\d{2}:?\d{2})$/;

const compiledFor = new WeakMap<Contract, Map<UnknownFields, Validators>>();

/**
 * The validators of a process. A tool's schema is compiled with its first call: all of them together take a third of a
 * second. `unknownFields` is the profile's rule for fields the contract does not know.
 */
export function compileValidators(unknownFields: UnknownFields, contract: Contract = ours): Validators {
  const ofContract = compiledFor.get(contract) ?? new Map<UnknownFields, Validators>();
  compiledFor.set(contract, ofContract);
  const validators = ofContract.get(unknownFields) ?? compile(unknownFields, contract);
  ofContract.set(unknownFields, validators);
  return validators;
}

function compile(unknownFields: UnknownFields, contract: Contract): Validators {
  const ajv = newAjv(unknownFields);
  const strictAjv = newAjv("refuse");
  const compiled = (entries: Readonly<Record<string, AnyEntry>>, compiler: Ajv, rule: UnknownFields) =>
    Object.fromEntries(Object.entries(entries).map(([tool, entry]) => [tool, validatorOf(compiler, entry, rule)]));
  return {
    commands: compiled({ ...contract.commands, ...contract.internalCommands }, ajv, unknownFields),
    queries: compiled(contract.queries, strictAjv, "refuse"),
  };
}

function newAjv(unknownFields: UnknownFields): Ajv {
  const ajv = new Ajv({
    allErrors: false,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    // For what is wrong with a choice between kinds of values: errors then come with their schema.
    verbose: true,
    // The tests hold every schema to the meta-schema; compiling that takes each process a tenth of a second.
    validateSchema: false,
    // Only from objects that list their fields: "all" would also strip what the branches of an if or allOf do not name.
    ...(unknownFields === "ignore" && { removeAdditional: true }),
  });
  ajv.addFormat("date-time", isTime);
  ajv.addFormat("uuid", new RegExp(uuidPattern));
  ajv.addKeyword({ keyword: "x-case", schemaType: "string" });
  ajv.addKeyword({ keyword: "x-raw", schemaType: "boolean" });
  ajv.addKeyword({
    keyword: "x-window",
    schemaType: "boolean",
    type: "object",
    error: { message: "end must lie after start" },
    validate: (_schema: boolean, data: { start?: unknown; end?: unknown }) =>
      typeof data.start !== "string" || typeof data.end !== "string" || Date.parse(data.end) > Date.parse(data.start),
  });
  ajv.addKeyword({ keyword: "x-max-json-bytes", schemaType: "number", validate: withinJsonBytes });
  return ajv;
}

const withinJsonBytes: SchemaValidateFunction = (most: number, data: unknown) => {
  const bytes = storedJsonBytes(data);
  if (bytes <= most) return true;
  const message = `is ${bytes} bytes of JSON; at most ${most}`;
  withinJsonBytes.errors = [{ keyword: "x-max-json-bytes", message, params: { bytes, most } }];
  return false;
};

/** True for an ISO 8601 time with a zone, of a real calendar day. */
export function isTime(text: string): boolean {
  if (!isoTimePattern.test(text)) return false;
  const at = new Date(text);
  const year = at.getUTCFullYear();
  if (Number.isNaN(at.getTime()) || year < years.from || year > years.to) return false;
  // Date rolls the 30th of February over into March; the day as written must survive.
  const day = Number(text.slice(8, 10));
  return new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)) - 1, day)).getUTCDate() === day;
}

function validatorOf(ajv: Ajv, entry: AnyEntry, unknownFields: UnknownFields): Validator<unknown> {
  const fields = entry.input.properties;
  const cases = new Map<string, "upper" | "lower">();
  // Taken as they were sent: what is wrong with them the handler says, by a code of its own.
  const raw = new Set<string>();
  for (const [name, schema] of Object.entries(fields)) {
    if ("x-raw" in schema && schema["x-raw"] === true) raw.add(name);
    const letterCase: unknown = "x-case" in schema ? schema["x-case"] : undefined;
    if (letterCase === "upper" || letterCase === "lower") cases.set(name, letterCase);
  }
  let check: ValidateFunction | undefined;
  let checks: ReadonlyMap<string, ValidateFunction> | undefined;
  return (sent) => {
    const input: Record<string, unknown> = {};
    const problems: Violation[] = [];
    for (const [name, value] of Object.entries(sent)) {
      if (unknownFields === "ignore" && !Object.hasOwn(fields, name)) continue;
      const asSent = raw.has(name) && typeof value === "string";
      const problem = asSent ? null : textProblem(name, value);
      if (problem) problems.push(problem);
      const clean = asSent ? value : trimmed(value);
      const letterCase = cases.get(name);
      const folded =
        typeof clean !== "string" || !letterCase
          ? clean
          : letterCase === "upper"
            ? clean.toUpperCase()
            : clean.toLowerCase();
      Object.defineProperty(input, name, { value: folded, enumerable: true, writable: true, configurable: true });
    }
    if (problems.length > 0) return { ok: false, violations: problems.slice(0, maxViolations) };
    check ??= ajv.compile(closed(entry.input));
    if (check(input)) return { ok: true, input };
    const ofWhole = violationsOf(check);
    checks ??= new Map(Object.entries(fields).map(([name, schema]) => [name, ajv.compile(closed(schema))]));
    const ofFields = violationsOfFields(input, entry.input.required ?? [], checks);
    return { ok: false, violations: ofFields.length > 0 ? ofFields : ofWhole };
  };
}

/** As many faults as one answer names. */
const maxViolations = 50;
const maxNameLength = 100;

/**
 * The first fault of each field, so that one answer tells a caller all there is to mend. Not every fault: in a list of a
 * hundred thousand wrong items there would be as many.
 */
function violationsOfFields(
  input: JsonObject,
  required: readonly string[],
  checks: ReadonlyMap<string, ValidateFunction>,
): Violation[] {
  const missing = required
    .filter((name) => !Object.hasOwn(input, name))
    .map((path) => ({ path, rule: "required", message: "is required" }));
  const wrong = Object.entries(input).flatMap(([name, value]): Violation[] => {
    const check = checks.get(name);
    if (!check)
      return [
        { path: name.slice(0, maxNameLength), rule: "additionalProperties", message: "is not a field of this tool" },
      ];
    const [first] = check(value) ? [] : violationsOf(check);
    return first ? [{ ...first, path: [name, first.path].filter(Boolean).join("/") }] : [];
  });
  return [...missing, ...wrong].slice(0, maxViolations);
}

/** The same schema with every object that lists its fields closed to others, which are then refused or removed. */
function closed(schema: object): object {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) =>
    isObject(value) && value["type"] === "object" && isObject(value["properties"])
      ? { ...value, additionalProperties: false }
      : value,
  );
}

// Newline and tab are the only control characters a text may hold; Postgres cannot store NUL or half a surrogate pair.
// oxlint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/** The first text inside a value that must not be stored, keys included. */
function textProblem(path: string, value: unknown): Violation | null {
  if (typeof value === "string") {
    if (controlCharacter.test(value))
      return { path, rule: "characters", message: "control characters are not allowed" };
    if (!value.isWellFormed()) return { path, rule: "characters", message: "broken unicode is not allowed" };
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  for (const [key, child] of Object.entries(value)) {
    const inside = `${path}/${key}`;
    const problem =
      (Array.isArray(value) ? null : textProblem(`${path} (field name)`, key)) ?? textProblem(inside, child);
    if (problem) return problem;
  }
  return null;
}

function trimmed(value: unknown): unknown {
  if (typeof value === "string") return value.trim();
  if (Array.isArray(value)) return value.map(trimmed);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, trimmed(child)]));
  return value;
}

function violationsOf(check: ValidateFunction): Violation[] {
  const errors = check.errors ?? [];
  const choice = errors.find(({ keyword }) => keyword === "anyOf");
  const message = choice && choiceSentence(choice.schema);
  if (!message) return errors.map(violationOf);
  const nearest = errors.find(({ keyword }) => keyword !== "type") ?? choice;
  return [{ ...violationOf(nearest), message }];
}

/** What a choice offers, all of it: whoever sent none of it may have meant any. Null where a kind has no short name. */
function choiceSentence(kinds: unknown): string | null {
  const names = Array.isArray(kinds) ? kinds.map(kindName) : [null];
  return names.includes(null) ? null : `must be ${names.join(", or ")}`;
}

function kindName(schema: unknown): string | null {
  if (!isObject(schema)) return null;
  const { type, minimum, maximum, enum: values, const: only } = schema;
  if (Array.isArray(values)) return `one of ${values.join(", ")}`;
  if (typeof only === "number") return String(only);
  if (type !== "integer" || typeof minimum !== "number" || typeof maximum !== "number") return null;
  return `a number ${minimum} to ${maximum}`;
}

function violationOf(error: ErrorObject): Violation {
  const at = error.instancePath.slice(1);
  const path =
    error.keyword === "required"
      ? [at, String(error.params["missingProperty"])].filter(Boolean).join("/")
      : error.keyword === "additionalProperties"
        ? [at, String(error.params["additionalProperty"])].filter(Boolean).join("/")
        : at;
  return { path, rule: error.keyword, message: sentenceOf(error) };
}

function sentenceOf(error: ErrorObject): string {
  if (error.keyword === "required") return "is required";
  if (error.keyword === "additionalProperties") return "is not a field of this tool";
  if (error.keyword === "enum") return `must be one of ${(error.params["allowedValues"] as unknown[]).join(", ")}`;
  if (error.keyword === "pattern")
    return error.params["pattern"] === undefined ? "is malformed" : patternSentence(String(error.params["pattern"]));
  return error.message ?? "is not allowed";
}

const patternSentence = (pattern: string): string =>
  pattern.includes("0-9a-fA-F]{8}")
    ? pattern.includes("[Tt]-")
      ? "must be a uuid, or a number such as T-000123"
      : "must be a uuid"
    : pattern.includes("\\p{Cc}")
      ? "must be one line of text"
      : `must match ${pattern}`;
