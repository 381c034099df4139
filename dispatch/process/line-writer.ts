// Writes the lines of a log so that no trouble of the log's ever is the process's: nothing here waits, throws, or keeps more
// than a few megabytes. What cannot be written stays queued and is tried again; beyond the bound lines are dropped and
// counted, and once there is room again one line says how many.
//
// Not by sonic-boom, pino's own: its flushSync, which pino calls after a fatal line, tries a full disk again without end,
// asleep on the main thread, and a failed write that nobody listens for ends the process.

import { close, constants, fstatSync, openSync, write, writeSync } from "node:fs";
import { ownFileMode } from "./own-file.ts";

/** About two seconds of the log of a busy API. */
const mostBytes = 4 * 1024 * 1024;
/** Beyond that, for what a process says of its own end. */
const lastWordsBytes = 64 * 1024;
/** At most so much is handed to the system at once: a queue of megabytes must not be copied for each try. */
const chunkBytes = 256 * 1024;
const againAfterMs = 500;
/** A pipe is emptied by a reader that only needs to be scheduled. */
const pipeAgainAfterMs = 20;
const flushWithinMs = 1_000;

let dropped = 0;

/** Lines that this process has dropped because a log could not take them. */
export const logLinesDropped = (): number => dropped;

export type LineWriterOptions = {
  /** A file's path, or the descriptor that the process was given. */
  readonly destination: string | number;
  /** The line that stands for those which are missing. */
  readonly lineForDropped: (lines: number) => string;
  /** How much may wait; 4 MiB unless a test says otherwise. */
  readonly mostBytes?: number;
};

const noBytes = Buffer.alloc(0);

export class LineWriter {
  readonly #options: LineWriterOptions;
  #fd: number;
  /** Whether the system takes what it can at once in place of making the writer wait: pipes and sockets. */
  #prompt: boolean;
  #queue: string[] = [];
  #queuedBytes = 0;
  /** What is being written, or is to be written next: whole lines, or the rest of some. */
  #chunk: Buffer = noBytes;
  #missing = 0;
  /** What the system has been given and has not answered for. */
  #inHand: Buffer | null = null;
  #planned = false;
  #again: NodeJS.Timeout | undefined;

  /** @throws node's error when the path cannot be opened */
  constructor(options: LineWriterOptions) {
    this.#options = options;
    this.#fd = this.#opened();
    this.#prompt = takesWhatItCan(this.#fd);
  }

  /**
   * Queues a line, its end included. All lines of a turn of the event loop are one write: each on its own cost a twelfth of a command.
   * @param areLastWords why a process ends: there is room for them where there is none for other lines
   */
  write(line: string, areLastWords = false): void {
    const bytes = Buffer.byteLength(line);
    const room = (this.#options.mostBytes ?? mostBytes) + (areLastWords ? lastWordsBytes : 0);
    if (this.#queuedBytes + this.#chunk.length + bytes > room) {
      this.#missing++;
      dropped++;
    } else {
      if (this.#missing > 0) this.#tellMissing();
      this.#queue.push(line);
      this.#queuedBytes += bytes;
    }
    if (this.#planned || this.#inHand !== null || this.#again !== undefined) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#writeOn();
    });
  }

  /** Writes out what is queued, within a second: a log that cannot be written keeps no process from its end. */
  flushSync(): void {
    const givenUpAt = performance.now() + flushWithinMs;
    // What the system has in hand already it writes by itself, before the process ends; should it fail, it comes back.
    if (this.#chunk === this.#inHand) this.#chunk = noBytes;
    while (performance.now() < givenUpAt && this.#takeChunk()) {
      try {
        this.#chunk = this.#chunk.subarray(writeSync(this.#fd, this.#chunk));
      } catch (error) {
        if (!isBusy(error)) return;
        Atomics.wait(pause, 0, 0, pipeAgainAfterMs);
      }
    }
  }

  /** Opens a path again, after its file was moved away; what cannot be opened is written on as before. */
  reopen(): void {
    const before = this.#fd;
    try {
      this.#fd = this.#opened();
    } catch {
      return;
    }
    this.#prompt = takesWhatItCan(this.#fd);
    // A write under way still goes to the old file.
    if (before !== this.#fd) setTimeout(() => close(before, () => undefined), againAfterMs).unref();
  }

  #opened(): number {
    const { destination } = this.#options;
    return typeof destination === "number" ? destination : openToAppend(destination);
  }

  #tellMissing(): void {
    const line = this.#options.lineForDropped(this.#missing);
    this.#missing = 0;
    this.#queue.push(line);
    this.#queuedBytes += Buffer.byteLength(line);
  }

  #takeChunk(): boolean {
    if (this.#chunk.length > 0) return true;
    if (this.#queue.length === 0 && this.#missing > 0) this.#tellMissing();
    if (this.#queue.length === 0) return false;
    let count = 0;
    let length = 0;
    while (count < this.#queue.length && length < chunkBytes) length += this.#queue[count++]?.length ?? 0;
    this.#chunk = Buffer.from(this.#queue.splice(0, count).join(""));
    this.#queuedBytes -= this.#chunk.length;
    return true;
  }

  #writeOn(): void {
    if (this.#inHand !== null || !this.#takeChunk()) return;
    const chunk = (this.#inHand = this.#chunk);
    if (!this.#prompt) return write(this.#fd, chunk, (error, count) => this.#tried(chunk, error, count));
    try {
      this.#tried(chunk, null, writeSync(this.#fd, chunk));
    } catch (error) {
      this.#tried(chunk, error, 0);
    }
  }

  #tried(chunk: Buffer, error: unknown, count: number): void {
    this.#inHand = null;
    const rest = chunk.subarray(count);
    // Where a flush went on behind it, its rest comes before what the flush left.
    this.#chunk = chunk === this.#chunk ? rest : Buffer.concat([rest, this.#chunk]);
    if (error === null) return this.#writeOn();
    this.#again = setTimeout(
      () => {
        this.#again = undefined;
        this.#writeOn();
      },
      isBusy(error) ? pipeAgainAfterMs : againAfterMs,
    ).unref();
  }
}

/**
 * Whether the descriptor is a pipe or a socket; then it is made to answer EAGAIN where it would wait for its reader. A write that
 * waits in node's pool would hold up the process's exit too, which ends the pool first.
 */
function takesWhatItCan(fd: number): boolean {
  try {
    const found = fstatSync(fd);
    if (!found.isFIFO() && !found.isSocket()) return false;
    // Opening node's own stream is what makes a descriptor that was inherited so; a path is opened so.
    return fd !== 1 || process.stdout.writable;
  } catch {
    return false;
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "EAGAIN" || error.code === "EBUSY");

const pause = new Int32Array(new SharedArrayBuffer(4));

const openToAppend = (path: string): number =>
  openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK, ownFileMode);
