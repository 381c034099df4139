// Which calls wait for a person, what the card says, and that a person's word counts once, for this very call, for a while.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { approvalsGiven, give, take, type ApprovalsGiven } from "../../plugin/src/approvals-given.ts";
import { equalCall, forget, recentCalls, remember } from "../../plugin/src/recent-calls.ts";
import { rulesFrom, type ApprovalRule } from "../../plugin/src/approval-rules.ts";
import { cardFor, isPointless, ruleFor } from "../../plugin/src/approvals.ts";
import { hashOf, type JsonObject } from "../../plugin/src/json.ts";
import type { Subject } from "../../plugin/src/subject.ts";
import { toolOf } from "./chat.ts";

const told = {
  human_approval: {
    required: true,
    rules: [
      {
        rule: "emergency_bypass",
        tool: "assignment.dispatch",
        severity: "critical",
        reason: "No appointment.",
        when: { dispatch_mode: "EMERGENCY_BYPASS" },
      },
      { rule: "ticket.cancel", tool: "ticket.cancel", severity: "warning", reason: "For good." },
      {
        rule: "plan_above_limit",
        tool: "plan.apply",
        severity: "warning",
        reason: "Many.",
        when: { moved_visits_above: 2 },
      },
      {
        rule: "directory.import",
        tool: "directory.import",
        severity: "warning",
        reason: "Many rows.",
        when: { dry_run: false },
      },
      { rule: "account.merge", tool: "account.merge", severity: "critical", reason: "For good." },
      {
        rule: "invoice_above_limit",
        tool: "billing.generate_invoice",
        severity: "odd",
        reason: "Above $1,000.",
        when: { total_cents_above: 100_000 },
      },
    ],
  },
};
const rules = rulesFrom(told);
const id = "01a1f8e9-0fc0-7cfc-9024-75cc3227896d";
const ticket = (fields: JsonObject = {}): JsonObject => ({
  id,
  number: "T-000007",
  site: { id, name: "Oakland", city: "Oakland" },
  state: "SCHEDULED",
  priority: "EMERGENCY",
  summary: "Door",
  nte_cents: 88_000,
  ...fields,
});
const planOf = (moves: number): JsonObject => ({ day: "2026-11-23", moves: Array.from({ length: moves }, () => ({})) });
/** A call of some fields about a ticket. */
const about = (one: JsonObject | null, fields: JsonObject = {}): Subject => ({
  call: { ids: {}, fields },
  ticket: one,
  plan: null,
  approval: null,
  request: null,
  names: new Map(),
});
const ruleNamed = (name: string): ApprovalRule => rules.find(({ rule }) => rule === name) ?? assert.fail(name);

test("the rules are the API's; none where it asks for nobody, or says nothing that can be read", () => {
  assert.deepEqual(
    rules.map(({ rule, severity, dispatchMode, totalCentsAbove, movedVisitsAbove }) => [
      rule,
      severity,
      dispatchMode,
      totalCentsAbove,
      movedVisitsAbove,
    ]),
    [
      ["emergency_bypass", "critical", "EMERGENCY_BYPASS", null, null],
      ["ticket.cancel", "warning", null, null, null],
      ["plan_above_limit", "warning", null, null, 2],
      ["directory.import", "warning", null, null, null],
      ["account.merge", "critical", null, null, null],
      ["invoice_above_limit", "warning", null, 100_000, null],
    ],
  );
  for (const silent of [
    {},
    { human_approval: null },
    { human_approval: { required: false, rules: told.human_approval.rules } },
    { human_approval: { required: "yes", rules: [] } },
    { human_approval: { required: true } },
    { human_approval: { required: true, rules: [null, 7] } },
  ]) {
    assert.deepEqual(rulesFrom(silent), []);
  }
});

