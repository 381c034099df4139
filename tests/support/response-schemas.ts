// The contract's output schemas turned strict: an answer may hold nothing they do not list, except a command's receipt and warnings.

import assert from "node:assert/strict";
import { Ajv } from "ajv";
import {
  commands,
  queries,
  type BodyOf,
  type CommandName,
  type QueryBodyOf,
  type QueryName,
  type ToolName,
} from "../../dispatch/contract/index.ts";
import { besideBody, errorBody, type BesideBody } from "../../dispatch/contract/responses.ts";
import { isObject } from "../../dispatch/kernel/json.ts";

/** An error as the contract words it: these fields, and those its code brings along. */
export type RefusedBody = {
  readonly code: string;
  readonly message: string;
  readonly request_id: string | null;
  readonly correlation_id: string | null;
  readonly policy_error?: { readonly dimension: string; readonly requirement_code?: string };
  readonly [detail: string]: unknown;
};

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

// Each file compiles what it parses, and few answers a file do not repay the tidying of the code.
const code = { optimize: false };
const ajv = new Ajv({
  allErrors: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allowUnionTypes: true,
  validateSchema: false,
  code,
});
// Every time dispatch-api hands out is in UTC with milliseconds, every id in lower case.
ajv.addFormat("date-time", isoTime);
ajv.addFormat("uuid", uuid);

/** The same schema with every object that lists its fields refusing others. */
const closed = (schema: object): object =>
  JSON.parse(JSON.stringify(schema), (_key, value: unknown) =>
    isObject(value) && value["type"] === "object" && isObject(value["properties"])
      ? { ...value, additionalProperties: false }
      : value,
  );

function strictSchemaOf(tool: ToolName): object {
  if (!Object.hasOwn(commands, tool)) return closed(entryOf(tool).output);
  const output: unknown = JSON.parse(JSON.stringify(entryOf(tool).output));
  assert.ok(isObject(output) && isObject(output["properties"]) && Array.isArray(output["required"]));
  return closed({
    ...output,
    properties: { ...output["properties"], ...besideBody },
    required: [...output["required"], "receipt"],
  });
}

const entryOf = (tool: ToolName): { readonly output: object } => ({ ...commands, ...queries })[tool];

const schemas = new Map<ToolName, object>();

/** The body of a tool's answer, once it has proved to be what the contract says. */
export function parseBody<N extends CommandName>(tool: N, json: unknown): BodyOf<N> & BesideBody;
export function parseBody<N extends QueryName>(tool: N, json: unknown): QueryBodyOf<N>;
export function parseBody(tool: ToolName, json: unknown): unknown;
export function parseBody(tool: ToolName, json: unknown): unknown {
  const schema = schemas.get(tool) ?? strictSchemaOf(tool);
  schemas.set(tool, schema);
  // ajv keeps what it compiled for a schema object.
  const validate = ajv.compile(schema);
  // Written out for a failure alone: of every answer it was a fortieth of what a process of tests costs.
  if (!validate(json))
    assert.fail(
      `${tool} answered what its schema does not allow: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(json)}`,
    );
  return json;
}

export function parseRefusal(json: unknown): RefusedBody {
  const isRefusal = ajv.compile<{ error: RefusedBody }>(errorBody);
  if (isRefusal(json)) return json.error;
  return assert.fail(`not the form of an error: ${ajv.errorsText(isRefusal.errors)}\n${JSON.stringify(json)}`);
}
