// A conversation at a desk by sentences alone: the scripted stand-in calls the plugin's real tools, a person allows what needs a word.

import assert from "node:assert/strict";
import { chatName, toolEntries } from "../../dispatch/contract/index.ts";
import type { Message } from "../../lab/scripted-model/chat-request.ts";
import { replyTo } from "../../lab/scripted-model/reply.ts";
import type { Place } from "../../lab/scripted-model/times.ts";
import type { Chat } from "../plugin/chat.ts";

const offered = new Set(toolEntries.map(([name]) => chatName(name)));

/** A sentence is answered when the stand-in has nothing more to call. @param place asked at each sentence */
export function bySentences(chat: Chat, place: () => Place): (sentence: string) => Promise<string> {
  const messages: Message[] = [];
  return async (sentence) => {
    messages.push({ role: "user", text: sentence });
    for (;;) {
      const reply = replyTo({ messages, tools: offered }, place());
      if (reply.kind === "text") {
        messages.push({ role: "assistant", text: reply.text, calls: [] });
        return reply.text;
      }
      messages.push({ role: "assistant", text: "", calls: reply.calls });
      for (const { id, name, args } of reply.calls) {
        const [tool] = toolEntries.find(([one]) => chatName(one) === name) ?? assert.fail(name);
        const { text } = await chat.say(tool, args, { card: "allow-once" });
        messages.push({ role: "tool", callId: id, text });
      }
    }
  };
}
