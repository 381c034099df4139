// Metrics and alerts as files, for whoever watches a folder and not a port: the metrics replaced whole, the alerts as
// one line for each that fires, changes its severity or clears. Both are for this process's user alone.

import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { appendToOwnFile, ownFileMode } from "../process/own-file.ts";
import type { ReportedCode } from "./alert-list.ts";
import type { Alert, AlertReport } from "./alerts.ts";

export type Sinks = {
  /** Writes a last time and stops. */
  close(): Promise<void>;
};

export type SinkParts = {
  readonly metricsPath: string | null;
  readonly alertsPath: string | null;
  readonly everyMs: number;
  readonly readMetrics: () => Promise<object>;
  readonly readAlerts: () => Promise<AlertReport>;
  readonly warn: (message: string, error?: unknown) => void;
};

/** Starts writing, if a path is named. */
export function startSinks({ metricsPath, alertsPath, everyMs, readMetrics, readAlerts, warn }: SinkParts): Sinks {
  const writers: (() => Promise<void>)[] = [];
  if (metricsPath !== null)
    writers.push(async () => replaceFile(metricsPath, `${JSON.stringify(await readMetrics())}\n`));
  if (alertsPath !== null) writers.push(alertWriter(alertsPath, readAlerts));

  const broken = new Set<() => Promise<void>>();
  const write = async (writer: () => Promise<void>): Promise<void> => {
    try {
      await writer();
      broken.delete(writer);
    } catch (error) {
      // Said once for each time it breaks: a full disk would otherwise fill the log as well.
      if (!broken.has(writer)) warn("a sink cannot be written; it is tried again", error);
      broken.add(writer);
    }
  };
  let writing: Promise<unknown> = Promise.resolve();
  const writeAll = () => (writing = writing.then(() => Promise.all(writers.map(write))));
  const timer = writers.length > 0 ? setInterval(() => void writeAll(), everyMs).unref() : undefined;
  if (timer) void writeAll();
  return {
    close: async () => {
      clearInterval(timer);
      if (timer) await writeAll();
    },
  };
}

/** A reader sees the old file or the new one, never half of one. */
async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const next = `${path}.${process.pid}.next`;
  // One that a process before has left behind may be others' to read.
  await rm(next, { force: true });
  try {
    await writeFile(next, text, { mode: ownFileMode, flag: "wx" });
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}

function alertWriter(path: string, readAlerts: () => Promise<AlertReport>): () => Promise<void> {
  let before = new Map<ReportedCode, Alert>();
  return async () => {
    const report = await readAlerts();
    const now = new Map(report.alerts.map((alert) => [alert.code, alert] as const));
    const fired = [...now.values()]
      // One that goes from warning to critical is said again: it calls for another hurry.
      .filter(({ code, severity }) => before.get(code)?.severity !== severity)
      .map((alert) => ({ change: "firing", ...alert }));
    const cleared = [...before]
      .filter(([code]) => !now.has(code))
      .map(([, alert]) => ({ change: "cleared", ...alert }));
    const lines = [...fired, ...cleared].map(
      (line) => `${JSON.stringify({ at: report.generated_at, service: report.service, ...line })}\n`,
    );
    if (lines.length > 0) {
      await mkdir(dirname(path), { recursive: true });
      await appendToOwnFile(path, lines.join(""));
    }
    before = now;
  };
}
