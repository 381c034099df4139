// What a backup says about itself: manifest.json, with the hash of every other file, and beside it the manifest's own
// hash in the form `sha256sum -c` reads. Nothing of a backup is used before it was held to these.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandFailure } from "../../process/command-line.ts";
import type { Sequence } from "./catalog.ts";

export const format = "dispatch.backup/1";
const manifestName = "manifest.json";
const sumName = "manifest.json.sha256";

/** A file of the backup, with its path below the backup's folder. */
export type KeptFile = { readonly file: string; readonly bytes: number; readonly sha256: string };

export type KeptTable = KeptFile & {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** A digest of the rows in any order; null where a restore must change them (transaction ids). */
  readonly content: string | null;
};

export type Manifest = {
  readonly format: typeof format;
  /** Version of the release that made it. */
  readonly dispatch: string;
  /** When the snapshot was taken, by the database's clock. */
  readonly taken_at: string;
  readonly database: {
    readonly server: string;
    /** The newest migration; the restore brings an empty database to this one before it loads. */
    readonly schema: string;
    readonly tables: readonly KeptTable[];
    readonly sequences: readonly Sequence[];
  };
  readonly audit: {
    readonly chains: number;
    readonly events: number;
    /** A digest of every chain's name, last seq and last hash. */
    readonly heads: string;
  };
  readonly objects: KeptFile & {
    readonly bucket: string;
    readonly count: number;
    readonly total_bytes: number;
    /** Whether the objects themselves lie in the backup, or only their keys, sizes and hashes. */
    readonly copied: boolean;
  };
};

/** A line of the file of objects. */
export type KeptObject = { readonly key: string; readonly size_bytes: number; readonly sha256: string };

/** Where an object's bytes lie in a backup. */
export const objectFile = (key: string): string => join("objects", encodeURIComponent(key));

/** The last step of a backup. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  await writeFile(join(folder, manifestName), text, { mode: 0o600, flush: true });
  await writeFile(join(folder, sumName), `${createHash("sha256").update(text).digest("hex")}  ${manifestName}\n`, {
    mode: 0o600,
    flush: true,
  });
}

/** Reads the manifest and proves it unharmed. @throws CommandFailure naming the file */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, manifestName);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new CommandFailure(`${folder} is no backup: ${path} cannot be read.`, { cause });
  });
  const sum = await readFile(join(folder, sumName), "utf8").catch(() => "");
  if (sum.slice(0, 64) !== createHash("sha256").update(text).digest("hex")) {
    throw new CommandFailure(
      `This backup is damaged: ${path} does not have the hash of ${sumName}. Take another backup.`,
    );
  }
  const manifest: Manifest = JSON.parse(text);
  if (manifest.format !== format) {
    throw new CommandFailure(
      `${path} has the format ${String(manifest.format)}; this release reads ${format}. Restore it with the release that made it.`,
    );
  }
  return manifest;
}

/** Holds a file to its size and hash. @throws CommandFailure naming the file */
export async function requireWhole(folder: string, { file, bytes, sha256 }: KeptFile): Promise<void> {
  const path = join(folder, file);
  const size = await stat(path).then(
    (info) => info.size,
    () => null,
  );
  if (size === null) throw new CommandFailure(`This backup is damaged: ${path} is missing. Take another backup.`);
  const same = size === bytes && (await hashOf(path)) === sha256;
  if (!same)
    throw new CommandFailure(
      `This backup is damaged: ${path} is not the file the manifest describes (size or SHA-256 differ). Take another backup.`,
    );
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}
