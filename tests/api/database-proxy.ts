// Stands between an API and its Postgres, so that a test can take the database away and give it back.

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export type DatabaseProxy = {
  /** The database's URL, by way of the proxy. */
  readonly url: string;
  /** Has the server's answers wait, those of new connections too, until it speaks again. */
  silence(): void;
  speak(): void;
  /** Cuts all connections and refuses new ones. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
};

/** Starts a proxy for a database whose server listens on a unix socket or a port. */
export async function proxyDatabase(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const port = Number(target.port || 5432);
  const host = decodeURIComponent(target.hostname);
  const sockets = new Set<Socket>();
  const servers = new Map<Socket, Socket>();
  let isSilent = false;
  const pair = (client: Socket) => {
    const server = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    client.pipe(server);
    servers.set(server, client);
    if (!isSilent) server.pipe(client);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket
        .on("error", () => undefined)
        .on("close", () => {
          sockets.delete(socket);
          servers.delete(server);
          client.destroy();
          server.destroy();
        });
    }
  };
  let proxy = await listening(pair, 0);
  const address = proxy.address();
  const ownPort = typeof address === "object" && address !== null ? address.port : 0;
  const cut = async () => {
    const closed = new Promise((resolve) => proxy.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const proxied = new URL(databaseUrl);
  proxied.hostname = "127.0.0.1";
  proxied.port = String(ownPort);
  return {
    url: proxied.href,
    silence: () => {
      isSilent = true;
      for (const [server, client] of servers) server.unpipe(client).pause();
    },
    speak: () => {
      isSilent = false;
      for (const [server, client] of servers) server.pipe(client);
    },
    cut,
    restore: async () => void (proxy = await listening(pair, ownPort)),
    close: async () => (proxy.listening ? cut() : undefined),
  };
}

async function listening(pair: (client: Socket) => void, port: number): Promise<Server> {
  const server = createServer(pair);
  await once(server.listen(port, "127.0.0.1"), "listening");
  return server;
}
