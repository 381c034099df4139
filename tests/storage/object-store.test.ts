// One contract for every object store: the file store always, S3 against a real server when there is one.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { openFileStore } from "../../dispatch/storage/file-store.ts";
import { fetchObject, inspectObject } from "../../dispatch/storage/object-store.ts";
import { S3Store } from "../../dispatch/storage/s3-store.ts";
import { findS3Server, newBucketOn, removeBucket } from "../support/s3-server.ts";
import { startUploadServer } from "../support/upload-server.ts";
import { objectStoreContract, type StoreUnderTest } from "./store-contract.ts";

objectStoreContract("files", startFileStore, false);

const found = await findS3Server();
if ("missing" in found) objectStoreContract("S3", () => Promise.reject(new Error("skipped")), found.missing);
else objectStoreContract("S3", () => startS3Store(found.start), false);

test("inspection ends although the object does not", async () => {
  async function* endless() {
    for (;;) yield Buffer.alloc(1000);
  }
  const store = { read: async () => Readable.from(endless()) };
  assert.equal((await inspectObject(store, "evidence/a", 4500))?.sizeBytes, 4501);
  const fetched = await fetchObject(store, "evidence/a", { sizeBytes: 4500, maxBytes: 4500 });
  assert.deepEqual([fetched?.sizeBytes, fetched?.bytes.length], [4501, 4500]);
});

async function startFileStore(): Promise<StoreUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-files-"));
  const server = await startUploadServer();
  const options = { folder, bucket: "dispatch-test", baseUrl: () => server.baseUrl };
  const [one, other] = await Promise.all([openFileStore(options), openFileStore(options)]);
  server.serve(other);
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  };
  return { stores: [one, other], stop };
}

async function startS3Store(start: Extract<typeof found, { start: unknown }>["start"]): Promise<StoreUnderTest> {
  const server = await start();
  const { options, create } = newBucketOn(server);
  await Promise.all([create(), create()]);
  const stop = async () => {
    await removeBucket(server, options.bucket);
    await server.stop();
  };
  return { stores: [new S3Store(options), new S3Store(options)], stop };
}
