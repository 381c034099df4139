// An answer that is a file, over HTTP: whole, a range of it, its headers alone, or that the client has it already.

import { Readable } from "node:stream";
import { readingRefusal } from "../kernel/failure.ts";
import type { AnsweredFile, ByteRange, StreamedFile } from "../kernel/file-answer.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { Exchange } from "./exchange.ts";
import { headersFor } from "./security-headers.ts";

/**
 * Answers with a file, as RFC 9110 has it. One range is answered (206); of several the whole is, as it may be.
 * @throws Refusal RANGE_NOT_SATISFIABLE
 */
export async function sendFile(exchange: Exchange, file: AnsweredFile): Promise<void> {
  const { headers, method } = exchange.request;
  const { sizeBytes, mediaType } = file;
  const etag = `"${file.sha256}"`;
  // Whatever it says it is, it is read as its media type, never as a page of ours (nosniff is among these).
  const ofFile = [
    ...headersFor(mediaType === "text/plain" ? "text/plain; charset=utf-8" : mediaType),
    "etag",
    etag,
    "accept-ranges",
    "bytes",
    "vary",
    "accept",
    "content-disposition",
    dispositionOf(file),
  ];
  if (namesTag(headers["if-none-match"], etag)) return exchange.stream(304, 0, ofFile, null);
  const { "if-range": unlessChanged = etag } = headers;
  const range = unlessChanged === etag ? rangeIn(headers.range, sizeBytes) : null;
  if (range === "beyond")
    throw new Refusal(
      "RANGE_NOT_SATISFIABLE",
      { size_bytes: sizeBytes },
      { headers: { "content-range": `bytes */${sizeBytes}` } },
    );
  // Also for a HEAD, which is to say what a GET would.
  const source = await file.read(range);
  if (method === "HEAD") source.destroy();
  const body = method === "HEAD" ? null : source;
  if (range === null) return exchange.stream(200, sizeBytes, ofFile, body);
  const { start, end } = range;
  return exchange.stream(
    206,
    end - start + 1,
    [...ofFile, "content-range", `bytes ${start}-${end}/${sizeBytes}`],
    body,
  );
}

/**
 * Answers with a file that is made while it is sent. Its first piece is made before anything is, so that what cannot be read at all is
 * a refusal; what fails later breaks the connection off.
 * @throws Refusal where its first piece cannot be made
 */
export async function sendStreamed(exchange: Exchange, file: StreamedFile): Promise<void> {
  const headers = [
    ...headersFor(file.mediaType),
    "accept-ranges",
    "none",
    "vary",
    "accept",
    "content-disposition",
    dispositionOf(file),
  ];
  if (exchange.method === "HEAD") return exchange.stream(200, null, headers, null);
  const pieces = file.pieces();
  const first = await pieces.next().catch((error: unknown) => {
    throw readingRefusal(error);
  });
  const all = async function* () {
    if (!first.done) yield first.value;
    yield* pieces;
  };
  return exchange.stream(200, null, headers, Readable.from(all()));
}

/** The one range asked for; null where none is, or one that is to be ignored; "beyond" where the file has nothing of it. */
export function rangeIn(header: string | undefined, sizeBytes: number): ByteRange | "beyond" | null {
  const [, from = "", to = ""] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header ?? "") ?? [];
  if (from === "" && to === "") return null;
  const last = sizeBytes - 1;
  // "-500" is the last 500.
  if (from === "")
    return Number(to) === 0 || last < 0 ? "beyond" : { start: Math.max(0, sizeBytes - Number(to)), end: last };
  const [start, end] = [Number(from), to === "" ? last : Math.min(Number(to), last)];
  if (to !== "" && Number(to) < start) return null;
  return start > last ? "beyond" : { start, end };
}

/** Whether If-None-Match names what there is. */
export function namesTag(header: string | undefined, etag: string): boolean {
  const named = header?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return named.includes(etag) || named.includes("*");
}

/** RFC 6266: a name of ASCII for every client, and the name itself for those that read it. */
export function dispositionOf({ inline, fileName }: Pick<AnsweredFile, "inline" | "fileName">): string {
  const plain = fileName.replaceAll(/[^A-Za-z0-9._-]/g, "_");
  const encoded = encodeURIComponent(fileName).replaceAll(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  const name = `filename="${plain}"${plain === fileName ? "" : `; filename*=UTF-8''${encoded}`}`;
  return `${inline ? "inline" : "attachment"}; ${name}`;
}
