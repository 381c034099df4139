import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  CompactSign,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  UnsecuredJWT,
  type CompactJWSHeaderParameters,
  type CryptoKey,
  type JWK,
} from "jose";
import { readSettings } from "../../dispatch/process/settings.ts";
import { type DevHeaders } from "../../dispatch/process/settings/kinds.ts";
import { refusalOf, startTestApi, type TestApi } from "../support/api.ts";
import { TestClock } from "../support/test-clock.ts";
import { accountId, call, dispatcher, errorOf, newTicket, otherAccountId, post, siteId } from "./calls.ts";
import { sendRaw, statusOf } from "./raw-http.ts";

const secret = "a secret of at least thirty-two characters";
const key = new TextEncoder().encode(secret);
const seconds = (clock: TestClock, offset = 0) => Math.floor(clock.now().getTime() / 1_000) + offset;
const everything = { account_ids: "*", site_ids: "*" };

/** Anything, as a caller may put anything into a token. */
type Claims = Readonly<Record<string, unknown>>;
const without = (claims: Claims, name: string): Claims =>
  Object.fromEntries(Object.entries(claims).filter(([claim]) => claim !== name));

/** Claims that are in order; a test spoils one of them. */
const goodClaims = (clock: TestClock): Claims => ({
  sub: "dora",
  role: "dispatcher",
  exp: seconds(clock, 3_600),
  scope: everything,
});
const sign = (claims: Claims, header: CompactJWSHeaderParameters, by: CryptoKey | Uint8Array) =>
  new CompactSign(new TextEncoder().encode(JSON.stringify(claims))).setProtectedHeader(header).sign(by);
const hs256 = (claims: Claims, header: object = {}) => sign(claims, { alg: "HS256", ...header }, key);
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const read = (api: TestApi, headers: Record<string, string>) => call(api, "/ux/dispatcher/cockpit", { headers });

describe("development headers", async () => {
  const api = await startTestApi();

  const rows: readonly (readonly [string, Record<string, string>, number, string])[] = [
    ["none", {}, 400, "MISSING_ACTOR_CONTEXT"],
    ["no role", { "x-actor-id": "dora" }, 400, "MISSING_ACTOR_CONTEXT"],
    ["no id", { "x-actor-role": "dispatcher" }, 400, "MISSING_ACTOR_CONTEXT"],
    ["an empty id", { ...dispatcher, "x-actor-id": " " }, 400, "MISSING_ACTOR_CONTEXT"],
    ["an id that is too long", { ...dispatcher, "x-actor-id": "a".repeat(201) }, 400, "INVALID_ACTOR_CONTEXT"],
    ["an unknown type", { ...dispatcher, "x-actor-type": "ROBOT" }, 400, "INVALID_ACTOR_CONTEXT"],
    ["a scope that is no uuid", { ...dispatcher, "x-account-scope": "all" }, 400, "INVALID_ACTOR_CONTEXT"],
    ["a scope with one bad entry", { ...dispatcher, "x-site-scope": `${siteId},x` }, 400, "INVALID_ACTOR_CONTEXT"],
    ["a technician that is no uuid", { ...dispatcher, "x-tech-id": "7" }, 400, "INVALID_ACTOR_CONTEXT"],
    ["an unknown role", { ...dispatcher, "x-actor-role": "king" }, 403, "FORBIDDEN"],
    ["a role that may not", { ...dispatcher, "x-actor-role": "customer" }, 403, "FORBIDDEN"],
    ["another tool", { ...dispatcher, "x-tool-name": "ticket.get" }, 403, "TOOL_NOT_ALLOWED"],
    ["a token without a key to check it", bearer("a.b.c"), 500, "AUTH_CONFIG_ERROR"],
    ["a header that is not Bearer", { ...dispatcher, authorization: "Basic YTpi" }, 401, "INVALID_AUTH_TOKEN"],
  ];
  for (const [what, headers, status, code] of rows) {
    test(`with ${what}: ${status} ${code}`, async () => {
      const reply = await read(api, headers);
      assert.deepEqual([reply.status, errorOf(reply)["code"]], [status, code]);
    });
  }

  test("accept every spelling of a role", async () => {
    for (const role of ["dispatcher", "Dispatcher", "assistant", "bot"]) {
      assert.equal((await read(api, { "x-actor-id": "d", "x-actor-role": role })).status, 200, role);
    }
  });

  test("tell a refused role who may", async () => {
    const error = errorOf(await read(api, { ...dispatcher, "x-actor-role": "king" }));
    assert.deepEqual([error["actor_role"], error["allowed_roles"]], ["king", ["dispatcher"]]);
    assert.deepEqual(error["policy_error"], { dimension: "role" });
  });

  test("name both tools when the caller believes to use another", async () => {
    const error = errorOf(await read(api, { ...dispatcher, "x-tool-name": "ticket.get" }));
    assert.deepEqual([error["endpoint"], error["tool_name"]], ["/ux/dispatcher/cockpit", "ticket.get"]);
    assert.equal((await read(api, { ...dispatcher, "x-tool-name": "dispatcher.cockpit" })).status, 200);
  });

  test("keep a scoped caller to the scope; an absent scope is everything, an empty one nothing", async () => {
    const id = await newTicket(api);
    const get = (headers: Record<string, string>) =>
      call(api, `/tickets/${id}`, { headers: { ...dispatcher, ...headers } });
    assert.equal((await get({})).status, 200);
    assert.equal((await get({ "x-account-scope": accountId.toUpperCase(), "x-site-scope": "*" })).status, 200);
    for (const headers of [{ "x-account-scope": otherAccountId }, { "x-account-scope": "" }]) {
      assert.equal(errorOf(await get(headers))["scope_field"], "account_id");
    }
    assert.equal(errorOf(await get({ "x-site-scope": `${otherAccountId},` }))["scope_field"], "site_id");
  });
});

