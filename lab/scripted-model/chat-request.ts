// A request for a chat completion, in OpenAI's form, read into what the scripted stand-in needs of it. Pure.

import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";

export type ToolCall = { readonly id: string; readonly name: string; readonly args: JsonObject };

export type Message =
  | { readonly role: "user"; readonly text: string }
  | { readonly role: "assistant"; readonly text: string; readonly calls: readonly ToolCall[] }
  | { readonly role: "tool"; readonly callId: string; readonly text: string };

export type ChatRequest = {
  readonly stream: boolean;
  /** Whether a last chunk with the usage is asked for. */
  readonly includeUsage: boolean;
  /** Without the system's, which are not for a stand-in that cannot read them. */
  readonly messages: readonly Message[];
  readonly tools: ReadonlySet<string>;
};

/** A request that cannot be answered, as OpenAI would say it. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;

  constructor(
    message: string,
    { status = 400, code = null, param = null }: { status?: number; code?: string | null; param?: string | null } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

export const modelName = "dispatch-scripted";

/** @throws {BadRequest} naming the member that is wrong */
export function readChatRequest(body: string): ChatRequest {
  const request = parsed(body);
  const { model, messages, stream = false, stream_options: streamOptions, tools = [] } = request;
  if (typeof model !== "string") throw new BadRequest("model must be a string.", { param: "model" });
  if (model !== modelName)
    throw new BadRequest(
      `The model ${JSON.stringify(model.slice(0, 100))} does not exist here; there is ${modelName} alone.`,
      { status: 404, code: "model_not_found", param: "model" },
    );
  if (!Array.isArray(messages) || messages.length === 0)
    throw new BadRequest("messages must be a list with at least one message.", { param: "messages" });
  if (typeof stream !== "boolean") throw new BadRequest("stream must be true or false.", { param: "stream" });
  if (!Array.isArray(tools)) throw new BadRequest("tools must be a list.", { param: "tools" });
  return {
    stream,
    includeUsage: isObject(streamOptions) && streamOptions["include_usage"] === true,
    messages: messages.flatMap((message: unknown, index) => readMessage(message, `messages[${index}]`)),
    tools: new Set(tools.map((tool: unknown, index) => toolName(tool, `tools[${index}]`))),
  };
}

function parsed(body: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new BadRequest("The body is not JSON.", { code: "invalid_json" });
  }
  if (!isObject(value)) throw new BadRequest("The body must be a JSON object.", { code: "invalid_json" });
  return value;
}

function readMessage(message: unknown, param: string): Message[] {
  if (!isObject(message)) throw new BadRequest(`${param} must be an object.`, { param });
  const text = textOf(message["content"], `${param}.content`);
  switch (message["role"]) {
    case "user":
      return [{ role: "user", text }];
    case "assistant":
      return [{ role: "assistant", text, calls: callsOf(message["tool_calls"], `${param}.tool_calls`) }];
    case "tool": {
      const callId = message["tool_call_id"];
      if (typeof callId !== "string")
        throw new BadRequest(`${param}.tool_call_id must be a string.`, { param: `${param}.tool_call_id` });
      return [{ role: "tool", callId, text }];
    }
    case "system":
    case "developer":
      return [];
    default:
      throw new BadRequest(`${param}.role must be system, developer, user, assistant or tool.`, {
        param: `${param}.role`,
      });
  }
}

function textOf(content: unknown, param: string): string {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) throw new BadRequest(`${param} must be a string or a list of parts.`, { param });
  // Pictures and sound say nothing to a stand-in.
  return content
    .flatMap((part: unknown) => (isObject(part) && typeof part["text"] === "string" ? [part["text"]] : []))
    .join("\n\n");
}

function callsOf(calls: unknown, param: string): ToolCall[] {
  if (calls === null || calls === undefined) return [];
  if (!Array.isArray(calls)) throw new BadRequest(`${param} must be a list.`, { param });
  return calls.map((call: unknown, index) => {
    const made = isObject(call) ? call["function"] : null;
    if (!isObject(call) || typeof call["id"] !== "string" || !isObject(made) || typeof made["name"] !== "string") {
      throw new BadRequest(`${param}[${index}] must have an id and a function with a name.`, {
        param: `${param}[${index}]`,
      });
    }
    return { id: call["id"], name: made["name"], args: argumentsOf(made["arguments"]) };
  });
}

/** What an earlier turn called a tool with; it may be another model's, and then anything. */
function argumentsOf(text: unknown): JsonObject {
  try {
    const value: unknown = typeof text === "string" ? JSON.parse(text) : null;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function toolName(tool: unknown, param: string): string {
  const offered = isObject(tool) ? tool["function"] : null;
  if (isObject(offered) && typeof offered["name"] === "string") return offered["name"];
  throw new BadRequest(`${param} must be a function with a name.`, { param });
}
