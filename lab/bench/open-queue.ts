// A queue worth reading: tickets of mixed states and priorities, made through the API itself, so that any release which
// keeps the contract gets the same ones.

import { lifecycle, type Step } from "./lifecycle.ts";
import { HttpConnection } from "./http-connection.ts";
import { liveOneTicket } from "./over-http.ts";

/**
 * After how many commands of its life a ticket stays as it is; each leaves it in another state. None is VERIFIED or INVOICED:
 * releases differ in whether such a ticket is in the queue, and the pages compared shall be of the same rows.
 */
const stops = [1, 2, 3, 4, 5, 6, 11];
const priorities = ["EMERGENCY", "URGENT", "ROUTINE"] as const;
/** Of each combination: 210 tickets, and a page holds 200. */
const ofEach = 10;
const clients = 8;

export async function fillQueue(url: string, signal: AbortSignal): Promise<void> {
  const lives = Array.from({ length: ofEach }, () =>
    stops.flatMap((stop) => priorities.map((priority) => lifeUpTo(stop, priority))),
  ).flat();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const connection = await HttpConnection.open(url);
      try {
        for (let life = lives.pop(); life; life = lives.pop()) {
          signal.throwIfAborted();
          await liveOneTicket(connection, () => undefined, life);
        }
      } finally {
        connection.close();
      }
    }),
  );
}

const lifeUpTo = (stop: number, priority: (typeof priorities)[number]): Step[] =>
  lifecycle
    .slice(0, stop)
    .map((step) => (step.name === "ticket.triage" ? { ...step, input: { ...step.input, priority } } : step));
