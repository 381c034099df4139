// All sentences the scripted stand-in understands, in the order they are tried. It understands these and nothing else.

import { changeIntents } from "./change-intents.ts";
import { correctionIntents } from "./correction-intents.ts";
import { deskIntents } from "./desk-intents.ts";
import { directoryIntents } from "./directory-intents.ts";
import type { Intent } from "./intent.ts";
import { approvalIntents } from "./approval-intents.ts";
import { roomIntents } from "./room-intents.ts";
import { rosterIntents } from "./roster-intents.ts";
import { scheduleIntents } from "./schedule-intents.ts";
import { swarmIntents } from "./swarm-intents.ts";
import { ticketIntents } from "./ticket-intents.ts";
import { workIntents } from "./work-intents.ts";
import { eitherOf } from "./patterns.ts";

export const intents: readonly Intent[] = [
  ...approvalIntents,
  ...roomIntents,
  ...swarmIntents,
  ...directoryIntents,
  ...rosterIntents,
  ...correctionIntents,
  ...workIntents,
  ...ticketIntents,
  ...changeIntents,
  ...scheduleIntents,
  ...deskIntents,
];

export type Request = { readonly intent: Intent; readonly sentence: string; readonly match: RegExpExecArray };

const greeting = /(?:ok(?:ay)?|now|then|please|and|so|yes|alright|great|thanks|hey|hi|hello)\b[\s,.!]*/;
const request = /(?:can|could|would|will) you (?:please )?/;
const politeness = new RegExp(`^(?:${eitherOf(greeting, request).source})+(?=\\S)`, "i");
const seam = /\s*(?:;|,?\s+and(?:\s+(?:then|also))?|,\s*then|[?.!])\s+/gi;

/** What a sentence asks for, one thing or several in a row; null when any part of it is not understood. */
export function readSentence(sentence: string): readonly Request[] | null {
  for (const cut of sentence.matchAll(seam)) {
    const head = one(sentence.slice(0, cut.index));
    if (!head) continue;
    if (head.intent.endsInFreeWords) break;
    const tail = readSentence(sentence.slice(cut.index + cut[0].length));
    if (tail) return [head, ...tail];
  }
  const whole = one(sentence);
  return whole && [whole];
}

function one(words: string): Request | null {
  const sentence = words.trim().replace(politeness, "");
  for (const intent of intents) {
    const match = intent.pattern.exec(sentence);
    if (match) return { intent, sentence, match };
  }
  return null;
}
