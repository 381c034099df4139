// One client's stream of events: reads pages when there is news, writes them as fast as the client takes them, says
// now and then that it is alive. Server-Sent Events: https://html.spec.whatwg.org/multipage/server-sent-events.html

import type { ServerResponse } from "node:http";
import type { ErrorCode } from "../contract/errors.ts";
import { positionText, type Page, type Position, type StreamedEvent } from "../kernel/outbox-reader.ts";

/** Why a stream is over, by a code of the registry. */
export type StreamEnd = { readonly code: ErrorCode; readonly message: string };

export type ReadPage = (after: Position) => Promise<Page>;

/**
 * How soon rows that wait for an older transaction are looked at again; nobody announces a rollback. Ever more seldom, since
 * 200 streams that wait for one long report asked 1,700 times a second.
 */
const withheldAgainMs = { first: 100, most: 1_600 };
/** Ticks in a row that find no answer since the one before, after which the source counts as dead. */
const maxUnanswered = 2;
/** Heartbeats in a row that find the client not reading, after which it is let go. */
const maxStalledBeats = 4;

export class EventStream {
  readonly #response: ServerResponse;
  readonly #read: ReadPage;
  readonly #onError: (error: unknown) => void;
  readonly #messageOf: (event: StreamedEvent) => string;
  #position: Position;
  #news = true;
  #reading = false;
  /** Whether the source has answered since the last tick, or need not have, since the client still takes what it said. */
  #answered = true;
  #unanswered = 0;
  #stalledBeats = 0;
  #writing = false;
  #again: NodeJS.Timeout | null = null;
  #againMs = withheldAgainMs.first;

  /** @param write an event as the client reads it */
  constructor(
    response: ServerResponse,
    from: Position,
    read: ReadPage,
    onError: (error: unknown) => void,
    write: (event: StreamedEvent) => string = messageOf,
  ) {
    this.#messageOf = write;
    this.#response = response;
    this.#position = from;
    this.#read = read;
    this.#onError = onError;
  }

  /** There may be something new. Any number of calls while a page is read make one further look. */
  wake(): void {
    this.#news = true;
    if (!this.#reading) void this.#pump();
  }

  /**
   * The look that needs no news. A stream whose source says nothing any more ends, so that its client comes back, here or to
   * another process, in place of standing still.
   */
  tick(): void {
    this.#unanswered = this.#answered ? 0 : this.#unanswered + 1;
    this.#answered = this.#writing;
    if (this.#unanswered >= maxUnanswered) this.end();
    else this.wake();
  }

  /** Shows the client that the stream lives, and how far it has come even if nothing was for it; not while its source is silent. */
  beat(): void {
    // Of a response that has ended node says that it needs no drain, however much its client has still to take, and a write
    // to it ends the process.
    if (this.#response.writableEnded || this.#response.writableNeedDrain) {
      if (++this.#stalledBeats >= maxStalledBeats) this.#response.destroy();
      return;
    }
    this.#stalledBeats = 0;
    if (this.#unanswered > 0) return;
    this.#response.write(`: alive\nid: ${positionText(this.#position)}\n\n`);
  }

  /**
   * Ends the stream; the client comes back by itself, with the last event's id.
   * @param why told as a last event named "end", where coming back as before would not help
   */
  end(why?: StreamEnd): void {
    if (this.#again) clearTimeout(this.#again);
    if (this.#response.writableEnded) return;
    this.#response.end(why && `event: end\ndata: ${JSON.stringify(why)}\n\n`);
  }

  async #pump(): Promise<void> {
    this.#reading = true;
    while (this.#news && !this.#response.writableEnded && !this.#response.destroyed) {
      this.#news = false;
      try {
        await this.#handOn(await this.#read(this.#position));
      } catch (error) {
        // Whoever wakes it next has it try again from the same place; of a stream that has ended nobody asks.
        if (!this.#response.writableEnded) this.#onError(error);
      }
    }
    this.#reading = false;
  }

  async #handOn(page: Page): Promise<void> {
    this.#position = page.position;
    this.#answered = true;
    if (page.events.length > 0) await this.#write(page.events);
    if (!page.withheld) this.#againMs = withheldAgainMs.first;
    if (page.full) this.#news = true;
    else if (page.withheld) this.#lookAgain();
  }

  #lookAgain(): void {
    if (this.#again) return;
    this.#again = setTimeout(() => {
      this.#again = null;
      this.wake();
    }, this.#againMs).unref();
    this.#againMs = Math.min(2 * this.#againMs, withheldAgainMs.most);
  }

  async #write(events: readonly StreamedEvent[]): Promise<void> {
    const response = this.#response;
    if (response.writableEnded || response.destroyed) return;
    if (response.write(events.map(this.#messageOf).join(""))) return;
    this.#writing = true;
    await new Promise<void>((resolve) => {
      const settle = () => {
        this.#writing = false;
        response.off("drain", settle).off("close", settle);
        resolve();
      };
      response.on("drain", settle).on("close", settle);
    });
  }
}

function messageOf({ position, subject, event, payload, created_at }: StreamedEvent): string {
  return `id: ${positionText(position)}\ndata: ${JSON.stringify({ subject, event, created_at, payload })}\n\n`;
}
