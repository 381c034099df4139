// What the person said last, without what the gateway adds around it: time, sender, brief, the host's own context. Pure.

import type { Message } from "./chat-request.ts";

/** Blocks between blank lines that a gateway puts into a person's message; none of them is theirs. */
const gatewaysOwn: readonly RegExp[] = [
  /^\[[^\]\n]*\] Conversation info:/,
  /^```json\n/,
  /^Dispatch desk at \S+ \(facts from dispatch-api/,
  /^Runtime: \S+=/,
];
const hostsContext = /<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>[\s\S]*?(?:<<<END_OPENCLAW_INTERNAL_CONTEXT>>>|$)/g;
const timestamp = /^\[[A-Z][a-z]{2} \d{4}-\d\d-\d\d [^\]\n]*\] /;

/** The host asks for the answer once more: the person said nothing new. */
const asksAgain = "Before accepting the previous final answer,";

/** The index of the person's last message, -1 when there is none. */
export const lastSaidAt = (messages: readonly Message[]): number =>
  messages.findLastIndex(({ role, text }) => role === "user" && !text.includes(asksAgain));

/** The sentence of a person's message: its last block, since whatever is added to it stands before, or is known. */
export function sentenceOf(text: string): string {
  const blocks = text
    .replaceAll(hostsContext, "")
    .split(/\n\s*\n/)
    .map((block) => block.trim())
    .filter((block) => block !== "" && !gatewaysOwn.some((pattern) => pattern.test(block)));
  return (blocks.at(-1) ?? "").replace(timestamp, "").trim();
}
