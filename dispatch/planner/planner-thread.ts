// What runs inside the planner's thread: one search, with the clock and the cancel flag as its budget.

import { parentPort, workerData } from "node:worker_threads";
import type { ThreadInput, ThreadMessage } from "./run-planner.ts";
import { solve } from "./solve.ts";

const { problem, seed, seconds, iterations, cancelled }: ThreadInput = workerData;
const begun = performance.now();
const send = (message: ThreadMessage): void => parentPort?.postMessage(message, []);

const plan = solve(problem, {
  seed,
  ...(iterations === undefined ? {} : { iterations }),
  ...(seconds === undefined ? {} : { seconds }),
  spent: () => {
    if (Atomics.load(cancelled, 0) !== 0) return 1;
    return seconds === undefined ? 0 : (performance.now() - begun) / (1_000 * seconds);
  },
  onProgress: (progress) => send({ progress }),
});
send({ plan });
