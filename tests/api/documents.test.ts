import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { claimList } from "../../dispatch/api/claim-list.ts";
import { errorEntries } from "../../dispatch/contract/errors.ts";
import { toolEntries } from "../../dispatch/contract/index.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { startTestApi } from "../support/api.ts";
import { call, newTicket } from "./calls.ts";

/** The value at a path of keys; fails when there is none. */
function at(value: unknown, ...keys: string[]): JsonObject {
  let found = value;
  for (const key of keys) found = isObject(found) ? found[key] : undefined;
  assert.ok(isObject(found), keys.join(" / "));
  return found;
}

function* objectsIn(value: unknown): Generator<JsonObject> {
  if (Array.isArray(value)) for (const child of value) yield* objectsIn(child);
  if (!isObject(value)) return;
  yield value;
  for (const child of Object.values(value)) yield* objectsIn(child);
}

describe("the OpenAPI document", async () => {
  const api = await startTestApi();
  const { body: document } = await call(api, "/openapi.json", { headers: {} });

  test("is OpenAPI 3.1 with every tool at its path", () => {
    assert.match(String(document["openapi"]), /^3\.1\./);
    assert.equal(typeof at(document, "info")["title"], "string");
    for (const [tool, entry] of toolEntries) {
      const operation = at(document, "paths", entry.path, entry.method.toLowerCase());
      assert.equal(operation["x-tool"], tool);
      assert.ok(isObject(at(operation, "responses")[String(entry.kind === "command" ? entry.status : 200)]));
    }
  });

  test("has unique operation ids, and a parameter for every part in braces", () => {
    const ids: unknown[] = [];
    for (const [path, item] of Object.entries(at(document, "paths"))) {
      assert.ok(isObject(item));
      for (const operation of Object.values(item)) {
        assert.ok(isObject(operation));
        ids.push(operation["operationId"]);
        const parameters = Array.isArray(operation["parameters"]) ? operation["parameters"] : [];
        const named = parameters.flatMap((one: JsonObject) =>
          one["in"] === "path" ? [`{${String(one["name"])}}`] : [],
        );
        assert.deepEqual(named, path.match(/\{\w+\}/g) ?? []);
      }
    }
    assert.equal(new Set(ids).size, ids.length);
  });

  test("refers only to what it holds", () => {
    for (const { $ref } of objectsIn(document)) {
      if (typeof $ref !== "string") continue;
      assert.ok($ref.startsWith("#/"));
      at(document, ...$ref.slice(2).split("/"));
    }
  });

  test("has schemas of JSON Schema 2020-12, and answers fit them", async () => {
    const ajv = new Ajv2020({ strict: false, formats: { uuid: true, "date-time": true } });
    ajv.addSchema({
      $id: "api",
      components: { schemas: document["components"] && at(document, "components", "schemas") },
    });
    for (const [path, item] of Object.entries(at(document, "paths"))) {
      for (const one of objectsIn(item)) {
        if (isObject(one["schema"])) assert.doesNotThrow(() => ajv.compile(rebased(one["schema"])), path);
      }
    }
    const fits = ajv.compile(
      rebased(
        at(document, "paths", "/tickets/{ticketId}", "get", "responses", "200", "content", "application/json")[
          "schema"
        ],
      ),
    );
    const { body } = await call(api, `/tickets/${await newTicket(api)}`);
    assert.ok(fits(body), JSON.stringify(fits.errors));
  });

  test("shows each tool's example, fitting its schema: of a command its body, of a query its parameters", () => {
    const ajv = new Ajv2020({ strict: false, formats: { uuid: true, "date-time": true } });
    for (const [tool, entry] of toolEntries) {
      const operation = at(document, "paths", entry.path, entry.method.toLowerCase());
      const parameters = Array.isArray(operation["parameters"]) ? operation["parameters"] : [];
      const inQuery = parameters.filter((one: JsonObject) => one["in"] === "query" && "example" in one);
      const shown =
        entry.kind === "command"
          ? at(operation, "requestBody", "content", "application/json")["example"]
          : Object.fromEntries(inQuery.map(({ name, example }: JsonObject) => [name, example]));
      assert.deepEqual(shown, entry.example, tool);
      for (const { schema, example } of inQuery)
        assert.ok(ajv.validate(schema, example), `${tool}: ${JSON.stringify(ajv.errors)}`);
      if (entry.kind === "command") {
        const { schema } = at(operation, "requestBody", "content", "application/json");
        assert.ok(isObject(schema) && ajv.validate(schema, shown), `${tool}: ${JSON.stringify(ajv.errors)}`);
      }
      assert.deepEqual(operation["x-next"], entry.next);
    }
  });

  test("lists every error under its status", () => {
    for (const [code, { status }] of errorEntries) {
      assert.ok(
        String(at(document, "components", "responses", `Error${status}`)["description"]).includes(`${code}: `),
        code,
      );
    }
  });

  test("is the same bytes each time", async () => {
    assert.equal((await call(api, "/openapi.json")).text, (await call(api, "/openapi.json")).text);
  });
});

/** The schema with its references pointing into the schema that holds all of them. */
const rebased = (schema: unknown): JsonObject => {
  const copy: unknown = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api#/components'));
  assert.ok(isObject(copy));
  return copy;
};

describe("the docs page", async () => {
  const api = await startTestApi();
  const { headers, text } = await call(api, "/docs", { headers: {} });

  test("tells of every tool, every error and every claim of a token", () => {
    assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
    for (const [tool, entry] of toolEntries) {
      assert.ok(text.includes(`<article id="${tool}">`), tool);
      for (const field of Object.keys(entry.input.properties))
        assert.ok(text.includes(`<code>${field}</code>`), `${tool} ${field}`);
    }
    for (const [code] of errorEntries) assert.ok(text.includes(`<code>${code}</code>`), code);
    const claims = claimList.flatMap(({ claim }) => claim.split(", "));
    for (const claim of claims) assert.ok(text.includes(`<code>${claim}</code>`), claim);
  });

  test("shows what to send: a command's body, a query's path with its parameters, and what comes next", () => {
    const article = (tool: string) =>
      new RegExp(`<article id="${tool}">[^]*?</article>`).exec(text)?.[0] ?? assert.fail(tool);
    for (const [tool, { kind, example, next }] of toolEntries) {
      const shown = /<pre[^>]*><code>([^]*?)<\/code>/
        .exec(article(tool))?.[1]
        ?.replaceAll("&quot;", '"')
        .replaceAll("&amp;", "&");
      if (kind === "command") assert.deepEqual(JSON.parse(shown ?? ""), example, tool);
      else assert.equal(shown === undefined, Object.keys(example).length === 0, tool);
      for (const step of next) assert.ok(article(tool).includes(`<a href="#${step}">`), `${tool}: ${step}`);
    }
    assert.match(
      article("dispatcher.cockpit"),
      /\/ux\/dispatcher\/cockpit\?sla_status=breach&amp;sla_status=warning&amp;priority=EMERGENCY&amp;limit=15</,
    );
  });

  test("loads nothing, and its policy allows its own style sheet alone", () => {
    assert.doesNotMatch(text, /<script|<link|<img|src=|url\(|style="|https?:/);
    const style = /<style>([^]*)<\/style>/.exec(text)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    const policy = headers.get("content-security-policy") ?? "";
    assert.ok(policy.includes("default-src 'none'"));
    assert.ok(policy.includes(`style-src 'sha256-${hash}'`));
    assert.ok(!policy.includes("unsafe"));
  });
});
