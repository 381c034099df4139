// A receiver of webhooks on this machine: it keeps what arrives, verifies signatures by its own reckoning, and answers as
// the test says, badly too.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";

export type Received = {
  readonly headers: http.IncomingHttpHeaders;
  readonly id: string;
  readonly timestamp: number;
  readonly signatures: readonly string[];
  readonly text: string;
  readonly subject: string;
  readonly body: JsonObject;
};

/** A status, or what no receiver should do. */
export type Answer = number | "hang" | "garbage" | "hang up" | "endless body";

export type WebhookReceiver = {
  readonly url: string;
  readonly received: readonly Received[];
  /** Most requests at the same time so far. */
  readonly busiest: number;
  /** What each request is answered; 204 unless a test says otherwise. */
  answer: (one: Received) => Answer | Promise<Answer>;
  close(): Promise<void>;
};

type Ending = { after(fn: () => Promise<void>): void };

/** Starts one that ends with `t`. */
export async function startReceiver(t: Ending, port = 0): Promise<WebhookReceiver> {
  const received: Received[] = [];
  let open = 0;
  let busiest = 0;
  const server = http.createServer(async (request, response) => {
    busiest = Math.max(busiest, ++open);
    response.on("close", () => open--);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const one = receivedOf(request, Buffer.concat(chunks).toString("utf8"));
    received.push(one);
    respond(response, await receiver.answer(one));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  t.after(close);
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${addressOf(server.address()).port}/events`,
    received,
    get busiest() {
      return busiest;
    },
    answer: () => 204,
    close,
  };
  return receiver;
}

function respond(response: http.ServerResponse, answer: Answer): void {
  if (answer === "hang") return;
  if (answer === "hang up") return void response.socket?.destroy();
  if (answer === "garbage") return void response.socket?.end("what do you mean, HTTP?\r\n\r\n");
  if (answer === "endless body") {
    response.writeHead(200);
    const more = () => {
      while (response.write(Buffer.alloc(65_536)));
    };
    response.on("drain", more);
    return more();
  }
  response.writeHead(answer, answer >= 300 && answer < 400 ? { location: "/elsewhere" } : {}).end();
}

function receivedOf({ headers, method }: http.IncomingMessage, text: string): Received {
  assert.equal(method, "POST");
  assert.equal(headers["content-type"], "application/json");
  const body: unknown = JSON.parse(text);
  assert.ok(isObject(body));
  return {
    headers,
    id: String(headers["webhook-id"]),
    timestamp: Number(headers["webhook-timestamp"]),
    signatures: String(headers["webhook-signature"]).split(" "),
    text,
    subject: String(body["subject"]),
    body,
  };
}

/** Whether one of the signatures is this secret's. */
export function isSignedBy(secret: string, { id, timestamp, text, signatures }: Received): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  assert.ok(key.length >= 24 && key.length <= 64);
  const expected = createHmac("sha256", key).update([id, timestamp, text].join(".")).digest("base64");
  return signatures.includes(`v1,${expected}`);
}

function addressOf(address: string | AddressInfo | null): AddressInfo {
  assert.ok(address !== null && typeof address !== "string");
  return address;
}
