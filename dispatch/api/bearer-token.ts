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
 * 16 KiB, node's limit for headers), none beyond its exp, and none longer than a minute, so that a key withdrawn at a
 * URL does not live on here.
 */
const maxVerified = 1_000;
const verifiedLiveMs = 60_000;

type Verified = { readonly speaker: Speaker; readonly until: number };

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
      ...(issuer !== null && { issuer }),
      ...(audience !== null && { audience }),
    };
  }

  /**
   * Who speaks by the token.
   * @throws Refusal AUTH_CONFIG_ERROR, INVALID_AUTH_TOKEN, INVALID_AUTH_CLAIMS, DEPENDENCY_UNAVAILABLE
   */
  async speakerOf(token: string): Promise<Speaker> {
    if (this.#secrets.length === 0 && this.#keys === null) throw new Refusal("AUTH_CONFIG_ERROR");
    if (await this.#keys?.refresh(false)) this.#verified.clear();
    const now = this.#clock.now().getTime();
    const known = this.#verified.get(token);
    if (known && now < known.until) return known.speaker;

    const claims = await this.#verify(token, new Date(now));
    const speaker = speakerFromClaims(claims);
    this.#keep(token, { speaker, until: Math.min((claims.exp ?? 0) * 1_000, now + verifiedLiveMs) });
    return speaker;
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
      throw refusalOf(error);
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

function refusalOf(error: unknown): Refusal {
  if (error instanceof errors.JWTExpired) return invalidClaim("exp", "lies in the past", error);
  if (error instanceof errors.JWTClaimValidationFailed) {
    const rule =
      error.reason === "missing" ? "is missing" : error.claim === "nbf" ? "lies in the future" : "is not acceptable";
    return invalidClaim(error.claim, rule, error);
  }
  // Not only what is wrong with the token: a signing key that cannot be imported ends here too, its cause in the log.
  return error instanceof Refusal ? error : new Refusal("INVALID_AUTH_TOKEN", {}, { cause: error });
}
