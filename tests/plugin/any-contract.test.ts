// The plugin makes and runs the tools of any contract: toys, which only tests know, with names and several ids in their paths,
// PATCH, PUT and DELETE, and answers of 202 and 204.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, describe, test } from "node:test";
import { Ajv } from "ajv";
import { defineQueries } from "../../dispatch/contract/entry.ts";
import { Type } from "../../dispatch/contract/fields.ts";
import { contract as ours } from "../../dispatch/contract/index.ts";
import { openDesk, type Desk } from "../../plugin/src/desk.ts";
import { objectAt, textAt, type JsonObject } from "../../plugin/src/json.ts";
import { runTool } from "../../plugin/src/run-tool.ts";
import { catalogOf, tools as housesTools, type Tool } from "../../plugin/src/tool-catalog.ts";
import { startToyApi, servedContract } from "../kernel/toy-api.ts";
import { tokenSecret } from "../support/token.ts";
import { textOf } from "../../plugin/src/tool-result.ts";
import { believing, configured, dana, theOwner } from "./chat.ts";
import { standIn } from "./stand-in.ts";

const tools = catalogOf(servedContract);
const toolNamed = (name: string): Tool => tools.find((tool) => tool.name === name) ?? assert.fail(`no tool ${name}`);
const part = randomUUID();

const deskAt = (apiUrl: string): Desk =>
  openDesk(configured({ apiUrl, signing: { secret: tokenSecret }, owner: dana, people: [] }));

type Said = { readonly lines: readonly string[]; readonly body: JsonObject; readonly details: JsonObject };

async function say(desk: Desk, name: string, args: JsonObject, toolCallId: string = randomUUID()): Promise<Said> {
  const { content, details } = await runTool(desk, toolNamed(name), {
    toolCallId,
    args,
    requester: theOwner,
    sessionKey: null,
    sessionId: null,
  });
  const lines = textOf({ content }).split("\n");
  return { lines, body: objectAt(details, "body"), details };
}

describe("the tools of a contract of another wing", () => {
  test("have a parameter for each id in the path, and a group of their own", () => {
    assert.deepEqual(
      tools.map(({ chatName, group, optional, ids }) => [chatName, group, optional, ids.map(({ field }) => field)]),
      [
        ["toy_make", "toy", true, []],
        ["toy_paint", "toy", true, ["toy_name"]],
        ["toy_inspect", "toy", true, ["toy_name", "part_id"]],
        ["toy_break", "toy", true, ["toy_name"]],
        ["toy_get", "toy", true, ["toy_name"]],
        ["receipt_get", "field", false, ["receipt_id"]],
      ],
    );
    const inspect = toolNamed("toy.inspect");
    assert.deepEqual(inspect.parameters["required"], ["toy_name", "part_id", "context"]);
    const properties = objectAt(inspect.parameters, "properties");
    assert.match(textAt(properties["toy_name"], "description") ?? "", /^Its name/);
    assert.equal(textAt(properties["part_id"], "description"), "The part's uuid");
    assert.match(inspect.description, /Toy must be NEW or PAINTED\./);
    const [, example = ""] = /Example: (\{.*\})\./.exec(inspect.description) ?? [];
    const check = new Ajv({ strict: true, strictRequired: false }).compile(
      JSON.parse(JSON.stringify(inspect.parameters)),
    );
    assert.ok(check(JSON.parse(example)), JSON.stringify(check.errors));
  });

  test("are made anew for each contract, and those of the house stay what they are", () => {
    assert.deepEqual(catalogOf(ours), housesTools);
    assert.ok(housesTools.every(({ group, optional }) => optional === (group !== "field")));
    assert.deepEqual([...new Set(housesTools.map(({ group }) => group))], ["field", "directory", "swarm"]);
  });

  test("cannot have a parameter that stands for an id and for a field", () => {
    const queries = defineQueries({
      "toy.look": {
        path: "/toys/{toyName}",
        roles: ["dispatcher"],
        summary: "Look at a toy.",
        next: [],
        input: Type.Object({ toy_name: Type.String() }),
        output: Type.Object({}),
        example: { toy_name: "a" },
      },
    });
    assert.throws(() => catalogOf({ commands: {}, internalCommands: {}, queries }), /toy_name/);
  });
});

