// dispatch-api as a process of its own, the way it runs for users, on a database the benchmark gives it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { CommandFailure } from "../../dispatch/process/command-line.ts";

export type ApiProcess = {
  readonly url: string;
  readonly pid: number;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** SIGKILL, and waits until it is gone. May be called again. */
  kill(): Promise<void>;
  /** SIGTERM, and waits. May be called again. */
  stop(): Promise<void>;
};

const ownRoot = join(import.meta.dirname, "../..");
const endWithParent = new URL("./end-with-parent.ts", import.meta.url).href;

export type ApiProcessOptions = {
  /** The checkout whose API it is; this one by default. */
  readonly root?: string;
  /** Options of node itself, beside those its checkout starts an API with. */
  readonly nodeOptions?: readonly string[];
};

/** @throws CommandFailure when it ends before it listens */
export async function startApiProcess(
  environment: Readonly<Record<string, string>>,
  { root = ownRoot, nodeOptions = [] }: ApiProcessOptions = {},
): Promise<ApiProcess> {
  const entry = join(root, "dispatch/api/main.ts");
  const child = spawn(
    process.execPath,
    [...(await optionsIn(root)), ...nodeOptions, "--import", endWithParent, entry],
    {
      env: {
        ...process.env,
        DISPATCH_API_HOST: "127.0.0.1",
        DISPATCH_API_PORT: "0",
        DISPATCH_METRICS_PORT: "0",
        ...environment,
      },
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    },
  );
  const ended = once(child, "exit").then(() => child.exitCode);
  const output = child.stdout ?? process.stdin;
  const lines = createInterface({ input: output });
  const port = await new Promise<number>((resolve, reject) => {
    lines.on("line", (line) => {
      const logged: unknown = JSON.parse(line);
      if (typeof logged === "object" && logged !== null && "port" in logged) resolve(Number(logged.port));
    });
    child.once("exit", (code) => reject(new CommandFailure(`dispatch-api ended with ${code} before it listened`)));
  });
  lines.removeAllListeners("line");
  output.resume();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    ended,
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
}

/** What a checkout's own script gives node: each is measured as it runs for users. */
async function optionsIn(root: string): Promise<string[]> {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(
    await readFile(join(root, "package.json"), "utf8"),
  );
  return scripts["dispatch:api:start"]?.split(" ").filter((word) => word.startsWith("--")) ?? [];
}
