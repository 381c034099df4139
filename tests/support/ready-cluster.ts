// A cluster with the migrated database in it, made once and kept in node_modules/.cache, for every server of the tests whose
// subject is neither its first start nor the migrations: to copy it takes 0.15 s of CPU, initdb and the migrations three.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { glob, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { startEmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { locateBinaries } from "../../dispatch/db/embedded/binaries.ts";
import { tryLock, type FolderLock } from "../../dispatch/db/embedded/lock.ts";
import { migrate } from "../../dispatch/db/migrate.ts";
import { memoryKept, throwAway } from "./server-settings.ts";

const root = join(import.meta.dirname, "../..");
const cache = join(root, "node_modules/.cache/dispatch-clusters");
/** Of other schemas, for whoever goes from one branch to another. */
const kept = 3;

/** Puts a copy where a server on `dataDir` looks for its cluster; there must be none. Nothing of it knows of the tests. */
export async function placeReadyCluster(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await copy(await readyCluster(), join(dataDir, "postgres"));
}

async function readyCluster(): Promise<string> {
  mkdirSync(cache, { recursive: true });
  const ready = join(cache, await keyOfSources());
  let lock: FolderLock | undefined;
  while ((lock = tryLock(join(cache, "lock"))) === undefined) await delay(50);
  try {
    if (!existsSync(ready)) await make(ready);
    const now = new Date();
    await utimes(ready, now, now);
    await removeOldest();
  } finally {
    lock.release();
  }
  return ready;
}

/** Of all that has a say in what is in it: the migrations, the code that runs them, PostgreSQL's release, and whose it is. */
async function keyOfSources(): Promise<string> {
  const hash = createHash("sha256").update(String(process.geteuid?.()));
  const paths = ["tests/support/ready-cluster.ts", "tests/support/server-settings.ts", "pnpm-lock.yaml"];
  for await (const path of glob("dispatch/db/**/*.{ts,sql}", { cwd: root })) paths.push(path);
  for (const path of paths.toSorted()) hash.update(`${path}\0`).update(await readFile(join(root, path)));
  const { size, mtimeMs } = await stat(locateBinaries(cache).postgres);
  return hash.update(`${size} ${mtimeMs}`).digest("hex").slice(0, 32);
}

/** Elsewhere first: one that a killed run left half made is never taken for a whole one. */
async function make(ready: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-cluster-"));
  try {
    const settings = { ...throwAway, autovacuum: "off" };
    const server = await startEmbeddedPostgres({
      dataDir: folder,
      log: () => undefined,
      settings,
      environment: memoryKept,
    });
    try {
      await migrate({ databaseUrl: server.url, log: () => undefined });
    } finally {
      await server.stop();
    }
    const unfinished = join(cache, "unfinished");
    await rm(unfinished, { recursive: true, force: true });
    await copy(join(folder, "postgres"), unfinished);
    await rename(unfinished, ready);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function removeOldest(): Promise<void> {
  const made = (await readdir(cache)).filter((name) => /^[0-9a-f]{32}$/.test(name));
  if (made.length <= kept) return;
  const used = await Promise.all(made.map(async (name) => ({ name, at: (await stat(join(cache, name))).mtimeMs })));
  const oldest = used.toSorted((one, other) => other.at - one.at).slice(kept);
  for (const { name } of oldest) await rm(join(cache, name), { recursive: true, force: true });
}

/** Owner and rights too, which PostgreSQL looks at; `fs.cp` keeps no owner. */
const copy = (from: string, to: string) => promisify(execFile)("cp", ["-Rp", from, to]);
