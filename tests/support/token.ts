// Bearer tokens as anybody makes them who knows the secret.

import { createHmac } from "node:crypto";
import type { Clock } from "../../dispatch/kernel/clock.ts";

/** DISPATCH_AUTH_JWT_SECRET of an API that is to believe these tokens. */
export const tokenSecret = "a-secret-of-at-least-thirty-two-characters";

export type Bearer = { readonly authorization: string };

/** A token of any claims; without an exp it is genuine and not acceptable. */
export function bearer(claims: object, key: string = tokenSecret): Bearer {
  const parts = [{ alg: "HS256", typ: "JWT" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const signature = createHmac("sha256", key).update(parts.join(".")).digest("base64url");
  return { authorization: `Bearer ${[...parts, signature].join(".")}` };
}

/** A token that is in order: a dispatcher who reaches everything, unless the claims say otherwise. */
export function speaking({ clock }: { readonly clock: Clock }, claims: object = {}): Bearer {
  const exp = Math.floor(clock.now().getTime() / 1_000) + 120;
  return bearer({ sub: "dana", role: "dispatcher", exp, scope: { account_ids: "*", site_ids: "*" }, ...claims });
}

type Headers = Readonly<Record<string, string | undefined>>;

/**
 * Development headers as a token that says the same, for an API that believes no headers. What names nobody, or brings a
 * token, stays as it is.
 * @param claims beside those of the headers
 */
export function asToken(headers: Headers, clock: Clock, key?: string, claims: object = {}): Headers {
  const sent = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const [id, role] = [sent.get("x-actor-id"), sent.get("x-actor-role")];
  if (sent.get("authorization") !== undefined || !id || !role) return headers;
  const scope = { account_ids: sent.get("x-account-scope") ?? "*", site_ids: sent.get("x-site-scope") ?? "*" };
  const exp = Math.floor(clock.now().getTime() / 1_000) + 86_400;
  const type = sent.get("x-actor-type") || "HUMAN";
  const about = { sub: id, role, actor_type: type, tech_id: sent.get("x-tech-id") ?? "", scope, exp, ...claims };
  return { ...headers, ...bearer(about, key) };
}
