// One connection that listens for announcements of the outbox and calls whoever wants to know. It comes back by itself
// when it is lost; nothing depends on it but how soon news arrives.

import pg from "pg";
import { outboxChannel } from "./outbox.ts";

export type OutboxListener = { close(): Promise<void> };

const backOffMs = { first: 100, most: 10_000 };
const connectWithinMs = 5_000;

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
export function listenToOutbox({
  databaseUrl,
  applicationName,
  onNews,
  onTrouble,
  onListening,
}: OutboxListenerParts): OutboxListener {
  const closing = Promise.withResolvers<void>();
  let closed = false;

  const pause = async (ms: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([promise, closing.promise]);
    clearTimeout(timer);
  };

  const run = async (): Promise<void> => {
    let waitMs = backOffMs.first;
    while (!closed) {
      const client = new pg.Client({
        connectionString: databaseUrl,
        application_name: `${applicationName} listen`,
        connectionTimeoutMillis: connectWithinMs,
        keepAlive: true,
      });
      try {
        const lost = new Promise<unknown>((resolve) =>
          client.on("error", resolve).on("end", () => resolve(new Error("the server closed it"))),
        );
        client.on("notification", onNews);
        await client.connect();
        await client.query(`LISTEN ${outboxChannel}`);
        waitMs = backOffMs.first;
        onListening?.();
        onNews();
        const error = await Promise.race([lost, closing.promise]);
        if (!closed) onTrouble(error);
      } catch (error) {
        if (!closed) onTrouble(error);
      }
      await client.end().catch(() => undefined);
      await pause(waitMs);
      waitMs = Math.min(waitMs * 2, backOffMs.most);
    }
  };

  const running = run();
  return {
    close: async () => {
      closed = true;
      closing.resolve();
      await running;
    },
  };
}
