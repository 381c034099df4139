// ticket.triage: where a ticket goes, what it takes along, and what is asked for when it needs approval first.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const triaged = { priority: "URGENT", incident_type: "DOOR_WONT_LATCH" };

describe("ticket.triage", async () => {
  const api = await startTestApi();
  const moves = async (eventId: string) => {
    const { rows } = await api.owner.query<{ move: string }>(
      "SELECT from_state || ' to ' || to_state AS move FROM ticket_state_transitions WHERE audit_event_id = $1 ORDER BY step",
      [eventId],
    );
    return rows.map(({ move }) => move);
  };

  const outcomes: readonly (readonly [object, string])[] = [
    [{}, "TRIAGED"],
    [{ ready_to_schedule: true }, "READY_TO_SCHEDULE"],
    [{ ready_to_schedule: false, requires_approval: false }, "TRIAGED"],
    [{ requires_approval: true }, "APPROVAL_REQUIRED"],
    [{ requires_approval: true, ready_to_schedule: true }, "APPROVAL_REQUIRED"],
    [{ workflow_outcome: "TRIAGED", requires_approval: true, ready_to_schedule: true }, "TRIAGED"],
    [{ workflow_outcome: "READY_TO_SCHEDULE", requires_approval: true }, "READY_TO_SCHEDULE"],
    [{ workflow_outcome: "APPROVAL_REQUIRED", ready_to_schedule: true }, "APPROVAL_REQUIRED"],
  ];
  for (const [wish, outcome] of outcomes) {
    test(`with ${JSON.stringify(wish)} leads to ${outcome}, in one audit row`, async () => {
      const { id } = await ticketIn(api, "NEW");
      const { state, version, receipt } = await api.run("ticket.triage", { ticket: id, body: { ...triaged, ...wish } });
      assert.deepEqual({ state, version }, { state: outcome, version: 1 });
      const { events } = await api.read("ticket.timeline", { ticket: id });
      assert.equal(events.length, 2);
      const event = events[1] ?? assert.fail();
      assert.deepEqual([event.id, event.before_state, event.after_state], [receipt.receipt_id, "NEW", outcome]);
      const path = outcome === "TRIAGED" ? ["NEW to TRIAGED"] : ["NEW to TRIAGED", `TRIAGED to ${outcome}`];
      assert.deepEqual(await moves(receipt.receipt_id), path);
      const { derived_transitions } = Object(event.payload);
      assert.deepEqual(derived_transitions, outcome === "TRIAGED" ? undefined : ["NEW", "TRIAGED", outcome]);
    });
  }

  test("is put right while the ticket waits for a time, which it goes on doing", async () => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { priority: "ROUTINE" });
    const { created_at, ...before } = await api.read("ticket.get", { ticket: id });
    const after = await api.run("ticket.triage", {
      ticket: id,
      body: { priority: "EMERGENCY", incident_type: "CANNOT_SECURE_ENTRY", ready_to_schedule: true },
    });
    assert.partialDeepStrictEqual(after, {
      state: "READY_TO_SCHEDULE",
      priority: "EMERGENCY",
      incident_type: "CANNOT_SECURE_ENTRY",
      nte_cents: before.nte_cents,
      version: before.version + 1,
    });
    assert.deepEqual(await moves(after.receipt.receipt_id), []);
    const { queue } = await api.read("dispatcher.cockpit", { query: "state=READY_TO_SCHEDULE" });
    const row = queue.find(({ ticket_id }) => ticket_id === id);
    assert.equal(Date.parse(row?.sla_deadline_at ?? ""), Date.parse(created_at) + 60 * 60_000);
    const { events } = await api.read("ticket.timeline", { ticket: id });
    assert.deepEqual(Object(events.at(-1)?.payload)["changes"], {
      priority: { from: "ROUTINE", to: "EMERGENCY" },
      incident_type: { from: "DOOR_WONT_LATCH", to: "CANNOT_SECURE_ENTRY" },
      sla_deadline_at: {
        from: new Date(Date.parse(created_at) + 1_440 * 60_000).toISOString(),
        to: row?.sla_deadline_at,
      },
    });
  });

  for (const outcome of ["TRIAGED", "APPROVAL_REQUIRED"]) {
    test(`has no way back from READY_TO_SCHEDULE to ${outcome}`, async () => {
      const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
      const { error } = await api.refuse("ticket.triage", {
        ticket: id,
        body: { ...triaged, workflow_outcome: outcome },
      });
      assert.partialDeepStrictEqual(error, {
        code: "INVALID_STATE_TRANSITION",
        from_state: "READY_TO_SCHEDULE",
        to_state: outcome,
        allowed_from_states: outcome === "TRIAGED" ? ["NEW", "NEEDS_INFO"] : ["TRIAGED"],
      });
    });
  }

  test("goes on from NEEDS_INFO by way of TRIAGED, and from TRIAGED in one step", async () => {
    const asked = await ticketIn(api, "NEEDS_INFO");
    const fromAsked = await api.run("ticket.triage", {
      ticket: asked.id,
      body: { ...triaged, ready_to_schedule: true },
    });
    assert.deepEqual(await moves(fromAsked.receipt.receipt_id), [
      "NEEDS_INFO to TRIAGED",
      "TRIAGED to READY_TO_SCHEDULE",
    ]);
    const known = await ticketIn(api, "TRIAGED");
    const fromKnown = await api.run("ticket.triage", {
      ticket: known.id,
      body: { ...triaged, ready_to_schedule: true },
    });
    assert.deepEqual(await moves(fromKnown.receipt.receipt_id), ["TRIAGED to READY_TO_SCHEDULE"]);
  });

  test("from TRIAGED to TRIAGED is no move, and the refusal says from where it is one", async () => {
    const { id } = await ticketIn(api, "TRIAGED");
    const { status, error } = await api.refuse("ticket.triage", { ticket: id, body: triaged });
    const { code, from_state, to_state, allowed_from_states } = error;
    assert.deepEqual(
      { status, code, from_state, to_state, allowed_from_states },
      {
        status: 409,
        code: "INVALID_STATE_TRANSITION",
        from_state: "TRIAGED",
        to_state: "TRIAGED",
        allowed_from_states: ["NEW", "NEEDS_INFO"],
      },
    );
  });

  test("sets priority, incident type and limit, and keeps the limit it is not told about", async () => {
    const { id } = await ticketIn(api, "NEW");
    const first = await api.run("ticket.triage", {
      ticket: id,
      body: { priority: " emergency ", incident_type: "glass_out ", nte_cents: 88_000 },
    });
    assert.deepEqual([first.priority, first.incident_type, first.nte_cents], ["EMERGENCY", "GLASS_OUT", 88_000]);
    const second = await api.run("ticket.triage", {
      ticket: id,
      body: { ...triaged, workflow_outcome: "READY_TO_SCHEDULE" },
    });
    assert.deepEqual([second.priority, second.incident_type, second.nte_cents], ["URGENT", "DOOR_WONT_LATCH", 88_000]);
  });

  test("asks for approval with a reason and an amount, and points the ticket at the request", async () => {
    const rows = [
      [{}, { reason: "TRIAGE_REQUIRES_APPROVAL", amount_delta_cents: 0 }],
      [
        { approval_reason: " over the limit ", approval_amount_delta_cents: 5_000 },
        { reason: "over the limit", amount_delta_cents: 5_000 },
      ],
    ] as const;
    for (const [wish, expected] of rows) {
      const { id } = await ticketIn(api, "NEW");
      const ticket = await api.run("ticket.triage", {
        ticket: id,
        body: { ...triaged, requires_approval: true, ...wish },
      });
      const { approvals } = await api.read("approval.list", { query: `ticket_id=${id}` });
      const { requested_at } = approvals[0] ?? assert.fail();
      assert.deepEqual(approvals, [
        {
          id: ticket.pending_approval_id,
          ticket_id: id,
          number: ticket.number,
          status: "PENDING",
          approval_type: "NTE_INCREASE",
          ...expected,
          currency: "USD",
          requested_by: "dispatcher-1",
          requested_at,
          decided_by: null,
          decided_at: null,
          notes: null,
        },
      ]);
      const stored = await api.owner.query("SELECT evidence FROM approvals WHERE id = $1", [
        ticket.pending_approval_id,
      ]);
      assert.deepEqual(stored.rows, [{ evidence: { source: "ticket.triage", return_state: "READY_TO_SCHEDULE" } }]);
    }
  });
});
