// The scripted stand-in over HTTP: OpenAI's form for whole answers, streams, and errors.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { startScriptedModel } from "../../lab/scripted-model/server.ts";

const model = await startScriptedModel({ now: () => new Date("2026-11-21T18:30:00Z") });
after(() => model.close());

const tools = ["dispatcher_cockpit", "ops_autonomy_state", "dispatch_contract_status"].map((name) => ({
  type: "function",
  function: { name, parameters: { type: "object" } },
}));
const user = (content: unknown) => ({ role: "user", content });

const post = (body: unknown): Promise<Response> =>
  fetch(`${model.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
const ask = (sentence: unknown, more: object = {}): Promise<Response> =>
  post({
    model: "dispatch-scripted",
    messages: [{ role: "system", content: "You are" }, user(sentence)],
    tools,
    ...more,
  });

function object(value: unknown): JsonObject {
  assert.ok(isObject(value), JSON.stringify(value));
  return value;
}
const list = (value: unknown): JsonObject[] => {
  assert.ok(Array.isArray(value));
  return value.map(object);
};

/** The data of a stream's events, each checked for its framing. */
async function eventsOf(response: Response): Promise<string[]> {
  assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  const text = await response.text();
  assert.ok(text.endsWith("\n\n"));
  return text
    .slice(0, -2)
    .split("\n\n")
    .map((event) => {
      assert.ok(event.startsWith("data: ") && !event.includes("\n"), event);
      return event.slice("data: ".length);
    });
}

describe("a whole answer", () => {
  test("calls tools with arguments as JSON text", async () => {
    const body = object(await (await ask("status")).json());
    const [choice] = list(body["choices"]);
    assert.equal(body["object"], "chat.completion");
    assert.equal(choice?.["finish_reason"], "tool_calls");
    const [call] = list(object(choice?.["message"])["tool_calls"]);
    assert.deepEqual(object(call)["function"], { name: "dispatch_contract_status", arguments: "{}" });
    const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = object(body["usage"]);
    assert.ok(typeof prompt === "number" && typeof completion === "number" && prompt > 0 && completion > 0);
    assert.equal(total, prompt + completion);
  });

  test("says text, and reads a message in parts", async () => {
    const body = object(
      await (
        await ask([
          { type: "text", text: "good" },
          { type: "image_url", image_url: {} },
          { type: "text", text: "evening" },
        ])
      ).json(),
    );
    const [choice] = list(body["choices"]);
    assert.equal(choice?.["finish_reason"], "stop");
    assert.match(String(object(choice?.["message"])["content"]), /^I am a scripted stand-in/);
  });
});

describe("a stream", () => {
  test("comes in pieces, ends with its reason, then the usage, then [DONE]", async () => {
    const events = await eventsOf(await ask("hello", { stream: true, stream_options: { include_usage: true } }));
    assert.equal(events.pop(), "[DONE]");
    const chunks = events.map((event) => object(JSON.parse(event)));
    const last = chunks.pop();
    assert.deepEqual(last?.["choices"], []);
    assert.ok(isObject(last?.["usage"]));
    assert.equal(new Set(chunks.map(({ id }) => id)).size, 1);
    const deltas = chunks.map(({ choices }) => object(list(choices)[0]));
    assert.equal(deltas.at(-1)?.["finish_reason"], "stop");
    assert.ok(deltas.slice(0, -1).every(({ finish_reason: reason }) => reason === null));
    const text = deltas.map(({ delta }) => object(delta)["content"] ?? "").join("");
    assert.match(text, /^I am a scripted stand-in[\s\S]*- status\n?/);
    assert.ok(deltas.length > 5);
  });

  test("carries parallel calls by their index", async () => {
    const events = await eventsOf(await ask("what is burning, and status", { stream: true }));
    const chunks = events.slice(0, -1).map((event) => object(JSON.parse(event)));
    assert.ok(
      chunks.every(({ usage }) => usage === undefined),
      "no usage unless it is asked for",
    );
    const calls = chunks.flatMap(({ choices }) => {
      const delta = object(object(list(choices)[0])["delta"]);
      return delta["tool_calls"] === undefined ? [] : list(delta["tool_calls"]);
    });
    assert.deepEqual(
      calls.map(({ index }) => index),
      [0, 1],
    );
    assert.deepEqual(
      calls.map((call) => object(call["function"])["name"]),
      ["dispatcher_cockpit", "dispatch_contract_status"],
    );
    assert.equal(object(list(chunks.at(-1)?.["choices"])[0])["finish_reason"], "tool_calls");
  });
});

describe("a request that cannot be answered says why", () => {
  const messages = [user("status")];
  const wrong: readonly (readonly [string, unknown, number, string | null])[] = [
    ["no JSON", "{", 400, null],
    ["no object", "[]", 400, null],
    ["no model", { messages }, 400, "model"],
    ["another model", { model: "gpt", messages }, 404, "model"],
    ["no messages", { model: "dispatch-scripted" }, 400, "messages"],
    ["an empty conversation", { model: "dispatch-scripted", messages: [] }, 400, "messages"],
    ["a message that is none", { model: "dispatch-scripted", messages: ["hello"] }, 400, "messages[0]"],
    [
      "a role nobody has",
      { model: "dispatch-scripted", messages: [{ role: "god", content: "x" }] },
      400,
      "messages[0].role",
    ],
    ["content that is none", { model: "dispatch-scripted", messages: [user(7)] }, 400, "messages[0].content"],
    [
      "a result of no call",
      { model: "dispatch-scripted", messages: [{ role: "tool", content: "x" }] },
      400,
      "messages[0].tool_call_id",
    ],
    [
      "a call without a name",
      { model: "dispatch-scripted", messages: [{ role: "assistant", tool_calls: [{ id: "1" }] }] },
      400,
      "messages[0].tool_calls[0]",
    ],
    ["tools that are none", { model: "dispatch-scripted", messages, tools: [{}] }, 400, "tools[0]"],
    ["a stream that is neither", { model: "dispatch-scripted", messages, stream: "yes" }, 400, "stream"],
  ];
  for (const [name, body, status, param] of wrong) {
    test(name, async () => {
      const response = await post(body);
      assert.equal(response.status, status);
      const error = object(object(await response.json())["error"]);
      assert.equal(error["type"], "invalid_request_error");
      assert.equal(error["param"], param);
      assert.ok(typeof error["message"] === "string" && error["message"] !== "");
    });
  }

  test("a body of 17 MiB", async () => assert.equal((await post("x".repeat(17 * 1024 * 1024))).status, 413));
  test("another path", async () =>
    assert.equal((await fetch(`${model.url}/v1/embeddings`, { method: "POST" })).status, 404));
});

test("the list of models names one, and as what it is", async () => {
  const body = object(await (await fetch(`${model.url}/v1/models`)).json());
  const models = list(body["data"]);
  assert.deepEqual(
    models.map(({ id }) => id),
    ["dispatch-scripted"],
  );
  assert.match(String(models[0]?.["owned_by"]), /scripted stand-in/);
});

test("it listens on this machine alone, and closing it twice is no error", async () => {
  const other = await startScriptedModel();
  assert.match(other.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  await other.close();
  await other.close();
  await assert.rejects(fetch(`${other.url}/v1/models`));
});

test("a time zone nobody knows is known at once", async () =>
  assert.rejects(startScriptedModel({ timeZone: "Mars/Olympus" }), RangeError));
