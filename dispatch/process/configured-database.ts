// The database a command works on: the configured one, or the embedded one, which is started for the run when it is not
// running and stopped again afterwards; and the connections to it.

import { startEmbeddedPostgres } from "../db/embedded.ts";
import { openDatabase, type Database, type DatabaseOptions } from "../db/pool.ts";
import type { Settings } from "./settings.ts";

export async function withDatabase<T>(
  settings: Settings,
  log: (message: string) => void,
  use: (url: string) => Promise<T>,
): Promise<T> {
  if (settings.databaseUrl !== null) return use(settings.databaseUrl);
  const { dataDir, walArchiveDir } = settings;
  const embedded = await startEmbeddedPostgres({
    dataDir,
    log,
    ...(walArchiveDir !== null && { walArchive: walArchiveDir }),
  });
  try {
    return await use(embedded.url);
  } finally {
    await embedded.stop();
  }
}

type Connecting = Pick<DatabaseOptions, "url" | "statementTimeoutMs" | "lockTimeoutMs"> & {
  /** As the server lists it, for example dispatch-alerts. */
  readonly name: string;
  readonly log: (message: string) => void;
};

/** Two connections with the login's own rights, for as long as `use` takes. */
export async function withConnections<T>(
  { name, log, ...options }: Connecting,
  use: (db: Database) => Promise<T>,
): Promise<T> {
  const db = openDatabase({
    ...options,
    poolMax: 2,
    applicationName: name,
    role: null,
    onError: (error) => log(error.message),
  });
  try {
    return await use(db);
  } finally {
    await db.close();
  }
}
