// A service as a process, from its command line to its end: --help, the signal to stop and an impatient second one, an
// error nobody caught, and one sentence for why it cannot start.

import { parseArgs } from "node:util";
import type { Logger } from "pino";
import { openLog, type Log } from "./log.ts";
import { isPlain, type Trouble } from "./operator-errors.ts";
import { readSettings, SettingsError, type Settings } from "./settings.ts";

export const exitCodes = { stopped: 0, failed: 1, settings: 2 } as const;
type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export type ServiceProcess = {
  readonly service: string;
  readonly help: string;
  /** Beside what any start may meet. */
  readonly troubles?: readonly Trouble[];
  /** The log's words for an error nobody caught, and for a second signal. */
  readonly words: { readonly defect: string; readonly hurried: string };
  /** Starts, waits for the signal, stops, ends. */
  readonly run: (life: ServiceLife) => Promise<void>;
};

export type ServiceLife = {
  readonly settings: Settings;
  readonly log: Logger;
  /** Resolves with the first signal to stop; a second one does not wait for anything. */
  readonly signalled: Promise<NodeJS.Signals>;
  /** Writes the log out and ends the process. */
  readonly end: (code: ExitCode) => never;
};

/** Runs the service; SIGHUP opens its log's copy anew. Exit code 2 says that a setting or the command line is wrong. */
export async function runService({ service, help, troubles = [], words, run }: ServiceProcess): Promise<void> {
  if (wantsHelp(help)) return void process.stdout.write(help);
  let log: Log | undefined;
  try {
    const settings = readSettings();
    log = openLog(service, settings);
    const end = ending(log);
    endOnDefect(log.logger, words.defect, end);
    process.on("SIGHUP", log.reopen);
    await run({ settings, log: log.logger, signalled: firstSignal(log.logger, words.hurried, end), end });
  } catch (error) {
    log?.flush();
    const text = isPlain(error, troubles)
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
    process.stderr.write(`${service} cannot start: ${text}\n`);
    process.exit(error instanceof SettingsError ? exitCodes.settings : exitCodes.failed);
  }
}

function wantsHelp(help: string): boolean {
  try {
    return parseArgs({ options: { help: { type: "boolean", short: "h" } } }).values.help ?? false;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    process.exit(exitCodes.settings);
  }
}

const ending =
  (log: Log) =>
  (code: ExitCode): never => {
    log.flush();
    process.exit(code);
  };

function firstSignal(log: Logger, hurried: string, end: ServiceLife["end"]): Promise<NodeJS.Signals> {
  const first = Promise.withResolvers<NodeJS.Signals>();
  let count = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (++count > 1) {
      log.error({ signal }, hurried);
      end(exitCodes.failed);
    }
    first.resolve(signal);
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  return first.promise;
}

/** After an error nobody caught, memory may be in any state; the process manager starts a fresh one. */
function endOnDefect(log: Logger, defect: string, end: ServiceLife["end"]): void {
  const onDefect = (error: unknown) => {
    log.fatal({ err: error }, defect);
    end(exitCodes.failed);
  };
  process.on("uncaughtException", onDefect).on("unhandledRejection", onDefect);
}
