// The messages of a flight, put one behind the other into one buffer. The form is that of the PostgreSQL manual's chapter
// "Message Formats"; pg writes each message to the socket on its own, and a command is some thirty of them.

import type { Parameter } from "./parameters.ts";

/** A buffer that had to grow beyond this for one flight is not kept for the next. */
const keptBytes = 1 << 20;

export class Messages {
  #bytes = Buffer.allocUnsafeSlow(1 << 14);
  #length = 0;

  parse(name: string, text: string): void {
    const start = this.#begin(0x50);
    this.#cstring(name);
    this.#cstring(text);
    this.#int16(0);
    this.#end(start);
  }

  /** Binds the unnamed portal; all columns are asked for as text. */
  bind(name: string, values: readonly Parameter[]): void {
    const start = this.#begin(0x42);
    this.#cstring("");
    this.#cstring(name);
    this.#formats(values);
    this.#int16(values.length);
    for (const value of values) this.#value(value);
    this.#int16(0);
    this.#end(start);
  }

  /** Asks for the columns of the unnamed portal. */
  describe(): void {
    const start = this.#begin(0x44);
    this.#cstring("P");
    this.#end(start);
  }

  /** Runs the unnamed portal to its last row. */
  execute(): void {
    const start = this.#begin(0x45);
    this.#cstring("");
    this.#int32(0);
    this.#end(start);
  }

  /** Forgets a prepared statement; of one that does not exist the server says the same. */
  close(name: string): void {
    const start = this.#begin(0x43);
    this.#cstring("S" + name);
    this.#end(start);
  }

  sync(): void {
    this.#end(this.#begin(0x53));
  }

  /** All messages since the last time, in memory of their own: a socket may still hold them when the next are written. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    if (this.#bytes.length > keptBytes) this.#bytes = Buffer.allocUnsafeSlow(1 << 14);
    return taken;
  }

  #begin(code: number): number {
    this.#reserve(5);
    this.#bytes[this.#length] = code;
    this.#length += 5;
    return this.#length - 4;
  }

  /** A message's length counts itself and not the code before it. */
  #end(start: number): void {
    this.#bytes.writeInt32BE(this.#length - start, start);
  }

  /** One code per value, 1 for bytes; none at all when every value is text. */
  #formats(values: readonly Parameter[]): void {
    if (!values.some((value) => typeof value === "object" && value !== null)) return this.#int16(0);
    this.#int16(values.length);
    for (const value of values) this.#int16(typeof value === "object" && value !== null ? 1 : 0);
  }

  #value(value: Parameter): void {
    if (value === null) return this.#int32(-1);
    const start = this.#length;
    this.#int32(0);
    if (typeof value === "string") this.#text(value);
    else {
      this.#reserve(value.length);
      this.#length += value.copy(this.#bytes, this.#length);
    }
    this.#bytes.writeInt32BE(this.#length - start - 4, start);
  }

  #cstring(text: string): void {
    this.#text(text);
    this.#reserve(1);
    this.#bytes[this.#length++] = 0;
  }

  #text(text: string): void {
    // A UTF-16 unit takes three bytes of UTF-8 at most; exact counting would read a short text twice.
    this.#reserve(text.length < 1024 ? text.length * 3 : Buffer.byteLength(text));
    this.#length += this.#bytes.write(text, this.#length);
  }

  #int16(value: number): void {
    this.#reserve(2);
    this.#length = this.#bytes.writeUInt16BE(value, this.#length);
  }

  #int32(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeInt32BE(value, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
