// What git says has changed in this checkout, and the sources a change is traced through.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Repository } from "./affected-tests.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

/** No git, no checkout, or no such revision; the message is git's. */
export class NoChangesKnown extends Error {
  override readonly name = "NoChangesKnown";
}

/**
 * Paths that differ from where this branch left `base`, the uncommitted and the untracked included.
 * @throws NoChangesKnown
 */
export async function changedSince(base: string, checkout = root): Promise<string[]> {
  const [tracked, untracked] = await Promise.all([
    git(checkout, "diff", "--name-only", "--no-renames", "-z", "--merge-base", base, "--"),
    git(checkout, "ls-files", "--others", "--exclude-standard", "-z"),
  ]);
  return [...new Set([...tracked, ...untracked])].toSorted();
}

/** @throws NoChangesKnown */
export async function readRepository(): Promise<Repository> {
  const listed = await git(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z");
  const names = [...new Set(listed)].filter((name) => /\.(?:ts|md)$/.test(name));
  const texts = await Promise.all(names.map((name) => readFile(join(root, name), "utf8").catch(() => null)));
  const sources = new Map<string, string>();
  // What was removed and not yet committed is still listed.
  names.forEach((name, at) => typeof texts[at] === "string" && sources.set(name, texts[at]));
  const manifest: { scripts: Record<string, string> } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  return { sources, scripts: manifest.scripts };
}

async function git(cwd: string, ...args: readonly string[]): Promise<string[]> {
  try {
    const { stdout } = await run("git", args, { cwd, maxBuffer: 64 * 1024 * 1024 });
    return stdout.split("\0").filter((name) => name !== "");
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    throw new NoChangesKnown(said || (error instanceof Error ? error.message : String(error)), { cause: error });
  }
}
