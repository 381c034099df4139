// A model alone may not do what the profile leaves to people: each rule, in both profiles, with and without a person's
// word for this very call; and what the audit keeps of it.

import { aggregates } from "../../dispatch/aggregates.ts";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { commands, type CommandName } from "../../dispatch/contract/index.ts";
import type { Role } from "../../dispatch/contract/roles.ts";
import { commandHandlers } from "../../dispatch/handlers.ts";
import { execute } from "../../dispatch/kernel/execute.ts";
import { requireHumanApproval } from "../../dispatch/kernel/human-approval.ts";
import type { JsonObject } from "../../dispatch/kernel/json.ts";
import { Refusal } from "../../dispatch/kernel/refusal.ts";
import { openKernel } from "../../dispatch/kernel/kernel.ts";
import { canonicalSha256 } from "../../dispatch/policy/canonical-json.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { objectsIn, profiles, startTestApi, type CallOptions, type TestApi } from "../support/api.ts";
import { addTechnician, ana, ben } from "../support/directory.ts";
import { photoFile, store } from "../support/evidence.ts";
import { anyProposal } from "../support/plan-day.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { speaking, tokenSecret } from "../support/token.ts";
import { tracesLeft } from "../support/traces-left.ts";

const env = { DISPATCH_AUTH_JWT_SECRET: tokenSecret };
const chat = { via: "chat" };
/** A person's word for a call, with what a test changes in it. */
const allowed = (api: TestApi, tool: CommandName, call: Call & { readonly key: string }, change: object = {}) => ({
  human_approval: {
    tool,
    target: { aggregate: commands[tool].aggregate, id: call.ticket ?? call.plan ?? call.account ?? call.site ?? null },
    arguments_hash: canonicalSha256(call.body ?? {}),
    request_id: call.key,
    approved_by: "Olga, owner",
    at: api.clock.iso,
    ...change,
  },
});

type Call = Pick<CallOptions, "ticket" | "plan" | "account" | "site" | "body">;
type Risky = {
  readonly rule: string;
  readonly tool: CommandName;
  readonly role: Role;
  readonly severity: "warning" | "critical";
  /** A call that would be obeyed but for the rule. */
  readonly arrange: (api: TestApi) => Promise<Call>;
};

const bypass = (mode: string) => ({
  tech_id: ana,
  dispatch_mode: mode,
  dispatch_rationale: "shop front open at night",
  dispatch_confirmation: true,
});
const triaged = async (api: TestApi, mode: string): Promise<Call> => {
  const { id } = await ticketIn(api, "TRIAGED", { priority: "EMERGENCY" });
  return { ticket: id, body: { ...bypass(mode), tech_id: await addTechnician(api.owner) } };
};
/** Work that costs $1,250 and a trip. */
const tenHours = { labor_minutes: 600, travel_minutes: 0, parts: [] };

const newAccount = async (api: TestApi): Promise<string> =>
  (await api.run("account.upsert", { body: { name: "Harbour" } })).account.id;
const newSite = async (api: TestApi, account_id: string): Promise<string> =>
  (await api.run("site.upsert", { body: { account_id, name: "Pier", region: "CA" } })).site.id;
const reason = "entered twice";

