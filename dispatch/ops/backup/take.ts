// Takes a backup: the database of one moment, then the objects, then the manifest. Until it is whole it has another name,
// so that what has the name of a backup is one.

import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ObjectStore } from "../../storage/object-store.ts";
import { CommandFailure } from "../../process/command-line.ts";
import { withConnection } from "./connection.ts";
import { dumpDatabase, type Work } from "./dump.ts";
import { format, writeManifest, type Manifest } from "./manifest.ts";
import { dumpObjects } from "./objects.ts";

export type TakeOptions = {
  readonly databaseUrl: string;
  readonly store: ObjectStore;
  /** Whether the objects' bytes are copied too. */
  readonly copyObjects: boolean;
  /** Must not be there yet. */
  readonly out: string;
};

/** Takes one; when it fails or is interrupted nothing stays. @throws CommandFailure when `out` is there already */
export async function takeBackup({ databaseUrl, store, copyObjects, out }: TakeOptions, work: Work): Promise<Manifest> {
  return intoNewFolder(out, async (folder) => {
    await store.check(work.signal);
    const dumped = await withConnection(databaseUrl, "dispatch-backup", work.signal, (client) =>
      dumpDatabase(client, folder, work),
    );
    const objects = await dumpObjects(store, folder, copyObjects, work);
    const manifest: Manifest = { format, dispatch: await ownVersion(), ...dumped, objects };
    await writeManifest(folder, manifest);
    return manifest;
  });
}

/** Gives `fill` a folder beside `out` and renames it when it is full. @throws CommandFailure when `out` is there already */
export async function intoNewFolder<T>(out: string, fill: (folder: string) => Promise<T>): Promise<T> {
  const unfinished = `${out}.unfinished-${process.pid}`;
  await mkdir(dirname(out), { recursive: true, mode: 0o700 });
  // Takes the name now, not after an hour of work.
  await mkdir(out, { mode: 0o700 }).catch((cause: unknown) => {
    throw new CommandFailure(
      `${out} is there already (or cannot be made): give --out a folder that is not there yet.`,
      { cause },
    );
  });
  try {
    await mkdir(unfinished, { mode: 0o700 });
    const result = await fill(unfinished);
    await rename(unfinished, out);
    await using parent = await open(dirname(out), "r");
    await parent.sync();
    return result;
  } catch (error) {
    for (const left of [unfinished, out]) await rm(left, { recursive: true, force: true });
    throw error;
  }
}

async function ownVersion(): Promise<string> {
  const { version }: { version: string } = JSON.parse(
    await readFile(join(import.meta.dirname, "../../../package.json"), "utf8"),
  );
  return version;
}
