// The stack's own Postgres: the embedded server as a process of the supervisor's, so that no API and no worker owns it
// and none takes it along when it ends.

import { join } from "node:path";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../db/embedded.ts";
import { migrate } from "../../db/migrate.ts";
import { CommandFailure } from "../../process/command-line.ts";
import type { ServicePlan } from "./supervised-service.ts";
import { describeExit } from "./wait-ready.ts";

export type PostgresPlanOptions = {
  readonly dataDir: string;
  readonly say: (line: string) => void;
  /** Is told the server's address whenever it is up. */
  readonly onUrl: (url: string) => void;
};

export function postgresPlan({ dataDir, say, onUrl }: PostgresPlanOptions): ServicePlan {
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
      } catch (error) {
        await server.stop();
        throw error;
      }
      onUrl(server.url);
      return partOf(server);
    },
  };
}

const partOf = ({ pid, ended, stop }: EmbeddedPostgres) => ({ pid, ended: ended.then(describeExit), stop });
