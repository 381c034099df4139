// The express app: routes to the handler of a request, and sends every failure to the one place that answers them.

import type { IncomingMessage, ServerResponse } from "node:http";
import express, { type ErrorRequestHandler, type Response } from "express";
import { Refusal } from "../kernel/refusal.ts";
import type { ErrorResponder } from "./error-response.ts";
import { Exchange, type Reporter } from "./exchange.ts";
import type { RequireKnownHost } from "./known-hosts.ts";
import { routable, routing, type Locals, type RouteEntry } from "./routes.ts";

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

export type AppParts = {
  readonly routes: readonly RouteEntry[];
  readonly respondError: ErrorResponder;
  readonly reporter: Reporter;
  /** Asked before any route; null for none. */
  readonly requireKnownHost: RequireKnownHost | null;
};

/** Builds the app, as the listener of an HTTP server. */
export function createApp({ routes, respondError, reporter, requireKnownHost }: AppParts): Listener {
  // Express tells an error handler by its four parameters.
  const onError: ErrorRequestHandler<Record<string, string>, unknown, unknown, unknown, Locals> = async (
    error: unknown,
    _request,
    response,
    _next,
  ) => {
    try {
      await respondError(response.locals.exchange, error);
    } catch {
      response.destroy();
    }
  };
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", false);
  if (requireKnownHost)
    app.use((_request: unknown, response: Response<unknown, Locals>, next) => {
      requireKnownHost(response.locals.exchange);
      next();
    });
  app.use(routing(routes));
  app.use(() => {
    throw new Refusal("NOT_FOUND");
  });
  app.use(onError);
  return (request, response) => {
    const exchange = new Exchange(request, response, reporter);
    request.url = routable(exchange.path);
    const locals: Locals = { exchange };
    app(request, Object.assign(response, { locals }));
  };
}