const risky: readonly Risky[] = [
  {
    rule: "emergency_bypass",
    tool: "assignment.dispatch",
    role: "dispatcher",
    severity: "critical",
    arrange: (api) => triaged(api, "EMERGENCY_BYPASS"),
  },
  // From TRIAGED this mode passes scheduling by as well.
  {
    rule: "emergency_bypass",
    tool: "assignment.dispatch",
    role: "dispatcher",
    severity: "critical",
    arrange: (api) => triaged(api, "STANDARD"),
  },
  {
    rule: "emergency_bypass",
    tool: "assignment.dispatch",
    role: "dispatcher",
    severity: "critical",
    arrange: async (api) => ({ ticket: (await ticketIn(api, "SCHEDULED")).id, body: bypass("EMERGENCY_BYPASS") }),
  },
  {
    rule: "assignment.override",
    tool: "assignment.override",
    role: "dispatcher",
    severity: "warning",
    arrange: async (api) => ({
      ticket: (await ticketIn(api, "SCHEDULED")).id,
      body: { override_type: "reassign_tech", reason_code: "capacity", note: "Ana is stuck in traffic", tech_id: ben },
    }),
  },
  {
    rule: "ticket.cancel",
    tool: "ticket.cancel",
    role: "dispatcher",
    severity: "warning",
    arrange: async (api) => ({ ticket: (await ticketIn(api, "NEW")).id, body: { reason: "the customer fixed it" } }),
  },
  {
    rule: "invoice_above_limit",
    tool: "billing.generate_invoice",
    role: "finance",
    severity: "warning",
    arrange: async (api) => ({ ticket: (await ticketIn(api, "VERIFIED", { work: tenHours })).id, body: {} }),
  },
  {
    rule: "billing.credit",
    tool: "billing.credit",
    role: "finance",
    severity: "critical",
    arrange: async (api) => ({ ticket: (await ticketIn(api, "INVOICED")).id, body: { all: true, reason } }),
  },
  {
    rule: "ops.autonomy.rollback",
    tool: "ops.autonomy.rollback",
    role: "dispatcher",
    severity: "critical",
    arrange: async () => ({
      body: { scope_type: "INCIDENT", incident_type: "AUTO_OPERATOR_FAULT", reason: "all clear" },
    }),
  },
  {
    rule: "plan_above_limit",
    tool: "plan.apply",
    role: "dispatcher",
    severity: "warning",
    arrange: async (api) => {
      for (let n = 0; n < 5; n++) await ticketIn(api, "READY_TO_SCHEDULE");
      return { plan: (await anyProposal(api, { iterations: 20 })).id };
    },
  },
  {
    rule: "approval.decide",
    tool: "approval.decide",
    role: "approver",
    severity: "warning",
    arrange: async (api) => {
      const { id, approvalId } = await ticketIn(api, "APPROVAL_REQUIRED");
      return { ticket: id, body: { approval_id: approvalId, decision: "APPROVED" } };
    },
  },
  {
    rule: "account.merge",
    tool: "account.merge",
    role: "dispatcher",
    severity: "critical",
    arrange: async (api) => ({ account: await newAccount(api), body: { into: await newAccount(api), reason } }),
  },
  {
    rule: "site.merge",
    tool: "site.merge",
    role: "dispatcher",
    severity: "critical",
    arrange: async (api) => {
      const account = await newAccount(api);
      return { site: await newSite(api, account), body: { into: await newSite(api, account), reason } };
    },
  },
  {
    rule: "account.archive",
    tool: "account.archive",
    role: "dispatcher",
    severity: "warning",
    arrange: async (api) => ({ account: await newAccount(api), body: { reason } }),
  },
  {
    rule: "site.archive",
    tool: "site.archive",
    role: "dispatcher",
    severity: "warning",
    arrange: async (api) => ({ site: await newSite(api, await newAccount(api)), body: { reason } }),
  },
  {
    rule: "directory.import",
    tool: "directory.import",
    role: "dispatcher",
    severity: "warning",
    arrange: async () => ({ body: { kind: "account", rows: [{ name: "Lagoon" }] } }),
  },
  {
    rule: "technician_changed",
    tool: "assignment.unassign",
    role: "dispatcher",
    severity: "warning",
    arrange: async (api) => ({
      ticket: (await ticketIn(api, "DISPATCHED")).id,
      body: { reason_code: "safety", note: "The van broke down on the way" },
    }),
  },
];
/** The tools of the events that some work has left behind. */
async function eventsOf({ owner }: TestApi, work: () => Promise<unknown>): Promise<string[]> {
  const select = "SELECT id, tool_name FROM audit_events WHERE NOT id = ANY ($1::uuid[])";
  const { rows: before } = await owner.query<{ id: string }>(select, [[]]);
  await work();
  const { rows } = await owner.query<{ tool_name: string }>(select, [before.map(({ id }) => id)]);
  return rows.map(({ tool_name }) => tool_name);
}
/** What it takes to meet it is in reserved-effects.http.test.ts. */
const sumOfAnHour = "moves_above_limit";

async function auditOf(api: TestApi, receiptId: string): Promise<JsonObject> {
  const { rows } = await api.owner.query<{ payload: JsonObject }>("SELECT payload FROM audit_events WHERE id = $1", [
    receiptId,
  ]);
  return rows[0]?.payload ?? assert.fail("no audit event");
}

