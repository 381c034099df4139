// The migration files: plain SQL, numbered, forward only. It must not talk to a database.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MigrationError } from "./error.ts";

const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;

export interface MigrationFile {
  /** As the migrations table stores it: the file's name without its ending. */
  name: string;
  path: string;
  sql: string;
}

/**
 * Reads the migrations of `folder` in order.
 * @throws {MigrationError} `bad_files` when a name does not fit, a number is used twice or is missing.
 */
export async function readMigrations(folder: string): Promise<MigrationFile[]> {
  const entries = await readdir(folder).catch((cause: unknown) => {
    throw new MigrationError("bad_files", `There is no folder of migrations at ${folder}.`, { cause });
  });
  const fileNames = entries.filter((name) => name.endsWith(".sql")).toSorted();
  fileNames.forEach((fileName, index) => {
    const expected = String(index + 1).padStart(4, "0");
    if (FILE_NAME.exec(fileName)?.[1] === expected) return;
    throw new MigrationError(
      "bad_files",
      `Migration ${fileName} should be named ${expected}_what_it_does.sql: numbers follow one another without gaps.`,
    );
  });
  return await Promise.all(
    fileNames.map(async (fileName) => {
      const path = join(folder, fileName);
      return { name: fileName.slice(0, -".sql".length), path, sql: await readFile(path, "utf8") };
    }),
  );
}
