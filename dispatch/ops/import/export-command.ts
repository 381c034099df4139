// `pnpm dispatch:export FOLDER`: the directory as CSV files with the columns that dispatch:import takes.

import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { importFields, importKinds, isImportKind, type ImportKind } from "../../directory/import/import-fields.ts";
import type { Session } from "../../db/pool.ts";
import { CommandFailure, runCommand } from "../../process/command-line.ts";
import { withConnections, withDatabase } from "../../process/configured-database.ts";
import { configurationFrom, readSettings } from "../../process/settings.ts";
import { exportPages } from "./export-rows.ts";
import { csvLine, csvMark } from "./write-csv.ts";

const files: Readonly<Record<ImportKind, string>> = {
  account: "customers.csv",
  site: "sites.csv",
  contact: "people.csv",
  asset: "assets.csv",
};

export const exportCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:export",
      configuration: () => configurationFrom(),
      about:
        "Writes customers, sites, people and assets as CSV files, a file to a kind, with the columns that dispatch:import takes: " +
        "importing them again changes nothing. What is archived or merged is left out. It reads the database itself.",
      operands: { FOLDER: "where the files go; it is made where there is none" },
      options: { kind: { type: "string" }, "database-url": { type: "string" } },
      meanings: {
        kind: `only one of ${importKinds.join(", ")}`,
        "database-url": "the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded PostgreSQL",
      },
    },
    async ({ kind, "database-url": given }, [folder = ""]) => {
      if (kind !== undefined && !isImportKind(kind))
        throw new CommandFailure(`--kind must be one of ${importKinds.join(", ")}, not ${kind}`);
      const settings = readSettings();
      const databaseUrl = given ?? settings.databaseUrl;
      const log = (message: string) => console.error(message);
      await mkdir(folder, { recursive: true });
      const connecting = {
        name: "dispatch-export",
        statementTimeoutMs: 60_000,
        lockTimeoutMs: settings.dbLockTimeoutMs,
        log,
      };
      return withDatabase({ ...settings, databaseUrl }, log, (url) =>
        withConnections({ ...connecting, url }, async (db) => {
          for (const one of kind === undefined ? importKinds : [kind]) {
            const path = join(folder, files[one]);
            console.log(`${path}: ${(await writeKind(db, one, path)).toLocaleString("en-US")} rows`);
          }
          return 0;
        }),
      );
    },
  );

/** Its own columns, and by which its customer and its place are found. */
export const exportColumns = (kind: ImportKind): { readonly column: string; readonly name: string }[] =>
  importFields.flatMap(({ column, name, kind: of }) => {
    const belongs =
      of !== kind &&
      ((of === "account" && kind !== "account") || (of === "site" && kind !== "site" && kind !== "account"));
    const shown = of === kind || (belongs && (name.endsWith(".id") || name.endsWith(".name")));
    return shown && column !== null ? [{ column, name }] : [];
  });

async function writeKind(db: Session, kind: ImportKind, path: string): Promise<number> {
  const columns = exportColumns(kind);
  await using file = await open(path, "w", 0o600);
  await file.write(csvMark + csvLine(columns.map(({ column }) => column)));
  let count = 0;
  for await (const rows of exportPages(db, kind)) {
    const lines = rows.map((row) => csvLine(columns.map(({ name }) => textOf(row[name]))));
    await file.write(lines.join(""));
    count += rows.length;
  }
  return count;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
