// The public keys tokens are signed against: a JWKS in a file, read anew when it changes, or behind a URL, fetched
// when it is needed. Both survive a rotation without a restart.

import { readFile, stat } from "node:fs/promises";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type CryptoKey,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from "jose";
import type { Clock } from "../kernel/clock.ts";
import { isObject } from "../kernel/json.ts";
import { Refusal } from "../kernel/refusal.ts";
import { SettingsError } from "../process/settings.ts";

export type FindKey = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;
export type Warn = (message: string, error: unknown) => void;

export type SigningKeys = {
  readonly find: FindKey;
  /**
   * Looks whether the keys have changed, unless that was done a moment ago; true when they have.
   * @param urgent for a key that was not found: anybody can invent one, so this is bounded too, only less
   */
  refresh(urgent: boolean): Promise<boolean>;
};

const lookEveryMs = { calm: 1_000, urgent: 100 };
const fetchTimeoutMs = 3_000;
/** jose fetches again for an unknown kid, but not more often than this. */
const fetchCooldownMs = 10_000;
const fetchedKeysLiveMs = 600_000;

/**
 * Opens what DISPATCH_AUTH_JWKS names.
 * @throws SettingsError when a file cannot be read or is no JWKS
 */
export async function openSigningKeys(place: string, clock: Clock, warn: Warn): Promise<SigningKeys> {
  return /^https?:\/\//i.test(place) ? remoteKeys(place) : fileKeys(place, clock, warn);
}

async function fileKeys(path: string, clock: Clock, warn: Warn): Promise<SigningKeys> {
  let current = await readKeys(path).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SettingsError(
      "DISPATCH_AUTH_JWKS",
      `must name a file with a JSON Web Key Set, or a URL; ${path}: ${reason}`,
    );
  });
  let lookedAt = clock.now().getTime();
  return {
    find: (header, token) => current.find(header, token),
    refresh: async (urgent) => {
      const now = clock.now().getTime();
      if (Math.abs(now - lookedAt) < (urgent ? lookEveryMs.urgent : lookEveryMs.calm)) return false;
      lookedAt = now;
      try {
        if ((await versionOf(path)) === current.version) return false;
        current = await readKeys(path);
        return true;
      } catch (error) {
        // Half written, or gone for a moment: the keys in hand stay good until better ones can be read.
        warn("the JWKS file cannot be read; the keys read before stay in use", error);
        return false;
      }
    },
  };
}

type ReadKeys = { readonly find: FindKey; readonly version: string };

async function readKeys(path: string): Promise<ReadKeys> {
  // The version is taken first: a change in between is then noticed at the next look.
  const version = await versionOf(path);
  const parsed: unknown = JSON.parse(await readFile(path, "utf8"));
  if (!isKeySet(parsed)) throw new Error("it holds no list of keys");
  return { find: createLocalJWKSet(parsed), version };
}

async function versionOf(path: string): Promise<string> {
  const { mtimeNs, size, ino } = await stat(path, { bigint: true });
  return `${ino}.${mtimeNs}.${size}`;
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return (
    isObject(value) &&
    Array.isArray(value["keys"]) &&
    value["keys"].every((key) => isObject(key) && typeof key["kty"] === "string")
  );
}

function remoteKeys(url: string): SigningKeys {
  const find = createRemoteJWKSet(new URL(url), {
    timeoutDuration: fetchTimeoutMs,
    cooldownDuration: fetchCooldownMs,
    cacheMaxAge: fetchedKeysLiveMs,
  });
  return {
    find: async (header, token) => {
      try {
        return await find(header, token);
      } catch (error) {
        if (isAboutToken(error)) throw error;
        // Without the keys nobody can say whether the token is good, which is no fault of the caller's.
        throw new Refusal(
          "DEPENDENCY_UNAVAILABLE",
          { dependency: "jwks" },
          { headers: { "retry-after": "5" }, cause: error },
        );
      }
    },
    refresh: async () => false,
  };
}

const isAboutToken = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported;
