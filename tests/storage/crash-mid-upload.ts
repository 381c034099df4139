// A process that is killed in the middle of an upload. Run as a child by file-store.test.ts: <folder> <key>.

import { Readable } from "node:stream";
import { openFileStore } from "../../dispatch/storage/file-store.ts";

const [folder = "", key = ""] = process.argv.slice(2);
const store = await openFileStore({ folder, bucket: "dispatch-test", baseUrl: "http://localhost" });
const now = new Date();
const chunk = Buffer.alloc(65_536, "x");
const chunks = 64;
const sizeBytes = chunks * chunk.length;
const contentType = "image/jpeg";
const request = { key, contentType, sizeBytes, maxBytes: sizeBytes, now, expiresInSeconds: 60 };
const ticket = await store.presignUpload(request);

async function* cutShort() {
  for (let sent = 0; sent < chunks; sent++) {
    if (sent === chunks / 2) process.kill(process.pid, "SIGKILL");
    yield chunk;
  }
}

const query = new URL(ticket.url).searchParams;
await store.acceptUpload({ key, query, contentType, contentLength: sizeBytes, body: Readable.from(cutShort()), now });
