// One line per request, with the fields operators filter by. It reads what the exchange knows and nothing of what was
// sent: no headers, no body, no query string.

import type { Logger } from "pino";
import { databaseWords } from "../db/failures.ts";
import type { Exchange } from "./exchange.ts";
import { withoutSecrets } from "../process/log.ts";

/** Requests of machines that ask every few seconds; they are of interest only while debugging. */
const quiet = new Set(["/health", "/metrics"]);
const maxPathLength = 300;

/** Makes the function that logs an answered request. */
export function requestLog(log: Logger): (exchange: Exchange, status: number) => void {
  return (exchange, status) => {
    const level = status >= 500 ? "error" : status >= 400 ? "warn" : quiet.has(exchange.endpoint) ? "debug" : "info";
    if (!log.isLevelEnabled(level)) return;
    const line = lineOf(exchange, status);
    if (exchange.refusal) log[level]({ ...line, ...errorFields(exchange.refusal) });
    else log[level](line);
  };
}

function lineOf(exchange: Exchange, status: number): object {
  const { trace, actor } = exchange;
  return {
    method: exchange.method,
    path: pathOf(exchange),
    endpoint: exchange.endpoint,
    request_id: exchange.requestId,
    correlation_id: trace.correlationId,
    trace_id: trace.traceId,
    trace_parent: trace.traceParent,
    trace_state: trace.traceState,
    actor_type: actor?.type ?? null,
    actor_id: actor?.id ?? null,
    actor_role: actor?.role ?? null,
    ...(actor?.via !== undefined && { via: actor.via }),
    tool_name: exchange.tool,
    ticket_id: exchange.about?.aggregate === "ticket" ? exchange.about.id : null,
    replay: exchange.replayed,
    status,
    duration_ms: Math.round((performance.now() - exchange.startedAt) * 100) / 100,
  };
}

/** A path of ours holds ids; one that leads nowhere may hold anything. Cleaning each would cost 9 µs a line. */
function pathOf({ path }: Exchange): string {
  const shown = path.length > maxPathLength ? path.slice(0, maxPathLength) : path;
  return /^(?!.*(?:eyJ|cal_))[\w/.-]*$/.test(shown) ? shown : withoutSecrets(shown);
}

function errorFields(refusal: NonNullable<Exchange["refusal"]>): object {
  const { details, cause } = refusal;
  const reason = details["requirement_code"] ?? details["dependency"] ?? details["reference"] ?? causeOf(cause);
  return {
    error_code: refusal.code,
    message: refusal.message,
    reason: reason ?? null,
    // What callers read is in general words; here is what the part itself said.
    ...(details["dependency"] !== undefined && cause !== undefined && { said: withoutSecrets(databaseWords(cause)) }),
    ...(details["locked_by"] !== undefined && { locked_by: details["locked_by"] }),
  };
}

const causeOf = (cause: unknown): string | null => (cause instanceof Error ? withoutSecrets(cause.message) : null);
