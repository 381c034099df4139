// Bearer tokens of every make: genuine ones, and those an attacker can make out of what is public.

import { createHmac, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import fc from "fast-check";
import { issuer, audience, jwtSecret } from "./attacked-api.ts";
import { hostileJson, hostileText, jsonText } from "./hostile-values.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");
/** Keys the server has never heard of. */
const mallory = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ec: generateKeyPairSync("ec", { namedCurve: "P-256" }),
};

/** What the server is given as DISPATCH_AUTH_JWKS. */
export const keySet = {
  keys: [
    { ...rsa.publicKey.export({ format: "jwk" }), kid: "rsa-1", alg: "RS256", use: "sig" },
    { ...ec.publicKey.export({ format: "jwk" }), kid: "ec-1" },
    { ...ed.publicKey.export({ format: "jwk" }), kid: "ed-1", alg: "EdDSA" },
  ],
};

export type Token = {
  /** How it was made, for the reader of a failure. */
  readonly name: string;
  readonly text: string;
  /** Whether it must be believed, must not be, or may be either. */
  readonly genuine: boolean | null;
};

const base64 = (text: string): string => Buffer.from(text).toString("base64url");
const hmac =
  (secret: string | Buffer, hash = "sha256") =>
  (text: string): Buffer =>
    createHmac(hash, secret).update(text).digest();
const rs256 =
  (key: KeyObject) =>
  (text: string): Buffer =>
    sign("sha256", Buffer.from(text), key);
const es256 =
  (key: KeyObject) =>
  (text: string): Buffer =>
    sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
const eddsa = (text: string): Buffer => sign(null, Buffer.from(text), ed.privateKey);

function made(header: unknown, claims: unknown, signed: (text: string) => Buffer): string {
  const text = `${base64(jsonText(header))}.${base64(jsonText(claims))}`;
  return `${text}.${signed(text).toString("base64url")}`;
}

const seconds = (fromNow: number): number => Math.floor(Date.now() / 1_000) + fromNow;

export const goodClaims = () => ({
  sub: "token-bearer",
  role: "dispatcher",
  exp: seconds(3_600),
  iss: issuer,
  aud: audience,
  actor_type: "HUMAN",
  scope: { account_ids: ["*"], site_ids: ["*"] },
});

export const genuineTokens = (): Token[] => {
  const claims = goodClaims();
  return [
    { name: "HS256", text: made({ alg: "HS256", typ: "JWT" }, claims, hmac(jwtSecret)), genuine: true },
    { name: "RS256", text: made({ alg: "RS256", kid: "rsa-1" }, claims, rs256(rsa.privateKey)), genuine: true },
    { name: "RS256 without kid", text: made({ alg: "RS256" }, claims, rs256(rsa.privateKey)), genuine: true },
    { name: "ES256", text: made({ alg: "ES256", kid: "ec-1" }, claims, es256(ec.privateKey)), genuine: true },
    { name: "EdDSA", text: made({ alg: "EdDSA", kid: "ed-1" }, claims, eddsa), genuine: true },
  ];
};

const pem = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
const jwk = jsonText(rsa.publicKey.export({ format: "jwk" }));

