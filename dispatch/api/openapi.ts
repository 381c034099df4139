// The contract as an OpenAPI 3.1 document. Everything in it is read from the contract; only the API's own few paths
// are written here.

import manifest from "../../package.json" with { type: "json" };
import { errorEntries, type ErrorCode } from "../contract/errors.ts";
import { chatName, idKindOf, idsIn, toolsOf, type AnyEntry, type Contract } from "../contract/index.ts";
import * as bodies from "../contract/responses.ts";
import { slugPattern, uuidPattern } from "../contract/fields.ts";
import { roomRefPattern, ticketIdPattern } from "../contract/ids.ts";
import { warning } from "../contract/warnings.ts";
import { isObject, type JsonObject } from "../kernel/json.ts";
import { claimList } from "./claim-list.ts";
import { ownOperations } from "./openapi-own.ts";

type Json = Record<string, unknown>;

const ref = (kind: string, name: string): Json => ({ $ref: `#/components/${kind}/${name}` });

/** The document, as a value that JSON.stringify writes. */
export function openApiDocument(contract: Contract): Json {
  const tools = toolsOf(contract);
  const paths: Record<string, Json> = {};
  for (const [tool, entry] of tools) {
    (paths[entry.path] ??= {})[entry.method.toLowerCase()] = operationOf(tool, entry);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "dispatch-api",
      version: manifest.version,
      license: { name: manifest.license, identifier: manifest.license },
      description:
        "A field-service desk. Commands are POST with an Idempotency-Key, one uuid per intent and the " +
        "same again for every retry; queries are GET.",
    },
    servers: [{ url: "/" }],
    tags: [...new Set(tools.map(([tool]) => tagOf(tool))), "service"].map((name) => ({ name })),
    security: [{ bearer: [] }, { actorId: [], actorRole: [] }],
    paths: { ...paths, ...ownOperations() },
    components: { schemas: schemas(), parameters, headers, responses: errorResponses(), securitySchemes },
  };
}

const tagOf = (tool: string): string => tool.slice(0, tool.indexOf("."));

function operationOf(tool: string, entry: AnyEntry): Json {
  const command = entry.kind === "command";
  const status = command ? entry.status : 200;
  const isFile = !command && entry.file !== undefined;
  const isStored = !command && entry.file === true;
  const sharedHeaders = {
    "X-Correlation-Id": ref("headers", "X-Correlation-Id"),
    "X-Request-Id": ref("headers", "X-Request-Id"),
  };
  return {
    operationId: chatName(tool),
    summary: entry.summary,
    tags: [tagOf(tool)],
    "x-tool": tool,
    "x-roles": entry.roles,
    ...(command && {
      "x-from-states": entry.from,
      "x-to-states": entry.to,
      ...(entry.opens && { "x-opened-states": entry.opens }),
    }),
    "x-next": entry.next,
    parameters: [
      ...pathParameters(entry),
      ...(command ? [ref("parameters", "Idempotency-Key")] : queryParameters(entry)),
      ...["X-Correlation-Id", "X-Request-Id", "X-Tool-Name", "traceparent"].map((name) => ref("parameters", name)),
      ...(isStored ? fileParameters : []),
    ],
    ...(command && {
      requestBody: { required: true, content: { "application/json": { schema: entry.input, example: entry.example } } },
    }),
    responses: {
      [String(status)]: {
        description: "Done",
        headers: command
          ? { ...sharedHeaders, "Idempotency-Replayed": ref("headers", "Idempotency-Replayed") }
          : sharedHeaders,
        content: { ...(isFile && { "*/*": {} }), "application/json": { schema: answerSchema(entry) } },
      },
      ...(isStored && fileResponses),
      ...Object.fromEntries(
        (command ? commandStatuses : isStored ? fileStatuses : isFile ? streamStatuses : queryStatuses).map((code) => [
          String(code),
          ref("responses", `Error${code}`),
        ]),
      ),
    },
  };
}

const commandStatuses = [400, 401, 403, 404, 409, 413, 415, 429, 500, 503];
const queryStatuses = [400, 401, 403, 404, 500, 503];
const streamStatuses = [400, 401, 403, 404, 429, 500, 503];
const fileStatuses = [400, 401, 403, 404, 409, 416, 429, 500, 503];

/** Of a file, beside the whole of it. */
const fileResponses: Json = {
  "206": { description: "The range that was asked for", content: { "*/*": {} } },
  "304": { description: "The client has it already: If-None-Match names its ETag, the SHA-256" },
};

