// A model provider that answers when a test says so, and keeps what each turn was asked: so a session stays busy for as long as it should.
// It speaks OpenAI's chat completions on 127.0.0.1, for OpenClaw's api "openai-completions".

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { isObject } from "../../../dispatch/kernel/json.ts";

export type PatientModel = {
  /** For models.providers.<id>.baseUrl. */
  readonly url: string;
  /** What each call was asked last, oldest first. */
  readonly asked: readonly string[];
  /** Calls from now on whose last message has this word wait. */
  hold(word: string): void;
  /** Answers all that wait, and lets nothing wait any more. */
  release(): void;
  stop(): Promise<void>;
};

export async function startPatientModel(): Promise<PatientModel> {
  const asked: string[] = [];
  const held = new Set<string>();
  const waiting = new Set<http.ServerResponse>();
  const server = http.createServer((request, response) => {
    void (async () => {
      const last = await lastWords(request);
      asked.push(last);
      if (![...held].some((word) => last.includes(word))) return answer(response);
      waiting.add(response);
      response.once("close", () => waiting.delete(response));
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  assert.ok(address && typeof address === "object");
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    asked,
    hold: (word) => void held.add(word),
    release: () => {
      held.clear();
      waiting.forEach(answer);
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** Of the youngest user message, which with a prompt cache has parts. */
async function lastWords(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  const messages = isObject(body) && Array.isArray(body["messages"]) ? body["messages"].filter(isObject) : [];
  return JSON.stringify(messages.findLast(({ role }) => role === "user")?.["content"]);
}

function answer(response: http.ServerResponse): void {
  const chunk = (choices: object[], more: object = {}) =>
    `data: ${JSON.stringify({ id: "patient", object: "chat.completion.chunk", created: 0, model: "patient", choices, ...more })}\n\n`;
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(chunk([{ index: 0, delta: { role: "assistant", content: "Done." }, finish_reason: null }]));
  response.write(chunk([{ index: 0, delta: {}, finish_reason: "stop" }]));
  response.end(`${chunk([], { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } })}data: [DONE]\n\n`);
}
