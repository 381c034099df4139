// A request's body as bytes: bounded, uncompressed, and never read for ever. It does not look inside.

import type { IncomingMessage } from "node:http";
import { Refusal } from "../kernel/refusal.ts";

export const maxBodyBytes = 256 * 1024;

/**
 * How much of a body nobody wants is read and dropped before the answer. A client that is still sending when the
 * connection closes often sees a reset in place of the answer; one that sends more than this has to live with it.
 */
const maxDroppedBytes = 1024 * 1024;

/**
 * Reads the whole body.
 * @throws Refusal PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE for a compressed one, INVALID_JSON when it breaks off
 */
export async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new Refusal("UNSUPPORTED_MEDIA_TYPE", {}, { message: "Compressed bodies are not accepted; send the JSON as it is." });
  }
  if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) throw new Refusal("PAYLOAD_TOO_LARGE");
  return hasBody(request) ? collect(request) : new Uint8Array();
}

function collect(request: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (outcome: () => void) => {
      request.off("data", onData).off("end", onEnd).off("close", onBreak).off("error", onBreak);
      outcome();
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBodyBytes) {
        request.pause();
        settle(() => reject(new Refusal("PAYLOAD_TOO_LARGE")));
      }
    };
    const onEnd = () => settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const onBreak = () =>
      settle(() => reject(new Refusal("INVALID_JSON", {}, { message: "The connection broke off in the middle of the body." })));
    request.on("data", onData).on("end", onEnd).on("close", onBreak).on("error", onBreak);
  });
}

/** Reads and drops what is left of a body, up to a bound; false when more would follow. */
export function dropBody(request: IncomingMessage): Promise<boolean> {
  if (request.complete || !hasBody(request)) return Promise.resolve(true);
  return new Promise((resolve) => {
    let dropped = 0;
    const settle = (ended: boolean) => {
      request.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onEnd);
      resolve(ended);
    };
    const onData = (chunk: Buffer) => {
      dropped += chunk.length;
      if (dropped <= maxDroppedBytes) return;
      request.pause();
      settle(false);
    };
    const onEnd = () => settle(true);
    request.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onEnd);
    request.resume();
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