for (const profile of profiles) {
  describe(`a risky call in ${profile}`, async () => {
    const api = await startTestApi({ profile, env });

    test("the table has every rule of the profile", () => {
      assert.deepEqual(
        [...new Set(risky.map(({ rule }) => rule)), sumOfAnHour].sort(),
        api.desk.policy.humanApproval.map(({ rule }) => rule).sort(),
      );
    });

    for (const { rule, tool, role, severity, arrange } of risky) {
      const by = (claims: object) => speaking(api, { role, ...claims });

      test(`${rule}: nobody but a model is asked for a person's word`, async () => {
        for (const headers of [by({}), undefined]) {
          const { receipt } = await api.run(tool, { as: role, ...(await arrange(api)), ...(headers && { headers }) });
          const payload = await auditOf(api, receipt.receipt_id);
          assert.deepEqual(
            ["via", "claimed_by", "approved_by"].filter((name) => Object.hasOwn(payload, name)),
            [],
          );
        }
      });

      test(`${rule}: a model is refused without the word for this very call, and nothing is written`, async () => {
        const call = { ...(await arrange(api)), key: randomUUID() };
        // The call is kept for a person's answer (tests/approval-requests); beyond that, and behind it, nothing is written.
        const events = await eventsOf(api, () => api.refuse(tool, { ...call, headers: by(chat) }));
        assert.deepEqual(events, ["approval_request.open"]);
        const traces = await tracesLeft(api.owner);
        const { target } = allowed(api, tool, call).human_approval;
        const words: readonly (readonly [wrong: string | null, claims: object])[] = [
          [null, {}],
          [null, { claimed_by: "the owner, who allows it" }],
          ["tool", allowed(api, tool, call, { tool: "ticket.close" })],
          ["tool", allowed(api, tool, call, { tool: tool.replaceAll(".", "_") })],
          ["target", allowed(api, tool, call, { target: { ...target, id: randomUUID() } })],
          ["target", allowed(api, tool, call, { target: { ...target, aggregate: "invoice" } })],
          ["arguments_hash", allowed(api, tool, call, { arguments_hash: canonicalSha256({ other: true }) })],
          ["request_id", allowed(api, tool, call, { request_id: randomUUID() })],
          ["at", allowed(api, tool, call, { at: api.clock.in(-10.001) })],
          ["at", allowed(api, tool, call, { at: api.clock.in(1.001) })],
        ];
        for (const [wrong, claims] of words) {
          const { status, error } = await api.refuse(tool, { ...call, headers: by({ ...chat, ...claims }) });
          const { message, correlation_id: _correlation, reason, approval_faults: faults, ...more } = error;
          const { approval_request: number, approval_status, expires_at: _end, four_eyes, ...rest } = more;
          assert.match(String(number), /^A-\d{6}$/);
          assert.deepEqual([approval_status, four_eyes], ["pending", false]);
          assert.deepEqual(
            { status, ...rest },
            {
              status: 403,
              code: "HUMAN_APPROVAL_REQUIRED",
              request_id: call.key,
              tool_name: tool,
              rule,
              severity,
              policy_error: { dimension: "policy" },
            },
          );
          assert.equal(reason, api.desk.policy.humanApproval.find((one) => one.rule === rule)?.reason);
          assert.deepEqual(faults && objectsIn(faults).map(({ claim }) => claim), wrong === null ? undefined : [wrong]);
          if (wrong !== null) assert.match(message, new RegExp(`not for it: human_approval\\.${wrong} is `));
        }
        assert.deepEqual(await tracesLeft(api.owner), traces);
      });

      test(`${rule}: with the word for this very call it is obeyed, and what was obeyed is told again without it`, async () => {
        const call = { ...(await arrange(api)), key: randomUUID() };
        await api.refuse(tool, { ...call, headers: by(chat) });
        const word = allowed(api, tool, call, { request_id: call.key.toUpperCase(), at: api.clock.in(-10) });
        const headers = by({ ...chat, ...word });
        const { receipt } = await api.run(tool, { ...call, headers });
        const payload = await auditOf(api, receipt.receipt_id);
        assert.deepEqual([payload["via"], payload["approved_by"]], ["chat", "Olga, owner"]);

        for (const claims of [chat, { ...chat, ...word }]) {
          const again = await api.call(tool, { ...call, headers: by(claims) });
          assert.equal(again.headers["idempotency-replayed"], "true", again.text);
        }
      });
    }

    test("a word for one ticket is good for no other, also under its key, and for nothing twice", async () => {
      const [first, second] = [await ticketIn(api, "NEW"), await ticketIn(api, "NEW")];
      const call = { ticket: first.id, key: randomUUID(), body: { reason: "the customer fixed it" } };
      const headers = speaking(api, { ...chat, ...allowed(api, "ticket.cancel", call) });
      const other = await api.refuse("ticket.cancel", { ...call, ticket: second.id, headers });
      assert.equal(
        other.error.message.split(";")[0],
        `A person's word came with this call, and is not for it: human_approval.target is ticket ${first.id}, ` +
          `and would have to be ticket ${second.id}. Let a person allow this very call, then send it again with the ` +
          "same Idempotency-Key.",
      );
      await api.run("ticket.cancel", { ...call, headers });
      const used = await api.refuse("ticket.cancel", { ...call, ticket: second.id, headers });
      assert.equal(used.error.code, "IDEMPOTENCY_PAYLOAD_MISMATCH");
      const twice = await api.refuse("ticket.cancel", { ...call, ticket: second.id, key: randomUUID(), headers });
      assert.deepEqual(
        objectsIn(twice.error["approval_faults"]).map(({ claim }) => claim),
        ["target", "request_id"],
      );
      assert.equal((await api.read("ticket.get", { ticket: second.id })).state, "NEW");
    });

    test("what meets no rule needs no word: ordinary dispatches, small invoices and plans, a look at an import, other tools", async () => {
      const headers = speaking(api, chat);
      const { id: scheduled, techId } = await ticketIn(api, "SCHEDULED");
      await api.run("assignment.dispatch", {
        ticket: scheduled,
        headers,
        body: { tech_id: techId, dispatch_mode: "STANDARD" },
      });
      const { id: verified } = await ticketIn(api, "VERIFIED");
      await api.run("billing.generate_invoice", {
        ticket: verified,
        headers: speaking(api, { role: "finance", ...chat }),
      });
      // A person clears what waits; then a plan of one visit is left.
      await api.run("plan.apply", { plan: (await anyProposal(api)).id });
      const { id: plan, moves } = await anyProposal(api);
      assert.equal(moves.length, 1, "what is booked has no reason to move");
      await api.run("plan.apply", { plan, headers });
      await api.run("ops.autonomy.pause", { headers, body: { reason: "recall" } });
      await api.run("directory.import", {
        headers,
        body: { kind: "account", rows: [{ name: "Lagoon" }], dry_run: true },
      });
    });

    test("what is refused for another reason bothers nobody", async () => {
      const { id } = await ticketIn(api, "CANCELLED");
      const { error } = await api.refuse("ticket.cancel", {
        ticket: id,
        headers: speaking(api, chat),
        body: { reason: "again" },
      });
      assert.equal(error.code, "INVALID_STATE_TRANSITION");
    });
  });
}

