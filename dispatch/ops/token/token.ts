// Bearer tokens as an operator makes and reads them.

import { decodeJwt, SignJWT } from "jose";
import { BearerTokens } from "../../api/bearer-token.ts";
import { openSigningKeys } from "../../api/signing-keys.ts";
import { systemClock } from "../../kernel/clock.ts";
import { isObject } from "../../kernel/json.ts";
import { Refusal } from "../../kernel/refusal.ts";
import type { Settings } from "../../process/settings.ts";

export type TokenFor = {
  readonly actor: string;
  readonly role: string;
  readonly type: string;
  readonly techId: string | null;
  /** Ids separated by commas, or * for all. */
  readonly accounts: string;
  readonly sites: string;
  readonly seconds: number;
};

/** Signs one with the shared secret, with the issuer and audience that the settings ask for. */
export function makeToken(
  { actor, role, type, techId, accounts, sites, seconds }: TokenFor,
  secret: string,
  { jwtIssuer, jwtAudience }: Settings,
): Promise<string> {
  const now = Math.floor(systemClock.now().getTime() / 1_000);
  const token = new SignJWT({
    role,
    actor_type: type,
    ...(techId !== null && { tech_id: techId }),
    scope: { account_ids: accounts, site_ids: sites },
  })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(actor)
    .setIssuedAt(now)
    .setExpirationTime(now + seconds);
  if (jwtIssuer !== null) token.setIssuer(jwtIssuer);
  if (jwtAudience !== null) token.setAudience(jwtAudience);
  return token.sign(new TextEncoder().encode(secret));
}

/** What an API with these settings and secrets says against the token; null when it believes it. */
export async function whyRefused(
  token: string,
  secrets: readonly string[],
  settings: Settings,
): Promise<string | null> {
  const { jwks, jwtIssuer: issuer, jwtAudience: audience } = settings;
  const keys = jwks === null ? null : await openSigningKeys(jwks, systemClock, () => undefined);
  try {
    await new BearerTokens({ secrets, keys, issuer, audience, clock: systemClock }).verified(token);
    return null;
  } catch (error) {
    if (error instanceof Refusal) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** What the token claims, a line each, whether or not anybody believes it; null for what is no token. */
export function explainToken(token: string): string | null {
  try {
    const claims = decodeJwt(token);
    const scope = isObject(claims["scope"]) ? claims["scope"] : claims;
    const lines: [string, string][] = [
      ["who", `${shown(claims.sub)}, ${shown(claims["actor_type"] ?? claims["actorType"] ?? "AGENT")}`],
      ["role", shown(claims["role"])],
      ["accounts", reach(scope["account_ids"])],
      ["sites", reach(scope["site_ids"])],
      ["ends", claims.exp === undefined ? "never, which no API accepts" : time(claims.exp)],
    ];
    if (claims.iat !== undefined) lines.push(["signed", time(claims.iat)]);
    for (const name of ["nbf", "iss", "aud", "tech_id", "via", "claimed_by", "human_approval"])
      if (claims[name] !== undefined) lines.push([name, shown(claims[name])]);
    return lines.map(([name, value]) => `${name.padEnd(9)} ${value}`).join("\n");
  } catch {
    return null;
  }
}

const shown = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? "not said"));
const reach = (value: unknown): string => (value === "*" ? "all" : value ? shown(value) : "none");
const time = (seconds: unknown): string =>
  typeof seconds === "number" && Math.abs(seconds) < 8.64e12 ? new Date(seconds * 1_000).toISOString() : shown(seconds);
