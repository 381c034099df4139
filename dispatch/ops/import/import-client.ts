// Sends batches to the API as directory.import, each under a key of its own, so that one whose answer was lost is not done twice.

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { importCommands, type Imported } from "../../contract/import-commands.ts";
import { isObject } from "../../kernel/json.ts";
import { CommandFailure, messageOf } from "../../process/command-line.ts";

const tries = 4;
const withinMs = 120_000;

export type ImportClient = (body: string) => Promise<Imported>;

/**
 * @param token asked for before each request, since one lives for minutes
 * @param wait milliseconds before a request is sent again
 */
export function importClient(
  api: string,
  token: () => Promise<string>,
  wait: (ms: number) => Promise<unknown> = delay,
): ImportClient {
  const url = `${api}${importCommands["directory.import"].path}`;
  return async (body) => {
    const key = randomUUID();
    for (let attempt = 1; ; attempt++) {
      const reply = await send(url, body, { authorization: `Bearer ${await token()}`, "idempotency-key": key });
      if ("answer" in reply) return reply.answer;
      if (!reply.mayRetry || attempt === tries) throw new CommandFailure(reply.failure);
      await wait(reply.afterMs ?? 500 * 2 ** attempt);
    }
  };
}

type Reply =
  | { readonly answer: Imported }
  | { readonly failure: string; readonly mayRetry: boolean; readonly afterMs: number | null };

async function send(url: string, body: string, headers: Record<string, string>): Promise<Reply> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
      signal: AbortSignal.timeout(withinMs),
    });
    text = await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
    return { failure: `The API at ${url} cannot be reached: ${cause}`, mayRetry: true, afterMs: null };
  }
  const json = parsed(text);
  if (response.ok && isImported(json)) return { answer: json };
  const wait = Number(response.headers.get("retry-after"));
  return {
    failure: `The API refused the import: ${refusalIn(json) ?? `HTTP ${response.status}`}`,
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

const isImported = (value: unknown): value is Imported =>
  isObject(value) &&
  typeof value["applied"] === "boolean" &&
  Array.isArray(value["refused"]) &&
  isObject(value["kinds"]);

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
