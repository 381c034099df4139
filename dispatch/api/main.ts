// The API as a process: `node dispatch/api/main.ts`. It starts the API and ends it in good order on SIGTERM or SIGINT.

import { collectStartGarbage } from "../process/collect-start-garbage.ts";
import { exitCodes, runService } from "../process/service-process.ts";
import { serviceName } from "./health.ts";
import { CannotListen } from "./listen.ts";
import { startApi } from "./start.ts";

/** What closing the pool and the embedded Postgres may take on top of the requests in progress. */
const closingGraceMs = 10_000;

await runService({
  service: serviceName,
  help: `Usage: node dispatch/api/main.ts [--print-config]

Starts dispatch-api and runs until SIGTERM or SIGINT, which let the requests in progress finish. Settings come from the
file that DISPATCH_CONFIG names, and from environment variables whose names begin with DISPATCH_, which go before it;
without any it listens on 127.0.0.1:8080 and keeps its data in the folder .dispatch. The log goes to stdout, one
JSON object a line; SIGHUP opens the file of DISPATCH_LOG_SINK_PATH anew.

--print-config prints the settings in force, secrets masked, each with where it comes from, and starts nothing.

Exit codes: 0 stopped in good order; 1 could not start, or broke, or had to cut requests off; 2 a setting is wrong.
`,
  operatorErrors: [CannotListen],
  messages: {
    unhandledError: "unhandled error, the process exits",
    secondSignal: "second signal, the process exits at once",
  },
  run: async ({ settings, log, signalled, end }) => {
    const api = await startApi({ settings, log });
    collectStartGarbage();
    log.info({ signal: await signalled }, "dispatch-api stops");
    setTimeout(() => {
      log.error("closing took too long");
      end(exitCodes.failed);
    }, settings.shutdownTimeoutMs + closingGraceMs).unref();
    const inTime = await api.stop();
    if (inTime) log.info("dispatch-api stopped");
    else log.error("requests were cut off");
    end(inTime ? exitCodes.stopped : exitCodes.failed);
  },
});
