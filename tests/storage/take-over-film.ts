// A process that takes over the largest film there may be, sent in parts, and says by how many bytes its memory grew over it.
// Run as a child by memory.test.ts: <folder>.

import { createHash, randomBytes, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { knownId, type TicketId } from "../../dispatch/contract/ids.ts";
import { takeOver } from "../../dispatch/field/stored-object.ts";
import { keyOfPart, partBytes, partsOf } from "../../dispatch/field/upload-parts.ts";
import { openFileStore } from "../../dispatch/storage/file-store.ts";
import { evidenceMaxBytes } from "../../dispatch/storage/media-types.ts";
import { ftyp } from "../support/pictures.ts";

const [folder = ""] = process.argv.slice(2);
const store = await openFileStore({ folder, bucket: "dispatch-test", baseUrl: "http://localhost" });
const contentType = "video/mp4";
const id = randomUUID();
const announced = { incoming_key: `incoming/${id}`, size_bytes: evidenceMaxBytes, part_bytes: partBytes };

const hash = createHash("sha256");
const chunk = randomBytes(64 * 1024);
function* bytesOf(sizeBytes: number, first: boolean) {
  if (first) ftyp("mp42", "isom", "mp42").copy(chunk);
  for (let sent = 0; sent < sizeBytes; sent += chunk.length) {
    hash.update(chunk);
    yield Buffer.from(chunk);
    chunk.writeUInt32LE(sent, 100);
  }
}

for (const part of partsOf(announced)) {
  const [key, contentLength, now] = [keyOfPart(announced, part), part.size_bytes, new Date()];
  const request = { key, contentType, sizeBytes: contentLength, maxBytes: contentLength, now, expiresInSeconds: 600 };
  const query = new URL((await store.presignUpload(request)).url).searchParams;
  const body = Readable.from(bytesOf(contentLength, part.number === 1));
  const outcome = await store.acceptUpload({ key, query, contentType, contentLength, body, now });
  if (!outcome.accepted) throw new Error(`part ${part.number}: ${outcome.refusal}`);
}

const upload = {
  ...announced,
  id,
  ticket_id: knownId<TicketId>(randomUUID()),
  object_key: `evidence/${id}/film.mp4`,
  content_type: contentType,
  sha256: hash.digest("hex"),
};
/** The most there ever was, in bytes; the kernel counts in KiB. */
const most = () => process.resourceUsage().maxRSS * 1024;
const before = most();
await takeOver(store, upload, "s3://b/k");
const kept = await store.stat(upload.object_key);
process.stdout.write(JSON.stringify({ sizeBytes: kept?.sizeBytes, grownBy: most() - before }));
