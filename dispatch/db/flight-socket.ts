// A socket that sends everything written in one turn of the event loop as one. pg writes each message of each statement
// on its own; a flight of eight statements then costs one system call instead of eight, on this side and in Postgres.

import { Socket } from "node:net";

type WriteDone = (error?: Error | null) => void;

export class FlightSocket extends Socket {
  #gathering = false;

  override write(chunk: Uint8Array | string, encoding?: BufferEncoding | WriteDone, done?: WriteDone): boolean {
    if (!this.#gathering) {
      this.#gathering = true;
      this.cork();
      process.nextTick(() => {
        this.#gathering = false;
        this.uncork();
      });
    }
    return typeof encoding === "string" ? super.write(chunk, encoding, done) : super.write(chunk, encoding ?? done);
  }
}
