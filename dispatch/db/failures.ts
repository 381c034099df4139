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
  diskFull: "53100",
  tooManyConnections: "53300",
  limitExceeded: "53400",
  queryCanceled: "57014",
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

/** Why Postgres cannot be used, in a word that may be told to anybody. */
export type DatabaseReason =
  | "locked"
  | "statement_timeout"
  | "too_many_connections"
  | "disk_full"
  | "out_of_resources"
  | "starting_or_stopping"
  | "login_refused"
  | "read_only"
  | "input_output_error"
  | "unreachable"
  | "no_answer"
  | "connection_lost"
  | "unavailable";

// In this order: the first that fits.
const reasonsByState: readonly (readonly [RegExp, DatabaseReason])[] = [
  [/^55P03$/, "locked"],
  [/^57014$/, "statement_timeout"],
  [/^53300$/, "too_many_connections"],
  [/^53100$/, "disk_full"],
  [/^53/, "out_of_resources"],
  [/^57P0/, "starting_or_stopping"],
  [/^(28|3D000)/, "login_refused"],
  [/^25006$/, "read_only"],
  [/^58/, "input_output_error"],
];
const reasonsByErrno: Readonly<Record<string, DatabaseReason>> = {
  ECONNREFUSED: "unreachable",
  ENOENT: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENOTFOUND: "unreachable",
  EAI_AGAIN: "unreachable",
  ETIMEDOUT: "no_answer",
  ECONNRESET: "connection_lost",
  EPIPE: "connection_lost",
};

/** The reason for a failed statement or connection. */
export function databaseReason(error: unknown): DatabaseReason {
  const server = serverError(error);
  if (server) return reasonsByState.find(([state]) => state.test(server.code))?.[1] ?? "unavailable";
  if (error instanceof AggregateError) return databaseReason(error.errors[0]);
  if (!(error instanceof Error)) return "unavailable";
  const errno: unknown = "code" in error ? error.code : undefined;
  if (typeof errno === "string" && Object.hasOwn(reasonsByErrno, errno)) return reasonsByErrno[errno] ?? "unavailable";
  if (isSilence(error)) return "no_answer";
  return error.message.startsWith("Connection terminated") ? "connection_lost" : "unavailable";
}

const isSilence = ({ message }: Error): boolean => /time(d )?out|no answer/i.test(message);

/**
 * What the server, or the way to it, said: "53300: sorry, too many clients already". For the log and for operators; it may
 * name hosts and logins, so it is for nobody else.
 */
export function databaseWords(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(databaseWords))].join(", ");
  if (!(error instanceof Error)) return String(error);
  const server = serverError(error);
  if (server) return `${server.code}: ${error.message}`;
  return isSilence(error) && !error.message.startsWith("no answer") ? `no answer (${error.message})` : error.message;
}

/** Whether nothing may be written here: a standby, or one set to read only. */
export const isReadOnly = (error: unknown): boolean => serverError(error)?.code === sqlState.readOnly;

/** Whether the login lacks a right for what it asked. */
export const isPermissionDenied = (error: unknown): boolean =>
  serverError(error)?.code === sqlState.insufficientPrivilege;
