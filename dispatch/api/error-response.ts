// Where every failure of a request ends: a refusal becomes its answer, anything else a defect with a reference that
// finds it in the log. Nothing else in the API writes an error.

import { serverError, sqlState } from "../db/failures.ts";
import type { LockHolder } from "../db/lock-holders.ts";
import { Refusal, refusalBody } from "../kernel/refusal.ts";
import type { Rejections } from "../kernel/rejections.ts";
import { postgresAway, readingRefusal } from "../kernel/failure.ts";
import { newId } from "../kernel/clock.ts";
import type { Exchange } from "./exchange.ts";
import { dropBody, isRead } from "./read-body.ts";

export type ErrorResponder = (exchange: Exchange, error: unknown) => Promise<void>;

export type ErrorParts = {
  /** Keeps the refusals that alerts count. */
  readonly rejections: Rejections;
  /** Who holds locks that others wait for; null when that cannot be said. */
  readonly holders: () => Promise<readonly LockHolder[] | null>;
  /** Told about everything that is not a refusal. */
  readonly logDefect: (error: unknown, about: { reference: string; exchange: Exchange }) => void;
};

/** Makes the function that answers a failure. */
export function errorResponder({ rejections, holders, logDefect }: ErrorParts): ErrorResponder {
  return async (exchange, error) => {
    // A command has made a refusal of its failure already: what comes here as it is has only read.
    const failure = readingRefusal(error);
    const refusal =
      failure instanceof Refusal
        ? await namingHolders(failure, exchange, holders)
        : defect(exchange, failure, logDefect);
    exchange.refusal = refusal;
    rejections.record(refusal, { tool: exchange.tool, actor: exchange.actor, about: exchange.about });
    if (exchange.response.headersSent) {
      // Half an answer is out; only cutting it off says that the rest is missing.
      exchange.response.destroy();
      exchange.reportEnd(refusal.status);
      return;
    }
    const told = mayKnowSessions(exchange) ? refusal : withoutHolders(refusal);
    const body = JSON.stringify(refusalBody(told, exchange.requestId, exchange.trace.correlationId));
    if (await isRead(exchange.request)) return exchange.json(refusal.status, body, headersOf(refusal));
    exchange.json(refusal.status, body, [...headersOf(refusal), "connection", "close"], dropBody(exchange.request));
  };
}

/** Which sessions Postgres has is the desk's own business: customers and strangers read nothing of it. */
const mayKnowSessions = ({ actor }: Exchange): boolean => actor !== null && actor.role !== "customer";

function withoutHolders(refusal: Refusal): Refusal {
  const { locked_by: _hidden, ...details } = refusal.details;
  return new Refusal(refusal.code, details, refusal);
}

/** The refusal with who holds the lock, where the call failed because it, or all of Postgres, waited for one. */
async function namingHolders(refusal: Refusal, { method }: Exchange, holders: ErrorParts["holders"]): Promise<Refusal> {
  const { reason } = refusal.details;
  const ranIntoLock = serverError(refusal.cause)?.code === sqlState.lockNotAvailable;
  if (!ranIntoLock && reason !== "statement_timeout" && reason !== "no_answer") return refusal;
  const found = (await holders()) ?? [];
  // A call that only took long waited for a lock when others wait for one still.
  if (!ranIntoLock && !found.some(({ waiting }) => waiting > 0)) return refusal;
  const named = ranIntoLock ? refusal : postgresAway("locked", refusal.cause, method === "GET" ? "reading" : "command");
  const lockedBy = found.map(({ login: _login, transaction: _transaction, ...holder }) => holder);
  const details = { ...refusal.details, ...named.details, ...(lockedBy.length > 0 && { locked_by: lockedBy }) };
  // The command's own code stays, as the contract has it; that a call is still running would send its reader the wrong way.
  const message = named.code === "IDEMPOTENCY_IN_FLIGHT" && isForeign(found[0]) ? heldElsewhere : named.message;
  return new Refusal(named.code, details, { message, headers: named.headers, cause: named.cause });
}

const heldElsewhere =
  "Another session of Postgres, none of Dispatch's, holds a lock that this waits for; repeat it with the same key after Retry-After.";

const isForeign = (holder: LockHolder | undefined): boolean =>
  holder !== undefined && !holder.application.startsWith("dispatch-");

function defect(exchange: Exchange, error: unknown, log: ErrorParts["logDefect"]): Refusal {
  const reference = newId();
  log(error, { reference, exchange });
  return new Refusal("INTERNAL_ERROR", { reference }, { cause: error });
}

function headersOf(refusal: Refusal): string[] {
  const headers = Object.entries(refusal.headers).flat();
  if (refusal.status === 401) headers.push("www-authenticate", "Bearer");
  return headers;
}
