// Reads the bodies of requests for callers whose credentials are known, within what all bodies in hand may take together.

import { away } from "../kernel/failure.ts";
import { Shares } from "../kernel/shares.ts";
import { readBody, type BodyBytes } from "./read-body.ts";
import type { Exchange } from "./exchange.ts";

const mebibyte = 1024 * 1024;
/** Of all requests that have not been answered, and of one caller's: 128 and 32 bodies of the largest size. */
export const bodyLimits = { most: 32 * mebibyte, each: 8 * mebibyte };
/** What a piece of a body costs beside its bytes: one sent byte by byte would hold a thousand times what it says. */
const pieceOverhead = 256;
const retryAfterSeconds = 1;

/**
 * Whoever has no credentials is refused without being read, unless that little shows what else is wrong: the contract's order
 * of checks names broken JSON before a missing token.
 */
const stranger = { bytes: 4 * 1024, withinMs: 2_000 };

export class BodyReader {
  readonly #shares = new Shares(bodyLimits);
  readonly #withinMs: number;

  /** @param withinMs how long a body may take to arrive */
  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  /** Bytes held for all requests in hand. */
  get held(): number {
    return this.#shares.total;
  }

  /**
   * Reads the body and counts it until the answer is out.
   * @throws Refusal as readBody does; RATE_LIMITED or DEPENDENCY_UNAVAILABLE where it would be too much
   */
  read(exchange: Exchange, holder: string): Promise<Uint8Array> {
    return readBody(exchange.request, { withinMs: this.#withinMs, room: this.#roomFor(exchange, holder) });
  }

  /**
   * The body of somebody whose credentials were refused, where it is small.
   * @throws the refusal where it is not
   */
  async readFromStranger(exchange: Exchange, refused: unknown): Promise<Uint8Array> {
    const length = exchange.request.headers["content-length"];
    if (exchange.request.headers["transfer-encoding"] !== undefined || Number(length ?? 0) > stranger.bytes)
      throw refused;
    return readBody(exchange.request, {
      withinMs: Math.min(stranger.withinMs, this.#withinMs),
      room: this.#roomFor(exchange, "somebody without credentials"),
    });
  }

  #roomFor({ response }: Exchange, holder: string): BodyBytes {
    let held = 0;
    response.once("close", () => held > 0 && this.#shares.give(holder, held));
    return (bytes) => {
      const taken = this.#shares.take(holder, bytes + pieceOverhead);
      if (taken === "each") throw this.#shares.refusal(taken, "bytes of request bodies", retryAfterSeconds);
      if (taken === "most") throw away("api", new Error("the bodies in hand take all the memory they may"));
      held += bytes + pieceOverhead;
    };
  }
}
