// The wire between a client and Postgres: a connection to the server of a URL, and its bytes as the protocol's messages.

import { connect, type Socket } from "node:net";

/** A unix socket's folder stands where a host name would. */
export function connectToPostgres(databaseUrl: string): Socket {
  const { hostname, port } = new URL(databaseUrl);
  const host = decodeURIComponent(hostname);
  return host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port || 5432}`) : connect(Number(port || 5432), host);
}

/** Cuts a stream of bytes into the protocol's messages: a type byte, a length that counts itself, a body. */
export class WireMessages {
  #rest: Buffer = Buffer.alloc(0);
  #typeBytes: 0 | 1;
  readonly #take: (message: Buffer) => void;

  constructor(kind: "typed" | "untyped first", take: (message: Buffer) => void) {
    this.#typeBytes = kind === "typed" ? 1 : 0;
    this.#take = take;
  }

  add(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= this.#typeBytes + 4) {
      const end = this.#typeBytes + this.#rest.readInt32BE(this.#typeBytes);
      if (this.#rest.length < end) return;
      this.#take(this.#rest.subarray(0, end));
      this.#rest = this.#rest.subarray(end);
      this.#typeBytes = 1;
    }
  }
}
