// Small real HTTP servers in dispatch-api's place: troubled ones, and a relay that stands before a real API and can cut in.

import { once } from "node:events";
import http from "node:http";
import net from "node:net";

type TestLife = { after(fn: () => Promise<void>): void };

export type StandIn = {
  readonly url: string;
  /** Requests that came, the answered and the unanswered. */
  readonly seen: readonly http.IncomingMessage[];
};

/** Answers the nth request, counted from 1. */
export type Answer = (request: http.IncomingMessage, response: http.ServerResponse, nth: number) => unknown;

/** A server on a free port until the test ends. */
export async function standIn(t: TestLife, answer: Answer): Promise<StandIn> {
  const seen: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    seen.push(request);
    answer(request, response, seen.length);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  return { url: `http://127.0.0.1:${portOf(server)}`, seen };
}

/** A port at which nothing listens. */
export async function deadPort(): Promise<number> {
  const server = net.createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const port = portOf(server);
  await new Promise((closed) => server.close(closed));
  return port;
}

function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}

export const json = (
  response: http.ServerResponse,
  status: number,
  body: unknown,
  headers: http.OutgoingHttpHeaders = {},
): unknown =>
  response
    .writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers })
    .end(JSON.stringify(body));

/** A refusal in the API's form. */
export const refusal = (
  response: http.ServerResponse,
  status: number,
  code: string,
  headers: http.OutgoingHttpHeaders = {},
): unknown =>
  json(
    response,
    status,
    { error: { code, message: `${code} for the test.`, request_id: null, correlation_id: "c-1" } },
    headers,
  );

export type Passed = { readonly status: number; readonly headers: Headers; readonly bytes: Buffer };

/** Has a real API do the request. */
export async function pass(target: string, request: http.IncomingMessage): Promise<Passed> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    typeof value === "string" && !["host", "connection", "content-length"].includes(name)
      ? [[name, value] satisfies [string, string]]
      : [],
  );
  const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
  const response = await fetch(target + (request.url ?? "/"), { method: request.method ?? "GET", headers, ...body });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

/** Answers with what the real API answered. */
export function give(response: http.ServerResponse, { status, headers, bytes }: Passed): void {
  const kept = [...headers].filter(
    ([name]) => !["connection", "keep-alive", "transfer-encoding", "content-encoding", "content-length"].includes(name),
  );
  response.writeHead(status, Object.fromEntries(kept)).end(bytes);
}