/** Signed with what is public, with nothing, or with keys of one's own. */
function forgeries(): Token[] {
  const claims = goodClaims();
  const forged = (name: string, header: object, signed: (text: string) => Buffer): Token => ({
    name,
    text: made(header, claims, signed),
    genuine: false,
  });
  const nothing = () => Buffer.alloc(0);
  const mallorysJwk = mallory.rsa.publicKey.export({ format: "jwk" });
  return [
    ...["none", "None", "NONE", "nOnE", "", "HS256 ", "hs256", "RS1", "dir"].flatMap((alg) => [
      forged(`alg ${alg}, unsigned`, { alg }, nothing),
      forged(`alg ${alg}, signed`, { alg }, hmac(jwtSecret)),
    ]),
    forged("no alg", { typ: "JWT" }, hmac(jwtSecret)),
    forged("HS256 unsigned", { alg: "HS256" }, nothing),
    forged("HS256 with no secret", { alg: "HS256" }, hmac("")),
    ...[pem, pem.trim(), jwk, pem.replaceAll(/-----.*-----|\n/g, "")].map((text, n) =>
      forged(`HS256 with the public key as secret (${n})`, { alg: "HS256", kid: "rsa-1" }, hmac(text)),
    ),
    forged("HS512 with the secret", { alg: "HS512" }, hmac(jwtSecret, "sha512")),
    forged("HS256 said to be RS256", { alg: "RS256", kid: "rsa-1" }, hmac(jwtSecret)),
    forged("RS256 said to be ES256", { alg: "ES256", kid: "rsa-1" }, rs256(rsa.privateKey)),
    forged("RS256 said to be PS256", { alg: "PS256", kid: "rsa-1" }, rs256(rsa.privateKey)),
    forged("RS256 by another's key", { alg: "RS256", kid: "rsa-1" }, rs256(mallory.rsa.privateKey)),
    forged("its own key in jwk", { alg: "RS256", jwk: mallorysJwk }, rs256(mallory.rsa.privateKey)),
    forged(
      "its own key in jwk, with our kid",
      { alg: "RS256", kid: "rsa-1", jwk: { ...mallorysJwk, kid: "rsa-1" } },
      rs256(mallory.rsa.privateKey),
    ),
    forged(
      "its own keys at jku",
      { alg: "RS256", kid: "m", jku: "http://127.0.0.1:9/jwks.json", x5u: "http://127.0.0.1:9/x" },
      rs256(mallory.rsa.privateKey),
    ),
    forged("x5c", { alg: "RS256", x5c: ["MIIB"] }, rs256(mallory.rsa.privateKey)),
    forged("ES256 of zeros", { alg: "ES256", kid: "ec-1" }, () => Buffer.alloc(64)),
    forged("ES256 in DER", { alg: "ES256", kid: "ec-1" }, (text) => sign("sha256", Buffer.from(text), ec.privateKey)),
    forged("ES256 by another's key", { alg: "ES256", kid: "ec-1" }, es256(mallory.ec.privateKey)),
    forged("EdDSA of zeros", { alg: "EdDSA", kid: "ed-1" }, () => Buffer.alloc(64)),
    ...[
      "../../../../etc/passwd",
      "/dev/null",
      "'; drop table t; --",
      "ec-1",
      "",
      "\u0000",
      "x".repeat(4_000),
      "rsa-1\u0000",
    ].map((kid) => forged("kid that is not its key's", { alg: "RS256", kid }, rs256(mallory.rsa.privateKey))),
    ...[0, null, ["rsa-1"], { kid: "rsa-1" }].map((kid) =>
      forged("kid that is no text", { alg: "RS256", kid }, rs256(mallory.rsa.privateKey)),
    ),
    forged("crit it does not keep", { alg: "HS256", crit: ["exp"], exp: 1 }, hmac(jwtSecret)),
    forged("crit of nothing", { alg: "HS256", crit: [] }, hmac(jwtSecret)),
    forged("b64 false", { alg: "HS256", b64: false, crit: ["b64"] }, hmac(jwtSecret)),
  ];
}

