// Who is calling: a bearer token if one came, else the development headers where they are allowed.

import type { IncomingHttpHeaders } from "node:http";
import { roleFrom, type Role } from "../contract/roles.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Clock } from "../kernel/clock.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { Settings } from "../process/settings.ts";
import type { DevHeaders } from "../process/settings/kinds.ts";
import { BearerTokens } from "./bearer-token.ts";
import { speakerFromHeaders } from "./development-headers.ts";
import { openSigningKeys, type Warn } from "./signing-keys.ts";
import type { Speaker } from "./speaker.ts";

export type Credentials = {
  /**
   * The caller.
   * @param allowed who may call, for the refusal of a role nobody knows
   * @throws Refusal AUTH_REQUIRED, INVALID_AUTH_TOKEN, INVALID_AUTH_CLAIMS, MISSING_ACTOR_CONTEXT,
   *   INVALID_ACTOR_CONTEXT, FORBIDDEN, AUTH_CONFIG_ERROR, DEPENDENCY_UNAVAILABLE
   */
  actorOf(headers: IncomingHttpHeaders, allowed: readonly Role[]): Promise<Actor>;
  /** The caller, and when, in ms since 1970, the token that says so ends; null without one. @throws as actorOf */
  callerOf(headers: IncomingHttpHeaders, allowed: readonly Role[]): Promise<Caller>;
};

export type Caller = { readonly actor: Actor; readonly until: number | null };

type Parts = {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly warn: Warn;
  /** Whether development headers count; asked for each caller. */
  readonly devHeaders: () => DevHeaders;
};

/** @throws SettingsError when the signing keys cannot be read */
export async function openCredentials({ settings, clock, warn, devHeaders }: Parts): Promise<Credentials> {
  const tokens = new BearerTokens({
    secrets: [settings.jwtSecret, settings.jwtSecretOld].filter((secret) => secret !== null),
    keys: settings.jwks === null ? null : await openSigningKeys(settings.jwks, clock, warn),
    issuer: settings.jwtIssuer,
    audience: settings.jwtAudience,
    clock,
  });
  const callerOf = async (headers: IncomingHttpHeaders, allowed: readonly Role[]): Promise<Caller> => {
    const { authorization } = headers;
    if (authorization !== undefined) {
      const { speaker, endsAt } = await tokens.verified(tokenFrom(authorization));
      return { actor: actorFrom(speaker, allowed), until: endsAt };
    }
    if (devHeaders() === false) throw new Refusal("AUTH_REQUIRED");
    return { actor: actorFrom(speakerFromHeaders(headers), allowed), until: null };
  };
  return { callerOf, actorOf: async (headers, allowed) => (await callerOf(headers, allowed)).actor };
}

function tokenFrom(authorization: string): string {
  const [scheme, token, ...rest] = authorization.split(" ");
  if (scheme?.toLowerCase() !== "bearer" || !token || rest.length > 0) {
    throw new Refusal(
      "INVALID_AUTH_TOKEN",
      {},
      { message: "The Authorization header is not of the form Bearer <token>." },
    );
  }
  return token;
}

function actorFrom(speaker: Speaker, allowed: readonly Role[]): Actor {
  const role = roleFrom(speaker.role);
  if (!role) throw new Refusal("FORBIDDEN", { actor_role: speaker.role.slice(0, 100), allowed_roles: allowed });
  return { ...speaker, role };
}
