// plan.optimize and plan.apply through HTTP: an evident improvement is found, explained, and carried out whole with a receipt
// for each ticket; what may not move stays.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { at, crossedDay, day } from "../support/plan-day.ts";

const optimize = (api: TestApi, more: object = {}) => api.run("plan.optimize", { body: { day, iterations: 500, ...more } });

describe("a day on which each van is booked on the other's side of town", () => {
  test("is mended by a plan, which is applied with a receipt for each ticket", async (t) => {
    const api = await startTestApi({ t });
    const { westVan, eastVan, westTicket, eastTicket } = await crossedDay(api);
    const { plan, receipt } = await optimize(api);
    assert.deepEqual([plan.status, receipt.tool_name, plan.time_zone], ["PROPOSED", "plan.optimize", "UTC"]);
    assert.deepEqual(plan.unserved, []);
    assert.deepEqual([plan.before?.served, plan.after?.served, plan.after?.travel_minutes], [2, 2, 0]);
    assert.ok((plan.before?.travel_minutes ?? 0) > 150);
    const moves = new Map(plan.moves.map((move) => [move.ticket_id, move]));
    assert.deepEqual([moves.get(westTicket)?.to.tech_id, moves.get(eastTicket)?.to.tech_id], [westVan, eastVan]);
    for (const move of plan.moves) {
      assert.deepEqual([move.from?.start, move.to.start], [at("10:00"), at("10:00")]);
      assert.match(move.reason, /^Saves \d+ min of driving\.$/);
    }
    assert.equal((await api.read("ticket.get", { ticket: westTicket })).assigned_tech_id, eastVan, "a proposal changes nothing");

    const applied = await api.run("plan.apply", { plan: plan.id });
    assert.equal(applied.plan.status, "APPLIED");
    assert.equal(applied.moved.length, 2);
    for (const one of applied.moved) {
      const ticket = await api.read("ticket.get", { ticket: one.ticket_id });
      assert.deepEqual([ticket.state, ticket.assigned_tech_id, ticket.scheduled_start], ["SCHEDULED", one.tech_id, at("10:00")]);
      const proof = await api.read("receipt.get", { receipt: one.receipt_id });
      assert.deepEqual([proof.ticket_id, proof.tool_name], [one.ticket_id, "plan.apply"]);
      const { events } = await api.read("ticket.timeline", { ticket: one.ticket_id });
      assert.equal(Object(events.at(-1)?.payload)["caused_by"], applied.receipt.receipt_id);
    }
    const { rows } = await api.owner.query("SELECT technician_id, ticket_id FROM bookings WHERE state = 'firm' ORDER BY technician_id = $1 DESC", [westVan]);
    assert.deepEqual(rows, [{ technician_id: westVan, ticket_id: westTicket }, { technician_id: eastVan, ticket_id: eastTicket }]);
    assert.deepEqual((await verifyAudit(api.desk.db)).faults, []);
    assert.equal((await optimize(api)).plan.moves.length, 0, "the day cannot be mended twice");
  });
});
