// `pnpm dispatch:token` as a person uses it: with the secret that a stack keeps, against an API that believes nothing else.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { ensureSecretFile, jwtSecretFile } from "../../dispatch/ops/stack/secret-file.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { claimList } from "../../dispatch/api/claim-list.ts";
import { objectOf, startTestApi } from "../support/api.ts";
import { acme } from "../support/directory.ts";
import { bearer, tokenSecret } from "../support/token.ts";

const script = join(import.meta.dirname, "../../scripts/token.ts");
type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

describe("dispatch:token", { concurrency: true }, async () => {
  const api = await startTestApi({
    env: {
      DISPATCH_AUTH_ALLOW_DEV_HEADERS: "false",
      DISPATCH_AUTH_JWT_SECRET: tokenSecret,
      DISPATCH_AUTH_JWT_ISSUER: "us",
    },
  });
  api.clock.set(new Date().toISOString());
  const stack = { DISPATCH_DATA_DIR: api.dataDir };
  await ensureSecretFile(jwtSecretFile(api.dataDir));
  const given = { ...stack, DISPATCH_AUTH_JWT_SECRET: tokenSecret, DISPATCH_AUTH_JWT_ISSUER: "us" };

  const run = (args: readonly string[], env: Record<string, string>): Promise<Outcome> =>
    new Promise((resolve) => {
      execFile(process.execPath, [script, ...args], { env: { ...bareEnvironment, ...env } }, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
      );
    });

  test("prints a header for curl that the API believes: whose, which role, whose rows", async () => {
    const options = ["--actor", "olga", "--role", "qa", "--accounts", acme.id, "--ttl", "1h"];
    const { code, stdout, stderr } = await run(["--header", ...options], given);
    assert.deepEqual([code, stderr], [0, ""]);
    const [, token = ""] = /^Authorization: Bearer (\S+)\n$/.exec(stdout) ?? [];
    const { actor } = objectOf(await api.send("GET", "/contract", { authorization: `Bearer ${token}` }));
    assert.deepEqual(actor, { actor_id: "olga", actor_role: "qa", actor_type: "HUMAN", tech_id: null });
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    assert.ok(isObject(claims));
    assert.deepEqual(claims["scope"], { account_ids: acme.id, site_ids: "*" });
    assert.equal(Number(claims["exp"]) - Number(claims["iat"]), 3_600);
    const documented = claimList.flatMap(({ claim }) => claim.split(", "));
    for (const name of Object.keys(claims))
      assert.ok(
        documented.some((one) => one.split(".")[0] === name),
        name,
      );
  });

  test("says what it claims beside the token, which alone goes to stdout; the secret is the stack's", async () => {
    const { code, stdout, stderr } = await run([], stack);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
    assert.match(stderr, /^who +.+, HUMAN\nrole +dispatcher\naccounts +all\nsites +all\nends +20.*\nsigned +20/);
    assert.ok(stderr.endsWith(`key       ${jwtSecretFile(api.dataDir)}\n`));
    const explained = await run(["--explain", stdout.trim()], stack);
    assert.equal(explained.code, 0, explained.stderr);
    assert.match(explained.stdout, /\nbelieved {2}yes\n$/);
  });

  test("explains one that nobody believes, and says why", async () => {
    const { authorization } = bearer({ sub: "mallory", role: "finance", via: "chat", exp: 1_700_000_000 }, "another");
    const { code, stdout } = await run(["--explain", `Authorization: ${authorization}`], given);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^who +mallory, AGENT\nrole +finance\naccounts +none\nsites +none\nends +2023-11-14T22:13:20\.000Z\nvia +chat\n/,
    );
    assert.match(stdout, /\nbelieved {2}no, INVALID_AUTH_TOKEN: /);
  });

  const wrong: readonly (readonly [string, readonly string[], Record<string, string>, RegExp])[] = [
    ["a role nobody knows", ["--role", "king"], stack, /^--role must be one of dispatcher, .*, not king\n$/],
    [
      "a life too long",
      ["--ttl", "31d"],
      stack,
      /^--ttl must be a number with s, m, h or d, from 1s to 30d, not 31d\n$/,
    ],
    ["an account that is no id", ["--accounts", "acme"], stack, /scope\.account_ids must hold uuids or \*/],
    [
      "no secret anywhere",
      [],
      { DISPATCH_DATA_DIR: join(script, "nowhere") },
      /^No secret to sign with: DISPATCH_AUTH_JWT_SECRET/,
    ],
  ];
  for (const [what, args, env, message] of wrong)
    test(`refuses ${what}`, async () => {
      const { code, stdout, stderr } = await run(args, env);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, message);
    });
});
