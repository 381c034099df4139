// A base copy: the files of a running PostgreSQL on this machine, taken between pg_backup_start and pg_backup_stop. With
// the archived write-ahead log it is what a recovery to a point in time begins with. The copy alone is no database: pages
// in it are of different moments, and only the log makes them one.

import { copyFile, chown, chmod, lstat, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type pg from "pg";
import { errnoOf } from "../../storage/once-file.ts";
import { CommandFailure } from "../../process/command-line.ts";
import type { Work } from "./dump.ts";
import { requireWhole, type KeptFile } from "./manifest.ts";
import { grouped, megabytes, sayWhere } from "./progress.ts";
import { keepCompressed, Measure } from "./streams.ts";

const format = "dispatch.base/1";
const about = "base.json";
const listFile = "files.ndjson.gz";

export type BaseCopy = {
  readonly format: typeof format;
  readonly server: string;
  readonly begun_at: string;
  /** Recovery is possible to any moment from here on. */
  readonly ended_at: string;
  readonly files: KeptFile & { readonly count: number; readonly total_bytes: number };
};

// What a server writes again at its start, or must not find: its own state while it runs, and the log, which the archive has.
const emptied = new Set([
  "pg_wal",
  "pg_replslot",
  "pg_dynshmem",
  "pg_notify",
  "pg_serial",
  "pg_snapshots",
  "pg_stat_tmp",
  "pg_subtrans",
]);
const leftOut = /^(postmaster\.pid|postmaster\.opts|pgsql_tmp.*|pg_internal\.init.*|current_logfiles.*)$/;

/** Copies the cluster `client` is connected to into `folder`. @throws CommandFailure when that cannot make a recovery */
export async function takeBase(client: pg.Client, folder: string, { say, signal }: Work): Promise<BaseCopy> {
  const { cluster, server } = await requireArchiving(client);
  const begun = await client.query<{ at: Date }>("SELECT now() AS at FROM pg_backup_start('dispatch', fast => true)");
  const copied: KeptFile[] = [];
  let total = 0;
  {
    using _progress = sayWhere(say, () => `${grouped(copied.length)} files, ${megabytes(total)}…`);
    for await (const path of filesOf(cluster, join(folder, "cluster"))) {
      signal.throwIfAborted();
      const kept = await copyMeasured(join(cluster, path), folder, join("cluster", path));
      if (kept === null) continue;
      copied.push(kept);
      total += kept.bytes;
    }
  }
  say("waiting until the archive has what the copy needs…");
  const { rows } = await client.query<{ label: string; at: Date }>(
    "SELECT labelfile AS label, clock_timestamp() AS at FROM pg_backup_stop(wait_for_archive => true)",
  );
  const [stopped] = rows;
  const [started] = begun.rows;
  if (!stopped || !started) throw new Error("the server gave no label for the copy");
  const label = join("cluster", "backup_label");
  await writeFile(join(folder, label), stopped.label, { mode: 0o600, flush: true });
  copied.push(await measured(folder, label));
  const list = await keepCompressed(
    folder,
    listFile,
    Readable.from(
      copied.map((one) => `${JSON.stringify(one)}\n`),
      { objectMode: false },
    ),
    signal,
  );
  const base: BaseCopy = {
    format,
    server,
    begun_at: started.at.toISOString(),
    ended_at: stopped.at.toISOString(),
    files: { ...list, count: copied.length, total_bytes: total },
  };
  await writeFile(join(folder, about), `${JSON.stringify(base, undefined, 2)}\n`, { mode: 0o600, flush: true });
  return base;
}

/** Reads and proves a base copy, every file of it. @throws CommandFailure naming a file that is not whole */
export async function requireWholeBase(
  folder: string,
  { say, signal }: Work,
): Promise<{ base: BaseCopy; files: KeptFile[] }> {
  const text = await readFile(join(folder, about), "utf8").catch((cause: unknown) => {
    throw new CommandFailure(`${folder} is no base copy: ${join(folder, about)} cannot be read.`, { cause });
  });
  const base: BaseCopy = JSON.parse(text);
  if (base.format !== format)
    throw new CommandFailure(
      `${join(folder, about)} has the format ${String(base.format)}; this release reads ${format}.`,
    );
  await requireWhole(folder, base.files);
  const files: KeptFile[] = [];
  for await (const line of createInterface({ input: createReadStream(join(folder, listFile)).pipe(createGunzip()) }))
    files.push(JSON.parse(line));
  let seen = 0;
  using _progress = sayWhere(say, () => `files proved: ${grouped(seen)}…`);
  for (const file of files) {
    signal.throwIfAborted();
    await requireWhole(folder, file);
    seen++;
  }
  return { base, files };
}

/** Lays a proved copy out as a cluster that recovers at its next start. */
export async function layOut(folder: string, files: readonly KeptFile[], cluster: string): Promise<void> {
  const source = join(folder, "cluster");
  await copyFolders(source, cluster);
  for (const { file } of files) {
    const target = join(cluster, relative("cluster", file));
    await copyFile(join(folder, file), target);
    await chmod(target, 0o600);
    await giveTo(target, await stat(source));
  }
  const signalFile = join(cluster, "recovery.signal");
  await writeFile(signalFile, "", { mode: 0o600 });
  await giveTo(signalFile, await stat(source));
}

async function requireArchiving(client: pg.Client): Promise<{ cluster: string; server: string }> {
  const { rows } = await client.query<{ cluster: string | null; server: string; archiving: string; spaces: number }>(
    `SELECT current_setting('data_directory', true) AS cluster, current_setting('server_version') AS server,
            current_setting('archive_mode') AS archiving, (SELECT count(*)::int FROM pg_tablespace) AS spaces`,
  );
  const [found] = rows;
  if (found?.archiving === "off") {
    throw new CommandFailure(
      "The server archives no write-ahead log, without which a base copy is worth nothing. Set " +
        "DISPATCH_WAL_ARCHIVE_DIR, restart the server, and try again.",
    );
  }
  const cluster = found?.cluster ?? "";
  const here = await lstat(join(cluster, "PG_VERSION")).then(
    () => true,
    () => false,
  );
  if (!found || !here)
    throw new CommandFailure(
      "The server's files are not on this machine (or not ours to read): use pg_basebackup for it.",
    );
  if (found.spaces > 2)
    throw new CommandFailure(
      "The server has tablespaces of its own, which this copy would miss: use pg_basebackup for it.",
    );
  return { cluster, server: found.server };
}

/** Every file to copy, as a path below the cluster; makes the folders on the way. */
async function* filesOf(cluster: string, target: string, below = ""): AsyncGenerator<string> {
  await makeLike(join(cluster, below), join(target, below));
  const entries = await readdir(join(cluster, below), { withFileTypes: true }).catch(gone);
  for (const entry of entries ?? []) {
    const path = join(below, entry.name);
    if (leftOut.test(entry.name)) continue;
    if (entry.isFile()) yield path;
    else if (entry.isDirectory() && below === "" && emptied.has(entry.name))
      await makeLike(join(cluster, path), join(target, path));
    else if (entry.isDirectory()) yield* filesOf(cluster, target, path);
  }
}

async function copyFolders(source: string, target: string): Promise<void> {
  await makeLike(source, target);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    if (entry.isDirectory()) await copyFolders(join(source, entry.name), join(target, entry.name));
  }
}

/** Null for a file that went away meanwhile: what dropped it is in the log, and recovery does it again. */
async function copyMeasured(path: string, folder: string, file: string): Promise<KeptFile | null> {
  const info = await stat(path).catch(gone);
  if (info === null) return null;
  const copied = await copyFile(path, join(folder, file)).then(() => true, gone);
  if (copied === null) return null;
  await giveTo(join(folder, file), info);
  return measured(folder, file);
}

async function measured(folder: string, file: string): Promise<KeptFile> {
  const measure = new Measure().resume();
  await pipeline(createReadStream(join(folder, file)), measure);
  return { file, bytes: measure.bytes, sha256: measure.sha256() };
}

async function makeLike(source: string, target: string): Promise<void> {
  const info = await stat(source).catch(gone);
  await mkdir(target, { recursive: true, mode: 0o700 });
  if (info !== null) await giveTo(target, info);
}

/** Root copies for the user PostgreSQL runs as; anybody else owns what they copy. */
async function giveTo(path: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  if (process.geteuid?.() === 0) await chown(path, uid, gid);
}

function gone(error: unknown): null {
  if (errnoOf(error) === "ENOENT") return null;
  throw error;
}
