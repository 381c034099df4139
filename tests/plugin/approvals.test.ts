// Which calls wait for a person, what the card says, and that a person's word counts once, for this very call, for a while.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { give, take, type ApprovalsGiven } from "../../plugin/src/approvals-given.ts";
import { cardFor, isPointless, ruleFor, rulesFrom, type ApprovalRule } from "../../plugin/src/approvals.ts";
import type { JsonObject } from "../../plugin/src/json.ts";
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
  state: "SCHEDULED",
  priority: "EMERGENCY",
  summary: "Door",
  nte_cents: 88_000,
  ...fields,
});
const planOf = (moves: number): JsonObject => ({ day: "2026-11-23", moves: Array.from({ length: moves }, () => ({})) });
/** A call about a ticket alone. */
const about = (one: JsonObject | null) => ({ ticket: one, plan: null });
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
    ["invoice_above_limit", "an invoice of a ticket nobody can read", "billing.generate_invoice", {}, null],
  ];
  for (const [rule, what, tool, args, of] of table)
    test(`${rule ?? "no rule"}: ${what}`, () =>
      assert.equal(ruleFor(rules, toolOf(tool), args, about(of))?.rule ?? null, rule));

  for (const [rule, what, plan] of [
    ["plan_above_limit", "a plan of three moves", planOf(3)],
    [null, "a plan of two", planOf(2)],
    ["plan_above_limit", "a plan nobody can read", null],
  ] as const) {
    test(`${rule ?? "no rule"}: ${what}`, () =>
      assert.equal(ruleFor(rules, toolOf("plan.apply"), {}, { ticket: null, plan })?.rule ?? null, rule));
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
});

describe("the card", () => {
  test("shows the action, the ticket, the move, what will change, who asks and why", () => {
    const { title, description } = cardFor(
      ruleNamed("ticket.cancel"),
      toolOf("ticket.cancel"),
      { ticket_id: id, reason: "gone", actor_id: "boss", actor_role: "dispatcher", request_id: id },
      about(ticket()),
      '"dana"',
    );
    assert.equal(title, "Ticket cancel 01a1f8e9");
    assert.equal(
      description,
      '"Door", EMERGENCY, nte $880.00. SCHEDULED -> CANCELLED. Asked by "dana". For good. reason "gone".',
    );
  });

  test("names the ticket in the words of the call where it cannot be read", () => {
    const { title, description } = cardFor(
      ruleNamed("ticket.cancel"),
      toolOf("ticket.cancel"),
      { ticket_id: "the Oakland door" },
      about(null),
      '"dana"',
    );
    assert.deepEqual([title, description], ["Ticket cancel", 'ticket "the Oakland door". Asked by "dana". For good.']);
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
      args,
      about(ticket({ summary: "s".repeat(500) })),
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
          fields,
          about(known ? ticket({ summary, priority }) : null),
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
      { reason: "x".repeat(1_000_000) },
      about(null),
      '"dana"',
    );
    assert.ok(description.length <= 512);
  });
});

describe("a person's word", () => {
  const args = { ticket_id: id, reason: "gone" };
  const one = { tool: "ticket.cancel", args, approvedBy: "olga" };
  const given = (): ApprovalsGiven => {
    const all: ApprovalsGiven = new Map();
    give(all, "call_1", one, 1_000_000);
    return all;
  };
  const minutes = (n: number) => 1_000_000 + n * 60_000;

  test("is taken for this very call, in whatever order its arguments come, and only once", () => {
    const all = given();
    assert.deepEqual(take(all, "call_1", "ticket.cancel", { reason: "gone", ticket_id: id }, minutes(1)), {
      tool: "ticket.cancel",
      args: `{"reason":"gone","ticket_id":"${id}"}`,
      approvedBy: "olga",
      at: "1970-01-01T00:16:40.000Z",
    });
    assert.equal(take(all, "call_1", "ticket.cancel", args, minutes(1)), null);
  });

  test("is not taken for another call, tool or argument, and a try at that uses it up", () => {
    for (const [callId, tool, other] of [
      ["call_2", "ticket.cancel", args],
      ["call_1", "ticket.close", args],
      ["call_1", "ticket.cancel", { ...args, reason: "other" }],
      ["call_1", "ticket.cancel", { ...args, actor_role: "approver" }],
    ] as const) {
      const all = given();
      assert.equal(take(all, callId, tool, other, minutes(1)), null);
      if (callId === "call_1") assert.equal(take(all, "call_1", "ticket.cancel", args, minutes(1)), null);
    }
  });

  test("ends after a quarter of an hour", () => {
    assert.ok(take(given(), "call_1", "ticket.cancel", args, minutes(15)));
    assert.equal(take(given(), "call_1", "ticket.cancel", args, minutes(15) + 1), null);
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
