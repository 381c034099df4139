// Reads a stream of Server-Sent Events one message at a time.

import assert from "node:assert/strict";
import { once } from "node:events";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { dispatcher } from "./calls.ts";

/** An event that does not come is told by its own name, and not by the time limit of the test. */
const longestWaitMs = 90_000;

export type Message = { readonly id: string; readonly data: JsonObject };

export type EventClient = {
  readonly response: Response;
  /** The next message; fails when the stream ends before it, or a minute and a half goes by. */
  next(): Promise<Message>;
  /** Resolves when the server ends the stream; fails when another message comes first. */
  ended(): Promise<void>;
  close(): void;
};

/** Opens a stream and fails unless it begins. */
export async function openEvents(
  api: { url: string },
  { query = "", headers = {} }: { query?: string; headers?: Record<string, string> } = {},
): Promise<EventClient> {
  const abort = new AbortController();
  const response = await fetch(`${api.url}/events${query}`, {
    headers: { ...dispatcher, ...headers },
    signal: abort.signal,
  });
  assert.equal(response.status, 200, response.status === 200 ? "" : await response.text());
  assert.ok(response.body);
  const messages = messagesIn(response.body);
  return {
    response,
    next: async () => {
      const limit = AbortSignal.timeout(longestWaitMs);
      const late = once(limit, "abort").then(() => assert.fail(`no event within ${longestWaitMs} ms`));
      const { value } = await Promise.race([messages.next(), late]);
      assert.ok(value, "the stream ended");
      return value;
    },
    ended: async () => assert.equal((await messages.next()).done, true),
    close: () => abort.abort(),
  };
}

async function* messagesIn(body: ReadableStream<Uint8Array>): AsyncGenerator<Message, undefined> {
  let rest = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    rest += chunk;
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const message = messageOf(block);
      if (message) yield message;
    }
  }
  return undefined;
}

function messageOf(block: string): Message | null {
  const field = (name: string) =>
    block
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const data = field("data");
  if (data === undefined) return null;
  const parsed: unknown = JSON.parse(data);
  assert.ok(isObject(parsed));
  return { id: field("id") ?? "", data: parsed };
}
