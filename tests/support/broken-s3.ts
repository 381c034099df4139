// Servers that a store must survive: they listen and then do what networks and machines do on a bad day.

import { once } from "node:events";
import http from "node:http";
import net from "node:net";

export type BrokenServer = {
  endpoint: string;
  requests: { method: string; headers: http.IncomingHttpHeaders }[];
  stop(): Promise<void>;
};

/** Answers every request as told, and keeps what was asked. */
export async function answering(answer: http.RequestListener): Promise<BrokenServer> {
  const requests: BrokenServer["requests"] = [];
  const server = http.createServer((request, response) => {
    requests.push({ method: request.method ?? "", headers: request.headers });
    request.resume().on("end", () => answer(request, response));
  });
  const endpoint = await listen(server);
  return { endpoint, requests, stop: () => close(server, () => server.closeAllConnections()) };
}

/** Answers every request with the status and an S3 error of that code, or with no body when there is no code. */
export function answeringError(status: number, code?: string): Promise<BrokenServer> {
  const body = code === undefined ? "" : `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;
  return answering((_request, response) => response.writeHead(status).end(body));
}

/** Takes connections and says nothing, ever. */
export async function silent(): Promise<BrokenServer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => sockets.add(socket.resume().on("error", () => undefined)));
  const endpoint = await listen(server);
  return { endpoint, requests: [], stop: () => close(server, () => sockets.forEach((socket) => socket.destroy())) };
}

/** Promises a megabyte, sends a little of it, and stops without hanging up. */
export function stalling(): Promise<BrokenServer> {
  return answering(
    (_request, response) => void response.writeHead(200, { "Content-Length": 1_000_000 }).write("begin"),
  );
}

/** Promises a megabyte and sends a byte every 20 ms, so that the connection is never silent. */
export function trickling(): Promise<BrokenServer> {
  return answering((_request, response) => {
    response.writeHead(200, { "Content-Length": 1_000_000 });
    const drip = setInterval(() => response.write("."), 20);
    response.on("close", () => clearInterval(drip));
  });
}

/** Promises a megabyte, sends a little of it, and hangs up. */
export function hangingUp(): Promise<BrokenServer> {
  return answering((_request, response) => {
    response.writeHead(200, { "Content-Length": 1_000_000 }).write("begin", () => response.destroy());
  });
}

/** An address where nobody listens. */
export async function nobody(): Promise<BrokenServer> {
  const server = await silent();
  await server.stop();
  return { ...server, stop: async () => undefined };
}

async function listen(server: net.Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return `http://127.0.0.1:${address.port}`;
}

async function close(server: net.Server, dropConnections: () => void): Promise<void> {
  const closed = new Promise((done) => server.close(done));
  dropConnections();
  await closed;
}
