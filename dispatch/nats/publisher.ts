// One connection to NATS, which comes back by itself, and what publishes on it: an event is sent when the stream has said that it is
// stored. Whoever publishes while the server is away learns that within seconds.

import { jetstream, type JetStreamClient } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { faultOf, type EventMessage } from "./event-message.ts";
import { serverAddress } from "./server-address.ts";
import { keepStream, streamName } from "./stream.ts";

/** The server is away, or does not take what it is sent. The message names host and port at most. */
export class NatsUnavailable extends Error {
  override readonly name = "NatsUnavailable";
}

/** No server takes this event, however often it is sent. */
export class UnfitEvent extends Error {
  override readonly name = "UnfitEvent";
}

export type Publisher = {
  /**
   * Resolves when the stream has stored the event.
   * @throws NatsUnavailable when it has not said so in time; it may be stored all the same
   * @throws UnfitEvent
   */
  publish(message: EventMessage): Promise<void>;
  /** Waits for no connection any more; what has been sent may still be acknowledged. */
  leave(): void;
  close(): Promise<void>;
};

/** Longest wait for a connection, and for an acknowledgement. */
const withinMs = 5_000;
/** The client's defaults give up for good after 20 s. */
const comesBack = { maxReconnectAttempts: -1, reconnectTimeWait: 2_000, waitOnFirstConnect: true } as const;
/** A server that hangs is found within 30 s, where it took six minutes. */
const pings = { pingInterval: 10_000, maxPingOut: 2 } as const;

/** A connection from when it came about until it is lost. */
type Line = {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly lost: PromiseWithResolvers<never>;
  /** Whether the stream was seen to since. */
  kept: boolean;
};

/**
 * Opens a publisher; it connects when there is something to publish.
 * @param onConnected called for every connection, the first and each that comes back
 */
export function openPublisher(url: string, name: string, onConnected: () => void): Publisher {
  const { shown, options } = serverAddress(url);
  const leaving = new AbortController();
  let connection: NatsConnection | null = null;
  let dialling = false;
  let line: Line | null = null;
  /** Pending while there is no line. */
  let next = Promise.withResolvers<Line>();
  /** Why the last connection could not be made, or was closed. */
  let fault = "";

  const gained = (nc: NatsConnection): void => {
    const lost = Promise.withResolvers<never>();
    lost.promise.catch(() => undefined);
    line = { nc, js: jetstream(nc, { timeout: withinMs }), lost, kept: false };
    next.resolve(line);
    onConnected();
  };
  const lost = (): void => {
    line?.lost.reject(new NatsUnavailable(`the connection to ${shown} was lost`));
    if (line) next = Promise.withResolvers();
    line = null;
  };
  const follow = async (nc: NatsConnection): Promise<void> => {
    for await (const { type } of nc.status()) {
      if (type === "disconnect") lost();
      if (type === "reconnect") gained(nc);
    }
  };

  /** A client that was refused twice in a row, for its credentials, is closed for good: then there is a new one. */
  const dial = async (): Promise<void> => {
    if (dialling || connection !== null) return;
    dialling = true;
    try {
      const nc = await connect({
        ...options,
        ...comesBack,
        ...pings,
        name,
        timeout: withinMs,
        // Asked before each try: the only way to end one that waits for a first connection.
        reconnectToServer: () => {
          leaving.signal.throwIfAborted();
          return null;
        },
      });
      connection = nc;
      fault = "";
      void follow(nc);
      void nc.closed().then((error) => {
        lost();
        connection = null;
        if (error) fault = error.message;
      });
      if (leaving.signal.aborted) await nc.close();
      else gained(nc);
    } catch (error) {
      fault = messageOf(error);
    } finally {
      dialling = false;
    }
  };

  const lineWithin = async (): Promise<Line> => {
    void dial();
    const gaveUp = Promise.withResolvers<never>();
    const giveUp = () => gaveUp.reject(new NatsUnavailable(`no connection to ${shown}${fault && `: ${fault}`}`));
    const timer = setTimeout(giveUp, withinMs);
    leaving.signal.addEventListener("abort", giveUp, { once: true });
    try {
      if (leaving.signal.aborted) giveUp();
      return await Promise.race([gaveUp.promise, next.promise]);
    } finally {
      clearTimeout(timer);
      leaving.signal.removeEventListener("abort", giveUp);
    }
  };

  return {
    async publish(message) {
      const on = await lineWithin();
      const unfit = faultOf(message, on.nc.info?.max_payload ?? Infinity);
      if (unfit !== null) throw new UnfitEvent(unfit);
      const sent = send(on, message);
      // Of a line that was lost the answer comes late, or never.
      sent.catch(() => undefined);
      await Promise.race([on.lost.promise, sent]);
    },
    leave: () => leaving.abort(),
    async close() {
      leaving.abort();
      await connection?.close();
    },
  };
}

async function send(line: Line, { id, subject, body }: EventMessage): Promise<void> {
  try {
    if (!line.kept) await keepStream(line.nc, withinMs);
    line.kept = true;
    // Another stream may take the subject too: then it is this one's answer that counts, or none.
    await line.js.publish(subject, body, { msgID: id, timeout: withinMs, expect: { streamName } });
  } catch (error) {
    line.kept = false;
    throw new NatsUnavailable(messageOf(error));
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
