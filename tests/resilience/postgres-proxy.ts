// Stands between the API and Postgres and understands just enough of the wire protocol to stop a transaction at its
// commit: https://www.postgresql.org/docs/current/protocol-message-formats.html
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { connectToPostgres, WireMessages } from "../support/postgres-wire.ts";

export type PostgresProxy = {
  /** The database, through the proxy. */
  url: string;
  /**
   * Stops the next transaction that commits: `before`, its COMMIT does not reach Postgres; `after`, it does and has been
   * obeyed, but the answer does not come back.
   */
  holdCommit(when: "before" | "after"): HeldCommit;
  /** From now on no byte passes, on no connection, and nobody is told. */
  fallSilent(): void;
  /** No byte passes any more on the connections there are, and nobody is told; further ones are as good as any. */
  strand(): void;
  /** Lets bytes pass again, also those that waited. */
  speak(): void;
};

export type HeldCommit = {
  /** Resolves once the transaction stands there. */
  reached: Promise<void>;
  /** Ends its connection on both sides. */
  cut(): void;
};

type Hold = { when: "before" | "after"; reached: PromiseWithResolvers<Link> };

export async function startPostgresProxy(
  t: { after(fn: () => Promise<void>): void },
  databaseUrl: string,
): Promise<PostgresProxy> {
  const links = new Set<Link>();
  let hold: Hold | null = null;
  let silent = false;
  const takeHold = (): Hold | null => {
    const taken = hold;
    hold = null;
    return taken;
  };
  const server = createServer((client) => {
    const link = new Link(client, connectToPostgres(databaseUrl), takeHold);
    links.add(link);
    client.on("close", () => links.delete(link));
    if (silent) link.pause();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no TCP address");
  t.after(async () => {
    server.close();
    links.forEach((link) => link.cut());
  });
  const proxied = new URL(databaseUrl);
  proxied.hostname = "127.0.0.1";
  proxied.port = String(address.port);
  return {
    url: proxied.href,
    holdCommit: (when) => {
      const reached = Promise.withResolvers<Link>();
      hold = { when, reached };
      return {
        reached: reached.promise.then(() => undefined),
        cut: () => void reached.promise.then((link) => link.cut()),
      };
    },
    fallSilent: () => {
      silent = true;
      links.forEach((link) => link.pause());
    },
    strand: () => links.forEach((link) => link.pause()),
    speak: () => {
      silent = false;
      links.forEach((link) => link.resume());
    },
  };
}

/** One connection and its other half. */
class Link {
  readonly #client: Socket;
  readonly #server: Socket;

  constructor(client: Socket, server: Socket, takeHold: () => Hold | null) {
    this.#client = client;
    this.#server = server;
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => undefined);
      one.on("close", () => other.destroy());
    }
    let held: Hold | null = null;
    // The first message has no type byte; without TLS there is one such message.
    const asked = new WireMessages("untyped first", (message) => {
      held ??= isCommit(message) ? takeHold() : null;
      if (held?.when === "before") held.reached.resolve(this);
      else server.write(message);
    });
    const answered = new WireMessages("typed", (message) => {
      if (held === null) client.write(message);
      else if (isCommitted(message)) held.reached.resolve(this);
    });
    client.on("data", (bytes: Buffer) => asked.add(bytes));
    server.on("data", (bytes: Buffer) => answered.add(bytes));
  }

  cut(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  pause(): void {
    this.#client.pause();
    this.#server.pause();
  }

  resume(): void {
    this.#client.resume();
    this.#server.resume();
  }
}

/** COMMIT is a prepared statement of this name, and its Bind the first message of it that every transaction sends. */
const isCommit = (asked: Buffer): boolean => asked.toString("latin1", 0, 1) === "B" && asked.includes("\0commit\0");
const isCommitted = (answer: Buffer): boolean =>
  answer.toString("latin1", 0, 1) === "C" && answer.toString("latin1", 5, 11) === "COMMIT";
