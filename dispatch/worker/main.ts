// The worker as a process: `node dispatch/worker/main.ts`. It starts the worker, lets the ticket in hand be finished on
// SIGTERM or SIGINT, and says in one sentence why it cannot start.

import { parseArgs } from "node:util";
import { EmbeddedPostgresError } from "../db/embedded.ts";
import { MigrationError } from "../db/migrate.ts";
import { openLog, type Log } from "../kernel/log.ts";
import { readSettings, SettingsError } from "../kernel/settings.ts";
import { PolicyError } from "../policy/load.ts";
import { ObjectStoreMisconfigured, ObjectStoreUnavailable } from "../storage/object-store.ts";
import { startWorker, workerService } from "./start.ts";

const exitCodes = { stopped: 0, failed: 1, settings: 2 } as const;

const help = `Usage: node dispatch/worker/main.ts

Starts a worker and runs until SIGTERM or SIGINT, which let the ticket in hand be finished. It sends technicians to
scheduled tickets, ends holds and offers nobody answered, tells of deadlines, proposes plans, and prunes. Any
number may run beside each other. All settings are environment variables whose names begin with DISPATCH_; the log goes
to stdout, one JSON object a line; SIGHUP opens the file of DISPATCH_LOG_SINK_PATH anew.

Exit codes: 0 stopped in good order; 1 could not start, or broke, or did not finish in time; 2 a setting is wrong.
`;

async function main(): Promise<void> {
  if (wantsHelp()) return void process.stdout.write(help);
  const settings = readSettings();
  const log = openLog(workerService, settings);
  const onDefect = (error: unknown): never => {
    log.logger.fatal({ err: error }, "worker.fatal_error");
    return end(log, exitCodes.failed);
  };
  process.on("uncaughtException", onDefect).on("unhandledRejection", onDefect);
  process.on("SIGHUP", log.reopen);
  const signalled = firstSignal(log);

  const worker = await startWorker({ settings, log: log.logger }).catch((error: unknown): never => {
    log.logger.fatal({ err: error }, "worker.fatal_error");
    log.flush();
    throw error;
  });
  log.logger.info({ signal: await signalled }, "worker.shutdown_requested");
  setTimeout(() => {
    log.logger.error({ ...worker.totals, timeout_ms: settings.workerShutdownTimeoutMs }, "worker.shutdown_forced");
    end(log, exitCodes.failed);
  }, settings.workerShutdownTimeoutMs).unref();
  log.logger.info(await worker.stop(), "worker.shutdown_complete");
  end(log, exitCodes.stopped);
}

function wantsHelp(): boolean {
  try {
    return parseArgs({ options: { help: { type: "boolean", short: "h" } } }).values.help ?? false;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    process.exit(exitCodes.settings);
  }
}

/** Resolves with the first signal to stop; a second one does not wait for anything. */
function firstSignal(log: Log): Promise<NodeJS.Signals> {
  const first = Promise.withResolvers<NodeJS.Signals>();
  let count = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (++count > 1) {
      log.logger.error({ signal }, "worker.shutdown_forced");
      end(log, exitCodes.failed);
    }
    first.resolve(signal);
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  return first.promise;
}

function end(log: Log, code: number): never {
  log.flush();
  process.exit(code);
}

const withSentence = [EmbeddedPostgresError, MigrationError, ObjectStoreMisconfigured, ObjectStoreUnavailable, PolicyError, SettingsError];

main().catch((error: unknown) => {
  const known = error instanceof Error && withSentence.some((one) => error instanceof one);
  const text = known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${workerService} cannot start: ${text}\n`);
  process.exit(error instanceof SettingsError ? exitCodes.settings : exitCodes.failed);
});
