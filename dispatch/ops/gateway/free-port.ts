// A port of 127.0.0.1 that nobody listens on, for a server that takes seconds before it listens itself.

import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that systems give to outgoing connections, which could take it before the server does. */
const range = [20_000, 32_000] as const;

/**
 * The preferred port if it is free, else any free one; 0 prefers none.
 * @throws {Error} when twenty ports in a row were taken
 */
export async function freePort(preferred: number): Promise<number> {
  if (preferred !== 0 && (await isFree(preferred))) return preferred;
  for (let tries = 0; tries < 20; tries++) {
    const port = randomInt(...range);
    if (await isFree(port)) return port;
  }
  throw new Error("no port of 127.0.0.1 is free");
}

/** Whether nobody listens there. */
export async function isFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen({ port, host, exclusive: true }), "listening");
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((closed) => server.close(closed));
  }
}
