// What a failure means to the caller of a command or query: a refusal is passed on, a lost race is run again, a part
// that is away is said to be away, and anything else is a defect.

import { isDatabaseAway, serverError, sqlState } from "../db/failures.ts";
import { RolledBack } from "../db/pool.ts";
import { ObjectStoreMisconfigured, ObjectStoreUnavailable } from "../storage/object-store.ts";
import { idempotencyConstraint } from "./idempotency.ts";
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

/** The refusal for a failure; a defect is thrown on as it is, for the log and a 500. */
export function refusalFor(error: unknown, constraints: ReadonlySet<string> = noConstraints): unknown {
  if (error instanceof Refusal) return error;
  const code = serverError(error)?.code;
  if (code === sqlState.exclusionViolation) return new Refusal("SLOT_TAKEN", { rejected: [] }, { cause: error });
  if (code === sqlState.lockNotAvailable || isLostRace(error, constraints)) return stillBusy(error);
  if (isDatabaseAway(error)) return away("postgres", error);
  if (error instanceof ObjectStoreUnavailable || error instanceof ObjectStoreMisconfigured)
    return away("object_store", error);
  return error;
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

/** A part the call needs cannot be reached or used; the call may be repeated with the same key. */
export const away = (dependency: string, cause: unknown): Refusal =>
  new Refusal("DEPENDENCY_UNAVAILABLE", { dependency }, { headers: { "retry-after": "1" }, cause });
