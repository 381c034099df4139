// A process that fetches an object of 200 MiB into memory, and says by how many bytes its memory grew over it. Run as a child by
// memory.test.ts.

import { Readable } from "node:stream";
import { fetchObject } from "../../dispatch/storage/object-store.ts";

const chunkBytes = 64 * 1024;
const sizeBytes = 200 * 1024 * 1024;
function* chunks() {
  for (let sent = 0; sent < sizeBytes; sent += chunkBytes) yield Buffer.alloc(chunkBytes, "x");
}

/** The most there ever was, in bytes; the kernel counts in KiB. */
const most = () => process.resourceUsage().maxRSS * 1024;
const before = most();
const store = { read: async () => Readable.from(chunks()) };
const fetched = await fetchObject(store, "evidence/a", { sizeBytes, maxBytes: sizeBytes });
process.stdout.write(JSON.stringify({ sizeBytes: fetched?.bytes.length, grownBy: most() - before }));
