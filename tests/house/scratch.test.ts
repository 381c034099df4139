// Where a run of tests keeps its temporary files, and when it begins more of them at once.

import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { idleShare } from "../../lab/testing/idle-share.ts";
import { scratchFolders } from "../support/scratch.ts";

test("temporary files go where TMPDIR says, else into memory where there is plenty, and what was left is sought in both", async () => {
  assert.deepEqual(await scratchFolders({ TMPDIR: tmpdir() }), [tmpdir()]);
  const folders = await scratchFolders({});
  assert.equal(folders.at(-1), tmpdir());
  for (const folder of folders) assert.ok(statSync(folder).isDirectory());
});

test("what the CPU did not do is a share of what it could", () => {
  const share = idleShare();
  const until = performance.now() + 50;
  while (performance.now() < until);
  const idle = share();
  assert.ok(idle >= 0 && idle < 1, String(idle));
});
