// A worker as a process of its own for a test, which may kill it, stop it and read its log.

import * as bench from "../../lab/bench/worker-process.ts";
import type { JsonObject } from "../../dispatch/kernel/json.ts";
import { patience } from "./patience.ts";

export type WorkerProcess = bench.WorkerProcess & {
  /** Every line of its log so far. */
  readonly log: readonly JsonObject[];
  told(message: string): JsonObject[];
};

/** Starts a worker and waits until it works, or has ended. It is killed when `t` ends, and when this process does. */
export async function startWorkerProcess(
  t: { after(fn: () => Promise<void>): void },
  { databaseUrl, dataDir, settings }: Omit<bench.WorkerProcessOptions, "onLine">,
): Promise<WorkerProcess> {
  const log: JsonObject[] = [];
  const worker = bench.startWorkerProcess({
    databaseUrl,
    dataDir,
    settings: { DISPATCH_WORKER_LOOP_MS: "200", DISPATCH_NIGHTLY_PLAN_HOUR: "off", ...patience, ...settings },
    onLine: (line) => log.push(line),
  });
  t.after(worker.kill);
  await Promise.race([worker.works.catch(() => undefined), worker.ended]);
  return { ...worker, log, told: (message) => log.filter((line) => line["message"] === message) };
}
