// Creates a file that nobody has ever seen half written and that never replaces another.
// Must not know objects, keys or signatures.

import { randomUUID } from "node:crypto";
import { link, lstat, open, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

const abandonedAfterMs = 24 * 60 * 60 * 1000;

/**
 * Writes the body to a new file (mode 0600) in tempFolder, forces it to disk, and gives it the name `target` unless
 * that is taken. Both folders must be on one file system. The temporary file is gone afterwards, also on an error;
 * errors are those of node:fs and of the body.
 */
export async function writeFileOnce(
  tempFolder: string,
  target: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<"written" | "exists"> {
  const temp = join(tempFolder, randomUUID());
  try {
    await writeNewFile(temp, body);
    // link and not rename: rename replaces what is there, link refuses, and both are one step for every onlooker.
    const published = await link(temp, target).then(() => true, refusedIfTaken);
    if (!published) return "exists";
    await syncFolder(dirname(target));
    return "written";
  } finally {
    await rm(temp, { force: true });
  }
}

/** Removes what killed processes left in tempFolder more than a day ago; younger files may still be in use. */
export async function removeAbandonedFiles(tempFolder: string): Promise<void> {
  for (const name of await readdir(tempFolder)) {
    const path = join(tempFolder, name);
    const info = await lstat(path).catch(() => null);
    if (info !== null && Date.now() - info.mtimeMs > abandonedAfterMs) await rm(path, { recursive: true, force: true });
  }
}

/** The errno code of a file system error ("ENOENT"), null for any other error. */
export function errnoOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

async function writeNewFile(path: string, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  await file.writeFile(body);
  await file.sync();
}

function refusedIfTaken(error: unknown): false {
  if (errnoOf(error) === "EEXIST") return false;
  throw error;
}

/** A new name survives a power cut only once its folder is on disk too. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}
