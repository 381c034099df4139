// A model provider that calls exactly the tools a test tells it to, however foolish, and keeps what it was sent. It speaks
// OpenAI's chat completions on 127.0.0.1, for OpenClaw's api "openai-completions".

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { isObject, type JsonObject } from "../../../dispatch/kernel/json.ts";
import { modelName } from "../../../lab/scripted-model/chat-request.ts";

export type Call = {
  readonly name: string;
  /** An object goes as JSON, a text as it is: it need not be JSON. */
  readonly args: object | string;
  /** One of its own by default; a model that numbers its calls anew repeats them. */
  readonly id?: string;
};

export type Result = { readonly id: string; readonly text: string };

/** What to call at once; it may depend on the results of the rounds before. */
export type Round = readonly Call[] | ((before: readonly Result[]) => readonly Call[]);

export type Play = {
  /** The message that holds this word makes the model play it. */
  readonly word: string;
  /** What the model was sent as the results of its calls, in their order. */
  readonly results: readonly Result[];
  /** All messages of the last request, as one text. */
  readonly prompt: string;
  /** The system message of that. */
  readonly system: string;
  /** Names of the tools it was offered. */
  readonly tools: readonly string[];
  /** What those took of the request, schemas and all, in bytes. */
  readonly toolBytes: number;
  /** Whether the model has said its last word. */
  readonly over: boolean;
};

export type ObedientModel = {
  /** For models.providers.<id>.baseUrl. */
  readonly url: string;
  play(...rounds: readonly Round[]): Play;
  /** Words and calls in this order, one at each request: it is asked again behind words that the desk sends back. */
  playInOrder(...steps: readonly (string | Round)[]): Play;
  stop(): Promise<void>;
};

type Playing = {
  readonly word: string;
  readonly steps: readonly (string | Round)[];
  played: number;
  begunAt: number | null;
  results: Result[];
  prompt: string;
  system: string;
  tools: string[];
  toolBytes: number;
  over: boolean;
};

/** What the model says last. */
export const lastWord = (play: Pick<Play, "word">): string => `Played ${play.word}.`;

/** @param otherwise the address of the scripted stand-in, which answers what nobody ordered a play for */
export async function startObedientModel(otherwise: string): Promise<ObedientModel> {
  const plays = new Map<number, Playing>();
  const server = http.createServer((request, response) => {
    answer(plays, otherwise, request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  assert.ok(address && typeof address === "object");
  const begin = (steps: readonly (string | Round)[]): Play => {
    const play: Playing = {
      word: `play${plays.size + 1}x`,
      steps,
      played: 0,
      begunAt: null,
      results: [],
      prompt: "",
      system: "",
      tools: [],
      toolBytes: 0,
      over: false,
    };
    plays.set(plays.size + 1, play);
    return play;
  };
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    play: (...rounds) => begin(rounds),
    playInOrder: (...steps) => begin(steps),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function answer(
  plays: ReadonlyMap<number, Playing>,
  otherwise: string,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  assert.ok(isObject(body));
  const messages = objects(body["messages"]);
  const asked = messages.filter(({ role }) => role === "user");
  const play = plays.get(Math.max(0, ...asked.flatMap(playsIn)));
  // A conversation goes on behind a play that is over.
  if (!play || (play.over && !asked.slice(-1).flatMap(playsIn).length)) return passOn(otherwise, body, response);
  play.begunAt ??= messages.length - 1;
  play.prompt = JSON.stringify(messages);
  play.system = messages
    .filter(({ role }) => role === "system")
    .map(textOf)
    .join("\n");
  play.tools = objects(body["tools"]).map(({ function: tool }) => (isObject(tool) ? String(tool["name"]) : "?"));
  play.toolBytes = Buffer.byteLength(JSON.stringify(body["tools"] ?? []));
  play.results = messages
    .slice(play.begunAt)
    .filter(({ role }) => role === "tool")
    .map((message) => ({ id: String(message["tool_call_id"]), text: textOf(message) }));
  const played = play.played++;
  const step = play.steps[played] ?? lastWord(play);
  if (typeof step !== "string")
    return callTools(response, typeof step === "function" ? step(play.results) : step, `${play.word}_${played}`);
  play.over = played >= play.steps.length - 1;
  speak(response, step);
}

/** To the scripted stand-in, as what it is asked for by its own name. */
async function passOn(otherwise: string, request: JsonObject, response: http.ServerResponse): Promise<void> {
  const body = JSON.stringify({ ...request, model: modelName });
  const answer = await fetch(`${otherwise}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" });
  response.end(Buffer.from(await answer.arrayBuffer()));
}

/** The host shows earlier messages again in later ones; plays are counted, and the youngest is meant. */
const playsIn = (message: JsonObject): number[] =>
  [...textOf(message).matchAll(/\bplay(\d+)x\b/g)].map(([, count]) => Number(count));

function textOf({ content }: JsonObject): string {
  return typeof content === "string"
    ? content
    : objects(content)
        .map(({ text }) => (typeof text === "string" ? text : ""))
        .join("\n");
}

const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

function callTools(response: http.ServerResponse, calls: readonly Call[], prefix: string): void {
  const tool_calls = calls.map(({ name, args, id }, index) => ({
    index,
    id: id ?? `${prefix}_${index}`,
    type: "function",
    function: { name, arguments: typeof args === "string" ? args : JSON.stringify(args) },
  }));
  stream(response, { role: "assistant", content: null, tool_calls }, "tool_calls");
}

const speak = (response: http.ServerResponse, content: string): void =>
  stream(response, { role: "assistant", content }, "stop");

function stream(response: http.ServerResponse, delta: object, finish: string): void {
  const chunk = (choices: object[], more: object = {}) =>
    `data: ${JSON.stringify({ id: "obedient", object: "chat.completion.chunk", created: 0, model: "obedient", choices, ...more })}\n\n`;
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(chunk([{ index: 0, delta, finish_reason: null }]));
  response.write(chunk([{ index: 0, delta: {}, finish_reason: finish }]));
  response.end(`${chunk([], { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } })}data: [DONE]\n\n`);
}
