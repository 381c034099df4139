// dispatch-api and dispatch-worker as processes of the stack: what each is started with, and when it counts as ready.

import { closeSync, openSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { urlOf } from "../../api/listen.ts";
import { apiNodeOptions } from "../../process/node-options.ts";
import type { Settings } from "../../process/settings.ts";
import { endWithin, spawnWatched, type WatchedProcess } from "../gateway/watched-process.ts";
import { apiHealth, httpAnswers, noAnswer, workerHealth } from "./health.ts";
import type { ServicePlan } from "./supervised-service.ts";
import { describeExit, waitUntilReady } from "./wait-ready.ts";

const root = join(import.meta.dirname, "../../..");
const readyWithinMs = 60_000;
const answerWithinMs = 5_000;
/** What a process may need to close its connections, on top of the work in hand. */
const closingGraceMs = 12_000;

export type NodePlanOptions = {
  readonly settings: Settings;
  readonly log: string;
  readonly say: (line: string) => void;
  /** All its environment; asked at each start. */
  readonly environment: () => Record<string, string>;
};

/** @param port fixed, so that it is found again after a restart */
export function apiPlan({ settings, ...options }: NodePlanOptions, port: number): ServicePlan {
  const url = urlOf(settings.apiHost, port);
  // One that is started again while the disk is full or Postgres away does its part: it answers, and nobody gains by its end.
  let wasReady = false;
  return nodePlan({
    ...options,
    name: "api",
    url,
    program: "dispatch/api/main.ts",
    nodeOptions: apiNodeOptions,
    endsWithinMs: settings.shutdownTimeoutMs + closingGraceMs,
    isReady: async () => {
      const health = await apiHealth(url);
      wasReady ||= health === "ok";
      return wasReady && health !== noAnswer;
    },
  });
}

/** @param databaseUrl the database it shows itself in; asked at each look */
export function workerPlan(
  { settings, ...options }: NodePlanOptions,
  number: number,
  databaseUrl: () => string,
): ServicePlan {
  // As the API: one that turns cannot show itself while Postgres takes no writes, and goes on by itself when it does.
  let wasReady = false;
  return nodePlan({
    ...options,
    name: `worker-${number}`,
    url: null,
    program: "dispatch/worker/main.ts",
    endsWithinMs: settings.workerShutdownTimeoutMs + closingGraceMs,
    isReady: async ({ pid }) => {
      const isWell = (await workerHealth(databaseUrl(), pid)) === "ok";
      wasReady ||= isWell;
      return isWell;
    },
    isLeftRunning: async (worker) => wasReady && (await worker.answers(answerWithinMs)),
  });
}

type NodePlan = Omit<NodePlanOptions, "settings"> & {
  readonly name: string;
  readonly url: string | null;
  readonly program: string;
  /** Of node itself. */
  readonly nodeOptions?: readonly string[];
  readonly endsWithinMs: number;
  readonly isReady: (process: WatchedProcess) => Promise<boolean>;
  readonly isLeftRunning?: (process: WatchedProcess) => Promise<boolean>;
};

function nodePlan({
  name,
  url,
  log,
  program,
  nodeOptions = [],
  environment,
  endsWithinMs,
  isReady,
  isLeftRunning,
  say,
}: NodePlan): ServicePlan {
  return {
    name,
    url,
    log,
    start: async (signal, onPid) => {
      const logBegins = await stat(log).then(
        ({ size }) => size,
        () => 0,
      );
      const output = openSync(log, "a", 0o600);
      const child = await spawnWatched(process.execPath, [...nodeOptions, join(root, program)], {
        environment: environment(),
        folder: process.cwd(),
        output,
        // Who has an address is asked there.
        channel: url === null,
      }).finally(() => closeSync(output));
      const stop = () => endWithin(child, endsWithinMs);
      try {
        await onPid(child.pid);
        await waitUntilReady({
          name,
          process: child,
          isReady: () => isReady(child),
          ...(isLeftRunning && { isLeftRunning: () => isLeftRunning(child) }),
          withinMs: readyWithinMs,
          log,
          logBegins,
          say,
          signal,
        });
      } catch (error) {
        await stop();
        throw error;
      }
      let stopping: Promise<void> | undefined;
      return {
        pid: child.pid,
        ended: child.ended.then(describeExit),
        stop: () => (stopping ??= stop()),
        liveness: { answers: (ms) => (url === null ? child.answers(ms) : httpAnswers(`${url}/health`, ms)) },
      };
    },
  };
}
