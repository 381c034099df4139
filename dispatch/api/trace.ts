// Where a request says it comes from: correlation id and W3C trace context, read from its headers. What is malformed
// is replaced or dropped, never refused: tracing must not decide whether work gets done.

import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Trace } from "../kernel/actor.ts";

const visibleAscii = /^[\x21-\x7e]{1,200}$/;
// https://www.w3.org/TR/trace-context/#traceparent-header: version ff is forbidden, later versions may be longer,
// ids of zeros mean "none". Upper case is against that text but unambiguous, so it is folded.
const traceParentPattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
const traceStatePattern = /^[\x20-\x7e]{1,512}$/;

/** The header's text when it is 1 to 200 visible ASCII characters, else null. */
export function visibleHeader(value: string | string[] | undefined): string | null {
  return typeof value === "string" && visibleAscii.test(value) ? value : null;
}

/** The trace of a request; a correlation id is made when none, or none that can be used, was sent. */
export function traceOf(headers: IncomingHttpHeaders): Trace {
  const correlationId = visibleHeader(headers["x-correlation-id"]) ?? randomUUID();
  const sent = headers["traceparent"];
  const match = typeof sent === "string" && sent.length <= 200 ? traceParentPattern.exec(sent.toLowerCase()) : null;
  if (!match)
    return { correlationId, traceId: visibleHeader(headers["x-trace-id"]), traceParent: null, traceState: null };
  const state = headers["tracestate"];
  return {
    correlationId,
    traceId: match[1] ?? null,
    traceParent: match[0],
    traceState: typeof state === "string" && traceStatePattern.test(state) ? state : null,
  };
}
