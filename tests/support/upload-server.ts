// The smallest HTTP server that serves a file store's signed uploads: what the API's route does, without the API.

import { once } from "node:events";
import http from "node:http";
import {
  uploadPath,
  type FileStore,
  type UploadOutcome,
  type UploadRefusal,
} from "../../dispatch/storage/file-store.ts";
import { ObjectStoreUnavailable } from "../../dispatch/storage/object-store.ts";

const statusOf: Record<UploadRefusal, number> = {
  bad_signature: 403,
  expired: 403,
  wrong_type: 415,
  too_large: 413,
  wrong_size: 400,
  exists: 409,
  in_use: 409,
};

export type UploadServer = {
  baseUrl: string;
  serve(store: FileStore): void;
  /** What the next upload comes to, also one whose client does not wait for the answer. */
  nextOutcome(): Promise<UploadOutcome>;
  stop(): Promise<void>;
};

/** Listens on a free port; give it the store once that is open. */
export async function startUploadServer(): Promise<UploadServer> {
  let served: FileStore | null = null;
  let waiting: PromiseWithResolvers<UploadOutcome> | null = null;
  const server = http.createServer(async (request, response) => {
    if (served === null) return response.writeHead(503).end();
    try {
      const outcome = await accept(served, request);
      waiting?.resolve(outcome);
      response.writeHead(outcome.accepted ? 201 : statusOf[outcome.refusal]).end();
    } catch (error) {
      waiting?.reject(error);
      response.writeHead(error instanceof ObjectStoreUnavailable ? 503 : 500).end();
    }
    return undefined;
  });
  // A client whose next upload meets the end of a connection that was idle for five seconds would be told nothing.
  server.keepAliveTimeout = 0;
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return {
    baseUrl: `http://127.0.0.1:${address.port}`,
    nextOutcome: () => {
      waiting = Promise.withResolvers();
      // Whoever waits may still be busy sending when it fails.
      waiting.promise.catch(() => undefined);
      return waiting.promise;
    },
    serve: (store) => void (served = store),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function accept(store: FileStore, request: http.IncomingMessage): Promise<UploadOutcome> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const length = request.headers["content-length"];
  return store.acceptUpload({
    key: decodeURIComponent(url.pathname.slice(uploadPath.length)),
    query: url.searchParams,
    contentType: request.headers["content-type"],
    contentLength: length === undefined ? null : Number(length),
    body: request,
    now: new Date(),
  });
}