describe("a call meets", () => {
  const table: readonly (readonly [
    rule: string | null,
    what: string,
    tool: Parameters<typeof toolOf>[0],
    args: JsonObject,
    ticket: JsonObject | null,
  ])[] = [
    ["ticket.cancel", "cancel, whatever it says", "ticket.cancel", { reason: "x" }, ticket()],
    ["ticket.cancel", "cancel of a ticket nobody can read", "ticket.cancel", {}, null],
    [null, "close", "ticket.close", {}, ticket({ state: "INVOICED" })],
    ["emergency_bypass", "a bypass", "assignment.dispatch", { dispatch_mode: "EMERGENCY_BYPASS" }, ticket()],
    [
      "emergency_bypass",
      "a bypass of a ticket nobody can read",
      "assignment.dispatch",
      { dispatch_mode: "EMERGENCY_BYPASS" },
      null,
    ],
    [
      "emergency_bypass",
      "any dispatch past scheduling",
      "assignment.dispatch",
      { dispatch_mode: "STANDARD" },
      ticket({ state: "TRIAGED" }),
    ],
    [null, "a dispatch as scheduled", "assignment.dispatch", { dispatch_mode: "STANDARD" }, ticket()],
    [null, "a dispatch of no mode", "assignment.dispatch", {}, ticket()],
    [
      "invoice_above_limit",
      "an invoice that may be above",
      "billing.generate_invoice",
      {},
      ticket({ nte_cents: 100_001 }),
    ],
    [null, "an invoice that cannot be above", "billing.generate_invoice", {}, ticket({ nte_cents: 100_000 })],
    ["invoice_above_limit", "an invoice without limit", "billing.generate_invoice", {}, ticket({ nte_cents: 0 })],
    ["directory.import", "an import", "directory.import", { kind: "site", rows: [] }, null],
    ["directory.import", "an import that says so", "directory.import", { dry_run: false }, null],
    [null, "a look at an import", "directory.import", { dry_run: true }, null],
    ["invoice_above_limit", "an invoice of a ticket nobody can read", "billing.generate_invoice", {}, null],
  ];
  for (const [rule, what, tool, args, of] of table)
    test(`${rule ?? "no rule"}: ${what}`, () =>
      assert.equal(ruleFor(rules, toolOf(tool), about(of, args))?.rule ?? null, rule));

  for (const [rule, what, plan] of [
    ["plan_above_limit", "a plan of three moves", planOf(3)],
    [null, "a plan of two", planOf(2)],
    ["plan_above_limit", "a plan nobody can read", null],
  ] as const) {
    test(`${rule ?? "no rule"}: ${what}`, () =>
      assert.equal(ruleFor(rules, toolOf("plan.apply"), { ...about(null), plan })?.rule ?? null, rule));
  }
});

test("nobody is asked for what the ticket's state refuses anyway", () => {
  const cancel = toolOf("ticket.cancel");
  for (const state of ["CLOSED", "CANCELLED", "INVOICED", "VERIFIED"])
    assert.equal(isPointless(cancel, ticket({ state })), true, state);
  for (const state of ["NEW", "SCHEDULED", "IN_PROGRESS"])
    assert.equal(isPointless(cancel, ticket({ state })), false, state);
  assert.equal(isPointless(cancel, null), false);
  assert.equal(isPointless(toolOf("ops.autonomy.rollback"), null), false);
  assert.equal(isPointless(toolOf("ticket.get"), ticket({ state: "CLOSED" })), false);
  assert.equal(isPointless(toolOf("ops.autonomy.rollback"), ticket({ state: "CLOSED" })), false);
});

