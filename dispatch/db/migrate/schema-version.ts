// Which migrations a database has had, and whether code of this release may work on it.
import type { ClientBase } from "pg";
import { MigrationError } from "./error.ts";
import type { MigrationFile } from "./files.ts";

/** In schema public; node-pg-migrate keeps it. */
export const migrationsTable = "schema_migrations";

/** How that table's comment begins; behind it stands the oldest migration whose code works on this schema. */
export const worksFromPrefix = "works with code since ";

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
 * The migrations still to run. Newer ones than this release knows are no trouble when the database says that this
 * release's code works beside them: so an upgrade can migrate first and replace one process after the other.
 * @throws {MigrationError} `schema_newer` when this release's code must not work on the database.
 */
export async function pendingMigrations(
  client: ClientBase,
  applied: readonly string[],
  files: readonly MigrationFile[],
): Promise<string[]> {
  const known = new Set(files.map(({ name }) => name));
  const pending = files.map(({ name }) => name).filter((name) => !applied.includes(name));
  const unknown = applied.filter((name) => !known.has(name));
  if (unknown.length === 0 || (pending.length === 0 && known.has(await worksFrom(client)))) return pending;
  throw new MigrationError(
    "schema_newer",
    `The database is at version ${unknown.at(-1)}, newer than this release (${files.at(-1)?.name ?? "none"}): ` +
      "run the newer release, or restore the backup made before it.",
  );
}

async function worksFrom(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ comment: string | null }>(
    "SELECT obj_description('public.schema_migrations'::regclass, 'pg_class') AS comment",
  );
  return rows[0]?.comment?.replace(worksFromPrefix, "") ?? "";
}
