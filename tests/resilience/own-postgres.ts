// A Postgres of a test's own, on a private folder and with everything durable, to be stopped, killed and started again
// while the API, which does not own it, lives on.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedPostgresError, startEmbeddedPostgres, type EmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { eventually, isRunning } from "../support/eventually.ts";
import { placeReadyCluster } from "../support/ready-cluster.ts";
import { fewPages, memoryKept } from "../support/server-settings.ts";
import { rowsOf } from "./field.ts";

export type OwnPostgres = {
  /** The same after every start. */
  url: string;
  /** Whoever needs a folder beside it finds one here; removed with it. */
  folder: string;
  /** SIGKILL to the postmaster, and nothing else but what was frozen. */
  kill(): Promise<void>;
  /**
   * Stops the processes that bring the log to the disk of their own accord, until the next kill or the end of `t`: what no
   * commit waits for stays in memory.
   */
  freezeLogWriters(t: { after(fn: () => void): void }): Promise<void>;
  /** In good order, as for an upgrade. */
  stop(): Promise<void>;
  /** As a supervisor would; replays what a kill left undone. Does nothing while it runs. */
  start(): Promise<void>;
};

/** Starts one with the schema in it; it is stopped and removed when `t` ends, and ends when this process does. */
export async function startOwnPostgres(t: { after(fn: () => Promise<void>): void }): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-pg-"));
  let server: EmbeddedPostgres | undefined;
  const frozen = new Set<number>();
  const endFrozen = (): void => {
    for (const pid of frozen) process.kill(pid, "SIGKILL");
    frozen.clear();
  };
  const start = async () => (server ??= await startWhenFree(join(folder, "data")));
  const stop = async () => {
    await server?.stop();
    server = undefined;
  };
  t.after(async () => {
    await stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  await placeReadyCluster(join(folder, "data"));
  const { url } = await start();
  return {
    url,
    folder,
    kill: async () => {
      const { pid } = await start();
      process.kill(pid, "SIGKILL");
      await eventually("the postmaster is gone", async () => !(await isRunning(pid)));
      endFrozen();
      server = undefined;
    },
    freezeLogWriters: async (t) => {
      // Without them the server cannot end in good order.
      t.after(endFrozen);
      const writers = await rowsOf<{ pid: number }>(
        url,
        "SELECT pid FROM pg_stat_activity WHERE backend_type IN ('walwriter', 'background writer', 'checkpointer', 'autovacuum launcher')",
      );
      for (const { pid } of writers) {
        process.kill(pid, "SIGSTOP");
        frozen.add(pid);
      }
    },
    stop,
    start: async () => void (await start()),
  };
}

/** A start waits some seconds for the backends a killed server left; on a slow machine they may need longer. */
async function startWhenFree(dataDir: string): Promise<EmbeddedPostgres> {
  for (;;) {
    try {
      return await startEmbeddedPostgres({ dataDir, log: () => {}, settings: fewPages, environment: memoryKept });
    } catch (error) {
      if (!(error instanceof EmbeddedPostgresError && error.message.includes("is still in use"))) throw error;
    }
  }
}