describe("where development headers would let strangers be anybody", () => {
  test("they count for nothing in production and under strict, unless said otherwise", async (t) => {
    for (const env of [{ NODE_ENV: "production" }, {}]) {
      const closed = await startTestApi({ t, profile: "strict", env });
      const reply = await read(closed, dispatcher);
      assert.deepEqual([reply.status, errorOf(reply)["code"]], [401, "AUTH_REQUIRED"]);
      assert.equal(reply.headers.get("www-authenticate"), "Bearer");
      // No browser has a token, so that neither a page's origin nor the name it was found by matters.
      const byAnotherName = await closed.send("GET", "/health", {
        host: "desk.example",
        origin: "https://desk.example",
      });
      assert.equal(byAnotherName.status, 200);
    }
  });

  const on = { DISPATCH_AUTH_ALLOW_DEV_HEADERS: "true" };
  const stops: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ NODE_ENV: "prod" }, /^CONFIG_INVALID: NODE_ENV must be development, test, production or unset, not "prod"$/],
    [{ NODE_ENV: "Production" }, /^CONFIG_INVALID: NODE_ENV must be .* not "Production"$/],
    [
      { NODE_ENV: "production", ...on },
      /^CONFIG_INVALID: DISPATCH_AUTH_ALLOW_DEV_HEADERS must not be on in production/,
    ],
    [
      { NODE_ENV: "production", DISPATCH_AUTH_ALLOW_DEV_HEADERS: "anywhere" },
      /^CONFIG_INVALID: DISPATCH_AUTH_ALLOW_DEV_HEADERS must not be on in production/,
    ],
    [
      { NODE_ENV: "production", DISPATCH_POLICY_PROFILE: "pilot", ...on },
      /^CONFIG_INVALID: DISPATCH_AUTH_ALLOW_DEV_HEADERS must not be on in production/,
    ],
    [
      { DISPATCH_POLICY_PROFILE: "strict", ...on },
      /must not be on under the profile strict, whose dev_headers is false/,
    ],
    [
      { DISPATCH_POLICY_PROFILE: "strict", DISPATCH_AUTH_ALLOW_DEV_HEADERS: "anywhere" },
      /must not be on under the profile strict/,
    ],
    ...["0.0.0.0", "::", "192.0.2.7", "desk.example"].map(
      (host) =>
        [
          { DISPATCH_API_HOST: host },
          new RegExp(`must be false where DISPATCH_API_HOST is ${host}, which others`),
        ] as const,
    ),
    [{ DISPATCH_API_HOST: "0.0.0.0", ...on }, /must be false where DISPATCH_API_HOST is 0\.0\.0\.0/],
    [
      { DISPATCH_AUTH_ALLOW_DEV_HEADERS: "yes" },
      /^CONFIG_INVALID: DISPATCH_AUTH_ALLOW_DEV_HEADERS must be true, false or anywhere, such as false$/,
    ],
  ];
  for (const [env, message] of stops)
    test(`${JSON.stringify(env)} stops the start`, () =>
      assert.throws(() => readSettings(env), { name: "SettingsError", message }));

  const starts: readonly (readonly [Record<string, string>, DevHeaders])[] = [
    [{}, true],
    [{ NODE_ENV: "test" }, true],
    [{ NODE_ENV: "development", DISPATCH_API_HOST: "::1" }, true],
    [{ DISPATCH_API_HOST: "localhost" }, true],
    [{ DISPATCH_POLICY_PROFILE: "strict" }, false],
    [{ NODE_ENV: "production", DISPATCH_POLICY_PROFILE: "pilot" }, false],
    [{ DISPATCH_API_HOST: "0.0.0.0", DISPATCH_AUTH_ALLOW_DEV_HEADERS: "false" }, false],
    [{ DISPATCH_API_HOST: "0.0.0.0", DISPATCH_AUTH_ALLOW_DEV_HEADERS: "anywhere" }, "anywhere"],
  ];
  for (const [env, allowed] of starts)
    test(`${JSON.stringify(env)} starts with them ${allowed === false ? "off" : "on"}`, () =>
      assert.equal(readSettings(env).allowDevHeaders, allowed));

  test("on an address that others reach they are logged loudly at the start, and told by the contract", async (t) => {
    const env = { DISPATCH_API_HOST: "0.0.0.0", DISPATCH_AUTH_ALLOW_DEV_HEADERS: "anywhere" };
    const api = await startTestApi({ t, logged: true, env });
    const loud = api.log.filter(({ level }) => level === "warn").map(({ message }) => String(message));
    assert.ok(
      loud.some((message) => /^DISPATCH_AUTH_ALLOW_DEV_HEADERS=anywhere: .*whoever they say/.test(message)),
      loud.join("\n"),
    );
    const told = await call(api, "/contract");
    assert.equal(told.body["development_headers"], "anywhere");
    const asked: readonly (readonly [Record<string, string>, number])[] = [
      [{ host: "192.0.2.7:8080" }, 200],
      [{ host: "[2001:db8::7]:8080" }, 200],
      [{ host: "192.0.2.7:8080", origin: "http://192.0.2.7:8080" }, 200],
      [{ host: "desk.example" }, 403],
      [{ host: "192.0.2.7:8080", origin: "http://198.51.100.9" }, 403],
    ];
    for (const [headers, status] of asked)
      assert.equal((await api.send("GET", "/health", headers)).status, status, JSON.stringify(headers));
  });
});

