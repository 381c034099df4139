// Runs dispatch/api/main.ts as a process of its own on a free port, to be killed by pid, outlived and started again.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { apiNodeOptions } from "../../dispatch/process/node-options.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";

const program = join(import.meta.dirname, "../../dispatch/api/main.ts");
const endWithParent = new URL("../../lab/bench/end-with-parent.ts", import.meta.url).href;
const tailLines = 20;

export type ApiProcessOptions = {
  databaseUrl: string;
  /** Folder of the file object store; processes of one desk share it. */
  dataDir: string;
  /** Further DISPATCH_… settings. */
  settings?: Record<string, string>;
};

export type ApiProcess = {
  url: string;
  pid: number;
  /** Whether it runs still. */
  alive(): boolean;
  /** Resolves when it has ended, however it ended. */
  ended: Promise<void>;
  /** The end of what it complained about: warnings, errors, what is no line of its log. */
  complaints(): string;
  /** SIGKILL, and waits until it is gone. May be called again. */
  kill(): Promise<void>;
  /** SIGTERM, and waits; the exit code. */
  stop(): Promise<number | null>;
};

/** The API ended before it listened; the message has its last words. */
export class ApiDidNotStart extends Error {
  override readonly name = "ApiDidNotStart";
}

/**
 * Starts an API and waits until it listens. It is killed when `t` ends, and when this process does.
 * @throws {ApiDidNotStart}
 */
export async function startApiProcess(
  t: { after(fn: () => Promise<void>): void },
  options: ApiProcessOptions,
): Promise<ApiProcess> {
  // IPC is there for the preloaded module alone: it tells when this process is gone.
  const child = spawn(process.execPath, [...apiNodeOptions, "--import", endWithParent, program], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: environment(options),
  });
  const ended = once(child, "exit").then(() => undefined);
  const alive = () => child.exitCode === null && child.signalCode === null;
  const kill = async () => {
    if (alive()) child.kill("SIGKILL");
    await ended;
  };
  t.after(kill);
  const complaints: string[] = [];
  const port = await portOf(child, ended, complaints);
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    alive,
    ended,
    complaints: () => complaints.join("\n"),
    kill,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      return child.exitCode;
    },
  };
}

/** Nothing of this process's own settings reaches it. */
function environment({ databaseUrl, dataDir, settings }: ApiProcessOptions): Record<string, string | undefined> {
  return {
    ...bareEnvironment,
    DISPATCH_API_PORT: "0",
    DISPATCH_METRICS_PORT: "0",
    DISPATCH_DATABASE_URL: databaseUrl,
    DISPATCH_DATA_DIR: dataDir,
    DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
    ...settings,
  };
}

/** The port its log names. The log is read to the end of its life, or the pipe would fill and stop it. */
async function portOf(child: ChildProcess, ended: Promise<void>, complaints: string[]): Promise<number> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error("the API was started without pipes");
  const listening = Promise.withResolvers<number>();
  const read = (line: string) => {
    const port = /"port":(\d+),"message":"dispatch-api started"/.exec(line)?.[1];
    if (port !== undefined) listening.resolve(Number(port));
    if (line.startsWith('{"level":"info"')) return;
    complaints.push(line);
    if (complaints.length > tailLines) complaints.shift();
  };
  createInterface({ input: stdout }).on("line", read);
  createInterface({ input: stderr }).on("line", read);
  const died = ended.then(() => {
    throw new ApiDidNotStart(complaints.join("\n"));
  });
  return await Promise.race([listening.promise, died]);
}
