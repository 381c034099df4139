// An HTTP server as this API wants it: bounded times and sizes, errors in JSON even for what is not HTTP, and an end
// that lets requests in hand finish.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Refusal, refusalBody } from "../kernel/refusal.ts";
import type { Listener } from "./app.ts";
import { ConnectionRoom, isSent, sparePlaces } from "./connection-room.ts";
import { longestSilenceMs } from "./exchange.ts";
import { http } from "./node-http.ts";
import { breakOff } from "./read-body.ts";
import { jsonHeaders } from "./security-headers.ts";

/** Longer than the 60 s after which usual load balancers drop an idle connection, so that they do it and not we. */
const keepAliveMs = 65_000;
const maxHeaderBytes = 16 * 1024;
/** The headers come first and are small; commands bound the time of their own bodies. */
const headersWithinMs = 10_000;
/** An upload of 25 MiB from a phone with bad reception: 350 kbit/s. */
const uploadWithinMs = 600_000;

/** How often a stopping server looks for connections that have nothing more to do. */
const lookForIdleMs = 20;
const lingerMs = 2_000;

export type HttpServer = {
  /** Not listening yet. */
  readonly server: Server;
  /**
   * Stops accepting, lets requests in hand finish, closes all other connections.
   * @returns false when some had to be cut off because the time was up
   */
  close(withinMs: number): Promise<boolean>;
};

/** What is answered to whoever came when every connection was busy: what a load balancer and a monitor ask. */
const watched = new Set(["/health", "/metrics", "/ops/alerts"]);

/**
 * Makes a server that hands requests to the listener.
 * @param most connections at a time
 */
export function httpServer(listener: Listener, most: number): HttpServer {
  const server = http.createServer({
    requestTimeout: uploadWithinMs,
    headersTimeout: headersWithinMs,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: maxHeaderBytes,
    // node would answer a missing Host itself, without a body.
    requireHostHeader: false,
  });
  const room = new ConnectionRoom(most);
  server.timeout = longestSilenceMs;
  // Also called when the time to keep a connection without a request is over. What is being worked on has bounds of its own.
  server.on("timeout", (socket) => void (room.isAnswered(socket) && socket.destroy()));
  server.maxConnections = most + sparePlaces;
  server.on("connection", (socket) => room.enter(socket));
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const { socket, url = "" } = request;
    if (room.isSurplus(socket) && !watched.has(url.split("?", 1)[0] ?? "")) return refuseSurplus(socket);
    if (room.begin(socket, { request, response })) listener(request, response);
  };
  server.on("request", handle);
  // An expectation nobody knows may be ignored (RFC 9110, 10.1.1); node would answer it itself, without a body.
  server.on("checkExpectation", handle);
  server.on("connect", (_request: IncomingMessage, socket: Duplex) => {
    const message = "CONNECT is not answered here.";
    refuse(socket, 405, new Refusal("METHOD_NOT_ALLOWED", {}, { message, headers: { allow: "" } }));
  });
  const refused = new WeakSet<Duplex>();
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy(error);
    // The parser complains about each further piece as well.
    if (refused.has(socket)) return;
    refused.add(socket);
    const { status, message } = brokenRequest(error.code);
    const refusal = new Refusal("INVALID_REQUEST", { field: "request" }, { message });
    const inHand = room.inHand(socket);
    if (!inHand || isSent(inHand)) return refuse(socket, status, refusal);
    // What came before the broken bytes is answered first; if they are in the middle of its body, its reader hears of
    // it. Destroying the request would take the connection with it, and the answer.
    const { request, response } = inHand;
    const isBroken = !request.complete;
    if (isBroken) breakOff(request, error);
    response.once("finish", () => (isBroken ? endSoon(socket) : refuse(socket, status, refusal)));
  });
  return { server, close: (withinMs) => closeServer(server, room, withinMs) };
}

function brokenRequest(code: string | undefined): { status: number; message: string } {
  if (code === "HPE_HEADER_OVERFLOW")
    return { status: 431, message: `The headers are larger than ${maxHeaderBytes / 1024} KiB.` };
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return { status: 408, message: "The request did not arrive in time." };
  return { status: 400, message: "This is not a request in HTTP/1.1." };
}

/** Answers on a bare socket, where node has no response object to offer. */
function refuse(socket: Duplex, status: number, refusal: Refusal): void {
  const body = JSON.stringify(refusalBody(refusal, null, null));
  const more = Object.entries(refusal.headers).flat();
  const headers = [...jsonHeaders, ...more, "content-length", String(Buffer.byteLength(body)), "connection", "close"];
  const lines = headers.flatMap((value, i) => (i % 2 === 0 ? [`${value}: ${headers[i + 1] ?? ""}`] : []));
  endSoon(socket, `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ""}\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
}

function refuseSurplus(socket: Duplex): void {
  const message = "All connections of this process are busy; try again after Retry-After, or ask another process.";
  const refusal = new Refusal(
    "DEPENDENCY_UNAVAILABLE",
    { dependency: "api" },
    { message, headers: { "retry-after": "1" } },
  );
  refuse(socket, refusal.status, refusal);
}

/** Ends our side and leaves the client a moment to read before the connection is cut. */
function endSoon(socket: Duplex, lastWords = ""): void {
  socket.end(lastWords);
  const cut = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once("close", () => clearTimeout(cut));
}

async function closeServer(server: Server, room: ConnectionRoom, withinMs: number): Promise<boolean> {
  const closed = new Promise<true>((resolve) => server.close(() => resolve(true)));
  // node's closeIdleConnections spares connections on which no request ever came, as load balancers and browsers keep.
  room.closeIdle();
  const idle = setInterval(() => room.closeIdle(), lookForIdleMs);
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), withinMs);
  try {
    const inTime = await Promise.race([closed, late.promise]);
    if (!inTime) server.closeAllConnections();
    return inTime;
  } finally {
    clearInterval(idle);
    clearTimeout(timer);
  }
}
