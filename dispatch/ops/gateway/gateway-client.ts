// Speaks to a running gateway as its owner: calls a tool, runs an agent's turn, or calls one of the gateway's methods.

import { execFile } from "node:child_process";
import { isObject, parseObject, type JsonObject } from "../../kernel/json.ts";
import { GatewayError } from "./error.ts";
import { openclawEnvironment, openclawProgram } from "./openclaw-program.ts";
import type { StateFolder } from "./state-folder.ts";

/** What a tool handed back: the text a model reads, and the details for programs. */
export type ToolAnswer = { readonly text: string; readonly details: JsonObject };

export type InvokeOptions = {
  /** Seeds the tool call's id, and with it the command's idempotency key. */
  readonly idempotencyKey?: string;
  readonly sessionKey?: string;
  /** Longest wait in ms; 60 s by default. */
  readonly timeoutMs?: number;
};

type Answer = { readonly status: number; readonly body: JsonObject };

const methodTimeoutMs = 60_000;
const turnTimeoutMs = 120_000;

export class GatewayClient {
  readonly url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.#token = token;
  }

  /**
   * Calls one tool, without a model.
   * @throws {GatewayError} unreachable; approval_required when a person would have to say yes; refused when the gateway
   * does not know the tool (404), the token (401), or the tool failed
   */
  async invoke(
    tool: string,
    args: JsonObject,
    { timeoutMs = 60_000, ...keys }: InvokeOptions = {},
  ): Promise<ToolAnswer> {
    const { status, body } = await this.#post("/tools/invoke", { tool, args, ...keys }, timeoutMs);
    const { result } = body;
    if (status === 200 && body["ok"] === true && isObject(result)) {
      return { text: textOf(result["content"]), details: isObject(result["details"]) ? result["details"] : {} };
    }
    const error = isObject(body["error"]) ? body["error"] : {};
    const code = status === 403 && isObject(error["requiresApproval"]) ? "approval_required" : "refused";
    throw new GatewayError(
      code,
      `The gateway did not run ${tool}: ${status} ${String(error["message"] ?? "")}`.trimEnd(),
      { status },
    );
  }

  /**
   * Runs one turn of an agent, the desk's unless another is named, and gives its answer. Turns with the same `conversation` share a
   * session.
   * @throws {GatewayError} unreachable, or refused when the turn failed
   */
  async say(
    text: string,
    {
      conversation,
      agentId = "main",
      timeoutMs = turnTimeoutMs,
    }: { conversation?: string; agentId?: string; timeoutMs?: number } = {},
  ): Promise<string> {
    const request = {
      model: `openclaw/${agentId}`,
      messages: [{ role: "user", content: text }],
      ...(conversation !== undefined && { user: conversation }),
    };
    const { status, body } = await this.#post("/v1/chat/completions", request, timeoutMs);
    const choice: unknown = Array.isArray(body["choices"]) ? body["choices"][0] : null;
    const message = isObject(choice) ? choice["message"] : null;
    if (status === 200 && isObject(message) && typeof message["content"] === "string") return message["content"];
    const error = isObject(body["error"]) ? body["error"] : {};
    throw new GatewayError(
      "refused",
      `The agent's turn failed: ${status} ${String(error["message"] ?? "")}`.trimEnd(),
      { status },
    );
  }

  async #post(path: string, body: object, timeoutMs: number): Promise<Answer> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      });
      text = await response.text();
    } catch (cause) {
      const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
      throw new GatewayError("unreachable", `No answer from the gateway at ${this.url}: ${why}`, { cause });
    }
    return { status: response.status, body: parseObject(text) ?? { error: { message: text.slice(0, 200) } } };
  }
}

/**
 * Calls one of the gateway's own methods, for example tools.catalog, through its command line (about 8 s).
 * @throws {GatewayError} refused, with what the command line said
 */
export async function callMethod(
  folder: StateFolder,
  method: string,
  params: JsonObject,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<JsonObject> {
  const args = [
    openclawProgram(),
    "gateway",
    "call",
    method,
    "--params",
    JSON.stringify(params),
    "--json",
    "--timeout",
    String(methodTimeoutMs),
  ];
  const env = openclawEnvironment(folder, environment);
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      { env, timeout: methodTimeoutMs * 1.5, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const answer = error ? null : parseObject(stdout.slice(Math.max(0, stdout.indexOf("{"))));
        if (answer) resolve(answer);
        else
          reject(
            new GatewayError(
              "refused",
              `The gateway did not run ${method}: ${(stderr || stdout).trim().slice(-2_000)}`,
              { cause: error },
            ),
          );
      },
    );
  });
}

function textOf(content: unknown): string {
  if (!Array.isArray(content)) return "";
  return content
    .flatMap((part: unknown) => (isObject(part) && typeof part["text"] === "string" ? [part["text"]] : []))
    .join("\n");
}
