// One call to dispatch-api, retried with the same key until it is answered or time runs out. It tells apart what was
// answered, what was refused, what surely did not happen, and what may have happened.

import { setTimeout as pause } from "node:timers/promises";
import type { AnyEntry } from "../../dispatch/contract/index.ts";
import { isObject, numberAt, objectAt, parseList, parseObject, textAt, type JsonObject } from "./json.ts";

export type ApiRequest = {
  readonly method: AnyEntry["method"];
  /** Path with its query string. */
  readonly path: string;
  readonly token: string;
  /** Whom the token is for. */
  readonly actor: string;
  readonly tool?: string;
  /** One per intent; the same for every retry. Commands have one. */
  readonly idempotencyKey?: string;
  readonly body?: string;
  readonly correlationId?: string;
  /** Only to have the call kept for a person's answer where it needs one; it is not done. */
  readonly askOnly?: boolean;
  /** Members without which an answer is not dispatch-api's, whatever its status says; or that it has no body, or is a bare list. */
  readonly expected?: readonly string[] | "no body" | "list";
};

export type ApiRefusal = { readonly code: string; readonly message: string; readonly details: JsonObject };

export type Outcome =
  | { readonly kind: "answered"; readonly status: number; readonly body: JsonObject; readonly replayed: boolean }
  | { readonly kind: "refused"; readonly status: number; readonly refusal: ApiRefusal }
  /** No attempt can have taken effect. */
  | { readonly kind: "unreachable"; readonly why: string }
  /** An attempt was sent and its answer never understood: it may have taken effect. */
  | { readonly kind: "unknown"; readonly why: string };

