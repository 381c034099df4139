// Makes a server listen, and says in one sentence which setting to change when it cannot.

import { once } from "node:events";
import type { Server } from "node:http";

/** The API cannot start, and the message says what to do about it. */
export class CannotListen extends Error {
  override readonly name = "CannotListen";
}

export type ListenSettings = {
  readonly host: string;
  readonly port: number;
  /** The variables that named host and port. */
  readonly hostVariable: string;
  readonly portVariable: string;
};

/**
 * Listens.
 * @returns the port, which the system chose when 0 was asked for
 * @throws CannotListen
 */
export async function listen(
  server: Server,
  { host, port, hostVariable, portVariable }: ListenSettings,
): Promise<number> {
  try {
    await once(server.listen(port, host), "listening");
  } catch (cause) {
    const at = `${host}:${port}`;
    const sentences: Record<string, string> = {
      EADDRINUSE: `Port ${port} on ${host} is in use: stop the process that has it, or set ${portVariable} to another port.`,
      EACCES: `This user may not listen on ${at}: set ${portVariable} to a port from 1024 on.`,
      EADDRNOTAVAIL: `${host} is not an address of this machine: set ${hostVariable} to one that is, 127.0.0.1 for example.`,
      ENOTFOUND: `${host} is not a host this machine knows: set ${hostVariable} to an address, 127.0.0.1 for example.`,
    };
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new CannotListen(
      sentences[code] ?? `Cannot listen on ${at} (${hostVariable}, ${portVariable}): ${String(cause)}.`,
      { cause },
    );
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** The address a client on this machine reaches the server at. */
export function urlOf(host: string, port: number): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
