// No dead ends around money: what is verified goes back or asks for more, a call-out that had nothing to do is billed, and so is
// one that was called off when somebody had come.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { profiles, startTestApi, type TestApi } from "../support/api.ts";
import { addReferenced, addVerified } from "../support/evidence.ts";
import { completion, ticketIn } from "../support/ticket-builder.ts";

const pass = ({ clock }: Pick<TestApi, "clock">) => ({ timestamp: clock.iso, result: "PASS" });
const invoice = async (api: TestApi, ticket: string) =>
  (await api.run("billing.generate_invoice", { as: "finance", ticket })).invoice;

describe("qa.reopen", async () => {
  const api = await startTestApi();

  test("gives verified work back to who did it, and what comes then is what is billed", async () => {
    const { id, techId } = await ticketIn(api, "VERIFIED");
    const reasons = ["an hour is missing"];
    const reopened = await api.run("qa.reopen", { as: "qa", ticket: id, body: { reasons } });
    assert.deepEqual([reopened.state, reopened.assigned_tech_id], ["IN_PROGRESS", techId]);
    const work = { labor_minutes: 150 };
    await api.run("tech.complete", { as: "tech", ticket: id, body: { ...completion, work } });
    await api.run("qa.verify", { as: "qa", ticket: id, body: pass(api) });
    const { lines } = await invoice(api, id);
    assert.deepEqual(
      lines.map(({ kind, quantity }) => [kind, quantity]),
      [
        ["labor", 2.5],
        ["trip", 1],
      ],
    );
  });

  test("for another visit has nobody and no time, and wants the evidence it asks for", async () => {
    const { id, techId } = await ticketIn(api, "VERIFIED");
    const key = "photo_after_latched_alignment";
    const body = { reasons: ["it sags again"], required_evidence_keys: [key], workflow_outcome: "READY_TO_SCHEDULE" };
    const { state, assigned_tech_id, scheduled_start } = await api.run("qa.reopen", { ticket: id, body });
    assert.deepEqual([state, assigned_tech_id, scheduled_start], ["READY_TO_SCHEDULE", null, null]);
    const { events } = await api.read("ticket.timeline", { ticket: id });
    assert.partialDeepStrictEqual(events.at(-1)?.payload, { previous_tech_id: techId, required_evidence_keys: [key] });
    const { packet } = await api.read("tech.job_packet", { as: "dispatcher", ticket: id });
    assert.partialDeepStrictEqual(packet, { closeout_gate: { ready: false, missing_evidence_keys: [key] } });
  });
});

describe("billing.request_limit", async () => {
  const api = await startTestApi();
  const ask = { amount_delta_cents: 7_000, reason: "the frame was bent" };

  test("leaves the work verified, with the limit that was decided", async () => {
    for (const [decision, nteCents] of [
      ["APPROVED", 207_000],
      ["DENIED", 200_000],
    ] as const) {
      const { id } = await ticketIn(api, "VERIFIED");
      const { ticket, approval } = await api.run("billing.request_limit", { as: "finance", ticket: id, body: ask });
      assert.deepEqual([ticket.state, ticket.pending_approval_id], ["APPROVAL_REQUIRED", approval.id]);
      const { error } = await api.refuse("ticket.cancel", { ticket: id, body: { reason: "too dear" } });
      assert.deepEqual([error.code, error["from_state"]], ["INVALID_STATE_TRANSITION", "VERIFIED"]);
      const decided = await api.run("approval.decide", {
        as: "approver",
        ticket: id,
        body: { approval_id: approval.id, decision },
      });
      assert.deepEqual([decided.state, decided.nte_cents], ["VERIFIED", nteCents]);
      await invoice(api, id);
    }
  });

  test("has nothing to ask for where no limit is agreed", async () => {
    const { id } = await ticketIn(api, "VERIFIED", { nteCents: 0 });
    assert.equal((await api.refuse("billing.request_limit", { as: "finance", ticket: id, body: ask })).status, 400);
  });
});