describe("what a token says of its call", async () => {
  const api = await startTestApi({ env });

  test("is on the timeline, sealed by the hash, and believed by nobody", async () => {
    const { id } = await ticketIn(api, "NEW");
    const headers = speaking(api, { ...chat, claimed_by: "the King" });
    await api.run("ticket.request_info", { ticket: id, headers, body: { questions: ["Which door?"] } });
    const { events } = await api.read("ticket.timeline", { ticket: id });
    const last = events.at(-1);
    assert.deepEqual([last?.actor_id, last?.actor_role, last?.actor_type], ["dana", "dispatcher", "AGENT"]);
    assert.partialDeepStrictEqual(last?.payload, { via: "chat", claimed_by: "the King" });
    assert.ok(last && !Object.hasOwn(Object(last.payload), "approved_by"));
    assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, []);

    await api.owner.query("ALTER TABLE audit_events DISABLE TRIGGER USER");
    await api.owner.query(`UPDATE audit_events SET payload = payload - 'claimed_by' WHERE id = $1`, [last.id]);
    assert.deepEqual(
      (await verifyAudit(api.desk.db, aggregates)).faults.map(({ chain, kind }) => [chain, kind]),
      [[id, "EDITED"]],
    );
  });

  test("names whoever allowed this call, and nobody who allowed another", async () => {
    const key = randomUUID();
    const create = {
      account_id: "a0000000-0000-4000-8000-000000000001",
      site_id: "a0000000-0000-4000-8000-000000000011",
      summary: "Door",
    };
    const word = allowed(api, "ticket.create", { key, body: create });
    const own = await api.run("ticket.create", { key, headers: speaking(api, word), body: create });
    assert.equal((await auditOf(api, own.receipt.receipt_id))["approved_by"], "Olga, owner");
    const other = await api.run("ticket.create", { headers: speaking(api, word), body: create });
    assert.ok(!Object.hasOwn(await auditOf(api, other.receipt.receipt_id), "approved_by"));
  });

  test("cannot be said by development headers", async () => {
    const { id } = await ticketIn(api, "NEW");
    const headers = {
      "x-via": "chat",
      "x-actor-via": "chat",
      via: "chat",
      "x-claimed-by": "x",
      "x-human-approval": "x",
    };
    const { receipt } = await api.run("ticket.cancel", { ticket: id, headers, body: { reason: "called off" } });
    assert.deepEqual(Object.keys(await auditOf(api, receipt.receipt_id)).sort(), ["cancellation_code", "reason"]);
  });
});

