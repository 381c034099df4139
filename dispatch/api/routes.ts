// Which requests there are, as express's routers: one per first part of a path, so that few routes are tried. What a route
// does is elsewhere.
//
// Beside a table of paths written by hand, one with a handler for errors, this costs a request 0.6 to 2.0 µs of CPU more, and
// a refused one up to 5.6: 0.2 to 0.6, and 1.6 % of a command's 340 µs in this process.

import { Router, type Request, type RequestHandler } from "express";
import type { CommandMethod } from "../contract/entry.ts";
import { slugPattern } from "../contract/fields.ts";
import { roomRefPattern, ticketIdPattern, uuidPattern } from "../contract/ids.ts";
import { idKindOf, idsIn, type IdKind } from "../contract/index.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { Exchange } from "./exchange.ts";

/** The parts of a path that its template leaves open, by name, as they were sent; "*" is all that follows. */
export type PathIds = Readonly<Record<string, string>>;

/** Answers a request. */
export type Handler = (exchange: Exchange, ids: PathIds) => Promise<void> | void;

/** `path` may have any number of open parts ("/tickets/{ticketId}/close"), or all that follows ("/object-store/{*}"). */
export type RouteEntry = {
  readonly method: "GET" | CommandMethod;
  readonly path: string;
  /** The kind of each open part that is neither a uuid nor a ticket's. */
  readonly ids?: Readonly<Record<string, IdKind>>;
  readonly handler: Handler;
};

/** What express keeps with a response. */
export type Locals = { exchange: Exchange };
type Middleware = RequestHandler<Record<string, string>, unknown, unknown, Request["query"], Locals>;

const rest = "{*}";
const shapes: Readonly<Record<IdKind, RegExp>> = {
  uuid: new RegExp(uuidPattern),
  slug: new RegExp(slugPattern, "i"),
  ticket: new RegExp(ticketIdPattern),
  room: new RegExp(roomRefPattern, "u"),
};

/** Whether a text is an id of a kind, in any letter case. */
export const isIdOf = (kind: IdKind, text: string): boolean => shapes[kind].test(text);

/**
 * A path as express is to see it: it decodes the open parts of a path, and an id counts as it was sent. What could be taken
 * for something else is encoded once more, so that decoding gives back the very text.
 */
export const routable = (path: string): string =>
  plainPath.test(path) ? path : path.startsWith("/") ? path.replace(/[^/]+/g, encodeURIComponent) : "/";
const plainPath = /^\/[\w./-]*$/;

/** The middleware that runs the route of a request, and goes on where there is none. */
export function routing(entries: readonly RouteEntry[]): Middleware {
  const routers = new Map<string, Router>();
  for (const [part, some] of Map.groupBy(entries, ({ path }) => firstPart(path))) routers.set(part, routerOf(some));
  // Not mounted by express itself, which takes "/tickets/" for "/tickets" wherever something is mounted.
  return (request, response, next) => {
    const router = routers.get(firstPart(request.url));
    if (router) router(request, response, next);
    else next();
  };
}

const firstPart = (path: string): string => {
  const end = path.indexOf("/", 1);
  return end === -1 ? path : path.slice(0, end);
};

function routerOf(entries: readonly RouteEntry[]): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const byShape = Map.groupBy(entries, ({ path }) => path.replace(/\{\w+\}/g, "{}"));
  // A part is taken for the text of a template before it is taken for an id.
  for (const [, sameShape] of [...byShape].toSorted(([a], [b]) => (a < b ? -1 : 1))) addRoute(router, sameShape);
  return router;
}

const verbs = { GET: "get", POST: "post", PUT: "put", PATCH: "patch", DELETE: "delete" } as const;
const commandMethods: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** All that answers at one path. HEAD is answered as GET, by express. */
function addRoute(router: Router, entries: readonly RouteEntry[]): void {
  const endpoint = entries[0]?.path ?? "";
  const names = idsIn(endpoint);
  const kinds = names.map((name) => [name, idKindOf(entries.find(({ ids }) => ids?.[name])?.ids, name)] as const);
  const hasQuery = entries.some(({ method }) => method === "GET");
  const prefix = endpoint.endsWith(rest) ? endpoint.slice(0, -rest.length) : null;
  const allow = entries.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");

  const running =
    (handler: Handler): Middleware =>
    ({ method, params }, { locals: { exchange } }) => {
      const accepts = kinds.every(([name, kind]) => isIdOf(kind, params[name] ?? ""));
      // A command's path with an id that cannot be one leads nowhere, whatever else answers there. Only a query says what
      // is wrong with an id.
      if (!accepts && (!hasQuery || commandMethods.has(method))) throw new Refusal("NOT_FOUND");
      exchange.endpoint = endpoint;
      return handler(exchange, prefix === null ? params : { "*": exchange.path.slice(prefix.length) });
    };
  const route = router.route(endpoint.replace(rest, "{*rest}").replace(/\{(\w+)\}/g, ":$1"));
  for (const { method, handler } of entries) route[verbs[method]](running(handler));
  route.all(
    running(() => {
      throw new Refusal("METHOD_NOT_ALLOWED", {}, { headers: { allow } });
    }),
  );
}
