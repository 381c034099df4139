// The shared secret of tokens changes while processes stand in for each other: no genuine token is refused on the way, and
// the old secret ends.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bearer, tokenSecret as old } from "../support/token.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { call, errorOf } from "./calls.ts";

const fresh = "the-secret-after-it-of-thirty-two-characters";

/** The code of the refusal, or the status where there is none. */
async function answer(api: TestApi, key: string, livesSeconds = 120): Promise<unknown> {
  const exp = Math.floor(api.clock.now().getTime() / 1_000) + livesSeconds;
  const reply = await call(api, "/ux/dispatcher/cockpit", {
    headers: { ...bearer({ sub: "dana", role: "dispatcher", exp, scope: { account_ids: "*", site_ids: "*" } }, key) },
  });
  return errorOf(reply)["code"] ?? reply.status;
}

test("old and new secret overlap, and then the old one ends", async (t) => {
  // Processes are restarted one after the other, so neighbours of this row run side by side; signers change over at the second.
  const before = await startTestApi({ t, env: { DISPATCH_AUTH_JWT_SECRET: old } });
  const overlap = await startTestApi({
    t,
    env: { DISPATCH_AUTH_JWT_SECRET: fresh, DISPATCH_AUTH_JWT_SECRET_OLD: old },
  });
  const after = await startTestApi({ t, env: { DISPATCH_AUTH_JWT_SECRET: fresh } });
  const rows = [before, overlap, after].map((api) =>
    Promise.all([old, fresh, `${old}!`].map((key) => answer(api, key))),
  );
  assert.deepEqual(await Promise.all(rows), [
    [200, "INVALID_AUTH_TOKEN", "INVALID_AUTH_TOKEN"],
    [200, 200, "INVALID_AUTH_TOKEN"],
    ["INVALID_AUTH_TOKEN", 200, "INVALID_AUTH_TOKEN"],
  ]);
  assert.equal(await answer(overlap, old, -61), "INVALID_AUTH_CLAIMS", "the overlap prolongs no token");
});

test("a short old secret stops the start in production, as a short new one does", async (t) => {
  const environment = {
    NODE_ENV: "production",
    DISPATCH_AUTH_JWT_SECRET: fresh,
    DISPATCH_AUTH_JWT_SECRET_OLD: "short",
  };
  await assert.rejects(
    startTestApi({ t, env: environment }),
    /^SettingsError: CONFIG_INVALID: DISPATCH_AUTH_JWT_SECRET_OLD must have at least 32 characters/,
  );
});
