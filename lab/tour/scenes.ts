// What the tour shows: what is typed into the dashboard's chat, what must be answered, and which pictures are taken.

import { join } from "node:path";
import type { DashboardChat } from "./dashboard-chat.ts";

type Said = {
  readonly say: string;
  /** What the answer must hold; else the picture would show something else than its name says. */
  readonly answer: RegExp;
  /** The button to press on the card the sentence leads to. */
  readonly decide?: "Allow once" | "Deny";
  /** The name of the picture of that card. */
  readonly cardPicture?: string;
};

export type Scene = { readonly picture: string; readonly said: readonly Said[] };

export const scenes: readonly Scene[] = [
  { picture: "slash-status", said: [{ say: "/dispatch status", answer: /everything is there/ }] },
  {
    picture: "created-and-triaged",
    said: [
      { say: "open a ticket for Demo Site North: the front door does not lock", answer: /^The ticket is open: / },
      { say: "triage it as an emergency, cannot secure entry, at most $880", answer: /now READY_TO_SCHEDULE/ },
    ],
  },
  {
    picture: "booked-and-dispatched",
    said: [
      { say: "book it for tomorrow morning", answer: /now SCHEDULED/ },
      { say: "who should go?", answer: /^Ranked/ },
      { say: "dispatch the first", answer: /now DISPATCHED/ },
    ],
  },
  {
    picture: "completion-refused",
    said: [
      { say: "check in", answer: /now IN_PROGRESS/ },
      { say: "complete it", answer: /^Refused, nothing changed.*missing evidence: /s },
    ],
  },
  {
    picture: "approval-denied",
    said: [{ say: "cancel it because the customer called it off", decide: "Deny", answer: /It was denied/ }],
  },
  {
    picture: "approval-allowed",
    said: [
      { say: "open a ticket for Demo Site North: the side door stands open", answer: /^The ticket is open: / },
      { say: "triage it as an emergency, cannot secure entry, at most $500, no appointment", answer: /now TRIAGED/ },
      {
        say: "send Carla right now, it is an emergency",
        decide: "Allow once",
        cardPicture: "approval-card",
        answer: /now DISPATCHED/,
      },
    ],
  },
  {
    picture: "room-board",
    said: [
      { say: "set up a room for carla-nguyen", answer: /^The room is there/ },
      { say: "set up a room for ben-okafor", answer: /^The room is there/ },
      { say: "/dispatch carla-nguyen /queue-check", answer: /hears it/ },
      { say: "show me the board", answer: /carla-nguyen/ },
    ],
  },
];

/** The answer was not what the scene is about. */
export class TourError extends Error {
  override readonly name = "TourError";
}

/**
 * Plays the scenes in one conversation, a picture after each.
 * @returns the pictures' paths
 * @throws {TourError} where an answer is another than the scene's
 */
export async function playScenes(chat: DashboardChat, folder: string, say: (line: string) => void): Promise<string[]> {
  const pictures: string[] = [];
  const picture = async (name: string) => {
    const path = join(folder, `${name}.webp`);
    await chat.picture(path);
    pictures.push(path);
  };
  for (const scene of scenes) {
    for (const { say: sentence, answer: expected, decide, cardPicture } of scene.said) {
      say(`> ${sentence}`);
      let answer: string;
      if (decide) {
        await chat.ask(sentence);
        if (cardPicture !== undefined) await picture(cardPicture);
        answer = await chat.decide(decide);
      } else answer = await chat.say(sentence);
      say(`  ${answer.replaceAll("\n", "\n  ")}`);
      if (!expected.test(answer))
        throw new TourError(`"${sentence}" should have been answered by ${expected}, but: ${answer}`);
    }
    await picture(scene.picture);
  }
  return pictures;
}
