// Which requests there are: the tools of the contract and the API's own few paths, in one table. It finds the route
// of a path; what a route does is elsewhere.

import type { Entry, ToolName } from "../contract/index.ts";
import { toolEntries } from "../contract/index.ts";
import { isUuid } from "./exchange.ts";

export type ToolRoute = { readonly tool: ToolName; readonly entry: Entry };

/** All that answers at one path template. */
export type Route<Own> = {
  readonly endpoint: string;
  /** By method; HEAD is answered as GET. */
  readonly methods: ReadonlyMap<string, ToolRoute | Own>;
  /** The Allow header. */
  readonly allow: string;
};

/** What a path leads to, with the id in it, as it was sent. */
export type Match<Own> = { readonly route: Route<Own>; readonly id: string | null };

export type OwnRoute<Own> = { readonly method: string; readonly path: string; readonly own: Own };

/** The id of a path, whatever the contract calls it; no path of the contract has two. */
const parameter = /\{\w+\}/;
const slot = "{}";

/**
 * The table of all routes, and the function that looks a path up in it.
 *
 * A table, because express tries its routes one after the other: with this contract's 45, one core answered 15,600
 * requests/s through express's router and 22,400/s through one express handler with a table.
 */
export function routeTable<Own>(ownRoutes: readonly OwnRoute<Own>[]): (path: string) => Match<Own> | null {
  const byTemplate = new Map<string, { endpoint: string; methods: Map<string, ToolRoute | Own> }>();
  const add = (method: string, path: string, handler: ToolRoute | Own) => {
    const template = path.replace(parameter, slot);
    const route = byTemplate.get(template) ?? { endpoint: path, methods: new Map<string, ToolRoute | Own>() };
    byTemplate.set(template, route);
    route.methods.set(method, handler);
  };
  for (const [tool, entry] of toolEntries) add(entry.method, entry.path, { tool, entry });
  for (const { method, path, own } of ownRoutes) add(method, path, own);

  const exact = new Map<string, Match<Own>>();
  const withId = new Map<string, Route<Own>>();
  for (const [template, { endpoint, methods }] of byTemplate) {
    const route = { endpoint, methods, allow: allowOf([...methods.keys()]) };
    if (template.includes(slot)) withId.set(template, route);
    else exact.set(template, { route, id: null });
  }
  return (path) => exact.get(path) ?? matchWithId(path, withId);
}

function matchWithId<Own>(path: string, routes: ReadonlyMap<string, Route<Own>>): Match<Own> | null {
  // Each part in turn is taken for the id; the longest template of the contract has four parts.
  for (let start = 1, parts = 0; start > 0 && parts < maxParts; parts++) {
    const slash = path.indexOf("/", start);
    const end = slash === -1 ? path.length : slash;
    const route = routes.get(path.slice(0, start) + slot + path.slice(end));
    if (route && end > start) {
      const id = path.slice(start, end);
      // A command is never found under an id that cannot be one; a query says what is wrong with it.
      return isUuid(id) || route.methods.has("GET") ? { route, id } : null;
    }
    start = slash + 1;
  }
  return null;
}

const maxParts = 5;

function allowOf(methods: readonly string[]): string {
  return methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
}
