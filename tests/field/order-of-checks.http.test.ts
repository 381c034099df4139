// In which order a command and a query are checked. Each row breaks everything from one check on; the first of the broken
// checks is the one that answers, and nothing behind it is told.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { profiles, startTestApi, type CallOptions } from "../support/api.ts";
import { acme, ben, borealis } from "../support/directory.ts";
import { freeWindow, ticketIn } from "../support/ticket-builder.ts";
import { tracesLeft } from "../support/traces-left.ts";

describe("a command is checked", async () => {
  const api = await startTestApi();
  const unknown = randomUUID();
  const inWork = (await ticketIn(api, "IN_PROGRESS")).id;
  const dispatched = (await ticketIn(api, "DISPATCHED")).id;

  const key = randomUUID();
  const answered = { as: "tech", actor: "t", ticket: inWork, body: { reason_code: "parts" } };
  const { id: other } = await ticketIn(api, "IN_PROGRESS");
  await api.run("tech.hold", { ...answered, ticket: other, key });

  // From the last row to the first, one more thing is wrong each time.
  const elsewhere = { "x-account-scope": borealis.id };
  const asBen = { "x-tech-id": ben };
  const wrongTool = { "x-tool-name": "tech.resume" };
  const wrongField = { reason_code: "tired" };
  const rows: readonly (readonly [string, CallOptions])[] = [
    [
      "INVALID_JSON",
      { as: "qa", key: "x", ticket: unknown, body: "{", headers: { ...elsewhere, ...asBen, ...wrongTool } },
    ],
    [
      "INVALID_IDEMPOTENCY_KEY",
      { as: "qa", key: "x", ticket: unknown, body: wrongField, headers: { "x-actor-id": undefined } },
    ],
    [
      "MISSING_ACTOR_CONTEXT",
      { as: "qa", ticket: unknown, body: wrongField, headers: { ...wrongTool, "x-actor-id": undefined } },
    ],
    ["FORBIDDEN", { as: "qa", ticket: unknown, body: wrongField, headers: { ...elsewhere, ...wrongTool } }],
    [
      "TOOL_NOT_ALLOWED",
      {
        as: "tech",
        actor: "t",
        key,
        ticket: other,
        body: wrongField,
        headers: { ...elsewhere, ...asBen, ...wrongTool },
      },
    ],
    [
      "IDEMPOTENCY_PAYLOAD_MISMATCH",
      { as: "tech", actor: "t", key, ticket: unknown, body: wrongField, headers: { ...elsewhere, ...asBen } },
    ],
    ["INVALID_REQUEST", { as: "tech", ticket: unknown, body: wrongField, headers: { ...elsewhere, ...asBen } }],
    [
      "TICKET_NOT_FOUND",
      { as: "tech", ticket: unknown, body: { reason_code: "parts" }, headers: { ...elsewhere, ...asBen } },
    ],
    [
      "FORBIDDEN_SCOPE",
      { as: "tech", ticket: dispatched, body: { reason_code: "parts" }, headers: { ...elsewhere, ...asBen } },
    ],
    ["NOT_ASSIGNED_TECH", { as: "tech", ticket: dispatched, body: { reason_code: "parts" }, headers: asBen }],
    ["INVALID_STATE_TRANSITION", { as: "tech", ticket: dispatched, body: { reason_code: "parts" } }],
  ];
  for (const [code, call] of rows) {
    test(`for ${code} before all that follows`, async () => {
      const before = await tracesLeft(api.owner);
      const { error } = await api.refuse("tech.hold", call);
      assert.equal(error.code, code, JSON.stringify(error));
      assert.deepEqual(await tracesLeft(api.owner), before);
    });
  }

  test("for its state before the rules of the field", async () => {
    const { id } = await ticketIn(api, "SCHEDULED");
    const body = { approval_id: randomUUID(), decision: "APPROVED" };
    assert.equal((await api.refuse("approval.decide", { ticket: id, body })).error.code, "INVALID_STATE_TRANSITION");
  });

  test("for the site as well as the account", async () => {
    const scope = (accounts: string, sites: string) => ({ "x-account-scope": accounts, "x-site-scope": sites });
    const cancel = (headers: CallOptions["headers"]) =>
      api.refuse("ticket.cancel", { ticket: dispatched, body: { reason: "called off" }, headers: headers ?? {} });
    const bySite = await cancel(scope(acme.id, `${acme.dallas},${borealis.albany}`));
    assert.deepEqual([bySite.error["scope_field"], bySite.error["target_id"]], ["site_id", acme.oakland]);
    const byAccount = await cancel(scope(borealis.id, "*"));
    assert.deepEqual([byAccount.error["scope_field"], byAccount.error["target_id"]], ["account_id", acme.id]);
    assert.equal((await cancel(scope("", "*"))).error.code, "FORBIDDEN_SCOPE", "an empty scope reaches nothing");
  });

  test("and obeyed when nothing is wrong, with the whole of its scope named", async () => {
    const headers = {
      "x-account-scope": `${borealis.id}, ${acme.id.toUpperCase()}`,
      "x-site-scope": acme.oakland,
      "x-tool-name": "tech.hold",
    };
    await api.run("tech.hold", { ...answered, headers });
  });
});

describe("a query is checked", async () => {
  const api = await startTestApi();
  const { id } = await ticketIn(api, "NEW");
  const elsewhere = { "x-site-scope": acme.dallas };
  const rows: readonly (readonly [string, CallOptions])[] = [
    ["MISSING_ACTOR_CONTEXT", { as: "customer", ticket: "17", headers: { "x-actor-id": undefined } }],
    ["FORBIDDEN", { as: "customer", ticket: "17", headers: elsewhere }],
    ["INVALID_TICKET_ID", { ticket: "17", headers: elsewhere }],
    ["TICKET_NOT_FOUND", { ticket: randomUUID(), headers: elsewhere }],
    ["FORBIDDEN_SCOPE", { ticket: id, headers: elsewhere }],
  ];
  for (const [code, call] of rows) {
    test(`for ${code} before all that follows`, async () => {
      const { error } = await api.refuse("tech.job_packet", call);
      assert.equal(error.code, code, JSON.stringify(error));
      assert.equal(error.request_id, null);
    });
  }
});

for (const profile of profiles) {
  test(`in ${profile} a technician's token opens their own tickets and no others`, async (t) => {
    const api = await startTestApi({ t, profile });
    const { id, techId } = await ticketIn(api, "DISPATCHED");
    const body = { timestamp: api.clock.iso };
    const { error } = await api.refuse("tech.check_in", {
      as: "tech",
      ticket: id,
      body,
      headers: { "x-tech-id": ben },
    });
    assert.deepEqual([error.code, error["assigned_tech_id"]], ["NOT_ASSIGNED_TECH", techId]);
    await api.run("tech.check_in", {
      as: "technician",
      ticket: id,
      body,
      headers: { "x-tech-id": techId.toUpperCase() },
    });
    const unassigned = await ticketIn(api, "SCHEDULED", { window: freeWindow(api) });
    const evidence = { kind: "NOTE", uri: "s3://phone/note" };
    const refused = await api.refuse("closeout.add_evidence", {
      as: "tech",
      ticket: unassigned.id,
      body: evidence,
      headers: { "x-tech-id": techId },
    });
    assert.deepEqual([refused.error.code, refused.error["assigned_tech_id"]], ["NOT_ASSIGNED_TECH", null]);
  });
}
