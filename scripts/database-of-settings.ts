// The database a command works on: the configured one, or the embedded one, which is started for the run when it is not
// running and stopped again afterwards.

import { startEmbeddedPostgres } from "../dispatch/db/embedded.ts";
import type { Settings } from "../dispatch/kernel/settings.ts";

export async function withDatabase<T>(
  settings: Settings,
  log: (message: string) => void,
  use: (url: string) => Promise<T>,
): Promise<T> {
  if (settings.databaseUrl !== null) return use(settings.databaseUrl);
  const { dataDir, walArchiveDir } = settings;
  const embedded = await startEmbeddedPostgres({ dataDir, log, ...(walArchiveDir !== null && { walArchive: walArchiveDir }) });
  try {
    return await use(embedded.url);
  } finally {
    await embedded.stop();
  }
}
