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
