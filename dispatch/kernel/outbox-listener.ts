// One connection that listens for announcements of the outbox and calls whoever wants to know. It comes back by itself
// when it is lost; nothing depends on it but how soon news arrives.

import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { serverKeepAlive } from "../db/pool.ts";
import { outboxChannel } from "./outbox.ts";

export type OutboxListener = { close(): Promise<void> };

const backOffMs = { first: 100, most: 10_000 };
const connectWithinMs = 5_000;
/**
 * A connection that only listens never notices that the other side is gone without a word (a host that lost its power, a
 * firewall that forgot): the system asks after two hours. So it is asked itself, and has this long to answer.
 */
const probeEveryMs = 5_000;
const answerWithinMs = 5_000;

export type OutboxListenerParts = {
  readonly databaseUrl: string;
  /** How Postgres lists this process. */
  readonly applicationName: string;
  /** Called for every announcement, and after a connection was made, since some may have been missed. */
  readonly onNews: () => void;
  /** Called when a connection is lost or cannot be made. */
  readonly onTrouble: (error: unknown) => void;
  /** Called when a connection was made. */
  readonly onListening?: () => void;
};

/** Starts listening in the background. */
export function listenToOutbox(parts: OutboxListenerParts): OutboxListener {
  const closing = new AbortController();
  const running = keepListening(parts, closing.signal);
  return {
    close: async () => {
      closing.abort();
      await running;
    },
  };
}

async function keepListening(parts: OutboxListenerParts, closing: AbortSignal): Promise<void> {
  let waitMs = backOffMs.first;
  const onListening = () => {
    waitMs = backOffMs.first;
    parts.onListening?.();
    parts.onNews();
  };
  while (!closing.aborted) {
    await listenOnce({ ...parts, onListening }, closing).catch((error: unknown) => {
      if (!closing.aborted) parts.onTrouble(error);
    });
    await delay(waitMs, undefined, { signal: closing }).catch(() => undefined);
    waitMs = Math.min(waitMs * 2, backOffMs.most);
  }
}

/** Listens until the connection is lost, and fails with the reason; also when it closes. */
async function listenOnce(parts: Required<OutboxListenerParts>, closing: AbortSignal): Promise<never> {
  // Its own, so that it can be dropped without a farewell, which a silent server would never let through.
  const socket = new Socket();
  const drop = () => void socket.destroy();
  const client = new pg.Client({
    connectionString: parts.databaseUrl,
    application_name: `${parts.applicationName} listen`,
    connectionTimeoutMillis: connectWithinMs,
    query_timeout: answerWithinMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: serverKeepAlive.join(" "),
    stream: () => socket,
  });
  const lost = new Promise<never>((_, reject) =>
    client.on("error", reject).on("end", () => reject(new Error("the server closed it"))),
  );
  lost.catch(() => undefined);
  closing.addEventListener("abort", drop);
  try {
    client.on("notification", parts.onNews);
    await client.connect();
    await client.query(`LISTEN ${outboxChannel}`);
    parts.onListening();
    return await Promise.race([lost, unanswered(client)]);
  } finally {
    closing.removeEventListener("abort", drop);
    drop();
    await client.end().catch(() => undefined);
  }
}

/** Asks now and then whether somebody is there, and fails when nobody answers. */
async function unanswered(client: pg.Client): Promise<never> {
  for (;;) {
    await delay(probeEveryMs, undefined, { ref: false });
    await client.query("SELECT");
  }
}
