// Sends a file to a signed upload address, the way a phone does.

import { createHash } from "node:crypto";
import type { BodyOf } from "../../dispatch/contract/index.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { EvidenceFile } from "./evidence-files.ts";

export const announcementOf = ({ key, kind, contentType, bytes }: EvidenceFile) => ({
  evidence_key: key,
  kind,
  content_type: contentType,
  size_bytes: bytes.length,
  sha256: createHash("sha256").update(bytes).digest("hex"),
});

/** @throws CommandFailure when the store does not take the file */
export async function sendFile(upload: BodyOf<"closeout.request_upload">, file: EvidenceFile): Promise<void> {
  const bytes = new Blob([Uint8Array.from(file.bytes)], { type: file.contentType });
  let body: Blob | FormData = bytes;
  if (upload.fields) {
    body = new FormData();
    for (const [name, value] of Object.entries(upload.fields)) body.append(name, value);
    body.append("file", bytes);
  }
  const response = await fetch(upload.url, {
    method: upload.method,
    headers: upload.headers,
    body,
    signal: AbortSignal.timeout(60_000),
  });
  if (!response.ok)
    throw new CommandFailure(`The upload of ${file.key} failed with ${response.status}: ${await response.text()}`);
}