describe("a page in a developer's browser", async () => {
  const api = await startTestApi({ env: { DISPATCH_API_PUBLIC_URL: "https://desk.example:8443/api" } });
  const json = { "content-type": "application/json", "idempotency-key": randomUUID() };
  const ticket = JSON.stringify({ account_id: accountId, site_id: siteId, summary: "Door" });
  const upload = "/object-store/dispatch-objects/incoming/x";

  const strange: readonly (readonly [string, string, string, Record<string, string>, string])[] = [
    ["a rebound name", "GET", "/tickets", { host: "rebound.example:8080" }, "HOST_NOT_ALLOWED"],
    ["a rebound name and its own origin", "POST", "/tickets", rebound("rebound.example"), "HOST_NOT_ALLOWED"],
    ["a name that begins like ours", "GET", "/tickets", { host: "localhost.rebound.example" }, "HOST_NOT_ALLOWED"],
    ["a name that ends like ours", "GET", "/tickets", { host: "rebound.localhost" }, "HOST_NOT_ALLOWED"],
    ["an address that is not this machine's", "GET", "/tickets", { host: "192.0.2.7:8080" }, "HOST_NOT_ALLOWED"],
    [
      "a rebound name for what needs no credentials",
      "GET",
      "/metrics",
      { host: "rebound.example" },
      "HOST_NOT_ALLOWED",
    ],
    ["a path that leads nowhere", "GET", "/nowhere", { host: "rebound.example" }, "HOST_NOT_ALLOWED"],
    ["another origin", "GET", "/tickets", { origin: "https://strange.example" }, "ORIGIN_NOT_ALLOWED"],
    [
      "another origin's command",
      "POST",
      "/tickets",
      { origin: "https://strange.example", ...json },
      "ORIGIN_NOT_ALLOWED",
    ],
    [
      "a simple request",
      "POST",
      "/tickets",
      { origin: "https://strange.example", "content-type": "text/plain" },
      "ORIGIN_NOT_ALLOWED",
    ],
    ["a preflight", "OPTIONS", "/tickets", { origin: "https://strange.example" }, "ORIGIN_NOT_ALLOWED"],
    ["an upload", "PUT", upload, { origin: "https://strange.example" }, "ORIGIN_NOT_ALLOWED"],
    ["a sandboxed frame", "GET", "/tickets", { origin: "null" }, "ORIGIN_NOT_ALLOWED"],
    ["an extension", "GET", "/tickets", { origin: "chrome-extension://localhost" }, "ORIGIN_NOT_ALLOWED"],
    [
      "a stream of events",
      "GET",
      "/events?after=1&after=2",
      { origin: "https://strange.example" },
      "ORIGIN_NOT_ALLOWED",
    ],
    [
      "an image",
      "GET",
      "/metrics",
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
      "ORIGIN_NOT_ALLOWED",
    ],
    [
      "a form",
      "POST",
      "/tickets",
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
      "ORIGIN_NOT_ALLOWED",
    ],
  ];
  function rebound(name: string): Record<string, string> {
    return { host: name, origin: `http://${name}`, "sec-fetch-site": "same-origin", ...json };
  }
  for (const [what, method, path, headers, code] of strange)
    test(`is refused with ${what}`, async () => {
      const body = method === "POST" ? ticket : undefined;
      const { status, error } = refusalOf(await api.send(method, path, { ...dispatcher, ...headers }, body));
      assert.deepEqual([status, error.code], [403, code]);
      assert.deepEqual(error["allowed_hosts"], ["localhost", "127.0.0.1", "[::1]", "desk.example"]);
    });

  test("is refused with a rebound name in the target itself, and with an empty one", async () => {
    for (const [target, host] of [
      ["http://rebound.example/health", "127.0.0.1"],
      ["/health", ""],
    ])
      assert.equal(statusOf(await sendRaw(api.port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)), 403);
  });

  const ours: readonly (readonly [string, Record<string, string>])[] = [
    ["localhost", { host: "LOCALHOST:8080" }],
    ["an address", { host: "127.0.0.1" }],
    ["the new kind of address", { host: "[::1]:1", origin: "http://[::1]:5173" }],
    ["the public name", { host: "desk.example" }],
    ["the public name as an origin", { host: "desk.example:8443", origin: "https://desk.example:8443" }],
    ["a page of this machine", { origin: "http://localhost:5173", "sec-fetch-site": "same-site" }],
    ["a link from elsewhere", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }],
    ["an address that was typed", { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }],
  ];
  for (const [what, headers] of ours)
    test(`is served with ${what}`, async () => {
      assert.equal((await api.send("GET", "/tickets?limit=1", { ...dispatcher, ...headers })).status, 200);
    });
});

