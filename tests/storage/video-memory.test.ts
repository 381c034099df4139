// The largest film there may be passes through the desk in pieces, and is never in its memory as a whole.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const mebibyte = 1024 * 1024;

test("a film of 200 MiB in 40 parts is taken over without being held", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-film-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const program = join(import.meta.dirname, "take-over-film.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program, folder]);
  const { sizeBytes, grownBy } = JSON.parse(stdout);
  assert.equal(sizeBytes, 200 * mebibyte);
  t.diagnostic(`grown by ${Math.round(grownBy / mebibyte)} MiB`);
  assert.ok(grownBy < 100 * mebibyte, `grown by ${Math.round(grownBy / mebibyte)} MiB`);
});
