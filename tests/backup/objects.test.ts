// Copies of objects on their way into a store that has them already.

import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { dumpObjects, loadObjects } from "../../dispatch/ops/backup/objects.ts";
import { objectFile } from "../../dispatch/ops/backup/manifest.ts";
import { quietWork, storeIn } from "./used-desk.ts";

test("a copy is opened only by a store that reads it: one that has the object already leaves no file open", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "dispatch-backup-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  const folder = await mkdtemp(join(root, "backup-"));
  const store = await storeIn(root);
  t.after(() => store.close());
  const work = quietWork();
  await store.writeOnce("evidence/1/photo.jpg", Buffer.from("photo"), "image/jpeg");
  await dumpObjects(store, folder, true, work);
  // Nobody can open what is not there.
  await rm(join(folder, objectFile("evidence/1/photo.jpg")));
  const looked = Promise.withResolvers<void>();
  store.writeOnce = async () => {
    await looked.promise;
    return "exists";
  };
  const loaded = loadObjects(store, folder, work);
  for (let round = 0; round < 20; round++) await readdir(root);
  looked.resolve();
  assert.equal(await loaded, 0);
});
