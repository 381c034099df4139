// `pnpm dispatch:migrate`: brings the database to this release's schema.

import { migrate } from "../../db/migrate.ts";
import { configurationFrom, readSettings } from "../../process/settings.ts";
import { runCommand } from "../../process/command-line.ts";
import { makeBucket } from "../bootstrap/bucket.ts";
import { withDatabase } from "../../process/configured-database.ts";

export const migrateCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:migrate",
      configuration: () => configurationFrom(),
      about:
        "Brings the database to the schema of this release. Safe to run again, several at once, and while a desk works: it waits " +
        "at most 1.5 s for a table, then lets everybody pass and tries again, for about a minute. Take a backup before.",
      options: { "database-url": { type: "string" }, bucket: { type: "boolean" } },
      meanings: {
        bucket: "also make the bucket of DISPATCH_OBJECT_STORE_ENDPOINT, unless it is there",
        "database-url":
          "the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded PostgreSQL under DISPATCH_DATA_DIR",
      },
    },
    async (values) => {
      const settings = readSettings();
      const databaseUrl = values["database-url"] ?? settings.databaseUrl;
      await withDatabase({ ...settings, databaseUrl }, console.log, async (url) => {
        const { applied, version } = await migrate({ databaseUrl: url, log: console.log });
        console.log(applied.length === 0 ? `already at ${version}` : `now at ${version}`);
      });
      if (values.bucket && (await makeBucket(settings))) console.log(`bucket ${settings.objectStoreBucket} is there`);
      return 0;
    },
  );