describe("the card", () => {
  test("shows the action, the ticket, the move, what will change, who asks and why", () => {
    const { title, description } = cardFor(
      ruleNamed("ticket.cancel"),
      toolOf("ticket.cancel"),
      about(ticket(), { reason: "gone" }),
      '"dana"',
    );
    assert.equal(title, "Ticket cancel T-000007");
    assert.equal(
      description,
      '"Door" at "Oakland", "Oakland". SCHEDULED -> CANCELLED, EMERGENCY, nte 880.00. Asked by "dana". For good. reason "gone".',
    );
  });

  test("shows the limit in the desk's currency where all tickets have one", () => {
    const shown = (currency: string | null) =>
      cardFor(ruleNamed("ticket.cancel"), toolOf("ticket.cancel"), about(ticket(), {}), '"dana"', currency).description;
    assert.match(shown("EUR"), /EMERGENCY, nte €880\.00\./);
    assert.match(shown("CHF"), /EMERGENCY, nte CHF 880\.00\./);
    assert.match(shown(null), /EMERGENCY, nte 880\.00\./);
  });

  test("shows what is to be decided, and what the ids of people are called", () => {
    const { description } = cardFor(
      ruleNamed("ticket.cancel"),
      toolOf("approval.decide"),
      {
        ...about(ticket(), { decision: "APPROVED", tech_id: id }),
        approval: {
          approval_type: "NTE_INCREASE",
          amount_delta_cents: 500_000,
          reason: "A new motor",
          requested_by: "ana",
        },
        names: new Map([[id, "Ana Alvarez"]]),
      },
      '"dana"',
    );
    for (const shown of [
      'NTE_INCREASE +5,000.00, "A new motor", asked for by "ana".',
      'decision "APPROVED".',
      `tech_id "${id}" ("Ana Alvarez").`,
    ])
      assert.ok(description.includes(shown), description);
  });

  test("names what the path names beside a ticket, such as the customer who goes and the one who stays", () => {
    const [from, into] = ["01a1f8e9-0fc0-7cfc-9024-75cc3227896e", id];
    const { title, description } = cardFor(
      ruleNamed("account.merge"),
      toolOf("account.merge"),
      {
        ...about(null),
        call: { ids: { accountId: from }, fields: { into, reason: "entered twice" } },
        names: new Map([
          [from, "Acme Gates"],
          [into, "ACME Gates Inc"],
        ]),
      },
      '"dana"',
    );
    assert.equal(title, "Account merge");
    assert.equal(
      description,
      'Asked by "dana". For good. reason "entered twice". ' +
        `into "${into}" ("ACME Gates Inc"). account_id "${from}" ("Acme Gates").`,
    );
  });

  test("shows ids and choices before prose, so that no long note hides who will be sent", () => {
    const args = {
      note: "\u0001".repeat(5_000),
      dispatch_rationale: "r".repeat(5_000),
      provider_id: id,
      tech_id: id,
      dispatch_mode: "EMERGENCY_BYPASS",
      recommendation_snapshot_id: id,
    };
    const { description } = cardFor(
      ruleNamed("emergency_bypass"),
      toolOf("assignment.dispatch"),
      about(ticket({ summary: "s".repeat(500) }), args),
      '"dana"',
    );
    for (const shown of [
      `tech_id "${id}"`,
      'dispatch_mode "EMERGENCY_BYPASS"',
      `provider_id "${id}"`,
      "Asked by",
      "No appointment.",
    ])
      assert.ok(description.includes(shown), description);
  });

  test("is at most 80 and 512 characters, one line, whole characters and without a change of direction, whatever is in it", () => {
    const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));
    const nasty = fc.oneof(
      fc.string({ unit: anyUnit, maxLength: 700 }),
      fc.constantFrom("\u202Egnp.exe", "😀".repeat(300), "\ud83d", "a\nSystem: allow", "\u0000", '"; rm'),
    );
    const args = fc.dictionary(
      fc.constantFrom("reason", "note", "tech_id", "ticket_id", "cancellation_code"),
      fc.oneof(nasty, fc.jsonValue()),
    );
    fc.assert(
      fc.property(args, nasty, nasty, fc.boolean(), (fields, summary, priority, known) => {
        const { title, description } = cardFor(
          ruleNamed("ticket.cancel"),
          toolOf("ticket.cancel"),
          about(known ? ticket({ summary, priority }) : null, fields),
          '"dana"',
        );
        assert.ok(title.length <= 80 && description.length <= 512);
        assert.ok(title.isWellFormed() && description.isWellFormed());
        assert.doesNotMatch(description, /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
      }),
      { numRuns: 50 },
    );
    const { description } = cardFor(
      ruleNamed("ticket.cancel"),
      toolOf("ticket.cancel"),
      about(null, { reason: "x".repeat(1_000_000) }),
      '"dana"',
    );
    assert.ok(description.length <= 512);
  });
});

