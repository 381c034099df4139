// `pnpm dispatch:backup`: one folder with the database of one moment and every object's key, size and hash. It holds
// customers' data in the clear and no secret of Dispatch; encrypting it is left to where it is kept.

import { join, resolve } from "node:path";
import { isPermissionDenied } from "../../db/failures.ts";
import { openStore } from "../../process/open-desk.ts";
import { configurationFrom, readSettings } from "../../process/settings.ts";
import { interruptible } from "./interrupt.ts";
import { grouped, megabytes } from "./progress.ts";
import { takeBackup } from "./take.ts";
import { CommandFailure, messageOf, runCommand } from "../../process/command-line.ts";
import { withDatabase } from "../../process/configured-database.ts";

export const backupCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:backup",
      configuration: () => configurationFrom(),
      about:
        "Writes a backup of database and objects into a new folder, while everything runs. It holds customers' data unencrypted, " +
        "so keep it where only operators read; keys and passwords are not in it.",
      options: { out: { type: "string" }, objects: { type: "boolean" }, "database-url": { type: "string" } },
      meanings: {
        out: "the new folder; otherwise one named after the time under backups/ in DISPATCH_DATA_DIR",
        objects: "copy the objects of an S3 store too, not only their keys and hashes; files are always copied",
        "database-url":
          "the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded PostgreSQL under DISPATCH_DATA_DIR",
      },
    },
    async (values) => {
      const settings = readSettings();
      const databaseUrl = values["database-url"] ?? settings.databaseUrl;
      const out = resolve(
        values.out ?? join(settings.dataDir, "backups", new Date().toISOString().replaceAll(/[:.]/g, "-")),
      );
      const say = (message: string) => console.error(message);
      const begun = performance.now();
      const manifest = await interruptible("Nothing was kept.", (signal) =>
        withDatabase({ ...settings, databaseUrl }, say, async (url) => {
          const { store, fileStore } = await openStore(settings, () => "");
          try {
            return await takeBackup(
              { databaseUrl: url, store, copyObjects: fileStore !== null || values.objects === true, out },
              { say, signal },
            ).catch(sayWhichLogin);
          } finally {
            await store.close();
          }
        }),
      );
      const { database, audit, objects } = manifest;
      const rows = database.tables.reduce((sum, table) => sum + table.rows, 0);
      const bytes = database.tables.reduce((sum, table) => sum + table.bytes, 0);
      console.log(
        `database: schema ${database.schema}, ${database.tables.length} tables, ${grouped(rows)} rows, ${megabytes(bytes)} compressed`,
      );
      console.log(`audit: ${grouped(audit.chains)} chains, ${grouped(audit.events)} events`);
      console.log(
        `objects: ${grouped(objects.count)}, ${megabytes(objects.total_bytes)}, ` +
          `${objects.copied ? "copied" : "keys and hashes only: the bucket must be kept too"}`,
      );
      console.log(`backup after ${((performance.now() - begun) / 1000).toFixed(1)} s: ${out}`);
      return 0;
    },
  );

/** @throws CommandFailure for a login that may not read all of the database, such as the API's */
function sayWhichLogin(error: unknown): never {
  if (!isPermissionDenied(error)) throw error;
  throw new CommandFailure(
    `A backup reads all of the database, which this login may not (${messageOf(error)}): use the login that owns the schema, ` +
      "the one for pnpm dispatch:migrate, by --database-url or DISPATCH_DATABASE_URL. Nothing was kept.",
  );
}