describe("tokens with a shared secret", async () => {
  const api = await startTestApi({
    env: {
      DISPATCH_AUTH_JWT_SECRET: secret,
      DISPATCH_AUTH_JWT_ISSUER: "https://issuer.test",
      DISPATCH_AUTH_JWT_AUDIENCE: "dispatch",
      DISPATCH_AUTH_ALLOW_DEV_HEADERS: "false",
    },
  });
  const good = (): Claims => ({ ...goodClaims(api.clock), iss: "https://issuer.test", aud: "dispatch" });

  const claims: readonly (readonly [string, (good: Claims) => Claims, number, string | undefined])[] = [
    ["all in order", (c) => c, 200, undefined],
    ["several audiences", (c) => ({ ...c, aud: ["other", "dispatch"] }), 200, undefined],
    ["nbf in the past", (c) => ({ ...c, nbf: Number(c.exp) - 7_200 }), 200, undefined],
    [
      "scope at the top level",
      (c) => ({ ...without(c, "scope"), account_ids: ["*"], site_ids: `${siteId}, ${siteId}` }),
      200,
      undefined,
    ],
    [
      "OAuth's scope beside it",
      (c) => ({ ...c, scope: "openid profile", account_ids: "*", site_ids: "*" }),
      200,
      undefined,
    ],
    ["actorType", (c) => ({ ...c, actorType: "SERVICE" }), 200, undefined],
    ["no exp", (c) => without(c, "exp"), 401, "INVALID_AUTH_CLAIMS"],
    ["exp past by what is forgiven", (c) => ({ ...c, exp: Number(c.exp) - 3_659 }), 200, undefined],
    ["exp past", (c) => ({ ...c, exp: Number(c.exp) - 3_660 }), 401, "INVALID_AUTH_CLAIMS"],
    ["exp that is a text", (c) => ({ ...c, exp: "tomorrow" }), 401, "INVALID_AUTH_CLAIMS"],
    ["nbf ahead by what is forgiven", (c) => ({ ...c, nbf: Number(c.exp) - 3_540 }), 200, undefined],
    ["nbf ahead", (c) => ({ ...c, nbf: Number(c.exp) }), 401, "INVALID_AUTH_CLAIMS"],
    ["another issuer", (c) => ({ ...c, iss: "https://else.test" }), 401, "INVALID_AUTH_CLAIMS"],
    ["no issuer", (c) => without(c, "iss"), 401, "INVALID_AUTH_CLAIMS"],
    ["another audience", (c) => ({ ...c, aud: "else" }), 401, "INVALID_AUTH_CLAIMS"],
    ["no sub", (c) => without(c, "sub"), 401, "INVALID_AUTH_CLAIMS"],
    ["an empty sub", (c) => ({ ...c, sub: "" }), 401, "INVALID_AUTH_CLAIMS"],
    ["a sub that is too long", (c) => ({ ...c, sub: "a".repeat(201) }), 401, "INVALID_AUTH_CLAIMS"],
    ["a sub with a control character", (c) => ({ ...c, sub: "a\u0000b" }), 401, "INVALID_AUTH_CLAIMS"],
    ["no role", (c) => without(c, "role"), 401, "INVALID_AUTH_CLAIMS"],
    ["a role that is no text", (c) => ({ ...c, role: ["dispatcher"] }), 401, "INVALID_AUTH_CLAIMS"],
    ["an unknown role", (c) => ({ ...c, role: "king" }), 403, "FORBIDDEN"],
    ["an unknown actor type", (c) => ({ ...c, actor_type: "ROBOT" }), 401, "INVALID_AUTH_CLAIMS"],
    [
      "a scope entry that is no uuid",
      (c) => ({ ...c, scope: { account_ids: ["x"], site_ids: "*" } }),
      401,
      "INVALID_AUTH_CLAIMS",
    ],
    [
      "a scope that is a number",
      (c) => ({ ...c, scope: { account_ids: 7, site_ids: "*" } }),
      401,
      "INVALID_AUTH_CLAIMS",
    ],
    ["a technician that is no uuid", (c) => ({ ...c, tech_id: "7" }), 401, "INVALID_AUTH_CLAIMS"],
  ];
  for (const [what, spoil, status, code] of claims) {
    test(`with ${what}: ${code ?? status}`, async () => {
      const reply = await read(api, bearer(await hs256(spoil(good()))));
      assert.deepEqual([reply.status, errorOf(reply)["code"]], [status, code]);
    });
  }

  const badTokens: readonly (readonly [string, () => Promise<string> | string])[] = [
    ["empty", () => ""],
    ["no token at all", () => "hello"],
    ["three dots", () => "a.b.c"],
    ["alg none", () => new UnsecuredJWT(good()).encode()],
    ["another secret", () => sign(good(), { alg: "HS256" }, new TextEncoder().encode("x".repeat(32)))],
    ["HS512", () => sign(good(), { alg: "HS512" }, new TextEncoder().encode(secret.repeat(2)))],
    [
      "a changed payload",
      async () =>
        (await hs256(good())).replace(
          /\.[^.]+\./,
          `.${Buffer.from(JSON.stringify({ ...good(), role: "finance" })).toString("base64url")}.`,
        ),
    ],
    ["a signature that is cut off", async () => (await hs256(good())).slice(0, -4)],
    ["an extension nobody knows", () => hs256(good(), { crit: ["x"], x: 1 }).catch(() => "a.b.c")],
  ];
  for (const [what, make] of badTokens) {
    test(`that are bad (${what}): INVALID_AUTH_TOKEN`, async () => {
      const reply = await read(api, bearer(await make()));
      assert.deepEqual([reply.status, errorOf(reply)["code"]], [401, "INVALID_AUTH_TOKEN"]);
      assert.deepEqual(errorOf(reply)["policy_error"], { dimension: "policy" });
    });
  }

  test("nothing at all: AUTH_REQUIRED", async () => {
    assert.equal(errorOf(await read(api, {}))["code"], "AUTH_REQUIRED");
    assert.equal(errorOf(await read(api, dispatcher))["code"], "AUTH_REQUIRED");
  });

  test("a token beats development headers", async () => {
    const token = await hs256({ ...good(), role: "customer" });
    assert.equal(errorOf(await read(api, { ...dispatcher, ...bearer(token) }))["actor_role"], "customer");
  });

  test("an empty scope reaches nothing", async () => {
    const id = await newTicketBy(api, await hs256(good()));
    const reply = await call(api, `/tickets/${id}`, { headers: bearer(await hs256(without(good(), "scope"))) });
    assert.deepEqual([reply.status, errorOf(reply)["code"]], [403, "FORBIDDEN_SCOPE"]);
  });

  test("a token that was good is refused from the second its exp and what is forgiven are over", async () => {
    const token = await hs256({ ...good(), exp: seconds(api.clock, 30) });
    assert.equal((await read(api, bearer(token))).status, 200);
    api.clock.advanceMs(89_000);
    assert.equal((await read(api, bearer(token))).status, 200);
    api.clock.advanceMs(1_000);
    assert.equal(errorOf(await read(api, bearer(token)))["code"], "INVALID_AUTH_CLAIMS");
  });

  test("of clocks that are too far apart both are named, and by how much", async () => {
    const [now, iat] = [api.clock.now(), seconds(api.clock, -181)];
    const behind = errorOf(await read(api, bearer(await hs256({ ...good(), iat, exp: iat + 120 }))));
    const [at, signed] = [-61_000, -181_000].map((ms) => new Date(now.getTime() + ms).toISOString());
    assert.equal(
      behind["message"],
      `The token is genuine, but its claim exp lies in the past: it is ${at}, and dispatch-api's clock says ${now.toISOString()}, ` +
        `61 s later; 60 s are forgiven. The signer's clock said ${signed} when it signed (iat); if that was just now, it is 181 s ` +
        "behind dispatch-api's: set both by NTP.",
    );
    const ahead = errorOf(await read(api, bearer(await hs256({ ...good(), nbf: seconds(api.clock, 61) }))));
    assert.match(
      String(ahead["message"]),
      /its claim nbf lies in the future: it is .*, 61 s before; 60 s are forgiven\.$/,
    );
    for (const exp of [-1, -9e15, 1e300]) {
      const odd = errorOf(await read(api, bearer(await hs256({ ...good(), exp, iat: exp, nbf: exp }))));
      assert.equal(odd["code"], "INVALID_AUTH_CLAIMS");
    }
  });
});

