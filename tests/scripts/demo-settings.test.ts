// Who the demo's API believes: its own people by their tokens, and whoever looks around by headers, as in development.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { demoSettings } from "../../lab/demo/command.ts";

test("the demo takes tokens and development headers, but no headers where the profile or the settings take none", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-demo-settings-"));
  t.after(() => rm(folder, { recursive: true }));
  const demo = (more: Record<string, string> = {}) => demoSettings({ DISPATCH_DATA_DIR: folder, ...more });
  const usual = await demo();
  assert.equal(usual.allowDevHeaders, true);
  assert.ok((usual.jwtSecret ?? "").length >= 32);
  assert.equal((await demo({ DISPATCH_POLICY_PROFILE: "strict" })).allowDevHeaders, false);
  assert.equal((await demo({ DISPATCH_AUTH_ALLOW_DEV_HEADERS: "false" })).allowDevHeaders, false);
  await assert.rejects(demo({ NODE_ENV: "production" }), /does not run with NODE_ENV=production/);
});
