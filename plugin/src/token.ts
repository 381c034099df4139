// Signs one short-lived token per call, for one person in one role. The key never leaves this file.

import { readFile } from "node:fs/promises";
import { importJWK, SignJWT, type CryptoKey, type JWK } from "jose";
import type { Role } from "../../dispatch/contract/roles.ts";
import type { Grant, Signing } from "./configuration.ts";

/** What a person allowed a single call to do. */
export type HumanApproval = {
  readonly tool: string;
  /** What the call is about: the aggregate of the tool, and the ids in its path. */
  readonly target: { readonly aggregate: string; readonly id: string | null };
  /** SHA-256 of the arguments as canonical JSON, 64 hex digits. */
  readonly arguments_hash: string;
  readonly request_id: string;
  readonly approved_by: string;
  readonly at: string;
};

export type Speaking = {
  readonly person: Grant;
  readonly role: Role;
  /** True when a model chose the call; a slash command is typed by the person. */
  readonly viaChat: boolean;
  readonly claimedBy?: string | undefined;
  readonly approval?: HumanApproval | undefined;
};

/** Long enough for the retries of one call and clocks a little apart, and no longer. */
export const tokenLivesSeconds = 120;

export type Signer = (speaking: Speaking) => Promise<string>;

/** Opens the signing key once; a failed reading is tried again with the next call. */
export function openSigner(signing: Signing, now: () => number = Date.now): Signer {
  let key: Promise<Key> | undefined;
  return async ({ person, role, viaChat, claimedBy, approval }) => {
    key ??= openKey(signing.key).catch((error: unknown) => {
      key = undefined;
      throw error;
    });
    const { secret, algorithm, keyId } = await key;
    const seconds = Math.floor(now() / 1000);
    const token = new SignJWT({
      role,
      actor_type: viaChat ? "AGENT" : "HUMAN",
      ...(person.techId !== null && { tech_id: person.techId }),
      scope: { account_ids: person.accounts, site_ids: person.sites },
      ...(viaChat && { via: "chat" }),
      ...(claimedBy !== undefined && { claimed_by: claimedBy }),
      ...(approval && { human_approval: approval }),
    })
      .setProtectedHeader({ alg: algorithm, ...(keyId && { kid: keyId }) })
      .setSubject(person.actor)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + tokenLivesSeconds);
    if (signing.issuer !== null) token.setIssuer(signing.issuer);
    if (signing.audience !== null) token.setAudience(signing.audience);
    return token.sign(secret);
  };
}

type Key = { readonly secret: Uint8Array | CryptoKey; readonly algorithm: string; readonly keyId?: string | undefined };

async function openKey(from: Signing["key"]): Promise<Key> {
  if ("secret" in from) return { secret: new TextEncoder().encode(from.secret), algorithm: "HS256" };
  const jwk = jwkFrom(await readFile(from.file, "utf8"));
  if (!jwk?.alg || !jwk.d) throw new Error(`signing.keyFile ${from.file} holds no private JWK with an alg`);
  return { secret: await importJWK(jwk, jwk.alg), algorithm: jwk.alg, keyId: jwk.kid };
}

/** Null for what is no JSON: the parser's own message quotes the text, and this text is a key. */
function jwkFrom(text: string): JWK | null {
  try {
    const jwk: JWK | null = JSON.parse(text);
    return jwk;
  } catch {
    return null;
  }
}
