// Problem and plan files: JSON read, held against its schema and its further rules, and refused with a sentence that says
// where, what and how to fix it. Unknown fields are named and ignored.

import { readFile } from "node:fs/promises";
import { Ajv, type ErrorObject } from "ajv";
import type { TSchema } from "typebox";
import { Plan } from "../../planner/plan.ts";
import { Problem } from "../../planner/problem.ts";
import { problemFaults } from "../../planner/validate.ts";
import { CommandFailure, messageOf } from "../../process/command-line.ts";

const ajv = new Ajv({ allErrors: true, strict: true, strictTuples: false, allowUnionTypes: true });

/** @throws CommandFailure when the file cannot be read or does not make sense */
export async function readProblem(file: string, warn: (line: string) => void): Promise<Problem> {
  const problem = await readShaped<Problem>(file, "problem", Problem, warn);
  const faults = problemFaults(problem).map(({ path, rule, wayOut }) => `${path}: ${rule}; ${wayOut}`);
  if (faults.length > 0) throw refusal(file, "problem", faults);
  return problem;
}

/** @throws CommandFailure when the file cannot be read or is no plan */
export const readPlan = (file: string, warn: (line: string) => void): Promise<Plan> =>
  readShaped<Plan>(file, "plan", Plan, warn);

async function readShaped<T>(
  file: string,
  kind: "problem" | "plan",
  schema: TSchema,
  warn: (line: string) => void,
): Promise<T> {
  const value = await readJson(file);
  const validate = ajv.compile<T>(schema);
  if (validate(value)) return value;
  const errors = validate.errors ?? [];
  const unknown = errors.filter(({ keyword }) => keyword === "additionalProperties");
  const faults = errors.filter(({ keyword }) => keyword !== "additionalProperties");
  if (faults.length > 0) throw refusal(file, kind, [...new Set(faults.map(sentence))]);
  for (const { instancePath, params } of unknown)
    warn(`${file}${instancePath}: unknown field "${params["additionalProperty"]}", ignored`);
  return withoutUnknown(value, unknown, validate);
}

function withoutUnknown<T>(
  value: unknown,
  unknown: readonly ErrorObject[],
  isShaped: (value: unknown) => value is T,
): T {
  const cleaned: unknown = structuredClone(value);
  for (const { instancePath, params } of unknown) {
    const holder = instancePath
      .split("/")
      .slice(1)
      .reduce<unknown>(
        (one, key) => (isRecord(one) ? one[key.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined),
        cleaned,
      );
    if (isRecord(holder)) delete holder[String(params["additionalProperty"])];
  }
  if (!isShaped(cleaned)) throw new Error("a problem without its unknown fields does not keep the schema");
  return cleaned;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new CommandFailure(`${file} cannot be read: ${messageOf(error)}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandFailure(`${file} is no JSON: ${messageOf(error)}`);
  }
}

function sentence({ instancePath, keyword, message = keyword, params }: ErrorObject): string {
  const allowed =
    keyword === "enum"
      ? ` (${JSON.stringify(params["allowedValues"])})`
      : keyword === "const"
        ? ` (${JSON.stringify(params["allowedValue"])})`
        : "";
  return `${instancePath || "/"}: ${message}${allowed}`;
}

function refusal(file: string, kind: "problem" | "plan", faults: readonly string[]): CommandFailure {
  const shown = faults.slice(0, 20).map((fault) => `  ${fault}`);
  if (faults.length > shown.length) shown.push(`  and ${faults.length - shown.length} more`);
  return new CommandFailure([`${file} is no ${kind} the planner can take:`, ...shown].join("\n"));
}
