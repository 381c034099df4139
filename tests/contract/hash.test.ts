// The contract's hash: the same for every wording and order, another for every change of what may be asked.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Type } from "../../dispatch/schema/type.ts";
import { contractHash, hashOf } from "../../dispatch/contract/hash.ts";
import {
  commands,
  queries,
  toolEntries,
  type CommandEntry,
  type Entry,
  type QueryEntry,
} from "../../dispatch/contract/index.ts";

const command: CommandEntry = commands["ticket.create"];
const query: QueryEntry = queries["ticket.search"];

/** The hash of the contract with one entry in another's place. */
const hashWith = (name: string, changed: Entry): string =>
  hashOf(toolEntries.map(([tool, entry]) => [tool, tool === name ? changed : entry]));

describe("the contract's hash", () => {
  test("is 64 hex digits, and the same each time", () => {
    assert.match(contractHash(), /^[0-9a-f]{64}$/);
    assert.equal(contractHash(), contractHash());
    assert.equal(hashOf(toolEntries), contractHash());
  });

  test("does not depend on the order of tools", () => {
    assert.equal(hashOf(toolEntries.toReversed()), contractHash());
  });

  const otherSummary = {
    ...command.input.properties["summary"],
    description: "Other words",
    title: "Summary",
    examples: ["Door sticks"],
  };
  const sameRules: readonly (readonly [string, string, Entry])[] = [
    ["another summary", "ticket.create", { ...command, summary: "Other words" }],
    ["another example", "ticket.create", { ...command, example: { summary: "Another door" } }],
    ["other next steps", "ticket.create", { ...command, next: [] }],
    [
      "another description of a field",
      "ticket.create",
      { ...command, input: Type.Object({ ...command.input.properties, summary: otherSummary }) },
    ],
    [
      "another description of the input",
      "ticket.search",
      { ...query, input: Type.Object(query.input.properties, { description: "Other words" }) },
    ],
    [
      "fields in another order",
      "ticket.create",
      { ...command, input: Type.Object(Object.fromEntries(Object.entries(command.input.properties).toReversed())) },
    ],
    ["roles in another order", "ticket.create", { ...command, roles: command.roles.toReversed() }],
  ];
  for (const [what, name, changed] of sameRules) {
    test(`stays with ${what}`, () => assert.equal(hashWith(name, changed), contractHash()));
  }

  const { description: _description, ...fewer } = command.input.properties;
  const otherRules: readonly (readonly [string, string, Entry])[] = [
    ["another path", "ticket.create", { ...command, path: "/ticket" }],
    ["another role", "ticket.create", { ...command, roles: ["dispatcher"] }],
    ["another effect", "ticket.create", { ...command, effect: "touches" }],
    ["another from-state", "ticket.create", { ...command, from: ["NEW"] }],
    ["another to-state", "ticket.create", { ...command, to: ["TRIAGED"] }],
    ["another status", "ticket.create", { ...command, status: 200 }],
    ["a field less, one called description", "ticket.create", { ...command, input: Type.Object(fewer) }],
    [
      "a shorter field",
      "ticket.create",
      { ...command, input: Type.Object({ ...command.input.properties, summary: Type.String({ maxLength: 10 }) }) },
    ],
    ["another answer", "ticket.create", { ...command, output: Type.Object({}) }],
    ["another role of a query", "ticket.search", { ...query, roles: ["dispatcher"] }],
    [
      "another parameter",
      "ticket.search",
      { ...query, input: Type.Object({ ...query.input.properties, title: Type.Optional(Type.String()) }) },
    ],
    ["another answer to a query", "ticket.search", { ...query, output: Type.Object({ title: Type.String() }) }],
  ];
  for (const [what, name, changed] of otherRules) {
    test(`changes with ${what}`, () => assert.notEqual(hashWith(name, changed), contractHash()));
  }

  test("changes with a tool less and with another name", () => {
    assert.notEqual(hashOf(toolEntries.slice(1)), contractHash());
    assert.notEqual(
      hashOf(toolEntries.map(([name, entry]) => [name.replace("ticket.create", "ticket.open"), entry])),
      contractHash(),
    );
  });
});
