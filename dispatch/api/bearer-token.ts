// Verifies bearer tokens: HS256 with the shared secret or, during a rotation, the one before it; RS256, ES256 and EdDSA
// with the signing keys. The token's own header chooses between the two kinds of key and never what a key may be used for.

import {
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type CryptoKey,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from "jose";
import type { Clock } from "../kernel/clock.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { SigningKeys } from "./signing-keys.ts";
import type { Speaker } from "./speaker.ts";
import { invalidClaim, speakerFromClaims } from "./token-claims.ts";

const asymmetric = ["RS256", "ES256", "EdDSA"];

/**
 * Verifying takes about 0.1 ms, looking up 1 µs, so what was verified is kept: at most this many tokens (of at most
 * 16 KiB, node's limit for headers), none beyond its exp, none longer than a minute, and none once the keys have changed.
 */
const maxVerified = 1_000;
const verifiedLiveMs = 60_000;
/** Signers' clocks are a little apart from ours; up to this much is forgiven for exp and nbf. */
export const clockLeewaySeconds = 60;

/** `endsAt`, in ms, is when the token's exp is forgiven no longer; what was found holds `until` then at the latest. */
type Verified = { readonly speaker: Speaker; readonly endsAt: number; readonly until: number };

export type BearerTokenOptions = {
  /** Any of them proves an HS256 token. */
  readonly secrets: readonly string[];
  readonly keys: SigningKeys | null;
  readonly issuer: string | null;
  readonly audience: string | null;
  readonly clock: Clock;
};

export class BearerTokens {
  readonly #secrets: readonly Uint8Array[];
  readonly #keys: SigningKeys | null;
  readonly #clock: Clock;
  readonly #expected: JWTVerifyOptions;
  readonly #verified = new Map<string, Verified>();

  constructor({ secrets, keys, issuer, audience, clock }: BearerTokenOptions) {
    this.#secrets = secrets.map((secret) => new TextEncoder().encode(secret));
    this.#keys = keys;
    this.#clock = clock;
    this.#expected = {
      requiredClaims: ["exp"],
      clockTolerance: clockLeewaySeconds,
      ...(issuer !== null && { issuer }),
      ...(audience !== null && { audience }),
    };
  }

  /**
   * Who speaks by the token, and until when.
   * @throws Refusal AUTH_CONFIG_ERROR, INVALID_AUTH_TOKEN, INVALID_AUTH_CLAIMS, DEPENDENCY_UNAVAILABLE
   */
  async verified(token: string): Promise<Verified> {
    if (this.#secrets.length === 0 && this.#keys === null) throw new Refusal("AUTH_CONFIG_ERROR");
    // A key server that is away is no concern of those who sign with the secret.
    if (this.#keys !== null && !isBySecret(token) && (await this.#keys.refresh(false))) this.#verified.clear();
    const now = this.#clock.now().getTime();
    const known = this.#verified.get(token);
    if (known && now < known.until) return known;

    const claims = await this.#verify(token, new Date(now));
    const speaker = speakerFromClaims(claims);
    const endsAt = ((claims.exp ?? 0) + clockLeewaySeconds) * 1_000;
    const verified = { speaker, endsAt, until: Math.min(endsAt, now + verifiedLiveMs) };
    this.#keep(token, verified);
    return verified;
  }

  async #verify(token: string, currentDate: Date): Promise<JWTPayload> {
    const options = { ...this.#expected, currentDate };
    try {
      const { alg } = decodeProtectedHeader(token);
      if (alg === "HS256" && this.#secrets.length > 0)
        return await tryEach(this.#secrets, token, { ...options, algorithms: ["HS256"] });
      if (alg !== undefined && asymmetric.includes(alg) && this.#keys) {
        return await this.#verifyBySigningKey(token, this.#keys, { ...options, algorithms: asymmetric });
      }
    } catch (error) {
      throw refusalOf(error, currentDate);
    }
    throw new Refusal(
      "INVALID_AUTH_TOKEN",
      {},
      { message: "The token's algorithm is not one this server has a key for." },
    );
  }

  async #verifyBySigningKey(token: string, keys: SigningKeys, options: JWTVerifyOptions): Promise<JWTPayload> {
    const find: JWTVerifyGetKey = async (header, jws) => {
      try {
        return await keys.find(header, jws);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || !(await keys.refresh(true))) throw error;
        this.#verified.clear();
        return keys.find(header, jws);
      }
    };
    try {
      return (await jwtVerify(token, find, options)).payload;
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) return tryEach(error, token, options);
      throw error;
    }
  }

  #keep(token: string, verified: Verified): void {
    if (this.#verified.size >= maxVerified) {
      const [oldest] = this.#verified.keys();
      if (oldest !== undefined) this.#verified.delete(oldest);
    }
    this.#verified.set(token, verified);
  }
}

/** A token that does not say which of several keys signed it, as in the middle of a rotation. */
async function tryEach(
  keys: AsyncIterable<CryptoKey> | Iterable<Uint8Array>,
  token: string,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  for await (const key of keys) {
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

function isBySecret(token: string): boolean {
  try {
    return decodeProtectedHeader(token).alg === "HS256";
  } catch {
    return true;
  }
}

function refusalOf(error: unknown, now: Date): Refusal {
  if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason, payload } = error;
    const rule =
      reason === "missing"
        ? "is missing"
        : claim === "exp" || claim === "nbf"
          ? outOfTime(claim, payload, now)
          : "is not acceptable";
    return invalidClaim(claim, rule, error);
  }
  // Not only what is wrong with the token: a signing key that cannot be imported ends here too, its cause in the log.
  return error instanceof Refusal ? error : new Refusal("INVALID_AUTH_TOKEN", {}, { cause: error });
}

/** Where two clocks meet, whoever reads this needs both, and how far apart they are. */
function outOfTime(claim: "exp" | "nbf", payload: JWTPayload, now: Date): string {
  const [at, issued] = [payload[claim], payload.iat];
  const server = now.getTime() / 1_000;
  if (typeof at !== "number" || !isTellable(at)) return "is no time in seconds";
  const apart = Math.round(Math.abs(server - at));
  const rule =
    `lies in the ${claim === "exp" ? "past" : "future"}: it is ${timeText(at)}, and dispatch-api's clock says ` +
    `${timeText(server)}, ${apart} s ${claim === "exp" ? "later" : "before"}; ${clockLeewaySeconds} s are forgiven`;
  if (typeof issued !== "number" || !isTellable(issued)) return rule;
  const behind = Math.round(server - issued);
  return (
    `${rule}. The signer's clock said ${timeText(issued)} when it signed (iat); if that was just now, it is ` +
    `${Math.abs(behind)} s ${behind > 0 ? "behind" : "ahead of"} dispatch-api's: set both by NTP`
  );
}

/** Within what a Date can hold. */
const isTellable = (seconds: number): boolean => Math.abs(seconds) < 8.64e12;
const timeText = (seconds: number): string => new Date(seconds * 1_000).toISOString();
