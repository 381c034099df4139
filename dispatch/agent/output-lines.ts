// What a command prints, line by line. A line that never ends is given out in pieces, so that no output takes more memory than that.

import type { Readable } from "node:stream";

/** Characters of a line; no result that the desk takes is as long. */
const longestLine = 16_777_216;

/** Tells each line without its end, and what came behind the last. */
export function tellLines(output: Readable, tell: (line: string) => void): void {
  let pieces: string[] = [];
  let length = 0;
  const end = () => {
    const line = pieces.join("");
    pieces = [];
    length = 0;
    tell(line.endsWith("\r") ? line.slice(0, -1) : line);
  };
  output.setEncoding("utf8");
  output.on("data", (chunk: string) => {
    const [first = "", ...others] = chunk.split("\n");
    const add = (piece: string) => {
      pieces.push(piece);
      length += piece.length;
    };
    add(first);
    for (const other of others) {
      end();
      add(other);
    }
    if (length > longestLine) end();
  });
  // Before whoever waits for the end of all output.
  output.prependListener("close", () => {
    if (length > 0) end();
  });
}
