// While development headers are accepted, whoever can send a request is whoever they say, and a browser sends requests for
// every page it shows. So only requests that name this desk's own addresses are served then: a name that a stranger's DNS
// points here (rebinding) is none of them, and neither is the origin of a stranger's page.

import { isIP } from "node:net";
import { Refusal } from "../kernel/refusal.ts";
import type { Settings } from "../process/settings.ts";
import type { DevHeaders } from "../process/settings/kinds.ts";
import type { Exchange } from "./exchange.ts";

/** @throws Refusal HOST_NOT_ALLOWED, ORIGIN_NOT_ALLOWED */
export type RequireKnownHost = (exchange: Exchange) => void;

const loopback = ["localhost", "127.0.0.1", "[::1]"];
const everyAddress = ["0.0.0.0", "::"];
const longestShown = 200;

/**
 * What every request has to pass; null where tokens are always needed, which no page of a stranger's has.
 * @param devHeaders whether development headers count; asked for each request
 */
export function knownHosts(
  { allowDevHeaders, apiPublicUrl, apiHost }: Settings,
  devHeaders: () => DevHeaders,
): RequireKnownHost | null {
  if (allowDevHeaders === false) return null;
  const listening = apiHost.includes(":") ? `[${apiHost}]` : apiHost;
  const known = new Set([
    ...loopback,
    ...(apiPublicUrl === null ? [] : [new URL(apiPublicUrl).hostname]),
    ...(everyAddress.includes(apiHost) ? [] : [listening.toLowerCase()]),
  ]);
  const allowed = [...known];
  // Where others are meant to reach it, by its address too: only names can be made to point here.
  const serves = (name: string): boolean =>
    known.has(name) || (allowDevHeaders === "anywhere" && isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0);
  const refuse = (code: "HOST_NOT_ALLOWED" | "ORIGIN_NOT_ALLOWED", field: string, sent: string): Refusal =>
    new Refusal(code, { [field]: sent.slice(0, longestShown), allowed_hosts: allowed });
  return ({ authority, method, request: { headers } }) => {
    if (devHeaders() === false) return;
    // A client that names no host is no browser.
    if (authority !== null && !serves(hostnameOf(authority))) throw refuse("HOST_NOT_ALLOWED", "host", authority);
    const { origin } = headers;
    if (origin !== undefined && !isKnownOrigin(origin, known, authority))
      throw refuse("ORIGIN_NOT_ALLOWED", "origin", origin);
    // Images, scripts and fetches without CORS bring no Origin. Following a link here does no harm.
    const followsLink = headers["sec-fetch-mode"] === "navigate" && (method === "GET" || method === "HEAD");
    if (headers["sec-fetch-site"] === "cross-site" && !followsLink)
      throw refuse("ORIGIN_NOT_ALLOWED", "origin", "cross-site");
  };
}

/** Without the port, in lower case; what has another form is none of ours. */
const hostnameOf = (host: string): string => /^(\[[\da-f:.]+\]|[^:]*)(?::\d*)?$/i.exec(host)?.[1]?.toLowerCase() ?? "";

/** Of a host that is known, on any port, or the very one that is asked. */
function isKnownOrigin(origin: string, known: ReadonlySet<string>, authority: string | null): boolean {
  const url = URL.parse(origin);
  if (url === null || !["http:", "https:"].includes(url.protocol)) return false;
  return known.has(url.hostname) || url.host === authority?.toLowerCase();
}