async function newTicketBy(api: TestApi, token: string): Promise<string> {
  const reply = await post(api, "/tickets", { account_id: accountId, site_id: siteId, summary: "Door" }, bearer(token));
  assert.equal(reply.status, 201, reply.text);
  return String(reply.body["id"]);
}

describe("tokens with signing keys", () => {
  const algorithms = ["RS256", "ES256", "EdDSA"] as const;
  const makeKey = async (alg: string, kid?: string) => {
    const pair = await generateKeyPair(alg, { extractable: true });
    const jwk: JWK = { ...(await exportJWK(pair.publicKey)), ...(kid !== undefined && { kid }) };
    const signed = (claims: Claims) => sign(claims, { alg, ...(kid !== undefined && { kid }) }, pair.privateKey);
    return { jwk, sign: signed, ...pair };
  };
  const startWith = async (
    t: { after(fn: () => Promise<void>): void },
    keys: readonly JWK[],
    more: Record<string, string> = {},
  ) => {
    const folder = await mkdtemp(join(tmpdir(), "dispatch-jwks-"));
    t.after(() => rm(folder, { recursive: true }));
    const path = join(folder, "jwks.json");
    await writeFile(path, JSON.stringify({ keys }));
    const api = await startTestApi({ t, logged: true, env: { DISPATCH_AUTH_JWKS: path, ...more } });
    return { api, path };
  };

  for (const alg of algorithms) {
    test(`${alg} is verified`, async (t) => {
      const [known, stranger] = [await makeKey(alg, "one"), await makeKey(alg, "one")];
      const { api } = await startWith(t, [known.jwk]);
      assert.equal((await read(api, bearer(await known.sign(goodClaims(api.clock))))).status, 200);
      const reply = await read(api, bearer(await stranger.sign(goodClaims(api.clock))));
      assert.equal(errorOf(reply)["code"], "INVALID_AUTH_TOKEN");
    });
  }

  test("a public key used as a shared secret opens nothing", async (t) => {
    const known = await makeKey("RS256", "one");
    const { api } = await startWith(t, [known.jwk], { DISPATCH_AUTH_JWT_SECRET: secret });
    const asSecret = new TextEncoder().encode(await exportSPKI(known.publicKey));
    const hs256By = (forgedKey: Uint8Array, header: object = {}) =>
      sign(goodClaims(api.clock), { alg: "HS256", ...header }, forgedKey);
    const forged = [
      await hs256By(asSecret, { kid: "one" }),
      await hs256By(new TextEncoder().encode(JSON.stringify(known.jwk))),
    ];
    for (const token of forged) assert.equal(errorOf(await read(api, bearer(token)))["code"], "INVALID_AUTH_TOKEN");
    assert.equal((await read(api, bearer(await hs256(goodClaims(api.clock))))).status, 200);
  });

  test("HS256 is refused where only signing keys are configured, and the other way round", async (t) => {
    const known = await makeKey("ES256", "one");
    const { api } = await startWith(t, [
      known.jwk,
      { kty: "oct", k: Buffer.from(secret).toString("base64url"), kid: "shared" },
    ]);
    assert.equal(
      errorOf(await read(api, bearer(await hs256(goodClaims(api.clock), { kid: "shared" }))))["code"],
      "INVALID_AUTH_TOKEN",
    );
    const bySecret = await startTestApi({ t, env: { DISPATCH_AUTH_JWT_SECRET: secret } });
    assert.equal(
      errorOf(await read(bySecret, bearer(await known.sign(goodClaims(bySecret.clock)))))["code"],
      "INVALID_AUTH_TOKEN",
    );
  });

  test("a key is added and another withdrawn while the API runs", async (t) => {
    const [old, fresh] = [await makeKey("ES256", "old"), await makeKey("ES256", "new")];
    const { api, path } = await startWith(t, [old.jwk]);
    const [oldToken, freshToken] = [await old.sign(goodClaims(api.clock)), await fresh.sign(goodClaims(api.clock))];
    assert.equal((await read(api, bearer(oldToken))).status, 200);
    assert.equal(errorOf(await read(api, bearer(freshToken)))["code"], "INVALID_AUTH_TOKEN");
    await writeFile(path, JSON.stringify({ keys: [old.jwk, fresh.jwk] }));
    api.clock.advanceMs(200);
    assert.equal((await read(api, bearer(freshToken))).status, 200, "an unknown kid makes it look");
    await writeFile(path, JSON.stringify({ keys: [fresh.jwk] }));
    api.clock.advanceMs(1_000);
    assert.equal(errorOf(await read(api, bearer(oldToken)))["code"], "INVALID_AUTH_TOKEN", "also out of the cache");
    assert.equal((await read(api, bearer(freshToken))).status, 200);
  });

  test("a key file that is broken for a moment changes nothing", async (t) => {
    const known = await makeKey("EdDSA", "one");
    const { api, path } = await startWith(t, [known.jwk]);
    await writeFile(path, '{"keys": [');
    api.clock.advanceMs(5_000);
    assert.equal((await read(api, bearer(await known.sign(goodClaims(api.clock))))).status, 200);
    assert.ok(api.log.some(({ level, message }) => level === "warn" && String(message).includes("JWKS")));
  });

  test("two keys of one kind and a token without kid: the one that fits counts", async (t) => {
    const [one, two, stranger] = [await makeKey("ES256"), await makeKey("ES256"), await makeKey("ES256")];
    const { api } = await startWith(t, [one.jwk, two.jwk]);
    for (const known of [one, two])
      assert.equal((await read(api, bearer(await known.sign(goodClaims(api.clock))))).status, 200);
    assert.equal(
      errorOf(await read(api, bearer(await stranger.sign(goodClaims(api.clock)))))["code"],
      "INVALID_AUTH_TOKEN",
    );
  });

  test("a file that is no key set stops the start and names the variable", async (t) => {
    await assert.rejects(
      startWith(t, [{ kty: "RSA" }], { DISPATCH_AUTH_JWKS: "/nonexistent/jwks.json" }),
      /DISPATCH_AUTH_JWKS/,
    );
  });

  test("keys behind a URL are fetched; without them the answer is 503, not a verdict on the token", async (t) => {
    const known = await makeKey("RS256", "one");
    let answer: { status: number; body: string } = { status: 500, body: "" };
    const server = createServer((_request, response) => void response.writeHead(answer.status).end(answer.body));
    await once(server.listen(0, "127.0.0.1"), "listening");
    t.after(async () => void server.close().closeAllConnections());
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const env = { DISPATCH_AUTH_JWKS: `http://127.0.0.1:${address.port}/keys`, DISPATCH_AUTH_JWT_SECRET: secret };
    const api = await startTestApi({ t, env });
    const token = bearer(await known.sign(goodClaims(api.clock)));
    for (const broken of [
      { status: 500, body: "" },
      { status: 200, body: "<html>" },
      { status: 200, body: "{}" },
    ]) {
      answer = broken;
      const reply = await read(api, token);
      assert.deepEqual(
        [reply.status, errorOf(reply)["code"], errorOf(reply)["dependency"]],
        [503, "DEPENDENCY_UNAVAILABLE", "jwks"],
      );
    }
    answer = { status: 200, body: JSON.stringify({ keys: [known.jwk] }) };
    assert.equal((await read(api, token)).status, 200);

    const other = await makeKey("RS256", "two");
    answer = { status: 200, body: JSON.stringify({ keys: [other.jwk] }) };
    api.clock.advanceMs(29_000);
    assert.equal((await read(api, token)).status, 200, "nobody has looked yet");
    api.clock.advanceMs(1_000);
    assert.equal(
      errorOf(await read(api, token))["code"],
      "INVALID_AUTH_TOKEN",
      "a withdrawn key ends, also out of the cache",
    );
    const next = bearer(await other.sign(goodClaims(api.clock)));
    assert.equal((await read(api, next)).status, 200);

    answer = { status: 200, body: JSON.stringify({ keys: [other.jwk], padding: "x".repeat(1_048_576) }) };
    api.clock.advanceMs(599_000);
    assert.equal((await read(api, next)).status, 200, "keys in hand outlive a short outage, and an answer without end");
    api.clock.advanceMs(31_000);
    assert.equal(errorOf(await read(api, next))["dependency"], "jwks", "and no long one");
    assert.equal(
      (await read(api, bearer(await hs256(goodClaims(api.clock))))).status,
      200,
      "whoever signs with the secret",
    );
  });
});
