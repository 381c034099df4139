// What each entry tells a model beyond its rules: examples that would be accepted, next steps that are possible, and
// words for every field, short enough to be offered with forty-three others.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Ajv } from "ajv";
import { parameterReader } from "../../dispatch/api/query-string.ts";
import {
  commandEntries,
  commands,
  pipelineEntries,
  queryEntries,
  toolEntries,
  type CommandEntry,
  type CommandName,
} from "../../dispatch/contract/index.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { compileValidators, type UnknownFields } from "../../dispatch/kernel/validate.ts";
import { incidentTypeWords } from "../../dispatch/contract/fields.ts";
import { loadPolicy } from "../../dispatch/policy/load.ts";
import { acceptedMediaTypes, maxBytesOf, mediaTypeOf } from "../../dispatch/storage/media-types.ts";

const rules: readonly UnknownFields[] = ["ignore", "refuse"];

// The processes themselves take the schemas on trust, as compiling the meta-schema costs each of them a tenth of a second.
test("all that is asked and answered has a schema that is one", () => {
  const ajv = new Ajv();
  for (const [tool, { input, output }] of [...pipelineEntries, ...queryEntries]) {
    for (const schema of [input, output])
      assert.ok(ajv.validateSchema(JSON.parse(JSON.stringify(schema))), `${tool}: ${ajv.errorsText()}`);
  }
});

describe("the example of each tool", () => {
  for (const unknownFields of rules) {
    const validators = compileValidators(unknownFields);

    test(`is accepted as it stands, where unknown fields are to ${unknownFields}`, () => {
      for (const [tool, { example }] of commandEntries)
        assert.deepEqual(validators.commands[tool]?.(example), { ok: true, input: example }, tool);
      for (const [tool, { example }] of queryEntries)
        assert.deepEqual(validators.queries[tool]?.(example), { ok: true, input: example }, tool);
    });
  }

  test("has every required field", () => {
    for (const [tool, { example, input }] of toolEntries) {
      for (const field of input.required ?? []) assert.ok(Object.hasOwn(example, field), `${tool} ${field}`);
    }
  });

  test("of a query is read from a query string as the same values", () => {
    for (const [tool, entry] of queryEntries) {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries<unknown>(entry.example)) query.set(name, [value].flat().join(","));
      assert.deepEqual(parameterReader(entry)(query.toString()), entry.example, tool);
    }
  });
});

describe("the next steps of each tool", () => {
  const tools = new Set<string>(toolEntries.map(([tool]) => tool));

  test("are at most four, none twice, each another tool", () => {
    for (const [tool, { next }] of toolEntries) {
      assert.ok(next.length <= 4, tool);
      assert.equal(new Set<string>(next).size, next.length, tool);
      for (const step of next) assert.ok(tools.has(step) && step !== tool, `${tool}: ${step}`);
    }
  });

  test("are possible in a state to which the tool leads", () => {
    const states: Readonly<Record<CommandName, CommandEntry>> = commands;
    const isCommand = (tool: string): tool is CommandName => Object.hasOwn(commands, tool);
    let compared = 0;
    for (const [tool, entry] of commandEntries) {
      const reached = statesAfter(entry);
      for (const step of entry.next) {
        if (reached.length === 0 || !isCommand(step)) continue;
        assert.ok(
          states[step].from.some((from) => reached.includes(from)),
          `${tool}: ${step} is not for ${reached.join(", ")}`,
        );
        compared += 1;
      }
    }
    assert.ok(compared > 40);
  });

  test("lead on from every state but the final ones", () => {
    const ends = toolEntries.filter(([, { next }]) => next.length === 0).map(([tool]) => tool);
    assert.deepEqual(ends, ["ticket.cancel", "ticket.close"]);
  });
});

const statesAfter = ({ from, to, opens = [] }: CommandEntry): readonly string[] => [
  ...(to.length === 0 ? from : to),
  ...opens,
];

