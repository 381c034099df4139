// A worker in the test's own process beside its API: on the same database, objects and clock, woken when the test says.

import { after } from "node:test";
import { pino } from "pino";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import type { Policy } from "../../dispatch/policy/policy.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { heldTicket } from "../../dispatch/worker/run-on-each.ts";
import { startWorker, type RunningWorker } from "../../dispatch/worker/start.ts";
import type { TestApi } from "./api.ts";
import { eventually } from "./eventually.ts";
import { patience } from "./patience.ts";

export type TestWorker = RunningWorker & {
  /** Every line so far. */
  readonly log: readonly JsonObject[];
  /** Wakes it, each time a second later, until the condition holds: where something else held a ticket, it is put off a moment. */
  until(what: string, condition: () => Promise<boolean>): Promise<void>;
  /** The lines with this message. */
  told(message: string): JsonObject[];
};

type Options = {
  readonly env?: Readonly<Record<string, string>>;
  readonly random?: () => number;
  readonly policy?: Policy;
  /** Whose time it goes by: the test's, or as in production the database's. */
  readonly clock?: "test" | "database";
  readonly t?: { after(fn: () => Promise<void>): void };
};

/**
 * Starts one that ends with `t`, or with the test or describe that starts it. The tick never comes unless `env` says; who wakes it
 * wakes it until no duty has left a ticket to another one, four times at most.
 */
export async function startTestWorker(
  api: TestApi,
  { env = {}, random, policy, clock = "test", t }: Options = {},
): Promise<TestWorker> {
  const log: JsonObject[] = [];
  const logger = pino(
    { level: "debug", messageKey: "message", base: null },
    { write: (line: string) => void log.push(parsed(line)) },
  );
  const settings = readSettings({
    DISPATCH_DATABASE_URL: api.databaseUrl,
    DISPATCH_DATA_DIR: api.dataDir,
    DISPATCH_DB_POOL_MAX: "6",
    ...patience,
    DISPATCH_POLICY_PROFILE: api.profile,
    DISPATCH_WORKER_LOOP_MS: "3600000",
    DISPATCH_WORKER_HEARTBEAT_MS: "3600000",
    DISPATCH_TICK_INTERVAL_MS: "3600000",
    DISPATCH_NIGHTLY_PLAN_HOUR: "off",
    ...env,
  });
  const worker = await startWorker({
    settings,
    log: logger,
    ...(clock === "test" && { clock: api.clock }),
    ...(random && { random }),
    ...(policy && { policy }),
  });
  const end = async () => void (await worker.stop());
  if (t) t.after(end);
  else after(end);
  const told = (message: string) => log.filter((line) => line["message"] === message);
  // What two duties wanted at the same moment one of them has left for the next tick, which never comes.
  const wake = async () => {
    // What a test itself holds stays held.
    for (let held = -1, rounds = 0; held < told(heldTicket).length && rounds < 4; rounds++) {
      held = told(heldTicket).length;
      await worker.wake();
    }
  };
  const until = (what: string, condition: () => Promise<boolean>) =>
    eventually(what, async () => {
      await wake();
      if (await condition()) return true;
      // What another held at that moment is taken up a second later.
      api.clock.advanceMs(1_000);
      return false;
    });
  return { ...worker, wake, until, log, told };
}

function parsed(line: string): JsonObject {
  const value: unknown = JSON.parse(line);
  if (!isObject(value)) throw new Error(`no log line: ${line}`);
  return value;
}
