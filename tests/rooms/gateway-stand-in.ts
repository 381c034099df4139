// A gateway's WebSocket as far as a test needs one, for what a real gateway cannot be made to do on demand: fall silent, lose a socket
// between a request and its answer, answer late. It answers each method as the test says.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";

export type Request = { readonly method: string; readonly params: JsonObject };
export type Refusal = { readonly refused: { readonly code: string; readonly message: string } };
/** Undefined: no answer at all. */
type Answer = JsonObject | Refusal | undefined;

export type GatewayStandIn = {
  readonly url: string;
  /** All there were but the handshakes', in their order. */
  readonly requests: readonly Request[];
  /** Connections that got through the handshake. */
  readonly greeted: number;
  answer(method: string, how: (params: JsonObject) => Answer): void;
  /** A second answer to the last request of the method. */
  answerAgain(method: string, answer: JsonObject | Refusal): void;
  tell(event: string, payload: JsonObject): void;
  /** Destroys all sockets. */
  cut(): void;
  close(): Promise<void>;
};

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export async function startGatewayStandIn(tickIntervalMs = 30_000): Promise<GatewayStandIn> {
  const sockets = new Set<Socket>();
  const requests: Request[] = [];
  const last = new Map<string, { readonly socket: Socket; readonly id: unknown }>();
  const answers = new Map<string, (params: JsonObject) => Answer>([
    ["connect", () => ({ type: "hello-ok", policy: { tickIntervalMs } })],
    ["chat.history", () => ({ messages: [] })],
    ["sessions.list", () => ({ sessions: [] })],
    ["agent", ({ sessionKey, idempotencyKey: runId }) => ({ status: "accepted", runId, sessionKey })],
  ]);
  let greeted = 0;
  const reply = (socket: Socket, id: unknown, answer: JsonObject | Refusal): void => {
    const body = isRefusal(answer) ? { ok: false, error: answer.refused } : { ok: true, payload: answer };
    send(socket, { type: "res", id, ...body });
  };
  const take = (socket: Socket, { id, method, params }: JsonObject): void => {
    assert.ok(typeof method === "string" && isObject(params));
    if (method === "connect") greeted++;
    else requests.push({ method, params });
    last.set(method, { socket, id });
    const answer = answers.get(method)?.(params);
    if (answer !== undefined) reply(socket, id, answer);
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    socket.once("data", (head) => {
      const [, key = ""] = /sec-websocket-key: (.*)\r/i.exec(head.toString()) ?? [];
      const accept = createHash("sha1")
        .update(key.trim() + guid)
        .digest("base64");
      const upgrade = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
      socket.write(`${[...upgrade, `Sec-WebSocket-Accept: ${accept}`].join("\r\n")}\r\n\r\n`);
      readFrames(socket, (frame) => take(socket, frame));
      send(socket, { type: "event", event: "connect.challenge", payload: { nonce: "n", ts: 0 } });
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  assert.ok(address && typeof address === "object");
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return {
    url: `ws://127.0.0.1:${address.port}`,
    requests,
    get greeted() {
      return greeted;
    },
    answer: (method, how) => void answers.set(method, how),
    answerAgain: (method, answer) => {
      const request = last.get(method) ?? assert.fail(`nobody asked for ${method}`);
      reply(request.socket, request.id, answer);
    },
    tell: (event, payload) => sockets.forEach((socket) => send(socket, { type: "event", event, payload })),
    cut,
    close: async () => {
      const closed = once(server.close(), "close");
      cut();
      await closed;
    },
  };
}

const isRefusal = (answer: JsonObject | Refusal): answer is Refusal => isObject(answer["refused"]);

function send(socket: Socket, frame: JsonObject): void {
  const body = Buffer.from(JSON.stringify(frame));
  const head = Buffer.from([0x81, 126, body.length >> 8, body.length & 0xff]);
  socket.write(Buffer.concat([body.length < 126 ? Buffer.from([0x81, body.length]) : head, body]));
}

/** Masked text frames of up to 64 KiB, as a client writes them; at a close the socket is ended. */
function readFrames(socket: Socket, onFrame: (frame: JsonObject) => void): void {
  let bytes = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (;;) {
      if (bytes.length < 2) return;
      const short = (bytes[1] ?? 0) & 0x7f;
      const at = short === 126 ? 4 : 2;
      if (bytes.length < at) return;
      const length = short === 126 ? bytes.readUInt16BE(2) : short;
      if (bytes.length < at + 4 + length) return;
      const mask = bytes.subarray(at, at + 4);
      const body = bytes.subarray(at + 4, at + 4 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
      const isText = ((bytes[0] ?? 0) & 0x0f) === 1;
      bytes = bytes.subarray(at + 4 + length);
      if (!isText) return void socket.end();
      const frame: unknown = JSON.parse(Buffer.from(body).toString());
      if (isObject(frame)) onFrame(frame);
    }
  });
}
