// A keep-alive HTTP/1.1 connection for the load generator: one request at a time, answers with Content-Length only, which
// is all dispatch-api sends. It is this small because generator and API share the machine's cores.

import { connect, type Socket } from "node:net";

/** An answer; its body becomes a text when it is read, since most answers of a load are only counted. */
export class HttpAnswer {
  readonly status: number;
  readonly replayed: boolean;
  /** Of head and body. */
  readonly bytes: number;
  readonly #body: Buffer;

  constructor(head: string, body: Buffer) {
    this.status = Number(head.slice(9, 12));
    this.replayed = head.includes("Idempotency-Replayed") || head.includes("idempotency-replayed");
    this.bytes = head.length + headEnd.length + body.length;
    this.#body = body;
  }

  get body(): string {
    return this.#body.toString("utf8");
  }
}

const headEnd = Buffer.from("\r\n\r\n");

export class HttpConnection {
  readonly #socket: Socket;
  readonly #host: string;
  #received: Buffer[] = [];
  #size = 0;
  /** Of the answer that is coming, once its whole head is there. */
  #head: { readonly text: string; readonly end: number; readonly length: number } | null = null;
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
    this.#head ??= this.#readHead();
    // Chunks are joined once an answer is whole: joining at each of the 32 chunks of a long one copied 32 MB.
    if (this.#head === null || this.#size < this.#head.length) return;
    const { text, end } = this.#head;
    const body = this.#joined().subarray(end);
    this.#received = [];
    this.#size = 0;
    this.#head = null;
    this.#waiting?.resolve(new HttpAnswer(text, body));
  }

  #readHead() {
    const all = this.#joined();
    const at = all.indexOf(headEnd);
    if (at === -1) return null;
    const text = all.toString("latin1", 0, at);
    const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
    if (length === undefined) {
      this.#waiting?.reject(new Error(`an answer without a length: ${text.slice(0, 200)}`));
      return null;
    }
    const end = at + headEnd.length;
    return { text, end, length: end + Number(length) };
  }

  #joined(): Buffer {
    const [first = Buffer.alloc(0)] = this.#received;
    if (this.#received.length <= 1) return first;
    const all = Buffer.concat(this.#received, this.#size);
    this.#received = [all];
    return all;
  }
}
