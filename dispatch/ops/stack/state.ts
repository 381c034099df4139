// What a stack says about itself, in a file that is replaced whole at each change: who supervises, what runs, and since
// when. It holds no secret. Beside it a pid file for each process, for people and other programs.

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isObject } from "../../kernel/json.ts";
import type { PartEnd } from "../../process/part-ends.ts";
import type { StackFolder } from "./folder.ts";
import type { ProcessIdentity } from "./process-identity.ts";

export const serviceStates = ["starting", "running", "waiting", "stopping", "stopped"] as const;
export type ServiceState = (typeof serviceStates)[number];

export type ServiceRecord = {
  readonly name: string;
  /** waiting: it ended, and is started again at `nextStartAt`. */
  readonly state: ServiceState;
  readonly process: ProcessIdentity | null;
  /** Since when it is ready. */
  readonly since: string | null;
  /** Starts after the first. */
  readonly restarts: number;
  /** Ends in a row, each soon after its start. */
  readonly failures: number;
  /** How it ended last. */
  readonly lastEnd: string | null;
  /** How and when it ended in the last hour, and was started again; the API tells of them (PART_RESTARTED). */
  readonly ends: readonly PartEnd[];
  readonly nextStartAt: string | null;
  /** Since when it answers nothing, as its supervisor asks it; null while it answers. */
  readonly silentSince: string | null;
  readonly url: string | null;
  readonly log: string;
};

export type StackRecord = {
  readonly supervisor: ProcessIdentity;
  readonly startedAt: string;
  /** Whether everything has been ready once. */
  readonly ready: boolean;
  /** Address of the embedded Postgres; null for an external server, whose address is a secret. */
  readonly embeddedUrl: string | null;
  /** The file its parts read the token secret from; null where it is no file's. */
  readonly secretFile: string | null;
  /** Why the token secret on disk is not the one its parts use; null where it is. */
  readonly secretUnusable: string | null;
  readonly services: readonly ServiceRecord[];
};

/** What the last supervisor wrote; null when there is none, or none that can be read. */
export function readStackRecord(folder: StackFolder): StackRecord | null {
  try {
    const value: unknown = JSON.parse(readFileSync(folder.state, "utf8"));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Replaces the record and the pid files; at once, so that changes stay in their order.
 * @throws node's error when the disk does not take them; what stood there before stands then
 */
export function writeStackRecord(folder: StackFolder, record: StackRecord): void {
  replaceFile(folder.state, `${JSON.stringify(record, null, 2)}\n`);
  for (const { name, process } of record.services) {
    if (process === null) rmSync(folder.pidFile(name), { force: true });
    else replaceFile(folder.pidFile(name), `${process.pid}\n`);
  }
}

/** Whole or not at all, also on a disk that is full. */
function replaceFile(path: string, text: string): void {
  const unfinished = `${path}.new`;
  try {
    writeFileSync(unfinished, text, { mode: 0o600 });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

/** Takes the record and the pid files of `names` away: nothing runs any more. */
export function removeStackRecord(folder: StackFolder, names: readonly string[]): void {
  for (const name of names) rmSync(folder.pidFile(name), { force: true });
  rmSync(folder.state, { force: true });
}

function isRecord(value: unknown): value is StackRecord {
  return (
    isObject(value) &&
    isIdentity(value["supervisor"]) &&
    typeof value["startedAt"] === "string" &&
    Array.isArray(value["services"]) &&
    value["services"].every(isService)
  );
}

function isService(value: unknown): value is ServiceRecord {
  return (
    isObject(value) &&
    typeof value["name"] === "string" &&
    typeof value["log"] === "string" &&
    (value["process"] === null || isIdentity(value["process"]))
  );
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return isObject(value) && typeof value["pid"] === "number" && typeof value["born"] === "string";
}
