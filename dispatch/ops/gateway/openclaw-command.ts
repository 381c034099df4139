// `pnpm openclaw …`: the pinned OpenClaw's own command line, on the state folder of Dispatch's gateway. Arguments,
// terminal and exit code pass through; behind a restart it waits until the gateway runs Dispatch's tools again.

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { readSettings } from "../../process/settings.ts";
import { abortOnSignal } from "../../process/abort-on-signal.ts";
import { CommandFailure, isExpected, messageOf } from "../../process/command-line.ts";
import { waitUntilReady } from "./gateway-start.ts";
import { openclawEnvironment, openclawProgram } from "./openclaw-program.ts";
import { addressIn, isSetUp, readConfiguration, stateFolderOf, type StateFolder } from "./state-folder.ts";

const help = `Runs the pinned OpenClaw on the gateway that pnpm dispatch:demo set up: arguments, terminal and exit code pass through.

Usage: pnpm openclaw COMMAND…

  status --json               is the gateway there
  dashboard                   opens the chat in a browser
  gateway restart             restarts it, and waits until it runs Dispatch's tools again
  plugins inspect dispatch --runtime --json   what the plugin offers, and what is wrong with it
  help                        all of OpenClaw's commands
  --help                      this text

DISPATCH_DATA_DIR   the data folder the gateway was set up in

Exit code: OpenClaw's own; 1 when no gateway was set up, or a restarted one does not run its tools.`;

export async function openclawCommand(): Promise<void> {
  try {
    process.exitCode = await openclaw(process.argv.slice(2));
  } catch (error) {
    console.error(isExpected(error) ? messageOf(error) : error);
    process.exitCode = 1;
  }
}

async function openclaw(args: readonly string[]): Promise<number> {
  if (args.length === 1 && (args[0] === "--help" || args[0] === "-h")) {
    console.log(help);
    return 0;
  }
  const folder = stateFolderOf(readSettings().dataDir);
  if (!isSetUp(folder)) {
    console.error(
      `No gateway was set up in ${folder.root} yet: pnpm dispatch:demo makes one and starts it. Where ` +
        "it lies in another data folder, set DISPATCH_DATA_DIR.",
    );
    return 1;
  }
  const begunAfter = performance.now();
  const code = await run(folder, args);
  const restarted =
    code === 0 &&
    args[0] === "gateway" &&
    args[1] === "restart" &&
    !args.some((arg) => arg === "--help" || arg === "-h");
  if (restarted) await waitBehindRestart(folder, begunAfter);
  return code;
}

function run(folder: StateFolder, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [openclawProgram(), ...args], {
    stdio: "inherit",
    env: openclawEnvironment(folder, process.env),
  });
  // A Ctrl-C reaches the program as well, and it decides what that means.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

/** The words go to stderr: with --json what OpenClaw printed is for programs. */
async function waitBehindRestart(folder: StateFolder, begunAfter: number): Promise<void> {
  const { port, token } = addressIn(await readConfiguration(folder));
  if (port === null || token === null) return;
  const signal = abortOnSignal(undefined, new CommandFailure("Stopped waiting; the gateway restarts all the same."));
  await waitUntilReady({
    url: `http://127.0.0.1:${port}`,
    token,
    folder,
    begunAfter,
    signal,
    say: (line) => console.error(line),
  });
}
