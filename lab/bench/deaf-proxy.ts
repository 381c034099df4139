// A way to the database by which a worker hears no news.

import { once } from "node:events";
import { connect, createServer } from "node:net";

export type DeafProxy = { readonly url: string; close(): Promise<void> };

/** A way to the database on which the worker's listening connection, known by its name, is cut before it begins. */
export async function startDeafProxy(databaseUrl: string): Promise<DeafProxy> {
  const { hostname, port } = new URL(databaseUrl);
  const host = decodeURIComponent(hostname);
  const server = createServer((client) => {
    const upstream = host.startsWith("/")
      ? connect(`${host}/.s.PGSQL.${port || 5432}`)
      : connect(Number(port || 5432), host);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      one.on("error", () => undefined).on("close", () => other.destroy());
    // The first message names the application.
    client.once("data", (first: Buffer) => {
      if (first.includes("dispatch-worker listen")) return void client.destroy();
      upstream.write(first);
      client.pipe(upstream);
      upstream.pipe(client);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no TCP address");
  const proxied = new URL(databaseUrl);
  proxied.hostname = "127.0.0.1";
  proxied.port = String(address.port);
  return { url: proxied.href, close: async () => void server.close() };
}
