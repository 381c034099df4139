import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { call, dispatcher, errorOf, newTicket, otherAccountId, post } from "./calls.ts";

// Each row breaks everything from one check on; the first of the broken checks is the one that answers.
describe("the order of checks", async () => {
  const api = await startTestApi();
  const ticket = await newTicket(api);
  const scopedAway = { "x-account-scope": otherAccountId };
  const wrongState = `/tickets/${ticket}/close`;

  const commands: readonly (readonly [string, string, string, Record<string, string>])[] = [
    ["INVALID_JSON", `/tickets/${randomUUID()}/close`, "{", { "idempotency-key": "x" }],
    ["MISSING_IDEMPOTENCY_KEY", `/tickets/${randomUUID()}/close`, '{"closure_note":7}', { "idempotency-key": "" }],
    ["INVALID_IDEMPOTENCY_KEY", `/tickets/${randomUUID()}/close`, '{"closure_note":7}', { "idempotency-key": "x" }],
    ["MISSING_ACTOR_CONTEXT", `/tickets/${randomUUID()}/close`, '{"closure_note":7}', { "x-tool-name": "x" }],
    [
      "FORBIDDEN",
      `/tickets/${randomUUID()}/close`,
      '{"closure_note":7}',
      { "x-actor-id": "d", "x-actor-role": "tech", "x-tool-name": "x" },
    ],
    ["TOOL_NOT_ALLOWED", `/tickets/${randomUUID()}/close`, '{"closure_note":7}', { ...dispatcher, "x-tool-name": "x" }],
    ["INVALID_REQUEST", `/tickets/${randomUUID()}/close`, '{"closure_note":7}', { ...dispatcher, ...scopedAway }],
    ["TICKET_NOT_FOUND", `/tickets/${randomUUID()}/close`, "{}", { ...dispatcher, ...scopedAway }],
    ["FORBIDDEN_SCOPE", wrongState, "{}", { ...dispatcher, ...scopedAway }],
    ["INVALID_STATE_TRANSITION", wrongState, "{}", dispatcher],
  ];
  for (const [code, path, raw, headers] of commands) {
    test(`command: ${code}`, async () => {
      const reply = await call(api, path, {
        method: "POST",
        raw,
        headers: { "idempotency-key": randomUUID(), ...headers },
      });
      assert.equal(errorOf(reply)["code"], code);
    });
  }

  test("command: an assigned technician is asked for before the state", async () => {
    const headers = { "x-actor-id": "t", "x-actor-role": "tech", "x-tech-id": randomUUID() };
    const reply = await post(api, `/tickets/${ticket}/tech/hold`, { reason_code: "parts" }, headers);
    assert.equal(errorOf(reply)["code"], "NOT_ASSIGNED_TECH");
  });

  const queries: readonly (readonly [string, string, Record<string, string>])[] = [
    ["MISSING_ACTOR_CONTEXT", "/tickets/x", {}],
    ["FORBIDDEN", "/ops/autonomy/replay/x", { "x-actor-id": "d", "x-actor-role": "tech" }],
    ["INVALID_TICKET_ID", "/tickets/x", { ...dispatcher, ...scopedAway }],
    ["TICKET_NOT_FOUND", `/tickets/${randomUUID()}`, { ...dispatcher, ...scopedAway }],
    ["FORBIDDEN_SCOPE", `/tickets/${ticket}`, { ...dispatcher, ...scopedAway }],
  ];
  for (const [code, path, headers] of queries) {
    test(`query: ${code}`, async () => assert.equal(errorOf(await call(api, path, { headers }))["code"], code));
  }

  test("a replay is found before the fields are read, but after role, tool and scope", async () => {
    const key = { "idempotency-key": randomUUID() };
    const path = `/tickets/${ticket}/request-info`;
    const good = { questions: ["Which door?"] };
    assert.equal((await post(api, path, good, { ...dispatcher, ...key })).status, 200);
    const code = async (body: unknown, headers: Record<string, string>) =>
      errorOf(await post(api, path, body, { ...dispatcher, ...key, ...headers }))["code"];
    assert.equal(await code({ questions: 7 }, {}), "IDEMPOTENCY_PAYLOAD_MISMATCH");
    assert.equal(await code(good, { "x-actor-role": "finance" }), "FORBIDDEN");
    assert.equal(await code(good, { "x-tool-name": "ticket.get" }), "TOOL_NOT_ALLOWED");
    assert.equal(await code(good, scopedAway), "FORBIDDEN_SCOPE");
    assert.equal(await code(good, {}), undefined);
  });

  test("an error names the idempotency key and the correlation id", async () => {
    const key = randomUUID();
    const reply = await post(
      api,
      wrongState,
      {},
      { ...dispatcher, "idempotency-key": key.toUpperCase(), "x-correlation-id": "abc" },
    );
    assert.deepEqual([errorOf(reply)["request_id"], errorOf(reply)["correlation_id"]], [key, "abc"]);
    assert.equal(errorOf(await call(api, "/nowhere"))["request_id"], null);
  });
});
