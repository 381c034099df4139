// The express app: finds the route of a request, runs it, and sends every failure to the one place that answers them.

import type { IncomingMessage, ServerResponse } from "node:http";
import express from "express";
import { Refusal } from "../kernel/refusal.ts";
import type { ErrorResponder } from "./error-response.ts";
import { Exchange, type Reporter } from "./exchange.ts";
import { routeTable, type Match, type RouteEntry } from "./routes.ts";

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Builds the app, as the listener of an HTTP server. */
export function createApp(routes: readonly RouteEntry[], respondError: ErrorResponder, reporter: Reporter): Listener {
  const find = routeTable(routes);

  const answer = async (exchange: Exchange): Promise<void> => {
    const match = find(exchange.path);
    if (!match || isCommandOnNothing(match, exchange.method) || isNoQuery(match)) throw new Refusal("NOT_FOUND");
    const { route, ids } = match;
    exchange.endpoint = route.endpoint;
    const handler = route.handlers.get(exchange.method === "HEAD" ? "GET" : exchange.method);
    if (!handler) throw new Refusal("METHOD_NOT_ALLOWED", {}, { headers: { allow: route.allow } });
    await handler(exchange, ids);
  };

  const handle: Listener = (request, response) => {
    const exchange = new Exchange(request, response, reporter);
    answer(exchange)
      .catch((error: unknown) => respondError(exchange, error))
      .catch(() => response.destroy());
  };

  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", false);
  app.use(handle);
  // A target that is no path, "http://[" or "*" for example, express would answer itself, as a page.
  return (request, response) => (request.url?.startsWith("/") ? app(request, response) : handle(request, response));
}

/** A command's path with an id that cannot be one leads nowhere, whatever else answers at that path. */
const isCommandOnNothing = ({ ids, route }: Match, method: string): boolean =>
  commandMethods.has(method) && route.names.length > 0 && !route.accepts(ids);
const commandMethods = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** Only a query says what is wrong with an id; where there is none, an id that cannot be one leads nowhere. */
const isNoQuery = ({ ids, route }: Match): boolean =>
  !route.handlers.has("GET") && route.names.length > 0 && !route.accepts(ids);
