// Starts the gateway's process and waits until it is ready with the plugin in it; says why when it is not.

import { closeSync, constants, openSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { sayWhenSlow, type Log } from "../../db/embedded/progress.ts";
import { endedEarly, withTail } from "./ended-early.ts";
import { GatewayError } from "./error.ts";
import { GatewayClient } from "./gateway-client.ts";
import { openclawEnvironment, openclawProgram } from "./openclaw-program.ts";
import { readiness } from "./readiness.ts";
import type { StateFolder } from "./state-folder.ts";
import { spawnWatched, type Exit, type WatchedProcess } from "./watched-process.ts";

const pollMs = 150;
/** Half a minute alone on two cores; three minutes were seen beside a busy test run. */
const readyWithinMs = 300_000;

/** Spawns `openclaw gateway run`. Its output goes to a fresh file: the last start's is what explains a failure. */
export async function spawnGateway(folder: StateFolder, environment: NodeJS.ProcessEnv): Promise<WatchedProcess> {
  // Appended to, so that it can be cut while the gateway runs.
  const output = openSync(
    folder.output,
    constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND,
    0o600,
  );
  try {
    const env = openclawEnvironment(folder, environment);
    return await spawnWatched(process.execPath, [openclawProgram(), "gateway", "run"], {
      environment: env,
      folder: folder.workspace,
      output,
    });
  } finally {
    closeSync(output);
  }
}

export type Wait = {
  readonly url: string;
  readonly token: string;
  readonly folder: StateFolder;
  readonly say: Log;
  /** The process's end, where it is this one's child. */
  readonly ended?: Promise<Exit>;
  /** After a restart: the old run's readiness does not count. */
  readonly begunAfter?: number;
  readonly signal?: AbortSignal;
};

/**
 * Waits until the gateway is ready and has run a tool of Dispatch's.
 * @throws {GatewayError} ended, too_slow, not_ready or plugin_missing, with the last lines it printed; the signal's reason
 */
export async function waitUntilReady({ url, token, folder, say, ended, begunAfter, signal }: Wait): Promise<void> {
  const patience = sayWhenSlow(say, "still starting the OpenClaw gateway…");
  const givenUpAt = performance.now() + readyWithinMs;
  let exit: Exit | null = null;
  void ended?.then((how) => (exit = how));
  while (performance.now() < givenUpAt) {
    const state = await readiness(url);
    if (exit !== null) throw await endedEarly(folder, exit);
    const begun =
      state?.ready === true && (begunAfter === undefined || performance.now() - state.uptimeMs > begunAfter);
    if (begun && (await runsTools(url, token, folder))) return;
    signal?.throwIfAborted();
    patience();
    await delay(pollMs);
  }
  throw new GatewayError(
    "not_ready",
    await withTail(folder, `The OpenClaw gateway was not ready within ${Math.round(readyWithinMs / 1000)} s.`),
  );
}

/**
 * Connections kept from before a restart are cut as the new run begins, and a call may still meet one of them.
 * @throws {GatewayError} plugin_missing when the gateway runs without Dispatch's tools; refused
 */
async function runsTools(url: string, token: string, folder: StateFolder): Promise<boolean> {
  try {
    await new GatewayClient(url, token).invoke("dispatch_contract_status", {});
    return true;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    if (error.code === "unreachable") return false;
    if (error.status !== 404) throw error;
    throw new GatewayError(
      "plugin_missing",
      await withTail(folder, "The OpenClaw gateway runs, but without Dispatch's plugin."),
    );
  }
}