describe("the tools of another wing, called", async () => {
  const api = await startToyApi({ after }, believing);
  const desk = deskAt(api.url);
  const make = async (name: string): Promise<string> => {
    const made = await say(desk, "toy.make", { name, account_id: randomUUID(), site_id: randomUUID() });
    assert.deepEqual(made.lines.slice(0, 2), ["DONE toy.make", `"toy" "${name}" NEW (was -)`]);
    return name;
  };
  const stateOf = async (name: string) => (await say(desk, "toy.get", { toy_name: name })).body["state"];

  test("a PATCH is DONE with its receipt, and once under one call", async () => {
    await make("red-train");
    const painted = await say(desk, "toy.paint", { toy_name: "red-train", colour: "red" }, "call-1");
    assert.deepEqual(painted.lines.slice(0, 2), ["DONE toy.paint", '"toy" "red-train" "PAINTED" (was NEW)']);
    assert.match(painted.lines[2] ?? "", /^receipt [0-9a-f-]{36} at /);
    assert.equal(painted.lines[3], "usually next: toy_break");
    const again = await say(desk, "toy.paint", { toy_name: "red-train", colour: "red" }, "call-1");
    assert.match(again.lines[0] ?? "", /^DONE toy\.paint — this repeats an earlier call/);
    assert.deepEqual(again.body, painted.body);
  });

  test("a PUT with two ids and an answer of 202 is DONE with its receipt", async () => {
    await make("inspected");
    const seen = await say(desk, "toy.inspect", { toy_name: "inspected", part_id: part, context: { of: "a wheel" } });
    assert.deepEqual(seen.lines.slice(0, 2), ["DONE toy.inspect", '"toy" "inspected" NEW (was NEW)']);
    assert.deepEqual([seen.body["part"], seen.body["task"]], [part, { context: { of: "a wheel" } }]);
    const receipt = objectAt(seen.body, "receipt");
    const vouched = await say(desk, "receipt.get", { receipt_id: receipt["receipt_id"] });
    assert.deepEqual(vouched.body, receipt);
  });

  test("a DELETE without a body in its answer is DONE and says so, and on repetition too", async () => {
    await make("fragile");
    const broken = await say(desk, "toy.break", { toy_name: "Fragile" }, "call-2");
    assert.deepEqual(broken.lines, ["DONE toy.break", "the answer has no body, and so no receipt"]);
    assert.deepEqual([broken.details["outcome"], broken.body], ["done", {}]);
    assert.equal(await stateOf("fragile"), "BROKEN");
    const again = await say(desk, "toy.break", { toy_name: "Fragile" }, "call-2");
    assert.match(again.lines[0] ?? "", /^DONE toy\.break — this repeats an earlier call/);
    const refused = await say(desk, "toy.paint", { toy_name: "fragile", colour: "red" });
    assert.match(refused.lines[0] ?? "", /^REFUSED INVALID_STATE_TRANSITION toy\.paint/);
  });

  test("what nobody wrote lines for is read as data", async () => {
    await make("plain");
    const { lines, body } = await say(desk, "toy.get", { toy_name: "plain" });
    assert.equal(lines[0], "READ toy.get");
    assert.deepEqual(JSON.parse(lines[2] ?? ""), body);
    assert.deepEqual(body, { name: "plain", state: "NEW", colour: null });
  });

  test("an id that cannot be one is refused before anything is called", async () => {
    for (const args of [
      { part_id: part, context: 1 },
      { toy_name: "../tickets", part_id: part, context: 1 },
      { toy_name: "plain", part_id: "wheel", context: 1 },
    ])
      assert.match((await say(desk, "toy.inspect", args)).lines[0] ?? "", /^REFUSED INVALID_ARGUMENTS toy\.inspect/);
  });
});

test("a 204 without a correlation id is not taken for the API's, and the call is repeated", async (t) => {
  const { url, seen } = await standIn({ after: (end) => t.after(end) }, (_request, response, nth) =>
    response.writeHead(204, nth === 1 ? {} : { "x-correlation-id": "c-1" }).end(),
  );
  const { lines } = await say(deskAt(url), "toy.break", { toy_name: "fragile" });
  assert.equal(lines[0], "DONE toy.break");
  assert.deepEqual(
    seen.map(({ method, url: path, headers }) => [method, path, headers["idempotency-key"], headers["content-type"]]),
    [1, 2].map(() => ["DELETE", "/toys/fragile", seen[0]?.headers["idempotency-key"], undefined]),
  );
});
