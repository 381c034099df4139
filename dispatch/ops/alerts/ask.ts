// One question to an API, and what came: its answer, or in which way there was none. Each way wants something else of its reader,
// so none is taken for another.

import http from "node:http";
import https from "node:https";
import { isObject, type JsonObject } from "../../kernel/json.ts";

/**
 * refused: nothing listens. hangs: it takes the connection and says nothing. unreachable: no connection comes about.
 * other_program: what answers is no Dispatch. name: the host's name leads nowhere. tls: no agreement on encryption. closed: it
 * hung up without an answer.
 */
export type Silence = "refused" | "hangs" | "unreachable" | "other_program" | "name" | "tls" | "closed" | "failed";

export type Answered = { readonly ok: boolean; readonly status: number; readonly body: JsonObject };
export type Unanswered = {
  readonly ok: false;
  readonly error: { readonly kind: Silence; /** What the system or the program said. */ readonly words: string };
};
export type Reply = Answered | Unanswered;

export const isAnswered = (reply: Reply): reply is Answered => "status" in reply;

const largestBytes = 4 * 1024 * 1024;

/** Asks and never throws; at most `withinMs` long, connecting and reading included. */
export function ask(url: string, withinMs: number): Promise<Reply> {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const none = (kind: Silence, words: string): void => resolve({ ok: false, error: { kind, words } });
  let connected = false;
  const library = url.startsWith("https:") ? https : http;
  const request = library.get(url, { agent: false, headers: { accept: "application/json" } }, (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > largestBytes) request.destroy(new Error(`an answer of more than ${largestBytes} bytes`));
    });
    response.on("error", (error) => none("closed", error.message));
    response.on("end", () => resolve(judged(response, Buffer.concat(chunks).toString("utf8"))));
  });
  request.on("socket", (socket) => socket.once("connect", () => (connected = true)));
  request.on("error", (error) => none(silenceOf(error), wordsOf(error)));
  const timer = setTimeout(() => {
    const words = `${connected ? "no answer" : "no connection"} within ${(withinMs / 1_000).toFixed(1)} s`;
    none(connected ? "hangs" : "unreachable", words);
    request.destroy();
  }, withinMs);
  return promise.finally(() => clearTimeout(timer));
}

/** Dispatch says its name in what it answers, and its errors have a form of their own. */
function judged({ statusCode: status = 0, headers }: http.IncomingMessage, text: string): Reply {
  const body = parsed(text);
  const isOurs = body !== null && (body["service"] === "dispatch-api" || isRefusal(body));
  if (isOurs) return { ok: status === 200, status, body };
  const words = `HTTP ${status}, ${headers["content-type"] ?? "without a content type"}`;
  return { ok: false, error: { kind: "other_program", words } };
}

const isRefusal = ({ error }: JsonObject): boolean =>
  isObject(error) && typeof error["code"] === "string" && "correlation_id" in error;

function parsed(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const codeOf = (error: Error): string => ("code" in error && typeof error.code === "string" ? error.code : "");

function silenceOf(error: Error): Silence {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return silenceOf(error.errors[0]);
  const code = codeOf(error);
  if (code === "ECONNREFUSED") return "refused";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "name";
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH" || code === "ETIMEDOUT") return "unreachable";
  if (code.startsWith("HPE_")) return "other_program";
  if (code === "ECONNRESET" || code === "EPIPE") return "closed";
  return code.includes("SSL") || code.includes("TLS") || code.includes("CERT") || code === "EPROTO" ? "tls" : "failed";
}

function wordsOf(error: Error): string {
  if (error instanceof AggregateError)
    return error.errors.map((one) => (one instanceof Error ? wordsOf(one) : "")).join(", ");
  const code = codeOf(error);
  return code === "" || error.message.includes(code) ? error.message : `${code}: ${error.message}`;
}
