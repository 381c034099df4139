// A query's answer that is a file: what is told of it, and how its bytes are read. How it goes over a wire is the API's.

import type { Readable } from "node:stream";

/** Bytes from `start` to `end`, both among them, counted from 0. */
export type ByteRange = { readonly start: number; readonly end: number };

export type AnsweredFile = {
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly fileName: string;
  /** Whether a browser may show it in its own window; otherwise it saves it. */
  readonly inline: boolean;
  /**
   * The bytes, or those of a range. The whole fails at its end where its bytes are not those of `sha256`, so that nobody receives
   * all of another file.
   * @throws Refusal where the store has no such object
   */
  read(range: ByteRange | null): Promise<Readable>;
};

/** A file whose length nobody knows before its end. */
export type StreamedFile = Pick<AnsweredFile, "mediaType" | "fileName" | "inline"> & {
  pieces(): AsyncGenerator<string, void, undefined>;
};

/** An answer that is made while it is sent; what is told of it is read only where that is asked for. */
export class StreamedAnswer<Facts extends object = object> {
  readonly facts: () => Promise<Facts>;
  readonly file: () => StreamedFile;

  constructor(facts: () => Promise<Facts>, file: () => StreamedFile) {
    this.facts = facts;
    this.file = file;
  }
}

export class FileAnswer<Facts extends object = object> {
  readonly facts: Facts;
  /** @throws Refusal where there is none */
  readonly file: () => AnsweredFile;

  constructor(facts: Facts, file: () => AnsweredFile) {
    this.facts = facts;
    this.file = file;
  }
}
