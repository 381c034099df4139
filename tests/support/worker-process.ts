// Runs dispatch/worker/main.ts as a process of its own, to be killed, stopped and listened to.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { eventually } from "./eventually.ts";

const PROGRAM = join(import.meta.dirname, "../../dispatch/worker/main.ts");
const END_WITH_PARENT = new URL("end-with-parent.ts", import.meta.url).href;

export type WorkerProcess = {
  readonly pid: number;
  /** Every line of its log so far. */
  readonly log: readonly JsonObject[];
  told(message: string): JsonObject[];
  signal(signal: NodeJS.Signals): void;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  kill(): Promise<void>;
};

type Options = { readonly databaseUrl: string; readonly dataDir: string; readonly settings?: Readonly<Record<string, string>> };

/** Starts a worker and waits until it works. It is killed when `t` ends, and when this process does. */
export async function startWorkerProcess(t: { after(fn: () => Promise<void>): void }, { databaseUrl, dataDir, settings }: Options): Promise<WorkerProcess> {
  const child = spawn(process.execPath, ["--import", END_WITH_PARENT, PROGRAM], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    env: { PATH: process.env["PATH"], DISPATCH_DATABASE_URL: databaseUrl, DISPATCH_DATA_DIR: dataDir, DISPATCH_WORKER_LOOP_MS: "200", DISPATCH_NIGHTLY_PLAN_HOUR: "off", ...settings },
  });
  const log: JsonObject[] = [];
  const lines = createInterface({ input: child.stdout ?? process.stdin }).on("line", (line) => {
    const value: unknown = JSON.parse(line);
    if (isObject(value)) log.push(value);
  });
  const ended = Promise.all([once(child, "exit"), once(lines, "close")]).then(() => child.exitCode);
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await ended;
  };
  t.after(kill);
  const told = (message: string) => log.filter((line) => line["message"] === message);
  await eventually("the worker works", () => told("worker.cycle_complete").length > 0 || child.exitCode !== null);
  return { pid: child.pid ?? 0, log, told, signal: (signal) => void child.kill(signal), ended, kill };
}
