// How much memory large objects take: a film passes through in pieces, and what has to be looked at as a whole is held once.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const mebibyte = 1024 * 1024;

/** Runs a program of this folder, which prints what it had of 200 MiB and by how many bytes its memory grew; in MiB. */
async function grownBy(program: string, ...args: string[]): Promise<number> {
  const path = join(import.meta.dirname, program);
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args]);
  const { sizeBytes, grownBy: bytes } = JSON.parse(stdout);
  assert.equal(sizeBytes, 200 * mebibyte);
  return Math.round(bytes / mebibyte);
}

test("a film of 200 MiB in 40 parts is taken over without being held", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-film-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const grown = await grownBy("take-over-film.ts", folder);
  t.diagnostic(`grown by ${grown} MiB`);
  assert.ok(grown < 100, `grown by ${grown} MiB`);
});

test("an object that is fetched is held once", async (t) => {
  const grown = await grownBy("fetch-object.ts");
  t.diagnostic(`grown by ${grown} MiB`);
  assert.ok(grown < 350, `grown by ${grown} MiB`);
});
