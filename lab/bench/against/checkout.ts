// A checkout of Dispatch as the benchmark uses it: checked before anything starts, its schema made by its own
// migrations, its rows by its own seed, its API started from its own files. Only node and the load are the same for
// both.

import { execFile } from "node:child_process";
import { access, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CommandFailure } from "../../../dispatch/process/command-line.ts";
import { startApiProcess, type ApiProcess } from "../api-process.ts";
import { fillQueue } from "../open-queue.ts";
import { withClient } from "../seed.ts";
import { createDatabase, environmentOf, nameIn, type ThrowawayServer } from "../throwaway-database.ts";

export type Checkout = { readonly root: string };

const ownRoot = join(import.meta.dirname, "../../..");
export const thisCheckout: Checkout = { root: ownRoot };

/** @throws CommandFailure with what to do when it is no checkout that could run */
export async function otherCheckout(folder: string): Promise<Checkout> {
  const root = resolve(folder);
  const wrong = (what: string) => new CommandFailure(`--against ${folder}: ${what}`);
  if (!(await isFolder(root)))
    throw wrong("there is no such folder. Name the root folder of another checkout of Dispatch.");
  if ((await packageNameIn(root)) !== "dispatch")
    throw wrong('it has no package.json of the name "dispatch". Name the root folder of another checkout of Dispatch.');
  if (!(await isFolder(join(root, "node_modules"))))
    throw wrong("its packages are not installed. Run `pnpm install --frozen-lockfile` in it first.");
  return { root };
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

async function packageNameIn(root: string): Promise<unknown> {
  const text = await readFile(join(root, "package.json"), "utf8").catch(() => "null");
  try {
    const manifest: unknown = JSON.parse(text);
    return typeof manifest === "object" && manifest !== null && "name" in manifest ? manifest.name : null;
  } catch {
    return null;
  }
}

export const startApiOf = ({ root }: Checkout, database: string, folder: string): Promise<ApiProcess> =>
  startApiProcess(environmentOf(database, folder), { root });

/**
 * Makes the database whose copies the checkout's API works on: its schema, the benchmark's place, a queue of tickets.
 * @returns its address
 */
export async function prepareTemplate(
  checkout: Checkout,
  server: ThrowawayServer,
  signal: AbortSignal,
): Promise<string> {
  const url = await createDatabase(server.url);
  await migrateWith(checkout, url, server.folder, signal);
  await (await seedOf(checkout)).seedPlaces(url);
  // A third quicker; a copy of the database does not have the setting.
  await withClient(url, (client) => client.query(`ALTER DATABASE ${nameIn(url)} SET synchronous_commit = off`));
  const api = await startApiOf(checkout, url, server.folder);
  try {
    await fillQueue(api.url, signal);
  } finally {
    await api.stop();
  }
  await withClient(url, (client) => client.query("VACUUM ANALYZE"));
  return url;
}

async function migrateWith({ root }: Checkout, database: string, folder: string, signal: AbortSignal): Promise<void> {
  const script = join(root, "scripts/migrate.ts");
  const env = { ...process.env, ...environmentOf(database, folder) };
  await new Promise<void>((done, failed) => {
    execFile(process.execPath, [script], { cwd: root, env, signal }, (error, _stdout, stderr) => {
      if (error === null) return done();
      signal.throwIfAborted();
      failed(new CommandFailure(`${script} failed: ${stderr.trim() || error.message}`));
    });
  });
}

type Seed = { seedPlaces(url: string): Promise<void> };

/** Where a checkout keeps its seed; bench code lay under scripts before it had a room of its own. */
const seedFiles = ["lab/bench/seed.ts", "scripts/bench/seed.ts"];

async function seedOf({ root }: Checkout): Promise<Seed> {
  for (const file of seedFiles.map((name) => join(root, name))) {
    if (
      !(await access(file).then(
        () => true,
        () => false,
      ))
    )
      continue;
    const module: unknown = await import(pathToFileURL(file).href);
    if (isSeed(module)) return module;
  }
  throw new CommandFailure(`${root} has no seed for a benchmark: looked for seedPlaces in ${seedFiles.join(" and ")}`);
}

const isSeed = (module: unknown): module is Seed =>
  typeof module === "object" && module !== null && "seedPlaces" in module && typeof module.seedPlaces === "function";
