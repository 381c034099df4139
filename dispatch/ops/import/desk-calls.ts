// Calls of an operator's command to the API: a write under a key of its own, so that one whose answer was lost is not done twice, and
// another try where the desk is held or away.

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { isObject } from "../../kernel/json.ts";
import { CommandFailure, messageOf } from "../../process/command-line.ts";

/** How long a call is sent again before it is given up, and the longest pause in that. */
const patienceMs = 60_000;
const longestPauseMs = 8_000;
const withinMs = 120_000;

export type DeskCalls = {
  /** @throws CommandFailure with what the API refused, or that it cannot be reached */
  get(path: string): Promise<unknown>;
  /** @param body JSON; @throws CommandFailure likewise */
  post(path: string, body: string): Promise<unknown>;
};

export type DeskCallOptions = {
  /** Without a slash at its end. */
  readonly api: string;
  /** Asked for before each request, since one lives for minutes. */
  readonly token: () => Promise<string>;
  /** What is refused, for the sentence: "the import". */
  readonly what: string;
  /** Whether an answer is what was asked for. */
  readonly fits?: (answer: unknown) => boolean;
  /** Milliseconds before a request is sent again. */
  readonly wait?: (ms: number) => Promise<unknown>;
  /** What an operator should know while it takes longer. */
  readonly say?: (line: string) => void;
};

export function deskCalls({
  api,
  token,
  what,
  fits = isObject,
  wait = delay,
  say = console.error,
}: DeskCallOptions): DeskCalls {
  const call = async (method: string, path: string, body: string | null): Promise<unknown> => {
    const key = randomUUID();
    const request: RequestInit = { method, ...(body !== null && { body }) };
    let waitedMs = 0;
    for (let attempt = 1; ; attempt++) {
      const headers = {
        authorization: `Bearer ${await token()}`,
        ...(body !== null && { "content-type": "application/json", "idempotency-key": key }),
      };
      const reply = await send(`${api}${path}`, { ...request, headers }, { what, fits });
      if ("answer" in reply) {
        if (waitedMs > 0) say(`It answers again, after ${waitedMs / 1_000} s.`);
        return reply.answer;
      }
      if (!reply.mayRetry) throw new CommandFailure(reply.failure);
      if (waitedMs >= patienceMs) throw new CommandFailure(`${reply.failure} So it was for ${waitedMs / 1_000} s.`);
      if (waitedMs === 0) say(`${reply.failure} Trying again for ${patienceMs / 1_000} s…`);
      const wantedMs = reply.afterMs ?? Math.min(500 * 2 ** attempt, longestPauseMs);
      const pauseMs = Math.min(wantedMs, patienceMs - waitedMs);
      await wait(pauseMs);
      waitedMs += pauseMs;
    }
  };
  return { get: (path) => call("GET", path, null), post: (path, body) => call("POST", path, body) };
}

type Reply =
  | { readonly answer: unknown }
  | { readonly failure: string; readonly mayRetry: boolean; readonly afterMs: number | null };

async function send(
  url: string,
  request: RequestInit,
  { what, fits }: Required<Pick<DeskCallOptions, "what" | "fits">>,
): Promise<Reply> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { ...request, signal: AbortSignal.timeout(withinMs) });
    text = await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
    return { failure: `The API at ${url} cannot be reached: ${cause}`, mayRetry: true, afterMs: null };
  }
  const json = parsed(text);
  if (response.ok && fits(json)) return { answer: json };
  const wait = Number(response.headers.get("retry-after"));
  return {
    failure: `The API refused ${what}: ${refusalIn(json) ?? `HTTP ${response.status}`}`,
    // The desk is held by somebody else, or by a try of ours whose answer was lost.
    mayRetry: response.status === 429 || response.status >= 500 || codeIn(json) === "IDEMPOTENCY_IN_FLIGHT",
    afterMs: wait > 0 ? Math.min(wait, 30) * 1_000 : null,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function codeIn(value: unknown): unknown {
  const error = isObject(value) ? value["error"] : null;
  return isObject(error) ? error["code"] : null;
}

function refusalIn(value: unknown): string | null {
  const error = isObject(value) ? value["error"] : null;
  if (!isObject(error)) return null;
  const [first]: unknown[] = Array.isArray(error["validation_errors"]) ? error["validation_errors"] : [];
  const field = isObject(first) ? ` (${String(first["path"])} ${String(first["message"])})` : "";
  return `${String(error["code"])}: ${String(error["message"])}${field}`;
}
