// A real OpenClaw gateway whose sessions are rooms of these runs, with the scripted stand-in for a model. What each turn was asked is seen
// at the model: there a push that was shown twice shows.

import { once } from "node:events";
import http from "node:http";
import { bundlePlugin, pluginFolder } from "../../dispatch/ops/gateway/bundle.ts";
import { startGateway, type Gateway, type GatewayOptions } from "../../dispatch/ops/gateway/gateway.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { openLine } from "../../dispatch/rooms/transports/openclaw/line.ts";
import type { Receiver, Seat } from "./receivers.ts";

export type RoomsGateway = {
  /** For DISPATCH_OPENCLAW_URL and DISPATCH_OPENCLAW_TOKEN. */
  readonly settings: Readonly<Record<string, string>>;
  receiver(seat: Seat): Promise<Receiver>;
  /** SIGKILL, and another start on the same state. */
  kill(): Promise<void>;
};

const owner = { actor: "owner", roles: ["dispatcher"], accounts: ["*"], sites: ["*"] } as const;

/** It ends with `ends`. The desk it serves need not be there. */
export async function startRoomsGateway(
  ends: AsyncDisposableStack,
  folder: string,
  say: (line: string) => void,
): Promise<RoomsGateway> {
  const model = await startModel();
  ends.defer(() => model.close());
  await bundlePlugin();
  const options: GatewayOptions = {
    dataDir: folder,
    apiUrl: "http://127.0.0.1:9",
    signing: { secret: "a-secret-of-these-runs-that-signs-no-token-for-anybody" },
    owner,
    pluginPath: pluginFolder,
    scriptedModelUrl: model.url,
    port: 0,
    say,
  };
  let gateway: Gateway = await startGateway(options);
  ends.defer(() => gateway.stop());
  return {
    settings: { DISPATCH_OPENCLAW_URL: gateway.url.replace(/^http/, "ws"), DISPATCH_OPENCLAW_TOKEN: gateway.token },
    receiver: async ({ name }) => {
      const address = `agent:main:${name}`;
      await beginSession(gateway, address);
      return {
        room: { transport: "openclaw", address },
        open: () => Promise.resolve(),
        arrivals: async () => model.asked(name),
        kill: () => Promise.resolve(),
        end: () => Promise.resolve(),
      };
    },
    kill: async () => {
      process.kill(gateway.pid, "SIGKILL");
      await gateway.ended;
      gateway = await startGateway({ ...options, fixedPort: gateway.port });
    },
  };
}

/** As somebody who opens it at the gateway: a desk tells nothing to a session that is not there. */
async function beginSession({ url, token }: Gateway, key: string): Promise<void> {
  const line = await openLine({ url: url.replace(/^http/, "ws"), token, onEvent: () => undefined });
  await line.call("sessions.create", { key }).finally(() => line.close());
}

type Model = { readonly url: string; asked(room: string): string[]; close(): Promise<void> };

/** Answers each turn at once; keeps by room the id of the push that began it. */
async function startModel(): Promise<Model> {
  const turns: { readonly room: string; readonly push: string }[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const asked = lastAsked(Buffer.concat(chunks).toString("utf8"));
      const [, room = "", push = ""] = /\/queue-check (\S+) [^\n]*#([0-9a-f-]{36})/.exec(asked) ?? [];
      turns.push({ room, push });
      answer(response);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    asked: (room) => turns.flatMap((turn) => (turn.room === room ? [turn.push] : [])),
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function lastAsked(text: string): string {
  if (text === "") return "";
  const body: unknown = JSON.parse(text);
  const messages = isObject(body) && Array.isArray(body["messages"]) ? body["messages"].filter(isObject) : [];
  const { content = "" } = messages.findLast(({ role }) => role === "user") ?? {};
  return typeof content === "string" ? content : JSON.stringify(content);
}

/** As OpenAI's chat completions are streamed. */
function answer(response: http.ServerResponse): void {
  const chunk = (choices: object[], more: object = {}) =>
    `data: ${JSON.stringify({ id: "turn", object: "chat.completion.chunk", created: 0, model: "scripted", choices, ...more })}\n\n`;
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(chunk([{ index: 0, delta: { role: "assistant", content: "Heard." }, finish_reason: null }]));
  response.write(chunk([{ index: 0, delta: {}, finish_reason: "stop" }]));
  response.end(`${chunk([], { usage })}data: [DONE]\n\n`);
}
