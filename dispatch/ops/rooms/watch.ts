// Draws something anew whenever an event of a room is told (Server-Sent Events), and when the stream of them begins again.

import { setTimeout as delay } from "node:timers/promises";
import { DeskRefused, reasonOf, refusedBy } from "../../agent/desk-client.ts";
import { adminHeaders } from "../../agent/register.ts";
import { messagesIn } from "../../agent/task-events.ts";
import type { AskedDesk } from "./board.ts";

const backOffMs = { first: 500, most: 15_000 };
/** At most so often, however much happens. */
const betweenMs = 200;

/**
 * Draws once at the beginning and then with what happens, until the signal says so. A desk that was there and goes away is waited for.
 * @throws DeskRefused where the first drawing was refused, or coming back would not help
 */
export async function followRooms(desk: AskedDesk, signal: AbortSignal, draw: () => Promise<void>): Promise<void> {
  await draw();
  const pending = redrawing(draw, signal);
  for (let wait = backOffMs.first; !signal.aborted; wait = Math.min(2 * wait, backOffMs.most)) {
    const silent = new AbortController();
    try {
      const response = await fetch(`${desk.url}/api/v1/events?subject=${encodeURIComponent("room.>")}`, {
        headers: adminHeaders(desk),
        redirect: "error",
        signal: AbortSignal.any([signal, silent.signal]),
      });
      if (!response.ok || !response.body) throw refusedBy(response, await response.text());
      wait = backOffMs.first;
      // Something may have happened before the stream began.
      pending.want();
      for await (const { event } of messagesIn(response.body, silent)) if (event !== "") pending.want();
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof DeskRefused && !error.passes) throw error;
      console.error(`${desk.url} tells nothing: ${reasonOf(error)}; it is asked again.`);
    }
    await delay(wait, undefined, { signal }).catch(() => undefined);
  }
  await pending.done();
}

/** Draws one after the other, with the last that is wanted never left out. */
function redrawing(draw: () => Promise<void>, signal: AbortSignal) {
  let isWanted = false;
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (isWanted && !signal.aborted) {
      isWanted = false;
      await draw().catch((error: unknown) => console.error(`The board cannot be read: ${reasonOf(error)}`));
      await delay(betweenMs, undefined, { signal }).catch(() => undefined);
    }
    running = undefined;
  };
  return {
    want: () => {
      isWanted = true;
      running ??= run();
    },
    done: async () => running,
  };
}
