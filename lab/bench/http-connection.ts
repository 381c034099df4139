// A keep-alive HTTP/1.1 connection for the load generator: one request at a time, answers with Content-Length only,
// which is all dispatch-api sends. It is this small because generator and API share the machine's cores.

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
/** Room for what one read may bring. */
const readSize = 256 * 1024;

/** An answer that is coming, once its whole head is there. */
type Coming = { readonly head: string; readonly body: Buffer; filled: number };

export class HttpConnection {
  readonly #socket: Socket;
  readonly #host: string;
  /** The beginning of an answer whose head is not whole. */
  #beginning: Buffer = Buffer.alloc(0);
  #coming: Coming | null = null;
  #waiting: PromiseWithResolvers<HttpAnswer> | null = null;

  private constructor(url: URL) {
    this.#host = url.host;
    // Reads go into one buffer that is used again, and from there into the answer's own: a chunk of memory for each
    // read and joining them cost more than everything else the client does with 2 MB.
    this.#socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(readSize),
        callback: (size, read) => {
          this.#onData(Buffer.from(read.buffer, read.byteOffset, size));
          return true;
        },
      },
    });
    this.#socket.on("error", (error) => this.#waiting?.reject(error));
    this.#socket.on("close", () => this.#waiting?.reject(new Error("the API closed the connection")));
  }

  static async open(url: string): Promise<HttpConnection> {
    const connection = new HttpConnection(new URL(url));
    const opened = Promise.withResolvers<void>();
    connection.#socket.once("connect", opened.resolve).once("error", opened.reject);
    await opened.promise;
    return connection;
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

  /** @param chunk is overwritten by the next one */
  #onData(chunk: Buffer): void {
    if (this.#coming) this.#fill(this.#coming, chunk);
    else this.#begin(this.#beginning.length === 0 ? chunk : Buffer.concat([this.#beginning, chunk]));
  }

  #begin(received: Buffer): void {
    const end = received.indexOf(headEnd);
    if (end === -1) {
      this.#beginning = Buffer.from(received);
      return;
    }
    this.#beginning = Buffer.alloc(0);
    const head = received.toString("latin1", 0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined)
      return this.#waiting?.reject(new Error(`an answer without a length: ${head.slice(0, 200)}`));
    this.#coming = { head, body: Buffer.allocUnsafe(Number(length)), filled: 0 };
    this.#fill(this.#coming, received.subarray(end + headEnd.length));
  }

  #fill(coming: Coming, chunk: Buffer): void {
    coming.filled += chunk.copy(coming.body, coming.filled);
    if (coming.filled < coming.body.length) return;
    this.#coming = null;
    this.#waiting?.resolve(new HttpAnswer(coming.head, coming.body));
  }
}
