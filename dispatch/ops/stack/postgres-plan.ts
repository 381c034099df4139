// The stack's own Postgres: the embedded server as a process of the supervisor's, so that no API and no worker owns it
// and none takes it along when it ends.

import { join } from "node:path";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../db/embedded.ts";
import { migrate } from "../../db/migrate.ts";
import { ensureServiceLogin } from "../../db/service-login.ts";
import { CommandFailure } from "../../process/command-line.ts";
import { send } from "./leftovers.ts";
import { stoppedOf } from "./stopped-processes.ts";
import type { RunningPart, ServicePlan } from "./supervised-service.ts";
import { describeExit } from "./wait-ready.ts";

export type EmbeddedUrls = {
  /** For operators' commands and the supervisor: a superuser, for whom the server keeps some connections. */
  readonly owner: string;
  /** For API and workers. */
  readonly service: string;
};

export type PostgresPlanOptions = {
  readonly dataDir: string;
  readonly say: (line: string) => void;
  /** Is told the server's addresses whenever it is up. */
  readonly onUrls: (urls: EmbeddedUrls) => void;
};

export function postgresPlan({ dataDir, say, onUrls }: PostgresPlanOptions): ServicePlan {
  return {
    name: "postgres",
    url: null,
    log: join(dataDir, "logs", "postgres.log"),
    start: async (_signal, onPid) => {
      const server = await startEmbeddedPostgres({ dataDir, log: say });
      if (!server.started)
        throw new CommandFailure(
          `A PostgreSQL that another process started already runs in ${dataDir}, and ends with that. Stop ` +
            "that process (pnpm dispatch:demo, pnpm dispatch:api:start), or set DISPATCH_DATA_DIR to another " +
            "folder.",
        );
      await onPid(server.pid);
      try {
        await migrate({ databaseUrl: server.url, log: say });
        onUrls({ owner: server.url, service: await ensureServiceLogin(server.url) });
      } catch (error) {
        await server.stop();
        throw error;
      }
      return partOf(server);
    },
  };
}

const partOf = ({ pid, ended, stop }: EmbeddedPostgres): RunningPart => ({
  pid,
  ended: ended.then(describeExit),
  stop,
  // A server that is slow, recovers or writes a checkpoint is at work, whatever it answers, and is never killed. One that a signal
  // stopped is not, and goes on where it was.
  liveness: {
    answers: async () => (await stoppedOf(pid)).length === 0,
    async rouse() {
      const stopped = await stoppedOf(pid);
      // What works for the server first: the server itself looks after them as soon as it goes on.
      for (const one of stopped.toReversed()) send(one, "SIGCONT");
      return `was continued: a signal had stopped ${stopped.length} of its processes`;
    },
  },
});
