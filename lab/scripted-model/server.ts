// The scripted stand-in for a model, behind OpenAI's HTTP form on 127.0.0.1: it understands the sentences of the tour and
// nothing else, so that the dashboard's chat works without a model's key. It keeps nothing between requests.

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { BadRequest, modelName, readChatRequest } from "./chat-request.ts";
import { completionEvents, usageOf, wholeCompletion } from "./completion.ts";
import { replyTo } from "./reply.ts";

export type ScriptedModelOptions = {
  /** Any free one by default. */
  readonly port?: number;
  /** Where "tomorrow morning" is; America/Los_Angeles by default, as the demo's site. */
  readonly timeZone?: string;
  readonly now?: () => Date;
};

export type ScriptedModel = {
  /** Without /v1, for example http://127.0.0.1:4000. */
  readonly url: string;
  /** Ends it, with whatever is still being answered. May be called again. */
  close(): Promise<void>;
};

type Clock = Required<Pick<ScriptedModelOptions, "timeZone" | "now">>;

const maxBodyBytes = 16 * 1024 * 1024;

/** @throws {Error} the system's, when it cannot listen on the port; RangeError for a zone nobody knows */
export async function startScriptedModel({
  port = 0,
  timeZone = "America/Los_Angeles",
  now = () => new Date(),
}: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  // A wrong zone is to be known now, and not at the first "tomorrow".
  new Intl.DateTimeFormat("en-US", { timeZone }).format();
  const server = createServer((request, response) => void answer(request, response, { timeZone, now }));
  await once(server.listen(port, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the scripted model listens nowhere");
  let closing: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => {
      closing ??= new Promise((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closing;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, clock: Clock): Promise<void> {
  try {
    const { method, url = "/" } = request;
    const path = url.split("?")[0];
    if (method === "GET" && path === "/v1/models") {
      return sendJson(response, 200, {
        object: "list",
        data: [{ id: modelName, object: "model", created: 0, owned_by: "dispatch, scripted stand-in" }],
      });
    }
    if (method === "POST" && path === "/v1/chat/completions") return complete(await bodyOf(request), response, clock);
    throw new BadRequest(
      `There is no ${method} ${path} here: this is the scripted stand-in, with POST /v1/chat/completions and GET /v1/models.`,
      { status: 404, code: "not_found" },
    );
  } catch (error) {
    // The other end may be gone, and then there is nobody to tell.
    if (response.destroyed || response.headersSent) return void response.destroy();
    const { status, message, code, param } =
      error instanceof BadRequest ? error : { status: 500, message: String(error), code: null, param: null };
    // What is left of a body nobody reads would be taken for the next request.
    request.resume();
    response.setHeader("connection", "close");
    sendJson(response, status, {
      error: { message, type: status < 500 ? "invalid_request_error" : "server_error", param, code },
    });
  }
}

function complete(body: string, response: ServerResponse, { timeZone, now }: Clock): void {
  const request = readChatRequest(body);
  const at = now();
  const reply = replyTo(request, { now: at, timeZone });
  const completion = {
    id: `chatcmpl-${randomUUID()}`,
    created: Math.floor(at.getTime() / 1000),
    reply,
    usage: usageOf(body, reply),
  };
  if (!request.stream) return sendJson(response, 200, wholeCompletion(completion));
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
  for (const event of completionEvents(completion, request)) response.write(event);
  response.end();
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBodyBytes)
      throw new BadRequest(`The body is larger than ${maxBodyBytes / 1024 / 1024} MiB.`, {
        status: 413,
        code: "request_too_large",
      });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}
