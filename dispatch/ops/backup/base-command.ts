// `pnpm dispatch:backup:base`: copies the files of the running embedded PostgreSQL, for a recovery to a point in time.

import { join, resolve } from "node:path";
import { configurationFrom, readSettings } from "../../process/settings.ts";
import { takeBase } from "./base.ts";
import { withConnection } from "./connection.ts";
import { interruptible } from "./interrupt.ts";
import { grouped, megabytes } from "./progress.ts";
import { intoNewFolder } from "./take.ts";
import { runCommand } from "../../process/command-line.ts";
import { withDatabase } from "../../process/configured-database.ts";

export const backupBaseCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:backup:base",
      configuration: () => configurationFrom(),
      about:
        "Copies the database's files into a new folder while it runs. Together with the write-ahead log that the server archives " +
        "(DISPATCH_WAL_ARCHIVE_DIR) pnpm dispatch:recover makes of it the database of any later moment.",
      options: { out: { type: "string" } },
      meanings: { out: "the new folder; otherwise one named after the time under base/ in DISPATCH_DATA_DIR" },
    },
    async (values) => {
      const settings = readSettings();
      const out = resolve(
        values.out ?? join(settings.dataDir, "base", new Date().toISOString().replaceAll(/[:.]/g, "-")),
      );
      const say = (message: string) => console.error(message);
      const base = await interruptible("Nothing was kept.", (signal) =>
        withDatabase(settings, say, (url) =>
          intoNewFolder(out, (folder) =>
            withConnection(url, "dispatch-backup", signal, (client) => takeBase(client, folder, { say, signal })),
          ),
        ),
      );
      console.log(`${grouped(base.files.count)} files, ${megabytes(base.files.total_bytes)}`);
      console.log(`base copy: ${out}`);
      console.log(`recovery is possible to any moment after ${base.ended_at}`);
      return 0;
    },
  );
