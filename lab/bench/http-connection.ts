// A keep-alive HTTP/1.1 connection for the load generator: one request at a time, answers with Content-Length only, which
// is all dispatch-api sends. It is this small because generator and API share the machine's cores.

import { connect, type Socket } from "node:net";

export type HttpAnswer = { readonly status: number; readonly replayed: boolean; readonly body: string };

const headEnd = Buffer.from("\r\n\r\n");

export class HttpConnection {
  readonly #socket: Socket;
  readonly #host: string;
  #received: Buffer[] = [];
  #size = 0;
  #waiting: PromiseWithResolvers<HttpAnswer> | null = null;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on("data", (chunk) => this.#onData(chunk));
    socket.on("error", (error) => this.#waiting?.reject(error));
    socket.on("close", () => this.#waiting?.reject(new Error("the API closed the connection")));
  }

  static async open(url: string): Promise<HttpConnection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const opened = Promise.withResolvers<void>();
    socket.once("connect", opened.resolve).once("error", opened.reject);
    await opened.promise;
    return new HttpConnection(socket, host);
  }

  /** @param headers header lines, each ended by CRLF */
  request(method: "GET" | "POST", path: string, headers: string, body = ""): Promise<HttpAnswer> {
    // The API closes a connection that was idle for some seconds.
    if (this.#socket.destroyed) return Promise.reject(new Error("the API has closed the connection"));
    this.#waiting = Promise.withResolvers();
    const length = method === "POST" ? `Content-Length: ${Buffer.byteLength(body)}\r\n` : "";
    this.#socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n${headers}${length}\r\n${body}`);
    return this.#waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#size += chunk.length;
    const all = this.#received.length === 1 ? chunk : Buffer.concat(this.#received, this.#size);
    this.#received = [all];
    const end = all.indexOf(headEnd);
    if (end === -1) return;
    const head = all.toString("latin1", 0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined)
      return this.#waiting?.reject(new Error(`an answer without a length: ${head.slice(0, 200)}`));
    const bodyStart = end + headEnd.length;
    if (all.length < bodyStart + Number(length)) return;
    this.#received = [];
    this.#size = 0;
    this.#waiting?.resolve({
      status: Number(head.slice(9, 12)),
      replayed: head.includes("Idempotency-Replayed") || head.includes("idempotency-replayed"),
      body: all.toString("utf8", bodyStart),
    });
  }
}
