// Reads a stream of server-sent events as far as one wants to know.

import assert from "node:assert/strict";
import { get } from "node:http";

const withinMs = 180_000;

/** Everything the stream says up to and including the event with that text in it. */
export function eventsUpTo(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  last: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(
      { port, host: "127.0.0.1", path, headers, agent: false, signal: AbortSignal.timeout(withinMs) },
      (response) => {
        let said = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          said += chunk;
          if (!said.includes(last)) return;
          resolve(said);
          request.destroy();
        });
        response.on("end", () => reject(new Error(`the stream ended before ${last}: ${said}`)));
        response.on("error", reject);
        if (response.statusCode !== 200) assert.equal(response.statusCode, 200);
      },
    );
    request.on("error", reject);
  });
}