export type ApiClient = {
  readonly baseUrl: string;
  /** @param deadlineMs longest to wait in all, in ms */
  call(request: ApiRequest, signal: AbortSignal | undefined, deadlineMs: number): Promise<Outcome>;
  /** The bytes of a file that is read for its own sake; null when they do not come whole, in time, or are more than `maxBytes`. */
  file(
    path: string,
    as: Pick<ApiRequest, "token" | "actor">,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Buffer | null>;
};

const cancelled = "the call was cancelled";
/** Answers beyond this are not read to their end: nothing the API says is nearly so long. */
const maxAnswerBytes = 8 * 1024 * 1024;
const firstPauseMs = 200;
const longestPauseMs = 3_000;
/** A single attempt waits this share of the whole at most, so that a hanging answer leaves time for another. */
export const attemptShare = 0.5;

type Attempt =
  | { readonly kind: "final"; readonly outcome: Outcome }
  | {
      readonly kind: "again";
      readonly why: string;
      readonly sent: boolean;
      readonly afterMs?: number;
      readonly timedOut?: boolean;
    };

/** A client of the API at an address. Redirects are not followed: the API sends none. */
export function openApiClient(baseUrl: string): ApiClient {
  return {
    baseUrl,
    async file(path, { token, actor }, maxBytes, signal) {
      const headers = { authorization: `Bearer ${token}`, "x-agent-id": headerText(actor), accept: "*/*" };
      const response = await fetch(`${baseUrl}${path}`, { redirect: "error", signal, headers }).catch(() => null);
      if (!response?.body) return null;
      try {
        if (!response.ok || Number(response.headers.get("content-length")) > maxBytes) return null;
        return Buffer.from(await response.arrayBuffer());
      } catch {
        return null;
      } finally {
        if (!response.bodyUsed) await response.body.cancel();
      }
    },
    async call(request, signal, deadlineMs) {
      const until = performance.now() + deadlineMs;
      let mayHaveHappened = false;
      let wait = firstPauseMs;
      let telling: string | null = null;
      const inVain = (why: string): Outcome => ({
        kind: mayHaveHappened && request.method !== "GET" ? "unknown" : "unreachable",
        why,
      });
      for (;;) {
        if (signal?.aborted) return inVain(cancelled);
        const share = deadlineMs * attemptShare;
        const timeoutMs = Math.max(100, Math.min(until - performance.now(), share));
        const attempt = await attemptOnce(baseUrl, request, timeoutMs, signal);
        if (attempt.kind === "final") return attempt.outcome;
        // A try that the deadline cut short says less of what is wrong than the one before it.
        if (telling === null || !attempt.timedOut || timeoutMs >= share) telling = attempt.why;
        mayHaveHappened ||= attempt.sent;
        const rest = attempt.afterMs ?? wait;
        if (signal?.aborted || performance.now() + rest >= until) return inVain(telling);
        await pause(rest, undefined, { signal }).catch(() => undefined);
        wait = Math.min(wait * 2, longestPauseMs);
      }
    },
  };
}

async function attemptOnce(
  baseUrl: string,
  request: ApiRequest,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Attempt> {
  const timeout = AbortSignal.timeout(Math.round(timeoutMs));
  try {
    const response = await fetch(`${baseUrl}${request.path}`, {
      method: request.method,
      redirect: "error",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      headers: {
        authorization: `Bearer ${request.token}`,
        "x-agent-id": headerText(request.actor),
        accept: "application/json",
        ...(request.tool && { "x-tool-name": request.tool }),
        ...(request.askOnly && { "dispatch-ask": "approval" }),
        ...(request.idempotencyKey && { "idempotency-key": request.idempotencyKey }),
        ...(request.correlationId && { "x-correlation-id": request.correlationId }),
        ...(request.body !== undefined && { "content-type": "application/json; charset=utf-8" }),
      },
      ...(request.body !== undefined && { body: request.body }),
    });
    return readAnswer(request, response, await textOf(response));
  } catch (error) {
    if (signal?.aborted) return { kind: "again", why: cancelled, sent: true };
    if (timeout.aborted)
      return {
        kind: "again",
        why: `dispatch-api at ${baseUrl} did not answer within ${Math.round(timeoutMs)} ms`,
        sent: true,
        timedOut: true,
      };
    const code = connectionCode(error);
    if (neverSent.has(code))
      return { kind: "again", why: `dispatch-api at ${baseUrl} cannot be reached (${code})`, sent: false };
    return {
      kind: "again",
      why: `what answers at ${baseUrl} cut the connection or sent elsewhere (${code})`,
      sent: true,
    };
  }
}

function readAnswer(request: ApiRequest, response: Response, text: string | null): Attempt {
  const body = text === null ? null : bodyOf(request, response, text);
  const retryAfter = Number(response.headers.get("retry-after"));
  const afterMs = retryAfter > 0 ? { afterMs: retryAfter * 1000 } : {};
  if (response.ok && body && isExpected(request, body)) {
    const replayed = response.headers.get("idempotency-replayed") === "true";
    return { kind: "final", outcome: { kind: "answered", status: response.status, body, replayed } };
  }
  const error = objectAt(body, "error");
  const code = textAt(error, "code");
  if (code === null)
    return {
      kind: "again",
      why: `what answers at ${new URL(response.url).origin} is not dispatch-api, or answers garbage (HTTP ${response.status})`,
      sent: true,
    };
  // Whether it happened before the defect is not known, and asking again meets the same defect.
  if (code === "INTERNAL_ERROR") {
    const why = `dispatch-api has a defect: ${code}, correlation_id ${textAt(error, "correlation_id") ?? "?"}`;
    return { kind: "final", outcome: { kind: request.method === "GET" ? "unreachable" : "unknown", why } };
  }
  const passes = response.status === 429 || response.status === 503 || code === "IDEMPOTENCY_IN_FLIGHT";
  // A refusal says for certain that nothing happened; only a call still running elsewhere leaves that open.
  if (passes)
    return {
      kind: "again",
      why: `${code}: ${textAt(error, "message") ?? ""}`,
      sent: code === "IDEMPOTENCY_IN_FLIGHT" || response.status === 503,
      ...afterMs,
    };
  const { code: _code, message, ...details } = error;
  return {
    kind: "final",
    outcome: { kind: "refused", status: response.status, refusal: { code, message: String(message ?? ""), details } },
  };
}

/**
 * The body; an empty one where none is expected, and a bare list as the items of an object that says where its next page begins. Who
 * gave such an answer shows only in the correlation id, which dispatch-api never leaves out: the request id may be that of a proxy.
 */
function bodyOf({ expected }: ApiRequest, response: Response, text: string): JsonObject | null {
  const isOurs = response.headers.has("x-correlation-id");
  const isEmpty = expected === "no body" && response.status === 204 && text === "";
  if (isEmpty) return isOurs ? {} : null;
  const items = expected === "list" ? parseList(text) : null;
  if (items) return isOurs ? { items, next_cursor: response.headers.get("x-next-cursor") } : null;
  return parseObject(text);
}

function isExpected({ expected = [] }: ApiRequest, body: JsonObject): boolean {
  if (expected === "no body") return Object.keys(body).length === 0;
  return (expected === "list" ? ["items"] : expected).every((member) => Object.hasOwn(body, member));
}

/** A text as a header can carry it: its UTF-8, since a name may hold any letter. */
const headerText = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** The body as text; null when it is longer than any answer. */
async function textOf(response: Response): Promise<string | null> {
  if (!response.body) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > maxAnswerBytes) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Failures that come before a byte of the request leaves. */
const neverSent: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function connectionCode(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (isObject(cause)) return textAt(cause, "code") ?? String(numberAt(cause, "errno") ?? "no connection");
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return error instanceof Error ? error.message : "no connection";
}
