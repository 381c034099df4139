// The file of the token secret, followed while the stack runs.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { follower } from "../../dispatch/ops/stack/secret-watch.ts";

test("a changed secret is taken up once it stands, and one that cannot be used is not", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-secret-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "secret");
  const told: (string | null)[] = [];
  let taken = 0;
  await writeFile(path, "first-secret\n");
  const look = follower({
    path,
    inForce: "first-secret",
    leastLength: 8,
    takeUp: async () => void taken++,
    unusable: (why) => void told.push(why),
  });
  await look();
  await look();
  assert.equal(taken, 0);
  await writeFile(path, "");
  await look();
  await look();
  await writeFile(path, "short");
  await look();
  assert.deepEqual([taken, told], [0, ["it is empty", "it has fewer than 8 characters"]]);
  await writeFile(path, "second-secret");
  await look();
  assert.equal(taken, 0, "it may still be written");
  await look();
  await look();
  assert.deepEqual([taken, told.at(-1)], [1, null]);
});
