// Which test files are run one after the other in one process, as a pure function of their sources. A process of its own costs a file
// 0.7 s of CPU for its imports and as much again for code that has not run yet and schemas that are not compiled; in company only the
// first of them pays.

import { dirname } from "node:path";
import { longest } from "./order.ts";

/**
 * Their tests start an API, a worker or nothing at all, in their own process, but for those that `ofTheProcess` finds. Elsewhere nearly
 * all start processes, which cost more.
 */
const folders = [
  "api",
  "claims",
  "contract",
  "db",
  "directory",
  "field",
  "gateway",
  "house",
  "kernel",
  "money",
  "ops",
  "planner",
  "planning",
  "plugin",
  "policy",
  "rooms",
  "scripted-model",
  "scripts",
  "stack",
  "storage",
  "tasks",
  "transparency",
  "travel",
  "webhooks",
  "worker",
  "workforce",
].map((name) => `tests/${name}`);

/**
 * What a file would do to those after it: clocks and functions replaced for the whole process, its signals, its exit code, its
 * environment, hooks around tests that are not in the file. And what takes long by itself, as other processes and the longest do, or
 * reads the figures of its process.
 */
const ofTheProcess = new RegExp(
  [
    /child_process|Process\(|mock\.(?:timers|method)|\bprocess\.(?:on|once|chdir|exit|env\b)|^(?:before|after)(?:Each)?\(/,
    /S3Server|StackCommands|startStack|GatewayDesk|openShell|SmallDisk|readSamples|chaos\(/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "m",
);

/** What a file may look at that neighbours in its process would change, by its folder. */
const ofItsOwn: Readonly<Record<string, RegExp>> = {
  "tests/api": /metrics|connections|pg_stat_activity|process\.(?:memory|cpu)/i,
  "tests/db": /declaredStatements|loadStatements|statementRowsFile|pg_prepared_statements/,
};

export const mayShareProcess = (file: string, source: string): boolean =>
  folders.includes(dirname(file)) &&
  !longest.includes(file) &&
  !ofTheProcess.test(source) &&
  !ofItsOwn[dirname(file)]?.test(source);

/** By how much less a file takes in company: eight of tests/field took 18 s of CPU together and about 30 each by itself. */
export const companyGain = 1.6;

/** More would save little more, and be lost together where one of them ends the process. */
const company = 12;

/**
 * Every file once, those that may share a process in groups of about a dozen neighbours.
 * @param mayShare whether a file may
 */
export function groupsOf(files: readonly string[], mayShare: (file: string) => boolean): string[][] {
  const alone = files.filter((file) => !mayShare(file)).map((file) => [file]);
  const sharing = files.filter(mayShare).toSorted();
  const groups = Math.ceil(sharing.length / company);
  const bounds = Array.from({ length: groups + 1 }, (_, at) => Math.round((at * sharing.length) / groups));
  return [...alone, ...bounds.slice(1).map((end, at) => sharing.slice(bounds[at], end))];
}
