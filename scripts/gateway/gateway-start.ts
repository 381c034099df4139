// Starts the gateway's process and waits until it is ready with the plugin in it; says why when it is not.

import { closeSync, constants, openSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { sayWhenSlow, type Log } from "../../dispatch/db/embedded/progress.ts";
import { lastLines } from "../log-tail.ts";
import { GatewayError } from "./error.ts";
import { GatewayClient } from "./gateway-client.ts";
import { openclawEnvironment, openclawProgram } from "./openclaw-program.ts";
import { readiness } from "./readiness.ts";
import type { StateFolder } from "./state-folder.ts";
import { spawnWatched, type Exit, type WatchedProcess } from "./watched-process.ts";

const pollMs = 150;
const tailLines = 15;

/** Spawns `openclaw gateway run`. Its output goes to a fresh file: the last start's is what explains a failure. */
export async function spawnGateway(folder: StateFolder, environment: NodeJS.ProcessEnv): Promise<WatchedProcess> {
  // Appended to, so that it can be cut while the gateway runs.
  const output = openSync(folder.output, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND, 0o600);
  try {
    const env = openclawEnvironment(folder, environment);
    return await spawnWatched(process.execPath, [openclawProgram(), "gateway", "run"], { environment: env, folder: folder.workspace, output });
  } finally {
    closeSync(output);
  }
}

export type Wait = {
  readonly url: string;
  readonly folder: StateFolder;
  readonly process: WatchedProcess;
  readonly withinMs: number;
  readonly say: Log;
  /** After a restart: the old run's readiness does not count. */
  readonly begunAfter?: number;
  readonly signal?: AbortSignal;
};

/** @throws {GatewayError} ended or not_ready, with the last lines it printed; the signal's reason */
export async function waitUntilReady({ url, folder, process, withinMs, say, begunAfter, signal }: Wait): Promise<void> {
  const patience = sayWhenSlow(say, "still starting the OpenClaw gateway…");
  const givenUpAt = performance.now() + withinMs;
  let exit: Exit | null = null;
  void process.ended.then((how) => (exit = how));
  while (performance.now() < givenUpAt) {
    const state = await readiness(url);
    if (exit !== null) throw await endedEarly(folder, exit);
    if (state?.ready && (begunAfter === undefined || performance.now() - state.uptimeMs > begunAfter)) return;
    signal?.throwIfAborted();
    patience();
    await delay(pollMs);
  }
  throw new GatewayError("not_ready", await withTail(folder, `The OpenClaw gateway was not ready within ${Math.round(withinMs / 1000)} s.`));
}

/** @throws {GatewayError} plugin_missing when the gateway runs without Dispatch's tools */
export async function checkPlugin(url: string, token: string, folder: StateFolder): Promise<void> {
  try {
    await new GatewayClient(url, token).invoke("dispatch_contract_status", {});
  } catch (error) {
    if (!(error instanceof GatewayError) || error.status !== 404) throw error;
    throw new GatewayError("plugin_missing", await withTail(folder, "The OpenClaw gateway runs, but without Dispatch's plugin."));
  }
}

/** OpenClaw ends with 78 where its configuration is to blame. */
async function endedEarly(folder: StateFolder, { code, signal }: Exit): Promise<GatewayError> {
  const blame = code === 78 ? ` It does not accept ${folder.configuration}.` : "";
  return new GatewayError("ended", await withTail(folder, `The OpenClaw gateway ended with ${code ?? signal} before it was ready.${blame}`));
}

async function withTail(folder: StateFolder, sentence: string): Promise<string> {
  const lines = await lastLines(folder.output, tailLines);
  if (lines.length === 0) return `${sentence} It printed nothing to ${folder.output}.`;
  return `${sentence} Its last lines, from ${folder.output}:\n${lines.map((line) => `  ${line.slice(0, 500)}`).join("\n")}`;
}
