// One request and its answer: what is known about it so far, and the one way to answer it. It decides nothing.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { idFrom } from "../contract/ids.ts";
import type { Actor, Trace } from "../kernel/actor.ts";
import type { JsonText } from "../kernel/json.ts";
import type { Refusal } from "../kernel/refusal.ts";
import { jsonHeaders } from "./security-headers.ts";
import { traceOf, visibleHeader } from "./trace.ts";

/** A client that takes nothing of an answer for so long is gone. */
export const longestSilenceMs = 60_000;

const isHangUp = (error: Error): boolean => "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";

/** The endpoint of requests that match no route. */
export const unmatched = "UNMATCHED";

/** Told about every exchange once it has been answered. */
export type Reporter = { answered(exchange: Exchange, status: number): void; readonly closing: boolean };

export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Which host and port it was sent to: of a target in absolute form, else the header Host; null without either. */
  readonly authority: string | null;
  /** As it was sent, without the query string. */
  readonly path: string;
  /** As it was sent, without the question mark. */
  readonly query: string;
  /** The idempotency key when it is a uuid, lower-cased. */
  readonly requestId: string | null;
  readonly trace: Trace;
  readonly startedAt: number = performance.now();

  /** The route's template. */
  endpoint: string = unmatched;
  tool: string | null = null;
  actor: Actor | null = null;
  /** What the path names, or what an answered command was about. */
  about: { readonly aggregate: string; readonly id: string } | null = null;
  replayed = false;
  refusal: Refusal | null = null;
  readonly #reporter: Reporter;

  constructor(request: IncomingMessage, response: ServerResponse, reporter: Reporter) {
    this.request = request;
    this.response = response;
    this.method = request.method ?? "GET";
    const sent = request.url ?? "/";
    const absolute = sent.startsWith("/") ? null : absoluteForm.exec(sent);
    // RFC 9112, 3.2.2: an absolute target beats the header.
    this.authority = absolute?.[1] ?? request.headers.host ?? null;
    const target = absolute === null ? sent : pathOfAbsolute(sent.slice(absolute[0].length));
    const mark = target.indexOf("?");
    this.path = mark === -1 ? target : target.slice(0, mark);
    this.query = mark === -1 ? "" : target.slice(mark + 1);
    const key = request.headers["idempotency-key"];
    this.requestId = typeof key === "string" ? idFrom(key) : null;
    this.trace = traceOf(request.headers);
    this.#reporter = reporter;
  }

  /** Answers with JSON that was written already: the pieces leave in one write, and none of them is copied. */
  jsonText(status: number, { pieces, byteLength }: JsonText): void {
    this.#begin(status, byteLength, jsonHeaders);
    this.response.cork();
    for (const piece of pieces) this.response.write(piece);
    this.response.end();
    this.#reporter.answered(this, status);
  }

  /** Answers with JSON text; see send. */
  json(status: number, body: string, more: readonly string[] = [], endAfter?: Promise<void>): void {
    this.send(status, body, jsonHeaders, more, endAfter);
  }

  /**
   * Answers, once.
   * @param headers, more flat lists of names and values
   * @param endAfter what to wait for before the answer counts as ended and its connection may close
   */
  send(
    status: number,
    body: string,
    headers: readonly string[],
    more: readonly string[] = [],
    endAfter?: Promise<void>,
  ): void {
    this.#begin(status, Buffer.byteLength(body), [...headers, ...more]);
    if (endAfter === undefined) this.response.end(body);
    else {
      this.response.write(body);
      void endAfter.then(() => this.response.end());
    }
    this.#reporter.answered(this, status);
  }

  /**
   * Answers with bytes as they are read, no faster than the client takes them; without any to a HEAD or with a 304.
   * @param bytes how many; null where nobody knows yet, and what a client has got less of shows by a missing end
   * @throws what the source fails with; the client then has got less than it was told, and its connection is closed
   */
  async stream(
    status: number,
    bytes: number | null,
    headers: readonly string[],
    source: Readable | null,
  ): Promise<void> {
    const { response } = this;
    this.#begin(status, bytes, headers);
    response.setTimeout(longestSilenceMs, () => response.destroy());
    try {
      if (source === null) response.end();
      else await pipeline(source, response);
    } catch (error) {
      // A client that went away wants nothing more, and nothing of ours has failed.
      if (source?.errored && !isHangUp(source.errored)) throw error;
    } finally {
      this.#reporter.answered(this, status);
    }
  }

  #begin(status: number, bytes: number | null, headers: readonly string[]): void {
    const all = [...headers, ...this.echoes()];
    // RFC 9110, 8.6: not with a 204, and with a 304 only what the whole would have.
    if (bytes !== null && status !== 204 && status !== 304) all.push("content-length", String(bytes));
    // Without this a connection busy at shutdown would stay open until its keep-alive time ends.
    if (this.#reporter.closing) all.push("connection", "close");
    this.response.writeHead(status, all);
  }

  /** For an answer that is written piece by piece: reports it when it has ended. */
  reportEnd(status: number): void {
    this.#reporter.answered(this, status);
  }

  /** The headers that tell a caller which request this answers. */
  echoes(): string[] {
    const requestId = visibleHeader(this.request.headers["x-request-id"]) ?? this.requestId;
    const correlation = ["x-correlation-id", this.trace.correlationId];
    return requestId === null ? correlation : [...correlation, "x-request-id", requestId];
  }
}

/** A target as a proxy is asked for it: scheme and host come before the path. */
const absoluteForm = /^https?:\/\/([^/?#]*)/i;
const pathOfAbsolute = (rest: string): string => (rest.startsWith("/") ? rest : `/${rest}`);
