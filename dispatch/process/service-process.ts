// A service as a process, from its command line to its end: --help, the signal to stop and a second one that does not wait,
// unhandled errors, and one sentence for why it cannot start.

import { parseArgs } from "node:util";
import type { Logger } from "pino";
import { openLog, type Log } from "./log.ts";
import { keepLogsBounded } from "./rotate-log.ts";
import { isOperatorError, type ErrorClass } from "./operator-errors.ts";
import { configurationFrom, type Settings } from "./settings.ts";
import { tellSettings } from "./settings/print.ts";
import { SettingsError } from "./settings/settings-error.ts";

export const exitCodes = { stopped: 0, failed: 1, settings: 2 } as const;
type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export type ServiceProcess = {
  readonly service: string;
  readonly help: string;
  /** Errors an operator can fix that this service alone may throw. */
  readonly operatorErrors?: readonly ErrorClass[];
  /** What the log says of an unhandled error, and of a second signal. */
  readonly messages: { readonly unhandledError: string; readonly secondSignal: string };
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

/**
 * Runs the service, or prints its settings; SIGHUP opens its log's copy again. Exit code 2 says that a setting or the command line is
 * wrong.
 */
export async function runService({ service, help, operatorErrors = [], messages, run }: ServiceProcess): Promise<void> {
  const wanted = optionsIn(help);
  if (wanted.help) return void process.stdout.write(help);
  let log: Log | undefined;
  try {
    const configuration = configurationFrom();
    if (wanted["print-config"]) return tellSettings(configuration);
    const { settings } = configuration;
    log = openLog(service, settings);
    for (const warning of configuration.warnings) log.logger.warn(warning);
    const end = ending(log);
    exitOnUnhandledError(log.logger, messages.unhandledError, end);
    process.on("SIGHUP", log.reopen);
    keepSinksBounded(settings);
    await run({ settings, log: log.logger, signalled: firstSignal(log.logger, messages.secondSignal, end), end });
  } catch (error) {
    log?.flush();
    const text = isOperatorError(error, operatorErrors)
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
    process.stderr.write(`${service} cannot start: ${text}\n`);
    process.exit(error instanceof SettingsError ? exitCodes.settings : exitCodes.failed);
  }
}

/** What has no supervisor that looks after its size, and may be one file of several processes. */
function keepSinksBounded({ logSinkPath, alertsSinkPath, sinkMaxMb }: Settings): void {
  const paths = [logSinkPath, alertsSinkPath].filter((path) => path !== null);
  if (sinkMaxMb > 0 && paths.length > 0) keepLogsBounded(paths, sinkMaxMb * 1024 * 1024);
}

function optionsIn(help: string): { readonly help?: boolean; readonly "print-config"?: boolean } {
  try {
    return parseArgs({ options: { help: { type: "boolean", short: "h" }, "print-config": { type: "boolean" } } })
      .values;
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

function firstSignal(log: Logger, onSecond: string, end: ServiceLife["end"]): Promise<NodeJS.Signals> {
  const first = Promise.withResolvers<NodeJS.Signals>();
  let count = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (++count > 1) {
      log.error({ signal }, onSecond);
      end(exitCodes.failed);
    }
    first.resolve(signal);
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  return first.promise;
}

/** After an unhandled error memory may be in any state; the process manager starts a fresh process. */
function exitOnUnhandledError(log: Logger, message: string, end: ServiceLife["end"]): void {
  const onError = (error: unknown) => {
    log.fatal({ err: error }, message);
    end(exitCodes.failed);
  };
  process.on("uncaughtException", onError).on("unhandledRejection", onError);
}
