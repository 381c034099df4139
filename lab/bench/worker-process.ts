// dispatch/worker/main.ts as a process of its own, to be killed, stopped and listened to.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";

const program = join(import.meta.dirname, "../../dispatch/worker/main.ts");
const endWithParent = new URL("./end-with-parent.ts", import.meta.url).href;

export type WorkerProcess = {
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** SIGKILL, and waits until it is gone. May be called again. */
  kill(): Promise<void>;
  /** Resolves after its first cycle. @throws CommandFailure when it ends before */
  readonly works: Promise<void>;
};

export type WorkerProcessOptions = {
  readonly databaseUrl: string;
  /** Folder of the file object store; processes of one desk share it. */
  readonly dataDir: string;
  /** Further DISPATCH_… settings; nothing of this process's own reaches the worker. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  readonly onLine?: (line: JsonObject) => void;
};

/** Starts a worker. It ends when this process does, however that ends. */
export function startWorkerProcess({ databaseUrl, dataDir, settings, onLine }: WorkerProcessOptions): WorkerProcess {
  const child = spawn(process.execPath, ["--import", endWithParent, program], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    env: { ...bareEnvironment, DISPATCH_DATABASE_URL: databaseUrl, DISPATCH_DATA_DIR: dataDir, ...settings },
  });
  const works = Promise.withResolvers<void>();
  // A caller that only waits for the end need not hear of a start that failed.
  works.promise.catch(() => undefined);
  const lines = createInterface({ input: child.stdout ?? process.stdin }).on("line", (text) => {
    // The last line of one that is killed may be cut off.
    if (!text.endsWith("}")) return;
    const line: unknown = JSON.parse(text);
    if (!isObject(line)) return;
    onLine?.(line);
    if (line["message"] === "worker.cycle_complete") works.resolve();
  });
  const ended = Promise.all([once(child, "exit"), once(lines, "close")]).then(() => child.exitCode);
  void ended.then((code) =>
    works.reject(new CommandFailure(`dispatch-worker ended with ${code} before its first cycle`)),
  );
  return {
    pid: child.pid ?? 0,
    signal: (signal) => void child.kill(signal),
    ended,
    works: works.promise,
    kill: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}
