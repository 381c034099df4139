// The scripted stand-in's whole mind: messages in, reply out. Stateless and pure but for the clock it is given. What it
// does next follows from what the person said last and from the results that came since.

import { createHash } from "node:crypto";
import { answerFrom } from "./answer.ts";
import type { ChatRequest, Message } from "./chat-request.ts";
import type { Call, Step } from "./intent.ts";
import { intents, readSentence, type Request } from "./intents.ts";
import { nothingYet, remember, type Memory } from "./memory.ts";
import { lastSaidAt, sentenceOf } from "./sentence.ts";
import type { Place } from "./times.ts";
import { readToolResult, type Exchange } from "./tool-result.ts";

export type Reply =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "calls"; readonly calls: readonly (Call & { readonly id: string })[] };

/** What it understands, in answer to anything else. */
export const understood: string = [
  "I am a scripted stand-in for a model: I understand the sentences of the tour and nothing else. For example:",
  ...intents.map(({ example }) => `- ${example}`),
].join("\n");

/** Where a host offers this, each tool of its directory may be called by name, though its schema is not sent. */
const directory = "tool_call";

/** The reply to a conversation. The same messages get the same reply, with the same ids of calls. */
export function replyTo({ messages, tools }: Pick<ChatRequest, "messages" | "tools">, place: Place): Reply {
  const saidAt = lastSaidAt(messages);
  const said = messages[saidAt];
  const sentence = said ? sentenceOf(said.text) : "";
  const memory = exchangesIn(messages.slice(0, saidAt)).reduce(remember, nothingYet);
  const done = exchangesIn(messages.slice(saidAt));
  const requests = repeated(sentence, messages.slice(0, saidAt)) ?? readSentence(sentence);
  if (!requests) return { kind: "text", text: done.length > 0 ? answerFrom(done, place) : understood };

  const next = "calls" in requests ? onceMore(requests.calls, done) : nextStep(requests, memory, done, place);
  if (next.kind === "say")
    return { kind: "text", text: [answerFrom(done, place), next.text].filter((text) => text !== "").join("\n\n") };
  const missing = tools.has(directory) ? undefined : next.calls.find(({ name }) => !tools.has(name));
  if (missing) return { kind: "text", text: `That needs the tool ${missing.name}, which this chat does not offer me.` };
  const seed = createHash("sha256").update(JSON.stringify(messages)).digest("hex").slice(0, 24);
  return { kind: "calls", calls: next.calls.map((call, index) => ({ ...call, id: `call_${seed}_${index}` })) };
}

/** Calls and their results, in the order of the calls. */
function exchangesIn(messages: readonly Message[]): Exchange[] {
  const results = new Map(
    messages.flatMap((message) => (message.role === "tool" ? [[message.callId, message.text] as const] : [])),
  );
  return messages.flatMap((message) =>
    message.role !== "assistant"
      ? []
      : message.calls.map((call) => {
          const text = results.get(call.id);
          return { call, result: text === undefined ? null : readToolResult(text) };
        }),
  );
}

/**
 * Several readings are called at once. Where a request changes something, each waits for the one before it and for its
 * success: what follows a refusal was not meant for that case.
 */
function nextStep(requests: readonly Request[], memory: Memory, done: readonly Exchange[], place: Place): Step {
  const finished: Step = { kind: "say", text: "" };
  if (requests.length > 1 && requests.every(({ intent }) => intent.reads)) {
    if (done.length > 0) return finished;
    const steps = requests.map(({ intent, ...heard }) => intent.step({ ...heard, memory, place }, []));
    const calls = distinct(steps.flatMap((step) => (step?.kind === "call" ? step.calls : [])));
    return calls.length > 0 ? { kind: "call", calls } : (steps[0] ?? finished);
  }
  let known = memory;
  let rest = done;
  for (const request of requests) {
    const { step, own } = follow(request, known, rest, place);
    if (step) return step;
    if (!own.every(({ result }) => result?.outcome === "DONE" || result?.outcome === "READ")) return finished;
    known = own.reduce(remember, known);
    rest = rest.slice(own.length);
  }
  return finished;
}

/** How far one request has come: its next step, null when it is through, and the exchanges that were its own. */
function follow(
  { intent, ...heard }: Request,
  memory: Memory,
  exchanges: readonly Exchange[],
  place: Place,
): { step: Step | null; own: readonly Exchange[] } {
  for (let taken = 0; ;) {
    const own = exchanges.slice(0, taken);
    const step = intent.step({ ...heard, memory, place }, own);
    if (step?.kind !== "call" || taken >= exchanges.length) return { step, own };
    taken = Math.min(taken + step.calls.length, exchanges.length);
  }
}

const distinct = (calls: readonly Call[]): Call[] => [
  ...new Map(calls.map((call) => [JSON.stringify(call), call])).values(),
];

/** "Try again" after an outcome nobody knows: the same call with the request_id its result named, so that it cannot happen twice. */
function repeated(sentence: string, before: readonly Message[]): { readonly calls: readonly Call[] } | null {
  if (
    !/^(?:please )?(?:try|do|repeat) (?:it |that )?again\b|^(?:please )?(?:retry|repeat (?:it|that))\b/i.test(sentence)
  )
    return null;
  const last = exchangesIn(before).at(-1);
  if (last?.result?.outcome !== "UNKNOWN") return null;
  const requestId = /\brequest_id ([0-9a-f-]{36})\b/.exec(last.result.lines.join("\n"))?.[1];
  return requestId === undefined
    ? null
    : { calls: [{ name: last.call.name, args: { ...last.call.args, request_id: requestId } }] };
}

const onceMore = (calls: readonly Call[], done: readonly Exchange[]): Step =>
  done.length === 0 ? { kind: "call", calls } : { kind: "say", text: "" };
