// Which migrations a database has had, and whether they are the ones this code was written for.
import type { ClientBase } from "pg";
import { MigrationError } from "./error.ts";
import type { MigrationFile } from "./files.ts";

/** In schema public; node-pg-migrate keeps it. */
export const MIGRATIONS_TABLE = "schema_migrations";

/** The names of the migrations a database has had, oldest first; empty for a new database. */
export async function appliedMigrations(client: ClientBase): Promise<string[]> {
  const table = await client.query<{ present: boolean }>(
    "SELECT to_regclass('public.schema_migrations') IS NOT NULL AS present",
  );
  if (table.rows[0]?.present !== true) return [];
  const applied = await client.query<{ name: string }>("SELECT name FROM public.schema_migrations ORDER BY id");
  return applied.rows.map(({ name }) => name);
}

/**
 * The migrations still to run.
 * @throws {MigrationError} `schema_newer` when the database has had migrations this code does not know.
 */
export function pendingMigrations(applied: readonly string[], files: readonly MigrationFile[]): string[] {
  const known = new Set(files.map(({ name }) => name));
  const unknown = applied.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new MigrationError(
      "schema_newer",
      `The database is at version ${unknown.at(-1)}, newer than this release (${files.at(-1)?.name ?? "none"}): ` +
        "run the newer release, or restore the backup made before it.",
    );
  }
  return files.map(({ name }) => name).filter((name) => !applied.includes(name));
}
