// The network between a stack and its Postgres, as a TCP proxy in this process that can stop forwarding without closing
// anything: what a firewall that forgets its connections does, or a host that loses its power.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export type BreakableNetwork = {
  /** The database, by way of the network. */
  readonly url: string;
  /** From now on no byte passes, on no connection, and nobody is told. */
  fallSilent(): void;
  /** Connections made from now on work; those from before stay silent for good. */
  recover(): void;
  close(): Promise<void>;
};

/** @param databaseUrl of a server on a unix socket's folder or a port */
export async function openNetwork(databaseUrl: string): Promise<BreakableNetwork> {
  const { hostname, port } = new URL(databaseUrl);
  const host = decodeURIComponent(hostname);
  const reach = (): Socket =>
    host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port || 5432}`) : connect(Number(port || 5432), host);
  const sockets = new Set<Socket>();
  let silent = false;
  const server = createServer((client) => {
    sockets.add(client);
    client.on("error", () => undefined).on("close", () => sockets.delete(client));
    if (silent) return void client.pause();
    const far = reach();
    sockets.add(far);
    far.on("error", () => undefined);
    client.pipe(far).pipe(client);
    client.on("close", () => far.destroy());
    far.on("close", () => {
      sockets.delete(far);
      client.destroy();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the network has no TCP address");
  const through = new URL(databaseUrl);
  through.hostname = "127.0.0.1";
  through.port = String(address.port);
  return {
    url: through.href,
    fallSilent: () => {
      silent = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    recover: () => void (silent = false),
    close: async () => {
      const closed = once(server.close(), "close");
      sockets.forEach((socket) => socket.destroy());
      await closed;
    },
  };
}
