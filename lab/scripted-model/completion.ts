// A reply in the form of OpenAI's chat completions: whole, or as a stream of chunks. Pure.

import { modelName, type ChatRequest } from "./chat-request.ts";
import type { Reply } from "./reply.ts";

export type Completion = {
  readonly id: string;
  /** Seconds since 1970. */ readonly created: number;
  readonly reply: Reply;
  readonly usage: Usage;
};

/** Tokens as a stand-in can tell them: four characters each. */
export type Usage = {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
};

export function usageOf(body: string, reply: Reply): Usage {
  const count = (text: string) => Math.ceil(text.length / 4);
  const [prompt, completion] = [count(body), count(reply.kind === "text" ? reply.text : JSON.stringify(reply.calls))];
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

export function wholeCompletion({ id, created, reply, usage }: Completion): object {
  const message =
    reply.kind === "text"
      ? { role: "assistant", content: reply.text }
      : { role: "assistant", content: null, tool_calls: toolCalls(reply) };
  return {
    id,
    object: "chat.completion",
    created,
    model: modelName,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(reply) }],
    usage,
  };
}

/** The stream's events, each ended by a blank line, the last of them [DONE]. */
export function completionEvents(
  { id, created, reply, usage }: Completion,
  { includeUsage }: Pick<ChatRequest, "includeUsage">,
): string[] {
  const chunk = (choices: object[], more: object = {}) => ({
    id,
    object: "chat.completion.chunk",
    created,
    model: modelName,
    choices,
    ...more,
  });
  const delta = (part: object, finish: string | null = null) =>
    chunk([{ index: 0, delta: part, logprobs: null, finish_reason: finish }]);
  const parts =
    reply.kind === "text"
      ? pieces(reply.text).map((content) => ({ content }))
      : toolCalls(reply).map((call, index) => ({ tool_calls: [{ index, ...call }] }));
  const chunks = [
    delta({ role: "assistant", content: reply.kind === "text" ? "" : null }),
    ...parts.map((part) => delta(part)),
    delta({}, finishOf(reply)),
    ...(includeUsage ? [chunk([], { usage })] : []),
  ];
  return [...chunks.map((one) => JSON.stringify(one)), "[DONE]"].map((data) => `data: ${data}\n\n`);
}

const finishOf = ({ kind }: Reply): string => (kind === "text" ? "stop" : "tool_calls");

const toolCalls = (reply: Extract<Reply, { kind: "calls" }>) =>
  reply.calls.map(({ id, name, args }) => ({
    id,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));

/** Line by line, so that a reader sees it come. */
const pieces = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
