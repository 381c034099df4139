// What a failure means to the caller of a command or query: a refusal is passed on, a lost race is run again, a part
// that is away is said to be away, and anything else is a defect.

import { databaseReason, isDatabaseAway, serverError, sqlState, type DatabaseReason } from "../db/failures.ts";
import { RolledBack } from "../db/pool.ts";
import { ObjectStoreMisconfigured, ObjectStoreUnavailable } from "../storage/object-store.ts";
import { idempotencyConstraint } from "./idempotency.ts";
import { PolicyUnreadable } from "./policy-versions.ts";
import { Refusal } from "./refusal.ts";

const races = new Set<string>([sqlState.serializationFailure, sqlState.deadlockDetected, sqlState.exclusionViolation]);

/**
 * True when another command won, so that a second look gives the right answer.
 * @param constraints those that decide between two commands at the same moment, beside the key of stored answers
 */
export function isLostRace(error: unknown, constraints: ReadonlySet<string> = noConstraints): boolean {
  const server = serverError(error);
  if (!server) return error instanceof RolledBack;
  if (races.has(server.code)) return true;
  const { constraint = "" } = server;
  return (
    server.code === sqlState.uniqueViolation && (constraint === idempotencyConstraint || constraints.has(constraint))
  );
}
const noConstraints: ReadonlySet<string> = new Set();

/** The refusal for a command's failure; a defect is thrown on as it is, for the log and a 500. */
export function refusalFor(error: unknown, constraints: ReadonlySet<string> = noConstraints): unknown {
  if (error instanceof Refusal) return error;
  const code = serverError(error)?.code;
  if (code === sqlState.exclusionViolation) return new Refusal("SLOT_TAKEN", { rejected: [] }, { cause: error });
  if (code === sqlState.lockNotAvailable || isLostRace(error, constraints)) return stillBusy(error);
  if (isDatabaseAway(error)) return away("postgres", error);
  if (error instanceof ObjectStoreUnavailable || error instanceof ObjectStoreMisconfigured)
    return away("object_store", error);
  return error instanceof PolicyUnreadable ? rulesAway(error) : error;
}

/**
 * The refusal for the failure of what only reads. It has no key and waits for no command: a lock that keeps it waiting is one
 * on a whole table, which somebody took past Dispatch.
 */
export function readingRefusal(error: unknown): unknown {
  if (error instanceof Refusal) return error;
  const code = serverError(error)?.code;
  return code === sqlState.lockNotAvailable || (code !== undefined && races.has(code)) || isDatabaseAway(error)
    ? postgresAway(databaseReason(error), error, "reading")
    : refusalFor(error);
}

/** Others on the same row are still running; the caller may repeat the call with the same key. */
export const stillBusy = (cause?: unknown): Refusal =>
  new Refusal(
    "IDEMPOTENCY_IN_FLIGHT",
    {},
    {
      message:
        "This call, or another that changes the same thing, is still running; repeat it with the same key after Retry-After.",
      headers: { "retry-after": "1" },
      cause,
    },
  );

/** What is said of Postgres in general words; what it said itself is in the log (`said`). */
const sentences: Partial<Record<DatabaseReason, string>> = {
  locked: "Postgres answers, and another session of it holds a lock that this waits for",
  statement_timeout: "Postgres took longer for this than it may",
  too_many_connections: "Postgres has no connection free",
  disk_full: "Postgres cannot write: its disk is full",
  out_of_resources: "Postgres lacks memory or another resource",
  starting_or_stopping: "Postgres is starting or stopping",
  login_refused: "Postgres does not let Dispatch log in",
  read_only: "Postgres may only be read just now",
  input_output_error: "Postgres cannot read or write its files",
  unreachable: "Postgres cannot be reached",
  no_answer: "Postgres does not answer",
  connection_lost: "The connection to Postgres was lost",
};

/** A part the call needs cannot be reached or used; the call may be repeated with the same key. */
export function away(dependency: string, cause: unknown): Refusal {
  const headers = { "retry-after": "1" };
  if (dependency !== "postgres") return new Refusal("DEPENDENCY_UNAVAILABLE", { dependency }, { headers, cause });
  return postgresAway(databaseReason(cause), cause, "command");
}

/** What needs the rules of one ticket waits for somebody who runs another release; nobody's retry a second later helps. */
function rulesAway(error: PolicyUnreadable): Refusal {
  const details = { dependency: rulesOfTicket, policy_version: error.version };
  const message = `The ticket's rules are away: ${error.message}; nothing was changed.`;
  return new Refusal("DEPENDENCY_UNAVAILABLE", details, { message, headers: { "retry-after": "60" }, cause: error });
}

/** The dependency that is one version's tickets' alone: for all others everything is there. */
export const rulesOfTicket = "policy_version";

const again = { command: "retry with the same Idempotency-Key", reading: "ask again after Retry-After" };

/** The same of Postgres, where the reason is known. */
export function postgresAway(reason: DatabaseReason, cause: unknown, call: keyof typeof again): Refusal {
  const sentence = sentences[reason] ?? "Postgres cannot be used";
  return new Refusal(
    "DEPENDENCY_UNAVAILABLE",
    { dependency: "postgres", reason },
    { message: `${sentence}; ${again[call]}.`, headers: { "retry-after": "1" }, cause },
  );
}
