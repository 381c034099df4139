// The public keys tokens are signed against: a JWKS in a file, read anew when it changes, or behind a URL, fetched anew
// every half a minute in which tokens come. Both survive a rotation without a restart.

import { readFile, stat } from "node:fs/promises";
import {
  createLocalJWKSet,
  type CryptoKey,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from "jose";
import type { Clock } from "../kernel/clock.ts";
import { isObject } from "../kernel/json.ts";
import { Refusal } from "../kernel/refusal.ts";
import { fetchable } from "../travel/url-credentials.ts";
import { namesOf } from "../process/settings/setting.ts";
import { SettingsError } from "../process/settings/settings-error.ts";
import { settingsList } from "../process/settings/settings-list.ts";

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
/** A key that is withdrawn at a URL ends here after so long at most, and the time of one fetch. */
const fetchEveryMs = { calm: 30_000, urgent: 10_000 };
/** How old keys may grow while their URL does not answer. */
const fetchedKeysLiveMs = 600_000;
const maxKeysBytes = 1_048_576;

/**
 * Opens what DISPATCH_AUTH_JWKS names.
 * @throws SettingsError when a file cannot be read or is no JWKS
 */
export async function openSigningKeys(place: string, clock: Clock, warn: Warn): Promise<SigningKeys> {
  return /^https?:\/\//i.test(place) ? remoteKeys(place, clock, warn) : fileKeys(place, clock, warn);
}

async function fileKeys(path: string, clock: Clock, warn: Warn): Promise<SigningKeys> {
  let current = await readKeys(path).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    const rule = `must name a file with a JSON Web Key Set, or a URL; ${path}: ${reason}`;
    throw new SettingsError([{ at: namesOf(settingsList.jwks), rule }]);
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

/**
 * Keys behind a URL, fetched when a token comes and the last look is some time ago. While the URL does not answer, the keys
 * in hand stay good for a while: a short outage there must not lock everybody out here.
 */
function remoteKeys(url: string, clock: Clock, warn: Warn): SigningKeys {
  let current: { readonly find: FindKey; readonly text: string; readonly at: number } | null = null;
  let lookedAt = 0;
  let looking: Promise<boolean> | null = null;
  let failure: unknown;

  const look = async (): Promise<boolean> => {
    const at = (lookedAt = clock.now().getTime());
    try {
      const text = await fetchText(url);
      const parsed: unknown = JSON.parse(text);
      if (!isKeySet(parsed)) throw new Error("it holds no list of keys");
      const changed = current?.text !== text;
      current = { find: changed || !current ? createLocalJWKSet(parsed) : current.find, text, at };
      return changed;
    } catch (error) {
      failure = error;
      if (current === null) return false;
      const outlived = at - current.at >= fetchedKeysLiveMs;
      if (outlived) current = null;
      warn(
        outlived
          ? "the JWKS cannot be fetched, and the keys in hand are too old: no token by signing key is believed until it can"
          : "the JWKS cannot be fetched; the keys in hand stay in use",
        error,
      );
      return outlived;
    }
  };
  return {
    find: async (header, token) => {
      if (current !== null) return current.find(header, token);
      // Without the keys nobody can say whether the token is good, which is no fault of the caller's.
      throw new Refusal(
        "DEPENDENCY_UNAVAILABLE",
        { dependency: "jwks" },
        { headers: { "retry-after": "5" }, cause: failure },
      );
    },
    refresh: async (urgent) => {
      const since = Math.abs(clock.now().getTime() - lookedAt);
      const fresh = current !== null && since < (urgent ? fetchEveryMs.urgent : fetchEveryMs.calm);
      if (fresh) return false;
      return (looking ??= look().finally(() => (looking = null)));
    },
  };
}

async function fetchText(address: string): Promise<string> {
  const { url, headers } = fetchable(address);
  const response = await fetch(url, {
    signal: AbortSignal.timeout(fetchTimeoutMs),
    redirect: "error",
    headers: { ...headers, accept: "application/json" },
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`it answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxKeysBytes) throw new Error(`it is larger than ${maxKeysBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
