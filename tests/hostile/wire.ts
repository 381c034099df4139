// HTTP/1.1 by hand on a keep-alive connection: sends any bytes, understands the answers, and waits for none for ever.

import { connect, type Socket } from "node:net";

export type Answer = {
  readonly status: number;
  /** Names in lower case; of a repeated one the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
};

type Waiting = {
  readonly head: boolean;
  readonly settle: (answer: Answer | null) => void;
  readonly fail: (error: Error) => void;
};

/**
 * The most an answer may take, above the longest search a request may ask for; a slow machine is no defect, a request that
 * nobody answers is.
 */
const answerWithinMs = 180_000;
const blankLine = Buffer.from("\r\n\r\n");

/** A connection to a port of this machine; it connects when it is used, and anew after the server has closed it. */
export class Wire {
  readonly #port: number;
  readonly #withinMs: number;
  #socket: Socket | null = null;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting[] = [];
  /** How many answers came that nobody had asked for. */
  unasked = 0;

  /** @param withinMs how long the server may say nothing */
  constructor(port: number, withinMs = answerWithinMs) {
    this.#port = port;
    this.#withinMs = withinMs;
  }

  /**
   * Sends a request's bytes and resolves with its answer; null when the server closed the connection without one.
   * Several may be under way: answers come in the order of the questions.
   * @param head whether it is a HEAD, whose answer has no body
   */
  ask(bytes: Uint8Array, head = false): Promise<Answer | null> {
    return new Promise((settle, fail) => {
      const socket = this.#open();
      this.#waiting.push({ head, settle, fail });
      socket.write(bytes);
    });
  }

  /** Sends bytes that are no whole request, or more of one that was begun. */
  push(bytes: Uint8Array): void {
    this.#open().write(bytes);
  }

  /** Waits for an answer without having asked for one as a whole; see push. */
  next(): Promise<Answer | null> {
    return new Promise((settle, fail) => {
      this.#open();
      this.#waiting.push({ head: false, settle, fail });
    });
  }

  /** Tells the server that nothing more will come. */
  finish(): void {
    this.#socket?.end();
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #open(): Socket {
    if (this.#socket) return this.#socket;
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    this.#socket = socket;
    this.#received = Buffer.alloc(0);
    socket.setTimeout(this.#withinMs);
    socket.on("timeout", () => socket.destroy(new Error(`no answer within ${this.#withinMs} ms`)));
    socket.on("data", (chunk: Buffer) => {
      if (this.#socket !== socket) return;
      try {
        this.#take(chunk);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on("error", (error: NodeJS.ErrnoException) => this.#lost(socket, error));
    socket.on("close", () => this.#lost(socket, null));
    return socket;
  }

  /** The server may hang up; not answering in time, or not being there at all, is a failure. */
  #lost(socket: Socket, error: NodeJS.ErrnoException | null): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    const hungUp = error === null || error.code === "ECONNRESET" || error.code === "EPIPE";
    for (const one of waiting) {
      if (hungUp) one.settle(null);
      else one.fail(error);
    }
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    for (;;) {
      const parsed = parseAnswer(this.#received, this.#waiting[0]?.head ?? false);
      if (!parsed) return;
      this.#received = this.#received.subarray(parsed.length);
      if (parsed.answer.status < 200) continue;
      const asked = this.#waiting.shift();
      if (!asked) this.unasked++;
      // Dropped before the caller goes on, so that the next question takes a new connection.
      if (parsed.answer.headers.get("connection") === "close") this.#hangUp();
      asked?.settle(parsed.answer);
    }
  }

  #hangUp(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
    for (const one of this.#waiting.splice(0)) one.settle(null);
  }
}

function parseAnswer(bytes: Buffer, head: boolean): { answer: Answer; length: number } | null {
  const split = bytes.indexOf(blankLine);
  if (split === -1) return null;
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, split).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) throw new Error(`not an answer in HTTP/1.1: ${statusLine.slice(0, 200)}`);
  const headers = new Map(lines.map((line) => splitHeader(line)));
  const from = split + blankLine.length;
  const length =
    head || status < 200 || status === 204 || status === 304 ? 0 : Number(headers.get("content-length") ?? Number.NaN);
  if (Number.isNaN(length)) throw new Error(`an answer of unknown length: ${statusLine}`);
  if (bytes.length < from + length) return null;
  return { answer: { status, headers, text: bytes.toString("utf8", from, from + length) }, length: from + length };
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
