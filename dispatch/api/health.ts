// Whether the API can do its work right now: Postgres, which must take writes, and the object store, asked at the same time and
// within a bound.

import type { Desk } from "../kernel/desk.ts";
import { freshFor } from "./fresh-for.ts";
import { errnoOf } from "../storage/once-file.ts";
import { natsStanding } from "./nats-gauges.ts";
import { logStanding } from "../transparency/log-standing.ts";
import { answers, whyNoWrite, writeProbe } from "./write-probe.ts";
import { readingOf, type Reading } from "./reading.ts";
import { workersSeen, type WorkersSeen } from "./workers-seen.ts";

export const serviceName = "dispatch-api";

/** The longest that /health waits for its parts. */
export const healthWithinMs = 2_000;
const workersWithinMs = 500;
/** What was known of the workers is told for so long after they could be read. */
const workersKnownSeconds = 10;
/** It reads what waits in the outbox. */
const natsFreshForMs = 5_000;
const logFreshForMs = 1_000;
/** Bound on how often the parts are really asked: /health needs no credentials, so anybody may ask it. */
const freshForMs = 250;

export type Check = { readonly status: "ok" } | { readonly status: "unavailable"; readonly reason: string };
/** Whether the part answers what is read of it, if it is only writing that fails. */
export const reads = (found: Check): boolean => found.status === "ok" || found.reason.startsWith(answers);
export type Checks = { readonly postgres: Check; readonly object_store: Check; readonly workers: WorkersSeen | null };
export type Health = { readonly status: 200 | 503; readonly body: object };

/** Makes the function that looks at Postgres; several who ask within a moment share one look. */
export function postgresCheckOf(desk: Desk): () => Promise<Check> {
  const probe = writeProbe(desk);
  return freshFor(
    freshForMs,
    () => performance.now(),
    () => check(probe(), AbortSignal.timeout(healthWithinMs), whyNoWrite),
  );
}

/** Makes the function that looks at the parts, Postgres by the function that does; several share one look. */
export function checksOf(desk: Desk, postgres: () => Promise<Check>): () => Promise<Checks> {
  // One question at a time: a lock on their table would otherwise take the whole pool, a look at a time.
  const workers = readingOf(() => workersSeen(desk), {
    freshForMs: 0,
    withinMs: workersWithinMs,
    now: () => performance.now(),
  });
  return freshFor(
    freshForMs,
    () => performance.now(),
    () => runChecks(desk, postgres, workers),
  );
}

/**
 * Makes the function that tells the desk's health. Of what is told to NATS it tells no more than off, on or behind; of the log of all
 * chains, whether its newest checkpoint is signed.
 */
export function healthOf(desk: Desk, checks: () => Promise<Checks>): () => Promise<Health> {
  const nats = readingOf(() => natsStanding(desk), {
    freshForMs: natsFreshForMs,
    withinMs: workersWithinMs,
    now: () => performance.now(),
  });
  const log = readingOf(() => logStanding(desk.db), {
    freshForMs: logFreshForMs,
    withinMs: workersWithinMs,
    now: () => performance.now(),
  });
  return async () => {
    const [{ workers, ...results }, standing, kept] = await Promise.all([checks(), nats.value(), log.value()]);
    const now = desk.clock.now().toISOString();
    return [results.postgres, results.object_store].every(({ status }) => status === "ok")
      ? { status: 200, body: { status: "ok", service: serviceName, now, workers, nats: standing, log: kept } }
      : { status: 503, body: { status: "unavailable", service: serviceName, now, checks: results } };
  };
}

/** Makes the function that tells whether the database answers, and nothing else: for monitors that end a process by it. */
export function answeringOf(postgres: () => Promise<Check>): () => Promise<Health> {
  return async () =>
    reads(await postgres()) ? { status: 200, body: { status: "ok" } } : { status: 503, body: { status: "down" } };
}

async function runChecks(
  desk: Desk,
  askPostgres: () => Promise<Check>,
  workers: Reading<WorkersSeen>,
): Promise<Checks> {
  const signal = AbortSignal.timeout(healthWithinMs);
  const [postgres, objectStore, seen] = await Promise.all([
    askPostgres(),
    check(desk.store.check(signal), signal, whyNoStore),
    // The API needs no worker to be well, so workers are told of and do not decide.
    workers.value(),
  ]);
  const isKnown = (workers.ageSeconds() ?? Infinity) <= workersKnownSeconds;
  return { postgres, object_store: objectStore, workers: isKnown ? seen : null };
}

/** The reason is in general words: health is public, and an error's text may name hosts and users. */
async function check(
  work: Promise<unknown>,
  signal: AbortSignal,
  reasonOf: (error: unknown) => string,
): Promise<Check> {
  const late = Promise.withResolvers<Check>();
  const onAbort = () => late.resolve({ status: "unavailable", reason: `no answer within ${healthWithinMs} ms` });
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const outcome = work.then(
      (): Check => ({ status: "ok" }),
      (error: unknown): Check => ({ status: "unavailable", reason: reasonOf(error) }),
    );
    return await Promise.race([outcome, late.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function whyNoStore(error: unknown): string {
  const code = error instanceof Error ? errnoOf(error.cause) : null;
  if (code === "ENOSPC" || code === "EDQUOT") return "cannot write: its disk is full";
  if (code === "EROFS") return "cannot write: its disk is read-only";
  return "cannot be reached or used";
}