/** A command's answer carries the receipt, and warnings where there are any, beside the fields of its body. */
function answerSchema(entry: AnyEntry): Json {
  const name = schemaNames.get(entry.output);
  const body = name === undefined ? entry.output : ref("schemas", name);
  if (entry.kind === "query") return { ...body };
  return {
    allOf: [
      body,
      {
        type: "object",
        required: ["receipt"],
        properties: {
          receipt: ref("schemas", "receipt"),
          warnings: { type: "array", items: ref("schemas", "warning"), minItems: 1 },
        },
      },
    ],
  };
}

const fileParameters: Json[] = ["Range", "If-Range", "If-None-Match"].map((name) => ({
  name,
  in: "header",
  required: false,
  schema: { type: "string" },
}));

const uuidSchema = { type: "string", format: "uuid", pattern: uuidPattern };

const slugSchema = { type: "string", pattern: slugPattern };

const idSchemas = {
  uuid: uuidSchema,
  slug: slugSchema,
  ticket: { type: "string", pattern: ticketIdPattern, description: "The ticket's id, or its number such as T-000123" },
  room: { type: "string", pattern: roomRefPattern, description: "The room's id, its name or an alias" },
};

const pathParameters = ({ path, ids }: AnyEntry): Json[] =>
  idsIn(path).map((name) => ({ name, in: "path", required: true, schema: idSchemas[idKindOf(ids, name)] }));

function queryParameters(entry: AnyEntry): Json[] {
  const required = new Set(entry.input.required ?? []);
  return Object.entries<unknown>(entry.input.properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.has(name),
    ...(isObject(schema) && schema["type"] === "array" && { style: "form", explode: true }),
    ...(isObject(schema) && typeof schema["description"] === "string" && { description: schema["description"] }),
    schema,
    ...(Object.hasOwn(entry.example, name) && { example: entry.example[name] }),
  }));
}

/** Bodies by the name the contract exports them under. */
const schemaNames: ReadonlyMap<unknown, string> = new Map(
  Object.entries<unknown>({ ...bodies, warning }).flatMap(([name, schema]) =>
    isObject(schema) && "type" in schema ? [[schema, name] as const] : [],
  ),
);

function schemas(): Json {
  return Object.fromEntries([...schemaNames].map(([schema, name]) => [name, schema]));
}

/** One response per status, with the codes it may carry. */
function errorResponses(): Json {
  const byStatus = Map.groupBy(errorEntries, ([, { status }]) => status);
  return Object.fromEntries(
    [...byStatus].map(([status, entries]) => [
      `Error${status}`,
      {
        description: entries.map(([code, { message }]) => `${code}: ${message}`).join("\n"),
        ...(status === 401 && { headers: { "WWW-Authenticate": { schema: { type: "string" } } } }),
        ...((status === 429 || status === 503) && { headers: { "Retry-After": ref("headers", "Retry-After") } }),
        content: { "application/json": { schema: errorSchema(entries.map(([code]) => code)) } },
      },
    ]),
  );
}

const errorSchema = (codes: readonly ErrorCode[]): Json => ({
  allOf: [
    ref("schemas", "errorBody"),
    { type: "object", properties: { error: { type: "object", properties: { code: { enum: codes } } } } },
  ],
});

const headerParameter = (name: string, description: string, schema: JsonObject, required = false): Json => ({
  name,
  in: "header",
  required,
  description,
  schema,
});

const shortText = { type: "string", maxLength: 200 };

const parameters = {
  "Idempotency-Key": headerParameter(
    "Idempotency-Key",
    "One uuid per intent, the same again for every retry",
    uuidSchema,
    true,
  ),
  "X-Correlation-Id": headerParameter(
    "X-Correlation-Id",
    "Carried into audit, events and log; made when absent",
    shortText,
  ),
  "X-Request-Id": headerParameter("X-Request-Id", "Echoed", shortText),
  "X-Tool-Name": headerParameter(
    "X-Tool-Name",
    "The tool the caller believes to call; another one is refused",
    shortText,
  ),
  traceparent: headerParameter("traceparent", "W3C trace context", shortText),
};

const headers = {
  "X-Correlation-Id": { schema: { type: "string" } },
  "X-Request-Id": { schema: { type: "string" } },
  "Idempotency-Replayed": {
    description: "true when this is the stored answer of an earlier call",
    schema: { type: "string", enum: ["true"] },
  },
  "Retry-After": { description: "Seconds", schema: { type: "integer", minimum: 1 } },
};

const securitySchemes = {
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "HS256, RS256, ES256 or EdDSA, with these claims:\n" +
      claimList
        .map(({ claim, required, meaning }) => `- ${claim}${required ? " (required)" : ""}: ${meaning}`)
        .join("\n"),
  },
  actorId: { type: "apiKey", in: "header", name: "X-Actor-Id", description: "Development only; with X-Actor-Role" },
  actorRole: { type: "apiKey", in: "header", name: "X-Actor-Role", description: "Development only; with X-Actor-Id" },
};
