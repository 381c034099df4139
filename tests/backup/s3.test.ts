// Backups of an S3 store, on a real server: keys and hashes alone, which hold the bucket to account, or the bytes as well,
// which make another bucket.

import assert from "node:assert/strict";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { S3Store } from "../../dispatch/storage/s3-store.ts";
import { loadDatabase } from "../../dispatch/ops/backup/load.ts";
import { loadObjects } from "../../dispatch/ops/backup/objects.ts";
import { prove } from "../../dispatch/ops/backup/prove.ts";
import { takeBackup } from "../../dispatch/ops/backup/take.ts";
import { createEmptyDatabase, createTestDatabase } from "../support/database.ts";
import { findS3Server, newBucketOn, removeBucket } from "../support/s3-server.ts";
import { quietWork, schemes } from "./used-desk.ts";

const found = await findS3Server();
const work = quietWork();

test(
  "an S3 bucket is backed up by hash, or with its bytes",
  { skip: "missing" in found ? found.missing : false },
  async (t) => {
    if ("missing" in found) return;
    const root = await mkdtemp(join(tmpdir(), "dispatch-backup-"));
    t.after(() => rm(root, { recursive: true, force: true }));
    const server = await found.start();
    const [first, second] = [newBucketOn(server), newBucketOn(server)];
    t.after(async () => {
      for (const { options } of [first, second]) await removeBucket(server, options.bucket);
      await server.stop();
    });
    for (const { create } of [first, second]) await create();
    const [store, other] = [new S3Store(first.options), new S3Store(second.options)];
    for (let n = 0; n < 20; n++)
      await store.writeOnce(`evidence/${n}/photo.jpg`, Buffer.from(`photo ${n}`), "image/jpeg");
    const { url } = await createTestDatabase(t);

    const [byHash, whole] = [join(root, "by-hash"), join(root, "whole")];
    const manifest = await takeBackup({ databaseUrl: url, store, copyObjects: false, out: byHash }, work);
    assert.deepEqual(
      [manifest.objects.count, manifest.objects.copied, manifest.objects.bucket],
      [20, false, store.bucket],
    );
    await assert.rejects(access(join(byHash, "objects")), { code: "ENOENT" });
    const target = await createEmptyDatabase(t);
    await loadDatabase(target.url, byHash, manifest, work);
    const proof = () => prove({ databaseUrl: target.url, folder: byHash, manifest, objects: store, schemes }, work);
    assert.deepEqual((await proof()).faults, []);

    await takeBackup({ databaseUrl: url, store, copyObjects: true, out: whole }, work);
    await other.writeOnce("evidence/3/photo.jpg", Buffer.from("photo 3"), "image/jpeg");
    assert.equal(await loadObjects(other, whole, work), 19);
    const copied = await other.read("evidence/7/photo.jpg");
    assert.equal(copied && (await text(copied)), "photo 7");

    await store.remove("evidence/5/photo.jpg");
    assert.deepEqual((await proof()).faults, ["object evidence/5/photo.jpg is not there"]);
    await other.remove("evidence/9/photo.jpg");
    await other.writeOnce("evidence/9/photo.jpg", Buffer.from("another"), "image/jpeg");
    await assert.rejects(loadObjects(other, whole, work), /already has evidence\/9\/photo\.jpg with another content/);
  },
);
