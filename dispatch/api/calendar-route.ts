// GET /calendar/{secret}.ics: a technician's visits for a calendar app. The secret is the credential, since an app sends no token;
// whatever opens no calendar is answered alike. It is read anew at each call, so it is as the desk is.

import { createHash } from "node:crypto";
import type { Desk } from "../kernel/desk.ts";
import { Refusal } from "../kernel/refusal.ts";
import { calendarOf } from "../field/visit-calendar.ts";
import type { Exchange } from "./exchange.ts";
import { RateLimit } from "./rate-limit.ts";
import type { PathIds, RouteEntry } from "./routes.ts";
import { headersFor } from "./security-headers.ts";
import { namesTag } from "./send-file.ts";

/** Addresses that open nothing, of one client in a minute. Behind a proxy all clients are one to us. */
const wrongPerMinute = 30;
/** Who opened one lately and is heard although others behind the same proxy guess. */
const mostKnown = 10_000;

export function calendarRoute(desk: Desk): RouteEntry {
  const wrong = new RateLimit(wrongPerMinute, desk.clock);
  const blockedUntil = new Map<string, number>();
  const known = new Set<string>();

  const refuse = (client: string, now: number): never => {
    try {
      wrong.take(client);
    } catch (error) {
      if (blockedUntil.size >= mostKnown) blockedUntil.clear();
      const seconds = error instanceof Refusal ? Number(error.headers["retry-after"]) : 0;
      blockedUntil.set(client, now + seconds * 1_000);
      throw error;
    }
    throw new Refusal("NOT_FOUND");
  };

  const handler = async (exchange: Exchange, { "*": rest = "" }: PathIds): Promise<void> => {
    const [, secret = ""] = /^([\w-]{1,100})\.ics$/.exec(rest) ?? [];
    const client = exchange.request.socket.remoteAddress ?? "";
    const now = desk.clock.now().getTime();
    const key = sha256(secret);
    if (!known.has(key) && (blockedUntil.get(client) ?? 0) > now) return refuse(client, now);
    const text = await calendarOf(desk, secret);
    if (text === null) {
      known.delete(key);
      return refuse(client, now);
    }
    if (known.size >= mostKnown) known.clear();
    known.add(key);
    const etag = `"${sha256(text)}"`;
    const headers = [
      ...headersFor("text/calendar; charset=utf-8").map((value) =>
        value === "no-store" ? "private, no-cache" : value,
      ),
      "etag",
      etag,
      "content-disposition",
      'inline; filename="visits.ics"',
      "referrer-policy",
      "no-referrer",
    ];
    if (namesTag(exchange.request.headers["if-none-match"], etag)) return exchange.stream(304, 0, headers, null);
    exchange.send(200, text, headers);
  };
  return { method: "GET", path: "/calendar/{*}", handler };
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