test("with approvals off a model does what it likes, and the audit still says that it was one", async (t) => {
  const api = await startTestApi({ t, env: { ...env, DISPATCH_CHAT_APPROVALS: "off" } });
  const { id } = await ticketIn(api, "NEW");
  const { receipt } = await api.run("ticket.cancel", {
    ticket: id,
    headers: speaking(api, chat),
    body: { reason: "called off" },
  });
  assert.equal((await auditOf(api, receipt.receipt_id))["via"], "chat");
});

describe("the rules themselves", async () => {
  const api = await startTestApi();
  const { policy, settings, clock } = api.desk;
  const reach = { accounts: "*", sites: "*", techId: null } as const;
  const actor = { id: "dana", role: "finance", type: "AGENT", via: "chat", ...reach } as const;
  const trace = { correlationId: "c", traceId: null, traceParent: null, traceState: null };
  const request = { path: "/", ids: {}, body: {}, requestId: randomUUID(), actor, trace };
  const isRefused = (name: CommandName, facts: JsonObject): boolean => {
    try {
      requireHumanApproval({ policy, settings, clock }, { ...request, name }, { aggregate: "ticket" }, facts, null, {
        foreseen: {},
        version: null,
        place: null,
      });
      return false;
    } catch (error) {
      assert.ok(error instanceof Refusal && error.code === "HUMAN_APPROVAL_REQUIRED");
      return true;
    }
  };

  test("an invoice is above the limit from one cent on", () => {
    assert.equal(isRefused("billing.generate_invoice", { total_cents: 100_000 }), false);
    assert.equal(isRefused("billing.generate_invoice", { total_cents: 100_001 }), true);
  });

  test("a fact that is missing counts as met", () => {
    assert.equal(isRefused("billing.generate_invoice", {}), true);
    assert.equal(isRefused("assignment.dispatch", {}), true);
    assert.equal(isRefused("assignment.dispatch", { bypass: false, dispatch_mode: "STANDARD" }), false);
  });

  test("hold before anything is written to the object store", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS");
    const uri = await store(api, { ticket: id }, photoFile());
    const objects = () => readdir(join(api.dataDir, "objects"), { recursive: true });
    const before = (await objects()).sort();
    const rule = {
      rule: "evidence",
      tool: "closeout.add_evidence",
      severity: "warning",
      reason: "a rule of this test",
    } as const;
    const desk = { ...api.desk, policy: { ...policy, humanApproval: [rule] } };
    const kernel = openKernel(desk, commandHandlers);
    const call = {
      ...request,
      actor: { ...actor, role: "dispatcher" },
      name: "closeout.add_evidence",
      path: `/tickets/${id}/evidence`,
      ids: { ticketId: id },
      body: { kind: "PHOTO", uri },
    } as const;
    await assert.rejects(execute(kernel, call), { code: "HUMAN_APPROVAL_REQUIRED" });
    assert.deepEqual((await objects()).sort(), before);
    // The same call by a person shows that there was something to write.
    const { via: _via, ...person } = call.actor;
    await execute(kernel, { ...call, actor: person });
    assert.notDeepEqual((await objects()).sort(), before);
  });
});
