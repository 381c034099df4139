// Approvals: asked for by triage or by a technician at work, decided once, by somebody else.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { acme, borealis } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

describe("approval.decide", async () => {
  const api = await startTestApi();
  const decide = (approvalId: string | null, decision: "APPROVED" | "DENIED") => ({
    approval_id: approvalId,
    decision,
    notes: "agreed",
  });

  test("raises the limit by what was asked for, once, and sends the work back where it was", async () => {
    const rows = [
      ["triage", "READY_TO_SCHEDULE", 205_000],
      ["change", "IN_PROGRESS", 230_000],
    ] as const;
    for (const [approvalFrom, state, nteCents] of rows) {
      const { id, approvalId } = await ticketIn(api, "APPROVAL_REQUIRED", { approvalFrom });
      const asked = await api.read("ticket.get", { ticket: id });
      assert.deepEqual([asked.nte_cents, asked.pending_approval_id], [200_000, approvalId]);
      const call = { as: "approver", ticket: id, key: randomUUID(), body: decide(approvalId, "APPROVED") };
      const decided = await api.run("approval.decide", call);
      assert.deepEqual([decided.state, decided.nte_cents, decided.pending_approval_id], [state, nteCents, null]);
      assert.equal((await api.call("approval.decide", call)).headers["idempotency-replayed"], "true");
      assert.equal((await api.read("ticket.get", { ticket: id })).nte_cents, nteCents);
      const [approval] = (await api.read("approval.list", { query: `ticket_id=${id}` })).approvals;
      assert.deepEqual([approval?.status, approval?.decided_by, approval?.notes], ["APPROVED", "approver-1", "agreed"]);
    }
  });

  test("leaves the limit alone for a proposal and for a denial", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS");
    const ask = {
      as: "tech",
      ticket: id,
      body: { approval_type: "PROPOSAL", reason: "new closer", amount_delta_cents: 40_000 },
    };
    const { approval } = await api.run("tech.request_change", ask);
    assert.deepEqual(
      [approval.status, approval.approval_type, approval.amount_delta_cents],
      ["PENDING", "PROPOSAL", 40_000],
    );
    assert.equal(
      (await api.run("approval.decide", { ticket: id, body: decide(approval.id, "APPROVED") })).nte_cents,
      200_000,
    );
    const denied = await ticketIn(api, "APPROVAL_REQUIRED");
    const after = await api.run("approval.decide", { ticket: denied.id, body: decide(denied.approvalId, "DENIED") });
    assert.deepEqual([after.state, after.nte_cents, after.pending_approval_id], ["TRIAGED", 200_000, null]);
  });

  test("that denies a change does not end the visit", async () => {
    const { id, techId, window, approvalId } = await ticketIn(api, "APPROVAL_REQUIRED", { approvalFrom: "change" });
    const denied = await api.run("approval.decide", { ticket: id, body: decide(approvalId, "DENIED") });
    const { state, assigned_tech_id, nte_cents, scheduled_start, scheduled_end } = denied;
    assert.deepEqual(
      { state, assigned_tech_id, nte_cents, scheduled_start, scheduled_end },
      {
        state: "IN_PROGRESS",
        assigned_tech_id: techId,
        nte_cents: 200_000,
        scheduled_start: window.start,
        scheduled_end: window.end,
      },
    );
    await api.run("tech.hold", { as: "tech", ticket: id, body: { reason_code: "customer" } });
  });

  test("that denies what triage wrote down takes it back", async () => {
    const { id } = await api.run("ticket.create", {
      body: { account_id: acme.id, site_id: acme.oakland, summary: "Door sticks", nte_cents: 10_000 },
    });
    const triage = { priority: "URGENT", incident_type: "DOOR_WONT_LATCH", requires_approval: true };
    const asked = await api.run("ticket.triage", { ticket: id, body: { ...triage, nte_cents: 90_000 } });
    assert.equal(asked.nte_cents, 90_000);
    const denial = { ticket: id, body: decide(asked.pending_approval_id, "DENIED"), as: "approver" } as const;
    assert.equal((await api.run("approval.decide", denial)).nte_cents, 10_000);
    const lowered = await api.run("ticket.triage", { ticket: id, body: { ...triage, nte_cents: 5_000 } });
    const again = { ...denial, body: decide(lowered.pending_approval_id, "DENIED") };
    assert.equal((await api.run("approval.decide", again)).nte_cents, 5_000, "less is nobody's to deny");
  });

  test("that denies a proposal's amount denies it by every way", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS", { nteCents: 50_000 });
    const ask = { approval_type: "PROPOSAL", amount_delta_cents: 50_000, reason: "a new closer" };
    const { approval } = await api.run("tech.request_change", { as: "tech", ticket: id, body: ask });
    await api.run("approval.decide", { as: "approver", ticket: id, body: decide(approval.id, "DENIED") });
    await api.run("tech.hold", { as: "tech", ticket: id, body: { reason_code: "parts" } });
    await api.run("ticket.return_visit", { ticket: id, body: { reason: "next week" } });
    const triage = { priority: "URGENT", incident_type: "DOOR_WONT_LATCH", nte_cents: 80_000, ready_to_schedule: true };
    for (const [tool, body] of [
      ["ticket.update", { nte_cents: 80_000 }],
      ["ticket.triage", triage],
    ] as const)
      assert.equal((await api.refuse(tool, { ticket: id, body })).error.code, "NTE_RAISE_REFUSED", tool);
  });

  test("that denies a raise leaves no other way to it than to ask again", async () => {
    const { id, approvalId } = await ticketIn(api, "APPROVAL_REQUIRED");
    await api.run("approval.decide", { ticket: id, body: decide(approvalId, "DENIED") });
    const triage = { priority: "URGENT", incident_type: "DOOR_WONT_LATCH" };
    for (const nte_cents of [200_001, 0]) {
      for (const outcome of ["READY_TO_SCHEDULE", "APPROVAL_REQUIRED"]) {
        const body = { ...triage, nte_cents, workflow_outcome: outcome };
        const { status, error } = await api.refuse("ticket.triage", { ticket: id, body });
        assert.deepEqual(
          [
            status,
            error.code,
            error["nte_cents"],
            error["asked_cents"],
            error["approval_id"],
            error["approval_status"],
          ],
          [409, "NTE_RAISE_REFUSED", 200_000, nte_cents, approvalId, "DENIED"],
        );
      }
    }
    const again = { ...triage, nte_cents: 200_000, requires_approval: true, approval_amount_delta_cents: 5_000 };
    const { pending_approval_id } = await api.run("ticket.triage", { ticket: id, body: again });
    const agreed = { as: "approver", ticket: id, body: decide(pending_approval_id, "APPROVED") };
    const raised = await api.run("approval.decide", agreed);
    assert.equal(raised.nte_cents, 205_000);
  });

  test("of a change keeps the evidence that was given for it, and where the work was", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS");
    const body = { approval_type: "PROPOSAL", reason: "hinge is gone", evidence_refs: ["s3://phone/hinge"] };
    const { approval, ticket } = await api.run("tech.request_change", { as: "tech", ticket: id, body });
    assert.deepEqual(
      [ticket.state, ticket.pending_approval_id, approval.amount_delta_cents],
      ["APPROVAL_REQUIRED", approval.id, 0],
    );
    const { rows } = await api.owner.query("SELECT evidence, requested_by FROM approvals WHERE id = $1", [approval.id]);
    const evidence = {
      source: "tech.request_change",
      return_state: "IN_PROGRESS",
      evidence_refs: ["s3://phone/hinge"],
    };
    assert.deepEqual(rows, [{ evidence, requested_by: "tech-1" }]);
  });

  test("is not for whoever asked, as any actor of that name", async () => {
    const { id, approvalId } = await ticketIn(api, "APPROVAL_REQUIRED", { approvalFrom: "change" });
    const { error } = await api.refuse("approval.decide", {
      as: "approver",
      actor: "builder-tech",
      ticket: id,
      body: decide(approvalId, "APPROVED"),
    });
    assert.deepEqual([error.code, error["approval_id"]], ["SELF_APPROVAL_FORBIDDEN", approvalId]);
  });

  test("does not know the approval of another ticket", async () => {
    const [one, other] = [await ticketIn(api, "APPROVAL_REQUIRED"), await ticketIn(api, "APPROVAL_REQUIRED")];
    const { status, error } = await api.refuse("approval.decide", {
      ticket: one.id,
      body: decide(other.approvalId, "APPROVED"),
    });
    assert.deepEqual([status, error.code, error["approval_id"]], [404, "APPROVAL_NOT_FOUND", other.approvalId]);
  });

  test("happens once, and a cancelled ticket's request is withdrawn", async () => {
    const { id, approvalId } = await ticketIn(api, "APPROVAL_REQUIRED");
    await api.run("approval.decide", { ticket: id, body: decide(approvalId, "DENIED") });
    await api.run("ticket.triage", {
      ticket: id,
      body: { priority: "URGENT", incident_type: "DOOR_WONT_LATCH", requires_approval: true },
    });
    const { error } = await api.refuse("approval.decide", { ticket: id, body: decide(approvalId, "APPROVED") });
    assert.deepEqual(
      [error.code, error["status"], error["return_state"]],
      ["APPROVAL_NOT_PENDING", "DENIED", "READY_TO_SCHEDULE"],
    );

    const cancelled = await api.run("ticket.cancel", { as: "approver", ticket: id, body: { reason: "too expensive" } });
    assert.equal(cancelled.pending_approval_id, null);
    const { approvals } = await api.read("approval.list", { as: "approver", query: `ticket_id=${id}` });
    assert.deepEqual(
      approvals.map(({ status, decided_by }) => [status, decided_by]),
      [
        ["DENIED", "dispatcher-1"],
        ["WITHDRAWN", "approver-1"],
      ],
    );
  });

  test("will not raise a limit beyond what a limit may be", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS");
    const body = { approval_type: "NTE_INCREASE", reason: "everything", amount_delta_cents: 1_000_000_000_000 };
    const { approval } = await api.run("tech.request_change", { as: "tech", ticket: id, body });
    assert.equal(
      (await api.refuse("approval.decide", { ticket: id, body: decide(approval.id, "APPROVED") })).status,
      400,
    );
    await api.run("approval.decide", { ticket: id, body: decide(approval.id, "DENIED") });
  });
});

