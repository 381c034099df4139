// The tools as a model gets them: every tool of the contract once, in names and schemas that every provider takes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Ajv } from "ajv";
import { chatName, toolEntries } from "../../dispatch/contract/index.ts";
import { tools } from "../../plugin/src/tool-catalog.ts";
import { isObject } from "../../plugin/src/json.ts";
import { commandCases } from "../contract/command-table.ts";
import { queryCases } from "../contract/query-cases.ts";

/** Keywords that all providers of models take. */
const plain = new Set([
  "type",
  "properties",
  "required",
  "items",
  "enum",
  "anyOf",
  "const",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "uniqueItems",
  "description",
  "additionalProperties",
]);

/** Every schema within a schema, with the way to it. */
function* schemasIn(schema: unknown, way: string): Generator<readonly [string, Readonly<Record<string, unknown>>]> {
  assert.ok(isObject(schema), `${way} is no schema`);
  yield [way, schema];
  if (isObject(schema["properties"]))
    for (const [name, member] of Object.entries(schema["properties"])) yield* schemasIn(member, `${way}.${name}`);
  if (schema["items"] !== undefined) yield* schemasIn(schema["items"], `${way}[]`);
  if (isObject(schema["additionalProperties"])) yield* schemasIn(schema["additionalProperties"], `${way}.*`);
  if (Array.isArray(schema["anyOf"])) for (const one of schema["anyOf"]) yield* schemasIn(one, `${way}|`);
}

test("every tool of the contract is there once", () => {
  assert.deepEqual(
    tools.map(({ name }) => name),
    toolEntries.map(([name]) => name),
  );
  assert.deepEqual(tools.map(({ name }) => name).sort(), Object.keys({ ...commandCases, ...queryCases }).sort());
  assert.equal(new Set(tools.map((tool) => tool.chatName)).size, tools.length);
});

describe("every tool", () => {
  for (const { name, chatName: called, description, label, parameters, entry, fields, ids } of tools) {
    test(`${name} reads well to a model and to its provider`, () => {
      assert.equal(called, chatName(name));
      assert.match(called, /^[A-Za-z0-9_-]{1,64}$/);
      assert.ok(label !== "" && !label.includes("_"));
      assert.ok(description.length <= 1_200, `${description.length} characters`);
      for (const [other] of toolEntries)
        assert.ok(!description.includes(other), `${other} stands there by a name no model can call`);
      assert.equal(parameters["type"], "object");
      assert.equal(parameters["additionalProperties"], false);
      for (const [way, schema] of schemasIn(parameters, called)) {
        for (const keyword of Object.keys(schema)) assert.ok(plain.has(keyword), `${way} has ${keyword}`);
        if (schema["enum"] !== undefined) assert.ok(schema["type"] !== undefined, `${way} has an enum without a type`);
      }
      assert.ok(isObject(parameters["properties"]) && Array.isArray(parameters["required"]));
      assert.deepEqual([...fields], Object.keys(parameters["properties"]));
      for (const [field, schema] of Object.entries(parameters["properties"])) {
        assert.ok(
          isObject(schema) && typeof schema["description"] === "string" && schema["description"].length > 3,
          `${field} is not described`,
        );
      }
      for (const field of parameters["required"]) assert.ok(fields.has(String(field)));
      assert.equal(ids.length, entry.path.split("{").length - 1);
    });

    test(`${name} takes its own example`, () => {
      const check = new Ajv({ strict: true, strictRequired: false }).compile(JSON.parse(JSON.stringify(parameters)));
      const id = Object.fromEntries(ids.map(({ field }) => [field, "01a1f8e9-0fc0-7cfc-9024-75cc3227896d"]));
      assert.ok(check({ ...entry.example, ...id }), JSON.stringify(check.errors));
      const [, example] = /Example: (\{.*\})\.(?: Usually next|$)/.exec(description) ?? [];
      assert.ok(example !== undefined && check(JSON.parse(example)), `the description's example: ${example ?? "none"}`);
      assert.equal(check({ ...entry.example, ...id, invented: 1 }), false);
    });
  }
});
