// Fills the disk under a store and prints what the store says. Run as a child by file-store.test.ts: <folder>, which is
// on a disk of 1 MiB.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { openFileStore } from "../../dispatch/storage/file-store.ts";

const folder = process.argv[2] ?? "";
const store = await openFileStore({ folder, bucket: "dispatch-test", baseUrl: "http://localhost" });
const now = new Date();
const body = Buffer.alloc(4 * 1024 * 1024, "x");
const said = (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

const what = { key: "incoming/a", contentType: "text/plain" };
const request = { ...what, sizeBytes: body.length, maxBytes: body.length };
const ticket = await store.presignUpload({ ...request, now, expiresInSeconds: 60 });
const query = new URL(ticket.url).searchParams;
const upload = { ...what, query, contentLength: body.length, body: Readable.from([body]), now };

const uploaded = await store.acceptUpload(upload).then(JSON.stringify, said);
const written = await store.writeOnce("evidence/a", body, "text/plain").catch(said);
const small = await store.writeOnce("evidence/small", Buffer.from("fits"), "text/plain").catch(said);
const visible = [await store.stat("incoming/a"), await store.stat("evidence/a")];
const leftOver = await readdir(join(folder, "temp"));
console.log(JSON.stringify({ uploaded, written, small, visible, leftOver }));