describe("approval.list", async () => {
  const api = await startTestApi();
  const acmes = await ticketIn(api, "APPROVAL_REQUIRED");
  api.clock.advance(1);
  const borealises = await ticketIn(api, "APPROVAL_REQUIRED", { accountId: borealis.id, siteId: borealis.albany });
  await api.run("approval.decide", { ticket: acmes.id, body: { approval_id: acmes.approvalId, decision: "DENIED" } });
  const listed = async (query: string, headers = {}) =>
    (await api.read("approval.list", { as: "finance", query, headers })).approvals.map(({ ticket_id }) => ticket_id);

  test("is filtered by status and ticket", async () => {
    assert.deepEqual(await listed(""), [acmes.id, borealises.id], "the oldest first");
    const { approvals } = await api.read("approval.list", { query: `ticket_id=${acmes.id}` });
    assert.equal(
      approvals[0]?.number,
      (await api.read("ticket.get", { ticket: acmes.id })).number,
      "as people call it",
    );
    assert.deepEqual(await listed("status=PENDING"), [borealises.id]);
    assert.deepEqual(await listed("status=DENIED"), [acmes.id]);
    assert.deepEqual(await listed(`status=DENIED&ticket_id=${borealises.id}`), []);
    assert.equal((await api.refuse("approval.list", { query: "status=LATER" })).error.code, "INVALID_QUERY");
  });

  test("holds what the caller may see", async () => {
    assert.deepEqual(await listed("", { "x-account-scope": borealis.id }), [borealises.id]);
    assert.deepEqual(await listed("", { "x-site-scope": acme.oakland }), [acmes.id]);
    assert.deepEqual(await listed("", { "x-account-scope": acme.id, "x-site-scope": borealis.albany }), []);
    assert.deepEqual(await listed("", { "x-account-scope": "" }), []);
  });
});
