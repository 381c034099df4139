// Tells NATS what happened, in the order of the outbox, one event at a time: the next is sent when the stream has stored the one before.
// Any number of workers may run; one of them relays. While the server is away nothing is lost and nobody waits but the events.

import { setTimeout as delay } from "node:timers/promises";
import { readPage, type Page, type Position, type StreamedEvent } from "../kernel/outbox-reader.ts";
import { messageOf } from "../nats/event-message.ts";
import { NatsUnavailable, openPublisher, UnfitEvent, type Publisher } from "../nats/publisher.ts";
import { claimRelay, moveRelay, noteFailure, streamExpressions, type Outcome } from "../nats/relay-state.ts";
import type { Duty, DutyParts } from "./duty.ts";

/** Nobody announces the end of the transaction that events wait for, and most end at once; the tick comes anyway. */
const again = { everyMs: 50, times: 10 };
/** How long the server is left alone after a failure, unless it comes back. */
const rest = { firstMs: 500, mostMs: 30_000 };

const view = { actor: { accounts: "*", sites: "*" }, subjects: streamExpressions } as const;

export type Relay = Duty & {
  /** Waits for no server any more: before the duty's lane is stopped. */
  leave(): void;
  /** Lets go of the server and of the lock: after it. */
  end(): Promise<void>;
};

/** @param onConnected called when the server is there, for the first time or again */
export function relayEvents({ desk, log }: DutyParts, url: string, onConnected: () => void): Relay {
  // A connection of its own, which holds the lock: what it knows of its place is true as long as it has that.
  const db = desk.db.apart("nats", 1);
  let failures = 0;
  let restsUntil = -Infinity;
  const publisher = openPublisher(url, "dispatch-worker", () => {
    restsUntil = -Infinity;
    onConnected();
  });

  /** @returns where it has come; null where another worker relays by now */
  const tellPage = async (from: Position, page: Page, stopping: () => boolean): Promise<Position | null> => {
    let at = from;
    const moveOn = async (to: Position, outcome: Outcome): Promise<boolean> => {
      const moved = await moveRelay(db, at, to, outcome);
      at = to;
      return moved;
    };
    for (const event of page.events) {
      if (stopping()) return at;
      const outcome = await tell(publisher, event, (reason) =>
        log.error({ event_id: event.event_id, subject: event.subject, reason }, "worker.nats_event_skipped"),
      );
      failures = 0;
      if (!(await moveOn(event.position, outcome))) return null;
    }
    // Over rows that are not for the stream.
    const isBehind = at.xact !== page.position.xact || at.id !== page.position.id;
    return !isBehind || (await moveOn(page.position, "none")) ? at : null;
  };

  const failed = async (error: NatsUnavailable): Promise<void> => {
    restsUntil = performance.now() + Math.min(rest.firstMs * 2 ** failures++, rest.mostMs);
    await noteFailure(db, error.message, desk.clock.now());
  };

  return {
    name: "relay events",
    async round(stopping) {
      if (performance.now() < restsUntil) return { more: false };
      try {
        for (let look = 0; ; look++) {
          const from = await claimRelay(db);
          if (!from) return { more: false };
          const page = await readPage(db, from, view);
          if (!(await tellPage(from, page, stopping))) return { more: false };
          if (page.full || !page.withheld || look === again.times || stopping()) return { more: page.full };
          await delay(again.everyMs);
        }
      } catch (error) {
        if (!(error instanceof NatsUnavailable)) throw error;
        // Whoever stops waits for no server.
        if (stopping()) return { more: false };
        await failed(error);
        throw error;
      }
    },
    leave: () => publisher.leave(),
    async end() {
      await Promise.all([publisher.close(), db.close()]);
    },
  };
}

/** @returns once the stream has stored the event, or it is certain that it never will */
async function tell(publisher: Publisher, event: StreamedEvent, skipped: (reason: string) => void): Promise<Outcome> {
  try {
    await publisher.publish(messageOf(event));
    return "acknowledged";
  } catch (error) {
    if (!(error instanceof UnfitEvent)) throw error;
    skipped(error.message);
    return "skipped";
  }
}
