// Runs postgres-holder.ts as a process of its own, to be killed, interrupted or raced.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** One line of the holder: a progress message, a signal it got, its server, or why there is none. */
export type HolderLine = {
  log?: string;
  signal?: string;
  ready?: { url: string; started: boolean; pid: number };
  error?: { code?: string; message: string; folder?: string };
};

export type HeldPostgres = {
  child: ChildProcess;
  /** The first line that has `key`; rejects when the holder ends without one. */
  says<K extends keyof HolderLine>(
    key: K,
    matching?: (value: NonNullable<HolderLine[K]>) => boolean,
  ): Promise<NonNullable<HolderLine[K]>>;
  /** "stop": stops PostgreSQL and exits. "leave": exits and stops nothing. */
  tell(order: "stop" | "leave"): Promise<void>;
  /** Kills it outright and waits until it is gone. */
  kill(): Promise<void>;
};

export const holderProgram = join(import.meta.dirname, "postgres-holder.ts");

/** Starts the holder on `dataDir`; `prefix` is a command to run it under. */
export function holdPostgres(dataDir: string, prefix: readonly string[] = []): HeldPostgres {
  const [file = process.execPath, ...args] = [...prefix, process.execPath, holderProgram, dataDir];
  // A group of its own, as a shell gives a foreground job, so that a test may interrupt all of it.
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"], detached: true });
  const exited = once(child, "exit");
  const lines: HolderLine[] = [];
  const listeners = new Set<() => void>();
  let ended = false;
  const changed = (): void => listeners.forEach((listener) => listener());
  const output = createInterface({ input: child.stdout });
  output.on("line", (line) => {
    lines.push(JSON.parse(line));
    changed();
  });
  output.on("close", () => {
    ended = true;
    changed();
  });
  return {
    child,
    says: (key, matching = () => true) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          for (const line of lines) {
            const value = line[key];
            if (value !== undefined && matching(value)) return settle(() => resolve(value));
          }
          if (ended) settle(() => reject(new Error(`the holder ended without "${key}": ${JSON.stringify(lines)}`)));
        };
        const settle = (how: () => void): void => {
          listeners.delete(look);
          how();
        };
        listeners.add(look);
        look();
      }),
    tell: async (order) => {
      child.stdin.write(`${order}\n`);
      await exited;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
