// The worker as a process: `node dispatch/worker/main.ts`. It starts the worker and lets the ticket it works on be finished on
// SIGTERM or SIGINT.

import { answerPings } from "../process/answer-pings.ts";
import { collectStartGarbage } from "../process/collect-start-garbage.ts";
import { exitCodes, runService } from "../process/service-process.ts";
import { startWorker, workerService } from "./start.ts";

const fatal = "worker.fatal_error";
const forced = "worker.shutdown_forced";

await runService({
  service: workerService,
  help: `Usage: node dispatch/worker/main.ts [--print-config]

Starts a worker and runs until SIGTERM or SIGINT, which let the ticket it works on be finished. It sends technicians to
scheduled tickets, ends holds and offers nobody answered, tells of deadlines, proposes plans, and prunes. Any
number may run beside each other. Settings come from the file that DISPATCH_CONFIG names, and from environment variables
whose names begin with DISPATCH_, which go before it; the log goes to stdout, one JSON object a line; SIGHUP opens the
file of DISPATCH_LOG_SINK_PATH anew.

--print-config prints the settings in force, secrets masked, each with where it comes from, and starts nothing.

Exit codes: 0 stopped in good order; 1 could not start, or broke, or did not finish in time; 2 a setting is wrong.
`,
  messages: { unhandledError: fatal, secondSignal: forced },
  run: async ({ settings, log, signalled, end }) => {
    answerPings();
    const worker = await startWorker({ settings, log }).catch((error: unknown): never => {
      log.fatal({ err: error }, fatal);
      throw error;
    });
    collectStartGarbage();
    log.info({ signal: await signalled }, "worker.shutdown_requested");
    setTimeout(() => {
      log.error({ ...worker.totals, timeout_ms: settings.workerShutdownTimeoutMs }, forced);
      end(exitCodes.failed);
    }, settings.workerShutdownTimeoutMs).unref();
    log.info(await worker.stop(), "worker.shutdown_complete");
    end(exitCodes.stopped);
  },
});
