// The parts of a stack as its own file and the system tell of them: it needs none of them to be up, nor to answer.

import type { Settings } from "../../process/settings.ts";
import { endInALine } from "../stack/end-in-a-line.ts";
import { stackFolderOf, supervisorName } from "../stack/folder.ts";
import { isAlive, type ProcessIdentity } from "../stack/process-identity.ts";
import { readStackRecord } from "../stack/state.ts";
import { isStopped } from "../stack/stopped-processes.ts";

export type StackPart = {
  readonly name: string;
  /** Null while it has no process. */
  readonly pid: number | null;
  /** stopped: somebody sent it SIGSTOP, and it does nothing. gone: its process ended without its supervisor seeing it. */
  readonly state: "runs" | "stopped" | "gone" | "starting" | "waiting" | "stopping" | "ended";
  /** How it ended last; null before the first time. */
  readonly last_end: string | null;
  readonly url: string | null;
  readonly log: string;
};

/** The supervisor first; null where no stack was started from the data folder, or it was taken down. */
export async function stackParts({ dataDir }: Settings): Promise<readonly StackPart[] | null> {
  const folder = stackFolderOf(dataDir);
  const record = readStackRecord(folder);
  if (record === null) return null;
  const supervisor = {
    name: supervisorName,
    pid: record.supervisor.pid,
    state: await stateOf(record.supervisor),
    last_end: null,
    url: null,
    log: folder.log(supervisorName),
  };
  const parts = record.services.map(async ({ name, state, process, lastEnd, url, log }): Promise<StackPart> => {
    const found = process === null ? "ended" : await stateOf(process);
    const told = state === "stopped" ? "ended" : state === "running" ? "runs" : state;
    return {
      name,
      pid: process?.pid ?? null,
      state: process !== null && found !== "runs" ? found : told,
      last_end: lastEnd,
      url,
      log,
    };
  });
  return [supervisor, ...(await Promise.all(parts))];
}

async function stateOf(process: ProcessIdentity): Promise<"runs" | "stopped" | "gone"> {
  if (!(await isAlive(process))) return "gone";
  return (await isStopped(process.pid)) ? "stopped" : "runs";
}

/** In a line each: those of which there is something to do, and the rest in one. */
export function partLines(parts: readonly StackPart[]): string[] {
  const well = parts.filter(({ state }) => state === "runs");
  const rest = parts.filter(({ state }) => state !== "runs");
  const running = well.map(({ name, pid }) => `${name} ${pid}`).join(", ");
  return [
    `stack: ${well.length === 0 ? "nothing of it runs" : `${running} ${rest.length === 0 ? "run" : "run;"}`}`,
    ...rest.map((part) => `  ${trouble(part, parts)}`),
  ];
}

/** Whether somebody is there who starts parts again; `dispatch:stack:up` has nothing to do then. */
export const isSupervised = (parts: readonly StackPart[]): boolean =>
  parts.some(({ name, state }) => name === supervisorName && state === "runs");

/** What is wrong with a part, and what to do. */
export function trouble({ name, pid, state, last_end: end, log }: StackPart, parts: readonly StackPart[]): string {
  const again = isSupervised(parts) ? "the supervisor starts it again" : "pnpm dispatch:stack:up starts a new one";
  const ended = end === null ? "" : `, last ${endInALine(end)}`;
  if (state === "stopped") {
    // A server that is killed so leaves processes of its own behind.
    const killed = name === "postgres" ? "" : `, kill -9 ${pid} ends it and ${again}`;
    return `${name} ${pid} is stopped (SIGSTOP) and does nothing: kill -CONT ${pid} lets it go on${killed}`;
  }
  if (name === supervisorName) return `${name} ${pid} is gone: pnpm dispatch:stack:up starts a new one`;
  if (state === "gone") return `${name} ${pid} is gone: ${again}`;
  return `${name} is ${state}${ended}; read ${log}`;
}
