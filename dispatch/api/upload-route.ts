// PUT /object-store/…: takes what a signed address of the file store allows. The signature is the credential; whether
// the bytes are what was promised is checked when they become evidence.

import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { Refusal } from "../kernel/refusal.ts";
import { uploadPath, type FileStore, type UploadRefusal } from "../storage/file-store.ts";
import type { Exchange } from "./exchange.ts";
import type { PathIds, RouteEntry } from "./routes.ts";

/**
 * Only codes of the registry, by what the client should do: a signature that does not hold or has expired is like a
 * token that does not (ask for a new address); a used address or another size is an object that differs from what was
 * announced.
 */
const refusals: Record<UploadRefusal, () => Refusal> = {
  bad_signature: () =>
    new Refusal("INVALID_AUTH_TOKEN", {}, { message: "This upload address is not one that was handed out." }),
  expired: () =>
    new Refusal("INVALID_AUTH_TOKEN", {}, { message: "This upload address has expired; ask for a new one." }),
  wrong_type: () =>
    new Refusal(
      "UNSUPPORTED_MEDIA_TYPE",
      {},
      { message: "The Content-Type is not the one this address was made for." },
    ),
  too_large: () => new Refusal("EVIDENCE_TOO_LARGE"),
  wrong_size: () =>
    new Refusal("EVIDENCE_CHECKSUM_MISMATCH", {}, { message: "The upload does not have the announced size_bytes." }),
  exists: () =>
    new Refusal(
      "EVIDENCE_CHECKSUM_MISMATCH",
      {},
      { message: "This address has been used; an upload is never replaced. Ask for a new one." },
    ),
  in_use: () =>
    new Refusal(
      "EVIDENCE_CHECKSUM_MISMATCH",
      {},
      { message: "An upload to this address is under way; wait for it, or ask for a new address." },
    ),
};

/** The route of uploads to the file store. */
export function uploadRoute(store: FileStore, now: () => Date): RouteEntry {
  const handler = async (exchange: Exchange, { "*": rest = "" }: PathIds): Promise<void> => {
    const { request } = exchange;
    const length = request.headers["content-length"];
    const outcome = await store.acceptUpload({
      key: decodedKey(rest),
      query: new URLSearchParams(exchange.query),
      contentType: request.headers["content-type"],
      contentLength: length === undefined ? null : Number(length),
      body: bodyOf(request),
      now: now(),
    });
    if (!outcome.accepted) throw refusals[outcome.refusal]();
    exchange.json(201, JSON.stringify({ uploaded: true, size_bytes: outcome.sizeBytes }));
  };
  return { method: "PUT", path: `${uploadPath}{*}`, handler };
}

/**
 * The request's body, watched from the start: the store begins to read it only later, and would wait for ever for a
 * body that broke off before.
 */
function bodyOf(request: IncomingMessage): PassThrough {
  const body = new PassThrough();
  // Until the store listens, nobody else does, and an error without a listener ends the process.
  body.on("error", () => undefined);
  request.on("error", (error) => body.destroy(error));
  request.on("close", () => request.complete || body.destroy(new Error("the connection broke off")));
  return request.pipe(body);
}

function decodedKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal("NOT_FOUND");
  }
}
