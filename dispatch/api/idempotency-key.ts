// Which request this is, as its header Idempotency-Key says.

import { newId } from "../kernel/clock.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { Exchange } from "./exchange.ts";

/** @throws Refusal MISSING_IDEMPOTENCY_KEY, INVALID_IDEMPOTENCY_KEY */
export function requireIdempotencyKey({ requestId, request: { headers } }: Exchange): string {
  if (requestId !== null) return requestId;
  throw new Refusal(headers["idempotency-key"] ? "INVALID_IDEMPOTENCY_KEY" : "MISSING_IDEMPOTENCY_KEY");
}

/** As requireIdempotencyKey, where a call without one is an intent of its own. @throws Refusal INVALID_IDEMPOTENCY_KEY */
export const keyIfAny = (exchange: Exchange): string =>
  exchange.request.headers["idempotency-key"] === undefined ? newId() : requireIdempotencyKey(exchange);
