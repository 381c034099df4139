// A Postgres that is killed and comes back at the same address. It knows when each transaction was committed.

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { EmbeddedPostgresError, startEmbeddedPostgres, type EmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { identityOf } from "../../dispatch/ops/stack/process-identity.ts";

export type KillablePostgres = {
  readonly url: string;
  /** SIGKILL to the postmaster, and a start as soon as it is gone. */
  killAndStart(): Promise<void>;
  stop(): Promise<void>;
};

export async function startKillablePostgres(folder: string): Promise<KillablePostgres> {
  const start = () => startWhenFree(join(folder, "postgres-data"));
  let server: EmbeddedPostgres = await start();
  return {
    url: server.url,
    killAndStart: async () => {
      process.kill(server.pid, "SIGKILL");
      while ((await identityOf(server.pid)) !== null) await delay(20);
      server = await start();
    },
    stop: () => server.stop(),
  };
}

/** The backends of a server that was killed need a moment to notice. */
async function startWhenFree(dataDir: string): Promise<EmbeddedPostgres> {
  for (;;) {
    try {
      return await startEmbeddedPostgres({
        dataDir,
        log: () => undefined,
        settings: { track_commit_timestamp: "on", max_connections: "100" },
      });
    } catch (error) {
      if (!(error instanceof EmbeddedPostgresError && error.message.includes("is still in use"))) throw error;
    }
  }
}
