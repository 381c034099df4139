// What can be told of Postgres without its help: what connecting to it says, its process, the last errors of its log, and the
// space on its disk.

import { open } from "node:fs/promises";
import pg from "pg";
import { alertList } from "../../api/alert-list.ts";
import { embeddedTraces, type EmbeddedTraces } from "../../db/embedded.ts";
import { databaseReason, databaseWords, type DatabaseReason } from "../../db/failures.ts";
import { freePercent } from "../../process/disk-space.ts";
import type { Settings } from "../../process/settings.ts";
import { isStopped } from "../stack/stopped-processes.ts";
import { roomByDf } from "./ask-df.ts";
import type { Section } from "./explanations.ts";
import { isSupervised, stackParts, type StackPart } from "./stack-parts.ts";

export type PostgresSeen = {
  /** Where it is asked; null when nothing says where it listens. */
  readonly url: string | null;
  /** Null when a connection came about. */
  readonly failure: { readonly words: string; readonly reason: DatabaseReason } | null;
  /** Of the embedded server; null of one of one's own. */
  readonly traces: EmbeddedTraces | null;
};

/** Connects once, within `withinMs`; never throws. */
export async function lookAtPostgres(settings: Settings, withinMs: number): Promise<PostgresSeen> {
  if (settings.databaseUrl !== null)
    return { url: settings.databaseUrl, failure: await failureOf(settings.databaseUrl, withinMs), traces: null };
  const traces = await embeddedTraces(settings.dataDir);
  const { url } = traces;
  const notRunning = { words: `no server runs in ${settings.dataDir}`, reason: "unreachable" } as const;
  return { url, failure: url === null ? notRunning : await failureOf(url, withinMs), traces };
}

async function failureOf(url: string, withinMs: number): Promise<PostgresSeen["failure"]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${(withinMs / 1_000).toFixed(1)} s`)),
    withinMs,
  );
  const client = new pg.Client({ connectionString: url, application_name: "dispatch-alerts" });
  client.on("error", () => undefined);
  try {
    await Promise.race([client.connect(), late.promise]);
    return null;
  } catch (error) {
    return { words: databaseWords(error), reason: databaseReason(error) };
  } finally {
    clearTimeout(timer);
    // A server that hangs never confirms the end.
    void client.end().catch(() => undefined);
  }
}

/** The sections, the most telling first. */
export async function postgresSections({ failure, traces }: PostgresSeen, settings: Settings): Promise<Section[]> {
  const sections: Section[] = [
    {
      title: "Postgres, as connecting to it says",
      note: failure === null ? "takes connections" : failure.words,
      rows: [],
    },
  ];
  if (traces === null) return sections;
  const note = await processNote(traces, failure?.reason ?? null, await stackParts(settings));
  sections.push({ title: "its process", note, rows: [] });
  const errors = await lastErrors(traces.log);
  sections.push(
    errors === null
      ? { title: `its log, ${traces.log}`, note: "cannot be read", rows: [] }
      : { title: `last errors in ${traces.log}`, rows: errors.map((line) => ({ line })) },
  );
  sections.push({ title: `disk of ${settings.dataDir}`, note: await freeSpace(settings.dataDir), rows: [] });
  return sections;
}

/** What can be said of its process, and what to do about it; `parts` as `stackParts` tells them. */
export async function processNote(
  { pid, alive, status }: Omit<EmbeddedTraces, "log" | "url">,
  reason: DatabaseReason | null,
  parts: readonly StackPart[] | null,
): Promise<string> {
  const again = isSupervised(parts ?? []) ? "the supervisor starts it again" : "pnpm dispatch:stack:up starts it";
  if (pid === null) return `none, and it ended in good order: ${again}`;
  if (!alive) return `${pid} is gone without a farewell: it was killed, or crashed; ${again}`;
  if (await isStopped(pid)) return `${pid} is stopped (SIGSTOP) and does nothing: kill -CONT ${pid} lets it go on`;
  // One that is only slow would have to recover besides, were it ended.
  const silent =
    reason === "no_answer"
      ? `, but did not answer in time: it hangs, or is slow. ${page}, Fix, 2, tells the two apart before anything is ended`
      : "";
  return `${pid} runs, and says it is ${status ?? "starting"}${silent}`;
}

const page = alertList.DATABASE_UNAVAILABLE.runbook;

const tailBytes = 256 * 1024;
const mostLines = 5;

/** The last lines of the log that say what went wrong; null when it cannot be read. */
async function lastErrors(path: string): Promise<string[] | null> {
  const file = await open(path, "r").catch(() => null);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    const length = Math.min(size, tailBytes);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer
      .toString("utf8")
      .split("\n")
      .filter((line) =>
        /FATAL|PANIC|No space left on device|could not (?:write|extend|read)|was terminated by signal/.test(line),
      )
      .slice(-mostLines);
  } finally {
    await file.close();
  }
}

/** In the percent that DISK_LOW goes by. */
async function freeSpace(folder: string): Promise<string> {
  const room = await roomByDf(folder);
  if (room === "hangs") return "its mount does not answer";
  if (room === null) return "cannot be read";
  const gb = (bytes: number) => (bytes / 1e9).toFixed(1);
  return `${gb(room.free)} GB free of ${gb(room.size)} GB (${freePercent(room)} %)`;
}
