// An AI agent for drills: `pnpm dispatch:agent` as a process of its own, on the drill's stack, with a small program in place of a model.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { mendsItselfMs } from "./drill.ts";
import type { Ground } from "./ground.ts";
import { waitFor } from "./wait-for.ts";

const program = fileURLToPath(new URL("../../dispatch/agent/main.ts", import.meta.url));

export const drillAgent = "drill-clerk";
/** What it can do, and nobody else. */
export const drillScope = "drill";

/** Reads its task and has done it. */
export const does = `require("node:fs").readFileSync(0); console.log(JSON.stringify({ result: { done: true } }))`;
/** Says so again and again, never ends its work, and ends itself when nobody reads that any more: a killed agent ends nothing it runs. */
export const hangs = `
  process.stdout.on("error", () => process.exit());
  setInterval(() => console.log(JSON.stringify({ progress: { message: "looking" } })), 1_000)`;

export type RunningAgent = {
  /** Ends it without a word. */
  kill(): void;
};

/** Starts the agent and waits until it is heard of. @throws CommandFailure */
export async function startAgent(ground: Ground, command: string, signal: AbortSignal): Promise<RunningAgent> {
  const words = ["--slug", drillAgent, "--capabilities", drillScope, "--url", ground.url];
  const child = spawn(
    process.execPath,
    [program, ...words, "--command", JSON.stringify([process.execPath, "-e", command])],
    { stdio: "ignore", env: { PATH: process.env["PATH"] ?? "" } },
  );
  await once(child, "spawn");
  const agent = { kill: () => void child.kill("SIGKILL") };
  const isHeard = async () =>
    (await ground.sql.query("SELECT FROM agents WHERE slug = $1 AND running AND activity <> 'errored'", [drillAgent]))
      .rowCount === 1;
  if ((await waitFor(isHeard, mendsItselfMs, signal)) === null) {
    agent.kill();
    throw new CommandFailure("The drill's agent did not start.");
  }
  return agent;
}

/** Asks for a task of the drill's. @returns its id */
export async function askForTask({ dispatcher }: Ground, title: string, priority: number): Promise<string> {
  const { id } = await dispatcher.does("task.create", null, {
    title,
    scope: drillScope,
    priority,
    timeout_ms: 86_400_000,
  });
  return id;
}

/** How many of the drill's tasks are in one of these states. */
export async function countTasks({ sql }: Ground, ...states: readonly string[]): Promise<number> {
  const { rows } = await sql.query<{ tasks: number }>(
    "SELECT count(*)::int AS tasks FROM tasks WHERE scope = $1 AND status = ANY ($2)",
    [drillScope, states],
  );
  return rows[0]?.tasks ?? 0;
}

/** Says in the agent's place that it has stopped, so that no later drill hears of it. */
export async function signOff({ url }: Ground): Promise<void> {
  await fetch(`${url}/api/v1/events`, {
    method: "POST",
    headers: { "x-agent-id": drillAgent, "content-type": "application/json" },
    body: JSON.stringify({ subject: `swarm.agent.${drillAgent}.stopped` }),
  });
}
