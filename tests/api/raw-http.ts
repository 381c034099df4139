// HTTP as bytes on a socket, for requests no client library would send.

import { connect } from "node:net";

/** Sends the bytes and resolves with everything the server said until it, or the idle time, ended the connection. */
export function sendRaw(port: number, bytes: string | Uint8Array, { end = false } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(bytes);
      if (end) socket.end();
    });
    let said = "";
    const settle = () => {
      socket.destroy();
      resolve(said);
    };
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
      if (isWhole(said)) settle();
    });
    socket.on("close", settle).on("error", (error) => (said ? settle() : reject(error)));
  });
}

function isWhole(text: string): boolean {
  const split = text.indexOf("\r\n\r\n");
  const length = /^content-length: (\d+)/im.exec(text.slice(0, Math.max(split, 0)))?.[1];
  return split !== -1 && length !== undefined && Buffer.byteLength(text.slice(split + 4)) >= Number(length);
}

/** The status line's code. */
export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);

/** What follows the headers, parsed. */
export const jsonOf = (answer: string): unknown => JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4));
