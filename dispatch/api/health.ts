// Whether the API can do its work right now: Postgres and the object store, asked at the same time and within a bound.

import { statement } from "../db/statement.ts";
import type { Desk } from "../kernel/desk.ts";

export const serviceName = "dispatch-api";

const withinMs = 2_000;
/** Bound on how often the parts are really asked: /health needs no credentials, so anybody may ask it. */
const freshForMs = 250;

const ask = statement("health_ask", "SELECT 1 AS one");

type Check = { readonly status: "ok" } | { readonly status: "unavailable"; readonly reason: string };
export type Health = { readonly status: 200 | 503; readonly body: object };

/** Makes the function that tells the desk's health. */
export function healthOf(desk: Desk): () => Promise<Health> {
  let asked = -Infinity;
  let checks: Promise<Record<string, Check>> | null = null;
  return async () => {
    if (!checks || performance.now() - asked > freshForMs) {
      asked = performance.now();
      checks = runChecks(desk);
    }
    const results = await checks;
    const now = desk.clock.now().toISOString();
    return Object.values(results).every(({ status }) => status === "ok")
      ? { status: 200, body: { status: "ok", service: serviceName, now } }
      : { status: 503, body: { status: "unavailable", service: serviceName, now, checks: results } };
  };
}

async function runChecks(desk: Desk): Promise<Record<string, Check>> {
  const signal = AbortSignal.timeout(withinMs);
  const [postgres, objectStore] = await Promise.all([
    check(desk.db.row(ask), signal),
    check(desk.store.check(signal), signal),
  ]);
  return { postgres, object_store: objectStore };
}

/** The reason is in general words: health is public, and an error's text may name hosts and users. */
async function check(work: Promise<unknown>, signal: AbortSignal): Promise<Check> {
  const late = Promise.withResolvers<Check>();
  const onAbort = () => late.resolve({ status: "unavailable", reason: `no answer within ${withinMs} ms` });
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const outcome = work.then(
      (): Check => ({ status: "ok" }),
      (): Check => ({ status: "unavailable", reason: "cannot be reached or used" }),
    );
    return await Promise.race([outcome, late.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
