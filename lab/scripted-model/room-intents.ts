// Sentences about the rooms where workers sit: what is told to them, what they say, and the control room.

import type { JsonObject } from "../../dispatch/kernel/json.ts";
import { call, once, say, type Intent, type Speaking } from "./intent.ts";
import { uuidAnywhere } from "./tool-result.ts";

const slug = /(?<room>[a-z][a-z0-9-]*)/.source;
const its = String.raw`the ${slug}(?:'s|’s) room`;

/** One call with what the sentence says of the room it names. */
const about = (name: string, args: (room: string, speaking: Speaking) => JsonObject = (room) => ({ room })) =>
  once((speaking: Speaking) =>
    call({ name, args: args((speaking.match.groups?.["room"] ?? "").toLowerCase(), speaking) }),
  );

export const roomIntents: readonly Intent[] = [
  {
    example: "open the control room",
    tool: "control_open",
    pattern: /^open (?:the|my) control room\b/i,
    step: about("control_open", () => ({})),
  },
  {
    example: "what is going on?",
    tool: "control_brief",
    pattern: /^what(?: is|'s|’s) going on\b/i,
    reads: true,
    step: about("control_brief", () => ({})),
  },
  {
    example: "set up a room for the clerk",
    tool: "room_create",
    pattern: new RegExp(String.raw`^(?:set up|make|add) a room for (?:the )?${slug}`, "i"),
    step: about("room_create", (room) => ({ name: room, worker_id: room })),
  },
  {
    example: "reset the clerk's room",
    tool: "room_reset",
    pattern: new RegExp(String.raw`^reset ${its}`, "i"),
    step: about("room_reset"),
  },
  {
    example: "tell the clerk to check the queue",
    tool: "room_push",
    pattern: new RegExp(String.raw`^(?:tell|have|let) (?:the )?${slug} (?:to )?check the queue\b`, "i"),
    step: about("room_push", (target) => ({ target, command: "/queue-check" })),
  },
  {
    example: "ask the clerk's room to draft the quote",
    tool: "task_dispatch",
    pattern: new RegExp(String.raw`^(?:ask|have|get|tell) ${its} (?:to )?(?<work>.+)$`, "is"),
    endsInFreeWords: true,
    step: about("task_dispatch", (room, { match }) => ({ room, prompt: promptOf(match.groups?.["work"] ?? "") })),
  },
  {
    example: "who sits where?",
    tool: "room_list",
    pattern: /^who sits where\b|^(?:which|what) rooms are there\b/i,
    reads: true,
    step: about("room_list", () => ({})),
  },
  {
    example: "show me the board",
    tool: "room_board",
    pattern: /^(?:show (?:me )?)?the board\b/i,
    reads: true,
    step: about("room_board", () => ({})),
  },
  {
    example: "how is the clerk doing?",
    tool: "room_status",
    pattern: new RegExp(String.raw`^how(?: is|'s|’s) the ${slug} doing\b`, "i"),
    reads: true,
    step: about("room_status"),
  },
  {
    example: "what did we tell the clerk?",
    tool: "room_history",
    pattern: new RegExp(String.raw`^what (?:did|have) we (?:tell|told) the ${slug}`, "i"),
    reads: true,
    step: about("room_history", (room) => ({ room, limit: 20 })),
  },
  {
    example: "any news from the rooms?",
    tool: "event_list",
    pattern: /^(?:is there |are there )?any news from the rooms\b|^what did the rooms say\b/i,
    reads: true,
    step: about("event_list", () => ({ limit: 20 })),
  },
  {
    example: "I have seen that",
    tool: "event_ack",
    pattern: /^I(?: have|'ve|’ve) (?:seen|read) (?:that|it|them|those)\b/i,
    step: once(({ sentence, memory }) => {
      const named = uuidAnywhere.exec(sentence)?.[0];
      const seen = named === undefined ? memory.eventIds : [named];
      if (seen.length === 0) return say('What have you seen? Nothing has come up yet: ask "any news from the rooms?".');
      return call(...seen.map((event_id) => ({ name: "event_ack", args: { event_id } })));
    }),
  },
];

function promptOf(work: string): string {
  const words = work.trim().replace(/[.!]+$/, "");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
