// Spawns a program that ends when this process ends, however it ends, and that a Ctrl-C in
// the terminal does not reach: a session of its own, and a small shell that waits for the
// other end of a pipe to close. (A death signal from the kernel would be Linux only.)
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { Socket } from "node:net";
import { launchAs, type RunAs } from "./account.ts";

// `$$` is the pid of the shell that becomes the program by exec, also inside the subshell.
// The watcher is orphaned on purpose: a postmaster must not find a child it never made.
// A line on the pipe means "it has ended, leave that pid alone"; end of file means "we died".
const watchAndExec = `
( ( read -r _ <&3 || kill -INT $$ ) </dev/null >/dev/null 2>&1 & )
exec 3<&-
exec "$@"
`;

export type WatchedProcess = {
  child: ChildProcess;
  /** The program's own. */
  pid: number;
  exited: Promise<Exit>;
};

export type Exit = { code: number | null; signal: NodeJS.Signals | null };

/**
 * Starts `program`. It keeps this process alive until the caller unrefs the child; its watcher never does.
 * @throws {Error} the system's error when there is no shell to start it with.
 */
export async function spawnWatched(
  runAs: RunAs,
  program: string,
  args: readonly string[],
  output: number,
  extraEnv: Record<string, string> = {},
): Promise<WatchedProcess> {
  const { argv, user } = launchAs(runAs, program, args);
  const stdio: StdioOptions = ["ignore", output, output, "pipe"];
  const child = spawn("/bin/sh", ["-c", watchAndExec, "sh", ...argv], {
    ...user,
    stdio,
    cwd: "/",
    detached: true,
    // Nothing of PGDATA, PGOPTIONS and the like from outside; a set locale keeps macOS
    // from starting threads inside the postmaster.
    env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC", ...extraEnv },
  });
  await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} was started without a process id`);
  const pipe = child.stdio[3];
  if (pipe instanceof Socket) {
    pipe.unref();
    pipe.on("error", () => {});
  }
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      if (pipe instanceof Socket) pipe.end("ended\n");
      resolve({ code, signal });
    });
  });
  return { child, pid, exited };
}
