// The migration files: plain SQL, numbered, forward only, with what they say about themselves in lines that begin with
// `-- dispatch:`. It must not talk to a database.
//
//   -- dispatch: old code works            code of the schema before this one works on it too
//   -- dispatch: outside a transaction     for CREATE INDEX CONCURRENTLY; such a file is one statement
//   -- dispatch: exempt <rule>: <reason>   for the rules of tests/db/migration-rules.ts
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MigrationError } from "./error.ts";

const migrationFileName = /^(\d{4})_[a-z0-9_]+\.sql$/;

export type MigrationFile = {
  /** As the migrations table stores it: the file's name without its ending. */
  name: string;
  path: string;
  sql: string;
  oldCodeWorks: boolean;
  inTransaction: boolean;
  /** Reasons by the rule they excuse from. */
  exempt: ReadonlyMap<string, string>;
};

/**
 * Reads the migrations of `folder` in order.
 * @throws {MigrationError} `bad_files` when a name does not fit, a number is used twice or is missing, or a line that
 *   begins with `-- dispatch:` says nothing known.
 */
export async function readMigrations(folder: string): Promise<MigrationFile[]> {
  const entries = await readdir(folder).catch((cause: unknown) => {
    throw new MigrationError("bad_files", `There is no folder of migrations at ${folder}.`, { cause });
  });
  const fileNames = entries.filter((name) => name.endsWith(".sql")).toSorted();
  fileNames.forEach((fileName, index) => {
    const expected = String(index + 1).padStart(4, "0");
    if (migrationFileName.exec(fileName)?.[1] === expected) return;
    throw new MigrationError(
      "bad_files",
      `Migration ${fileName} should be named ${expected}_what_it_does.sql: numbers follow one another without gaps.`,
    );
  });
  return await Promise.all(
    fileNames.map(async (fileName) => {
      const path = join(folder, fileName);
      const sql = await readFile(path, "utf8");
      return { name: fileName.slice(0, -".sql".length), path, sql, ...saidIn(path, sql) };
    }),
  );
}

/**
 * The oldest of `files` whose code works on the schema that all of them make.
 * @param files in order, at least one
 */
export function oldestWorking(files: readonly MigrationFile[]): string {
  const lastBreak = files.findLastIndex(({ oldCodeWorks }) => !oldCodeWorks);
  // The last file that old code does not live with is where code must be at least.
  return files[Math.max(lastBreak, 0)]?.name ?? "none";
}

function saidIn(path: string, sql: string): Pick<MigrationFile, "oldCodeWorks" | "inTransaction" | "exempt"> {
  const exempt = new Map<string, string>();
  let oldCodeWorks = false;
  let inTransaction = true;
  for (const [, said = ""] of sql.matchAll(/^-- dispatch:[ \t]*(.*)$/gm)) {
    const [, rule, reason] = /^exempt ([a-z-]+): (.{20,})$/.exec(said) ?? [];
    if (said === "old code works") oldCodeWorks = true;
    else if (said === "outside a transaction") inTransaction = false;
    else if (rule !== undefined && reason !== undefined) exempt.set(rule, reason);
    else {
      throw new MigrationError(
        "bad_files",
        `${path} says "-- dispatch: ${said}", which means nothing; known are "old code works", "outside a transaction" and ` +
          `"exempt <rule>: <reason>" with a reason of at least 20 characters.`,
      );
    }
  }
  return { oldCodeWorks, inTransaction, exempt };
}