/** Genuine, but about somebody whose claims do not hold. */
function brokenClaims(): Token[] {
  const { exp: _exp, ...withoutExp } = goodClaims();
  const broken: readonly (readonly [string, object])[] = [
    ["expired", { ...goodClaims(), exp: seconds(-62) }],
    ["expired long ago", { ...goodClaims(), exp: 0 }],
    ["no exp", withoutExp],
    ["exp as text", { ...goodClaims(), exp: String(seconds(3_600)) }],
    ["exp null", { ...goodClaims(), exp: null }],
    ["not yet", { ...goodClaims(), nbf: seconds(600) }],
    ["nbf as text", { ...goodClaims(), nbf: "soon" }],
    ["another issuer", { ...goodClaims(), iss: "mallory" }],
    ["issuers", { ...goodClaims(), iss: [issuer] }],
    ["another audience", { ...goodClaims(), aud: "x" }],
    ["no audience", { ...goodClaims(), aud: undefined }],
    ["no sub", { ...goodClaims(), sub: undefined }],
    ["sub of a number", { ...goodClaims(), sub: 1 }],
    ["empty sub", { ...goodClaims(), sub: "" }],
    ["sub with NUL", { ...goodClaims(), sub: "a\u0000b" }],
    ["sub of half a character", { ...goodClaims(), sub: "\ud800" }],
    ["sub too long", { ...goodClaims(), sub: "x".repeat(201) }],
    ["no role", { ...goodClaims(), role: undefined }],
    ["roles", { ...goodClaims(), role: ["dispatcher"] }],
    ["odd actor type", { ...goodClaims(), actor_type: "GOD" }],
    ["scope of no ids", { ...goodClaims(), scope: { account_ids: ["x"], site_ids: ["*"] } }],
    ["scope of a number", { ...goodClaims(), scope: { account_ids: 5, site_ids: "*" } }],
    ["tech_id of no uuid", { ...goodClaims(), tech_id: "me" }],
  ];
  return broken.map(([name, claims]) => ({
    name,
    text: made({ alg: "HS256" }, claims, hmac(jwtSecret)),
    genuine: false,
  }));
}

/** One character in it changed. The last of each part is spared: some of its bits mean nothing. */
const tampered = fc
  .tuple(fc.nat(4), fc.nat(10_000), fc.constantFrom("A", "B", "-", "_", "0", ".", "=", "é", "%"))
  .map(([which, at, put]): Token => {
    const all = genuineTokens();
    const { name, text } = all[which % all.length] ?? { name: "", text: "" };
    const spots = [...text.matchAll(/[\w-](?=[\w-])/g)]
      .map(({ index }) => index)
      .filter((index) => text[index] !== put);
    const spot = spots[at % spots.length] ?? 0;
    return {
      name: `${name}, changed at ${spot}`,
      text: `${text.slice(0, spot)}${put}${text.slice(spot + 1)}`,
      genuine: false,
    };
  });

/** Genuine, with whatever claims: the server must make something of it that is no 5xx. */
const oddClaims = fc
  .tuple(
    fc.constantFrom(
      "sub",
      "role",
      "actor_type",
      "actorType",
      "tech_id",
      "scope",
      "account_ids",
      "site_ids",
      "exp",
      "nbf",
      "iat",
      "iss",
      "aud",
      "jti",
      "__proto__",
      "constructor",
      "toString",
    ),
    hostileJson,
  )
  .map(([name, value]): Token => ({
    name: `odd ${name}`,
    text: made({ alg: "HS256" }, Object.fromEntries([...Object.entries(goodClaims()), [name, value]]), hmac(jwtSecret)),
    genuine: null,
  }));
const oddHeader = fc
  .tuple(hostileJson, hostileJson)
  .map(([header, claims]): Token => ({
    name: "odd parts",
    text: made(header, claims, hmac(jwtSecret)),
    genuine: false,
  }));
const noToken = fc
  .oneof(
    hostileText,
    fc.constantFrom(
      "..",
      "...",
      "a.b.c",
      "a.b.c.d.e",
      "e30.e30.",
      "eyJhbGciOiJub25lIn0.e30.",
      `${"a".repeat(5_000)}.${"b".repeat(5_000)}.c`,
      '{"payload":"e30"}',
    ),
  )
  .map((text): Token => ({
    name: "no token",
    text: text.replaceAll(/[^!-~\u00a1-\u00ff]/g, "") || "x",
    genuine: false,
  }));

// Made anew for each choice: how long they are good is counted from then.
export const anyToken: fc.Arbitrary<Token> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.nat(4).map((which): Token => genuineTokens()[which] ?? { name: "", text: "x", genuine: null }),
  },
  { weight: 4, arbitrary: fc.constantFrom(...forgeries()) },
  { weight: 2, arbitrary: fc.constantFrom(...brokenClaims()) },
  { weight: 3, arbitrary: tampered },
  { weight: 4, arbitrary: oddClaims },
  { weight: 1, arbitrary: oddHeader },
  { weight: 1, arbitrary: noToken },
);
