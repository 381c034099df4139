// What a failed statement means for the caller: is Postgres away, did two commands collide, or is it a defect?

import pg from "pg";

/** SQLSTATE codes Dispatch reacts to, from the PostgreSQL manual's appendix A. */
export const sqlState = {
  uniqueViolation: "23505",
  exclusionViolation: "23P01",
  serializationFailure: "40001",
  deadlockDetected: "40P01",
  lockNotAvailable: "55P03",
  insufficientPrivilege: "42501",
  readOnly: "25006",
} as const;

/** The SQLSTATE and constraint of a server error; null for anything else. */
export function serverError(error: unknown): { code: string; constraint: string | undefined } | null {
  return error instanceof pg.DatabaseError && error.code !== undefined
    ? { code: error.code, constraint: error.constraint }
    : null;
}

// Class 08: connection exceptions. 57P01-57P03: the server is shutting down, crashed, or starting up. 53: it is out
// of disk, memory or connections. 57014: a statement ran into its time limit. 25006: it is a read-only standby.
// 58: an input or output error of the machine below it.
// 28, 3D000 and 55000: the login, or the database as a whole, is refused just now.
const awayCodes = /^(08...|57P0[1-5]|53...|57014|25006|25P0[34]|58...|28...|3D000|55000)$/;
const awayErrno = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);
/** What pg's messages begin with where they have no code. */
const awayMessages = [
  "Connection terminated",
  "timeout expired",
  "timeout exceeded when trying to connect",
  "Query read timeout",
  "Client has encountered a connection error",
  "Client was closed",
];

/** True when Postgres cannot be reached or cannot work just now, so that the same call may be made again later. */
export function isDatabaseAway(error: unknown): boolean {
  const server = serverError(error);
  if (server) return awayCodes.test(server.code);
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  const errno: unknown = "code" in error ? error.code : undefined;
  return (
    (typeof errno === "string" && awayErrno.has(errno)) || awayMessages.some((begin) => error.message.startsWith(begin))
  );
}

/** Whether nothing may be written here: a standby, or one set to read only. */
export const isReadOnly = (error: unknown): boolean => serverError(error)?.code === sqlState.readOnly;

/** Whether the login lacks a right for what it asked. */
export const isPermissionDenied = (error: unknown): boolean =>
  serverError(error)?.code === sqlState.insufficientPrivilege;
