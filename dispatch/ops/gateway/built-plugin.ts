// The plugin's folder with a bundle that is younger than every source of it. Several at once are safe: one builds, the
// others wait, and nothing is rewritten under a gateway that reads it without need.

import { mkdirSync } from "node:fs";
import { glob, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { tryLock, type FolderLock } from "../../db/embedded/lock.ts";
import { bundlePlugin, pluginFolder } from "./bundle.ts";

const root = join(import.meta.dirname, "../../..");
const cache = join(root, "node_modules/.cache");
const sources = ["plugin/src/**/*.ts", "plugin/package.json", "dispatch/{contract,schema}/**/*.ts", "pnpm-lock.yaml"];

/** @returns the folder to give OpenClaw */
export async function builtPlugin(): Promise<string> {
  mkdirSync(cache, { recursive: true });
  let lock: FolderLock | undefined;
  while ((lock = tryLock(join(cache, "plugin-build.lock"))) === undefined) await delay(50);
  try {
    if (await isStale()) await bundlePlugin();
  } finally {
    lock.release();
  }
  return pluginFolder;
}

async function isStale(): Promise<boolean> {
  const built = await changedAt(join(pluginFolder, "dist/index.js"));
  if (built === null) return true;
  for await (const path of glob(sources, { cwd: root }))
    if (((await changedAt(join(root, path))) ?? 0) >= built) return true;
  return false;
}

const changedAt = (path: string): Promise<number | null> =>
  stat(path).then(
    (found) => found.mtimeMs,
    () => null,
  );
