// Where every failure of a request ends: a refusal becomes its answer, anything else a defect with a reference that
// finds it in the log. Nothing else in the API writes an error.

import { Refusal, refusalBody } from "../kernel/refusal.ts";
import type { Rejections } from "../kernel/rejections.ts";
import { refusalFor } from "../kernel/failure.ts";
import { newId } from "../kernel/clock.ts";
import type { Exchange } from "./exchange.ts";
import { dropBody, isRead } from "./read-body.ts";

export type ErrorResponder = (exchange: Exchange, error: unknown) => Promise<void>;

/**
 * @param rejections keeps the refusals that alerts count
 * @param logDefect told about everything that is not a refusal
 */
export function errorResponder(
  rejections: Rejections,
  logDefect: (error: unknown, about: { reference: string; exchange: Exchange }) => void,
): ErrorResponder {
  return async (exchange, error) => {
    const failure = refusalFor(error);
    const refusal = failure instanceof Refusal ? failure : defect(exchange, failure, logDefect);
    exchange.refusal = refusal;
    rejections.record(refusal, { tool: exchange.tool, actor: exchange.actor, about: exchange.about });
    if (exchange.response.headersSent) {
      // Half an answer is out; only cutting it off says that the rest is missing.
      exchange.response.destroy();
      exchange.reportEnd(refusal.status);
      return;
    }
    const body = JSON.stringify(refusalBody(refusal, exchange.requestId, exchange.trace.correlationId));
    if (await isRead(exchange.request)) return exchange.json(refusal.status, body, headersOf(refusal));
    exchange.json(refusal.status, body, [...headersOf(refusal), "connection", "close"], dropBody(exchange.request));
  };
}

function defect(exchange: Exchange, error: unknown, log: Parameters<typeof errorResponder>[1]): Refusal {
  const reference = newId();
  log(error, { reference, exchange });
  return new Refusal("INTERNAL_ERROR", { reference }, { cause: error });
}

function headersOf(refusal: Refusal): string[] {
  const headers = Object.entries(refusal.headers).flat();
  if (refusal.status === 401) headers.push("www-authenticate", "Bearer");
  return headers;
}
