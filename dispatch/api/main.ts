// The API as a process: `node dispatch/api/main.ts`. It starts the API, ends it in good order on SIGTERM or SIGINT, and
// says in one sentence why it cannot start.

import { parseArgs } from "node:util";
import { EmbeddedPostgresError } from "../db/embedded.ts";
import { MigrationError } from "../db/migrate.ts";
import { openLog, type Log } from "../kernel/log.ts";
import { readSettings, SettingsError } from "../kernel/settings.ts";
import { PolicyError } from "../policy/load.ts";
import { ObjectStoreMisconfigured, ObjectStoreUnavailable } from "../storage/object-store.ts";
import { serviceName } from "./health.ts";
import { CannotListen } from "./listen.ts";
import { startApi } from "./start.ts";

const exitCodes = { stopped: 0, failed: 1, settings: 2 } as const;
/** What closing the pool and the embedded Postgres may take on top of the requests in hand. */
const closingGraceMs = 10_000;

const help = `Usage: node dispatch/api/main.ts

Starts dispatch-api and runs until SIGTERM or SIGINT, which let the requests in hand finish. All settings are
environment variables whose names begin with DISPATCH_; without any it listens on 127.0.0.1:8080 and keeps its data in
the folder .dispatch. The log goes to stdout, one JSON object a line; SIGHUP opens the file of DISPATCH_LOG_SINK_PATH
anew.

Exit codes: 0 stopped in good order; 1 could not start, or broke, or had to cut requests off; 2 a setting is wrong.
`;

async function main(): Promise<void> {
  if (wantsHelp()) return void process.stdout.write(help);
  const settings = readSettings();
  const log = openLog(serviceName, settings);
  endOnDefect(log);
  process.on("SIGHUP", log.reopen);
  const signalled = firstSignal(log);
  const api = await startApi({ settings, log: log.logger });
  log.logger.info({ signal: await signalled }, "dispatch-api stops");
  setTimeout(() => end(log, exitCodes.failed, "closing took too long"), settings.shutdownTimeoutMs + closingGraceMs).unref();
  const inTime = await api.stop();
  end(log, inTime ? exitCodes.stopped : exitCodes.failed, inTime ? "dispatch-api stopped" : "requests were cut off");
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
    if (++count > 1) end(log, exitCodes.failed, `${signal} came a second time`);
    first.resolve(signal);
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  return first.promise;
}

/** After an error nobody caught, memory may be in any state; the process manager starts a fresh one. */
function endOnDefect(log: Log): void {
  const onDefect = (error: unknown) => {
    log.logger.fatal({ err: error }, "an error nobody handled ends the process");
    log.flush();
    process.exit(exitCodes.failed);
  };
  process.on("uncaughtException", onDefect).on("unhandledRejection", onDefect);
}

function end(log: Log, code: number, message: string): never {
  log.logger[code === exitCodes.stopped ? "info" : "error"](message);
  log.flush();
  process.exit(code);
}

const withSentence = [
  CannotListen,
  EmbeddedPostgresError,
  MigrationError,
  ObjectStoreMisconfigured,
  ObjectStoreUnavailable,
  PolicyError,
  SettingsError,
];

main().catch((error: unknown) => {
  const known = error instanceof Error && withSentence.some((one) => error instanceof one);
  const text = known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`dispatch-api cannot start: ${text}\n`);
  process.exit(error instanceof SettingsError ? exitCodes.settings : exitCodes.failed);
});
