// The one error of migrating and of checking the schema. Its message is a sentence for
// the person at the terminal; it never carries a password.
import pg from "pg";

/** What kind of trouble it is; stable, for callers that branch on it. */
export type MigrationErrorCode =
  | "bad_url"
  | "unreachable"
  | "server_too_old"
  | "read_only"
  | "missing_right"
  | "missing_extension"
  | "schema_newer"
  | "schema_older"
  | "bad_files"
  | "busy"
  | "failed";

/** Thrown by everything under migrate.ts. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
  readonly code: MigrationErrorCode;

  constructor(code: MigrationErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** A failed connection in one clause: the server's own words, or the system's. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return [...new Set(cause.errors.map(reasonOf))].join(", ");
  return cause instanceof Error ? cause.message : String(cause);
}

/** The line of `sql` a database error points at, counted from 1, or undefined. */
export function lineOf(cause: unknown, sql: string): number | undefined {
  if (!(cause instanceof pg.DatabaseError) || cause.position === undefined) return undefined;
  return sql.slice(0, Number(cause.position)).split("\n").length;
}
