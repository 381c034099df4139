// HTTP as bytes on a socket, for requests no client library would send.

import { connect } from "node:net";

/**
 * Sends the bytes and resolves with what the server says.
 * @param options.answers how many answers to wait for, unless the server closes the connection before
 * @param options.end whether to say that nothing more will come
 */
export function sendRaw(port: number, bytes: string | Uint8Array, { end = false, answers = 1 } = {}): Promise<string> {
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
      if (countWhole(said) >= answers) settle();
    });
    socket.on("close", settle).on("error", (error) => (said ? settle() : reject(error)));
  });
}

function countWhole(text: string): number {
  const split = text.indexOf("\r\n\r\n");
  const length = /^content-length: (\d+)/im.exec(text.slice(0, Math.max(split, 0)))?.[1];
  const body = text.slice(split + 4);
  if (split === -1 || length === undefined || Buffer.byteLength(body) < Number(length)) return 0;
  return 1 + countWhole(Buffer.from(body).subarray(Number(length)).toString());
}

/** The status line's code. */
export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);

/** What follows the headers, parsed. */
export const jsonOf = (answer: string): unknown => JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4));