for (const profile of profiles) {
  describe(`a call-out in ${profile}`, async () => {
    const api = await startTestApi({ profile });
    const add = profile === "strict" ? addVerified : addReferenced;

    for (const [reason_code, key] of [
      ["no_access", "photo_of_closed_access"],
      ["not_needed", "photo_of_working_condition"],
      ["unsafe", "photo_of_hazard"],
      ["cancelled_at_door", null],
    ] as const) {
      for (const state of ["DISPATCHED", "IN_PROGRESS"] as const) {
        test(`from ${state} that had nothing to do, ${reason_code}, is proved, verified and billed as a trip`, async () => {
          const { id, techId, window } = await ticketIn(api, state);
          const body = { reason_code, note: "as told on the phone" };
          if (key !== null) {
            const { error } = await api.refuse("closeout.no_work", { as: "tech", ticket: id, body });
            assert.deepEqual(
              [error["requirement_code"], error["missing_evidence_keys"], error["incident_type"]],
              ["MISSING_EVIDENCE", [key], "DOOR_WONT_LATCH"],
            );
            await add(api, { ticket: id }, key);
          }
          await api.run("closeout.no_work", { as: "tech", ticket: id, body });
          await api.run("qa.verify", { as: "qa", ticket: id, body: pass(api) });
          const { lines, total_cents } = await invoice(api, id);
          assert.deepEqual(
            lines.map(({ kind, description, visit }) => [kind, description, visit]),
            [["trip", `Trip charge, ${reason_code.replaceAll("_", " ")}`, 1]],
          );
          assert.equal(total_cents, 8_900);
          // The technician is free again.
          await ticketIn(api, "DISPATCHED", { techId, window });
        });
      }
    }

    test("whose trip is above the limit is not verified, since it could not be billed", async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS");
      await add(api, { ticket: id }, "photo_of_closed_access");
      const body = { reason_code: "no_access", note: "gate locked" };
      await api.run("closeout.no_work", { as: "tech", ticket: id, body });
      await api.owner.query("UPDATE tickets SET nte_cents = 100 WHERE id = $1", [id]);
      const verify = { as: "qa", ticket: id, body: { timestamp: api.clock.iso, result: "PASS" } };
      const { error } = await api.refuse("qa.verify", verify);
      assert.deepEqual([error.code, error["total_cents"], error["nte_cents"]], ["NTE_EXCEEDED", 8_900, 100]);
      await api.owner.query("UPDATE tickets SET nte_cents = 8900 WHERE id = $1", [id]);
      assert.equal((await api.run("qa.verify", verify)).state, "VERIFIED");
    });

    test("that QA sends back is proved anew by the same template", async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS");
      const key = "photo_of_closed_access";
      await add(api, { ticket: id }, key);
      const body = { reason_code: "no_access", note: "gate locked" };
      await api.run("closeout.no_work", { as: "tech", ticket: id, body });
      const back = { reasons: ["which gate?"], required_evidence_keys: [key] };
      await api.run("qa.return_work", { as: "qa", ticket: id, body: back });
      const { error } = await api.refuse("closeout.no_work", { as: "tech", ticket: id, body });
      assert.deepEqual(error["missing_evidence_keys"], [key]);
    });

    test("that was called off when somebody had come is billed once, and stays cancelled", async () => {
      for (const cancelledIn of ["IN_PROGRESS", "ON_HOLD"] as const) {
        const { id } = await ticketIn(api, "CANCELLED", { cancelledIn });
        const billed = await api.run("billing.generate_invoice", { as: "finance", ticket: id });
        assert.deepEqual([billed.state, billed.invoice.total_cents], ["CANCELLED", 8_900]);
        const { error } = await api.refuse("billing.generate_invoice", { as: "finance", ticket: id });
        assert.deepEqual(
          [error.code, error["reason"], error["invoice_number"]],
          ["NOTHING_TO_INVOICE", "ALREADY_INVOICED", billed.invoice.number],
        );
      }
    });

    test("to which nobody came is billed where it was a no-show alone", async () => {
      const { id } = await ticketIn(api, "CANCELLED", { cancelledIn: "DISPATCHED" });
      const { error } = await api.refuse("billing.generate_invoice", { as: "finance", ticket: id });
      assert.deepEqual([error.code, error["reason"]], ["NOTHING_TO_INVOICE", "NO_VISIT"]);
      const noShow = await ticketIn(api, "DISPATCHED");
      const body = { reason: "nobody there, dry run", cancellation_code: "NO_SHOW" };
      await api.run("ticket.cancel", { ticket: noShow.id, body });
      assert.equal((await invoice(api, noShow.id)).total_cents, 8_900);
    });

    test("has the work that was reported before it was called off", async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS");
      const hold = { reason_code: "customer", work: { labor_minutes: 90 } };
      await api.run("tech.hold", { as: "tech", ticket: id, body: hold });
      await api.run("ticket.cancel", { ticket: id, body: { reason: "the shop has closed" } });
      assert.deepEqual(
        (await invoice(api, id)).lines.map(({ kind, quantity }) => [kind, quantity]),
        [
          ["labor", 1.5],
          ["trip", 1],
        ],
      );
    });
  });
}
