// Puts new events into the queues of the endpoints that want them, and tells the senders.

import { setTimeout as delay } from "node:timers/promises";
import { spreadEvents } from "../webhooks/spread-events.ts";
import type { Duty, DutyParts } from "./duty.ts";

/** Nobody announces the end of the transaction that events wait for, and most end at once; the tick comes anyway. */
const again = { everyMs: 50, times: 10 };

/** @param onQueued called when there is something to send */
export const queueWebhooks = ({ desk }: DutyParts, onQueued: () => void): Duty => ({
  name: "queue webhooks",
  round: async (stopping) => {
    for (let look = 0; ; look++) {
      const { queued, full, withheld } = await spreadEvents(desk.db, desk.clock.now());
      if (queued > 0) onQueued();
      if (full || !withheld || look === again.times || stopping()) return { more: full };
      await delay(again.everyMs);
    }
  },
});