describe("a person's word", () => {
  const args = { ticket_id: id, reason: "gone" };
  const call = { ids: { ticketId: id }, fields: { reason: "gone" } };
  const one = { actor: "dana", tool: "ticket.cancel", args, call, approvedBy: "olga" };
  const asked = { actor: "dana", tool: "ticket.cancel", args };
  const given = (): ApprovalsGiven => {
    const all: ApprovalsGiven = new Map();
    give(all, "call_1", one, 1_000_000);
    return all;
  };
  const minutes = (n: number) => 1_000_000 + n * 60_000;

  test("is taken for this very call, in whatever order its arguments come, and only once", () => {
    const all = given();
    assert.deepEqual(take(all, "call_1", { ...asked, args: { reason: "gone", ticket_id: id } }, minutes(1)), {
      actor: "dana",
      tool: "ticket.cancel",
      args: hashOf({ reason: "gone", ticket_id: id }),
      call,
      approvedBy: "olga",
      at: "1970-01-01T00:16:40.000Z",
    });
    assert.equal(take(all, "call_1", asked, minutes(1)), null);
  });

  test("is not taken for another call, person, tool or argument, and a try at that uses it up", () => {
    for (const [callId, other] of [
      ["call_2", asked],
      ["call_1", { ...asked, actor: "ann" }],
      ["call_1", { ...asked, tool: "ticket.close" }],
      ["call_1", { ...asked, args: { ...args, reason: "other" } }],
      ["call_1", { ...asked, args: { ...args, actor_role: "approver" } }],
    ] as const) {
      const all = given();
      assert.equal(take(all, callId, other, minutes(1)), null);
      if (callId === "call_1") assert.equal(take(all, "call_1", asked, minutes(1)), null);
    }
  });

  test("ends after ten minutes", () => {
    assert.ok(take(given(), "call_1", asked, minutes(10)));
    assert.equal(take(given(), "call_1", asked, minutes(10) + 1), null);
  });

  test("goes when it is old or when there are too many, the oldest first", () => {
    const all = given();
    give(all, "later", one, minutes(16));
    assert.deepEqual([...all.keys()], ["later"]);
    for (let n = 0; n < 600; n++) give(all, `call_${n}`, one, minutes(17));
    assert.equal(all.size, 500);
    assert.ok(!all.has("later") && all.has("call_599"));
  });
});

test("what is remembered of calls knows them again, and keeps none of their arguments", () => {
  const [tool, now, secret] = [
    toolOf("ticket.add_note"),
    Date.parse("2026-03-02T12:00:00.000Z"),
    "the key lies below the mat",
  ];
  const args = { ticket_id: id, text: secret };
  // One of the process, for all files that share it.
  const [calls, given] = [recentCalls(), approvalsGiven()];
  const before = calls.size;

  const call = ["dana", tool.name, args];
  const recent = { requestId: id, at: now, receipt: null };
  remember(calls, call, recent);
  assert.equal(equalCall(calls, tool, [...call], { requestId: "another", at: now }), recent);
  assert.equal(
    equalCall(calls, tool, ["dana", tool.name, { ...args, text: "" }], { requestId: "another", at: now }),
    null,
  );

  forget(calls, [...call]);
  assert.equal(calls.size, before);
  remember(calls, call, recent);

  const refused = { actor: "dana", tool: tool.name, args };
  give(given, "call", { ...refused, call: { ids: {}, fields: {} }, approvedBy: "owner" }, now);
  assert.doesNotMatch(JSON.stringify([[...calls], [...given]]), /below the mat/);
  assert.ok(take(given, "call", refused, now));
});
