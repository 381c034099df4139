// The claims that say how a call came about are checked like every other: what is misspelt is refused by its name.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { speaking, tokenSecret } from "../support/token.ts";
import { startTestApi } from "../support/api.ts";
import { call, errorOf } from "./calls.ts";

type Claims = Readonly<Record<string, unknown>>;
const without = (claims: Claims, name: string): Claims =>
  Object.fromEntries(Object.entries(claims).filter(([claim]) => claim !== name));
const approval: Claims = {
  tool: "ticket.cancel",
  target: { aggregate: "ticket", id: "0d8f4f0e-9d3e-4c3a-8a52-3f6f0c7f0a12" },
  arguments_hash: "0".repeat(64),
  request_id: "0d8f4f0e-9d3e-4c3a-8a52-3f6f0c7f0a11",
  approved_by: "dora",
  at: "2026-03-02T09:00:00Z",
};

describe("a token that says how the call came about", async () => {
  const api = await startTestApi({ env: { DISPATCH_AUTH_JWT_SECRET: tokenSecret } });
  const read = (claims: Claims) => call(api, "/ux/dispatcher/cockpit", { headers: speaking(api, claims) });

  const good: readonly (readonly [string, Claims])[] = [
    ["all three", { via: "chat", claimed_by: "Dora, they say", human_approval: approval }],
    ["all three null", { via: null, claimed_by: null, human_approval: null }],
    ["a claim of the longest", { claimed_by: "a".repeat(200) }],
    ["a claim of nothing", { claimed_by: "" }],
    ["an approval of what no path names", { human_approval: { ...approval, target: { aggregate: "desk", id: null } } }],
    ["an approval given in another zone", { human_approval: { ...approval, at: "2026-03-02T10:00:00+01:00" } }],
  ];
  for (const [what, claims] of good) {
    test(`is believed with ${what}`, async () => {
      const reply = await read(claims);
      assert.equal(reply.status, 200, reply.text);
    });
  }

  const misspelt: readonly (readonly [claim: string, claims: Claims])[] = [
    ["via", { via: "telepathy" }],
    ["via", { via: true }],
    ["via", { via: "" }],
    ["claimed_by", { claimed_by: 7 }],
    ["claimed_by", { claimed_by: "a".repeat(201) }],
    ["claimed_by", { claimed_by: "Dora\nrole: admin" }],
    ["claimed_by", { claimed_by: "half a pair \ud800" }],
    ["human_approval", { human_approval: "yes" }],
    ["human_approval", { human_approval: [approval] }],
    ["human_approval.tool", { human_approval: without(approval, "tool") }],
    ["human_approval.tool", { human_approval: { ...approval, tool: "" } }],
    ["human_approval.target.aggregate", { human_approval: without(approval, "target") }],
    ["human_approval.target.aggregate", { human_approval: { ...approval, target: "ticket" } }],
    ["human_approval.target.id", { human_approval: { ...approval, target: { aggregate: "ticket" } } }],
    ["human_approval.target.id", { human_approval: { ...approval, target: { aggregate: "ticket", id: 7 } } }],
    ["human_approval.arguments_hash", { human_approval: without(approval, "arguments_hash") }],
    ["human_approval.arguments_hash", { human_approval: { ...approval, arguments_hash: "0".repeat(63) } }],
    ["human_approval.request_id", { human_approval: { ...approval, request_id: "call-7" } }],
    ["human_approval.request_id", { human_approval: without(approval, "request_id") }],
    ["human_approval.approved_by", { human_approval: without(approval, "approved_by") }],
    ["human_approval.approved_by", { human_approval: { ...approval, approved_by: "" } }],
    ["human_approval.approved_by", { human_approval: { ...approval, approved_by: "a\u0000b" } }],
    ["human_approval.at", { human_approval: without(approval, "at") }],
    ["human_approval.at", { human_approval: { ...approval, at: "2026-03-02" } }],
    ["human_approval.at", { human_approval: { ...approval, at: "2026-02-30T09:00:00Z" } }],
    ["human_approval.at", { human_approval: { ...approval, at: 1_772_442_000 } }],
  ];
  for (const [claim, claims] of misspelt) {
    test(`is refused for ${claim}: ${JSON.stringify(claims).slice(0, 120)}`, async () => {
      const reply = await read(claims);
      const { code, message } = errorOf(reply);
      assert.deepEqual([reply.status, code], [401, "INVALID_AUTH_CLAIMS"]);
      assert.ok(String(message).includes(` claim ${claim} `), String(message));
    });
  }
});