describe("the words of each tool", () => {
  const fields = toolEntries.flatMap(([tool, { input }]) => fieldsIn(input, tool));
  const describing = (field: string): string =>
    fields.find(({ at }) => at === field)?.description ?? assert.fail(field);

  test("say in at most 240 characters what it does", () => {
    for (const [tool, { summary }] of toolEntries) {
      assert.ok(summary.length >= 40 && summary.length <= 240, `${tool}: ${summary.length}`);
      assert.match(summary, /^[A-Z].*\.$/, tool);
    }
  });

  test("differ from tool to tool", () => {
    const summaries = toolEntries.map(([, { summary }]) => summary);
    assert.equal(new Set(summaries).size, toolEntries.length);
  });

  test("describe every field at any depth in at most 160 characters", () => {
    for (const { at, description } of fields) {
      assert.ok(description.length > 0, `${at} has no description`);
      assert.ok(description.length <= 160, `${at}: ${description.length}`);
    }
    for (const nested of [
      "tech.complete work/parts/unit_price_cents",
      "schedule.propose options/start",
      "billing.generate_invoice adjustments/amount_cents",
    ]) {
      assert.ok(
        fields.some(({ at }) => at === nested),
        `${nested} is looked at`,
      );
    }
  });

  test("say of every field that may be left out what its absence means", () => {
    for (const { at, required, description } of fields) {
      if (!required) assert.match(description, /[Aa]bsent|required|leave it out|only with/, at);
    }
  });

  test("name only tools that exist", () => {
    const tools = new Set<string>(toolEntries.map(([tool]) => tool));
    const groups = new Set([...tools].map((tool) => tool.split(".")[0]));
    const texts = [...toolEntries.map(([, { summary }]) => summary), ...fields.map(({ description }) => description)];
    const named = texts
      .flatMap((text) => text.match(/\b[a-z]+(\.[a-z]\w*)+/g) ?? [])
      .filter((name) => groups.has(name.split(".")[0]));
    assert.ok(named.length > 40);
    assert.deepEqual(
      named.filter((name) => !tools.has(name)),
      [],
    );
  });

  test("name no kind of work, since the rules in force do, and which fields name one", () => {
    const types = Object.keys(loadPolicy("strict").incidentTypes);
    const texts = [...toolEntries.map(([, { summary }]) => summary), ...fields.map(({ description }) => description)];
    assert.deepEqual(
      texts.filter((text) => types.some((type) => text.includes(type))),
      [],
    );
    const naming = fields.filter(({ at }) => at.endsWith(" incident_type"));
    assert.ok(naming.length > 4);
    for (const { at, description } of naming)
      assert.match(description, new RegExp(`^${incidentTypeWords}|of one of these incident types`), at);
  });

  test("say what an upload may be", () => {
    const said = describing("closeout.request_upload content_type").matchAll(/([a-z]+)\/([a-z\d+|]+)/g);
    const mediaTypes = [...said].flatMap(([, kind = "", names = ""]) =>
      names.split("|").map((name) => `${kind}/${name}`),
    );
    assert.deepEqual([...new Set(mediaTypes.map(mediaTypeOf))].sort(), acceptedMediaTypes.toSorted());
    const sizes = describing("closeout.request_upload size_bytes").match(/\d+/g)?.map(Number) ?? [];
    assert.deepEqual(new Set(sizes), new Set(acceptedMediaTypes.map(maxBytesOf)));
  });
});

type Field = { readonly at: string; readonly required: boolean; readonly description: string };

/** Every named field inside a schema, the fields of its list items and alternatives included. */
function fieldsIn(schema: unknown, at: string): Field[] {
  if (!isObject(schema)) return [];
  const { properties, required, items, anyOf } = schema;
  const named = isObject(properties) ? Object.entries(properties) : [];
  const mustHave: readonly unknown[] = Array.isArray(required) ? required : [];
  const below = [items, ...(Array.isArray(anyOf) ? anyOf : [])].flatMap((inner: unknown) => fieldsIn(inner, at));
  const own = named.flatMap(([name, field]) => {
    const path = at.includes(" ") ? `${at}/${name}` : `${at} ${name}`;
    const description = isObject(field) && typeof field["description"] === "string" ? field["description"] : "";
    return [{ at: path, required: mustHave.includes(name), description }, ...fieldsIn(field, path)];
  });
  return [...own, ...below];
}
