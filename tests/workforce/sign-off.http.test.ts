// roster.sign_off: somebody is ill, and what they have not begun goes back to the queue at once, with a receipt for each
// ticket; what is under way stays, and everything or nothing happens.

import { aggregates } from "../../dispatch/aggregates.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { startTestApi } from "../support/api.ts";
import { addTechnician, acme, borealis } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { tracesLeft } from "../support/traces-left.ts";

const ill = { reason: "called in sick" };

describe("roster.sign_off", async () => {
  const api = await startTestApi();
  const signOff = (technician: string) => api.run("roster.sign_off", { technician, body: ill });
  const bookingsOf = async (technician: string) =>
    (
      await api.owner.query<{ state: string }>("SELECT state FROM bookings WHERE technician_id = $1 ORDER BY state", [
        technician,
      ])
    ).rows.map(({ state }) => state);
  const booked = async (techId: string) => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    await api.run("schedule.book", { ticket: id, body: { tech_id: techId } });
    return id;
  };

  test("returns what is booked, sent or held, keeps what is under way, and names both", async () => {
    const techId = await addTechnician(api.owner);
    const sent = await ticketIn(api, "DISPATCHED", { techId });
    const reserved = await booked(techId);
    const held = await booked(techId);
    const window = { start: api.clock.iso, end: api.clock.in(60) };
    const { hold_id } = await api.run("schedule.hold", {
      ticket: held,
      body: { hold_reason: "CUSTOMER_PENDING", confirmation_window: window },
    });
    const onSite = await ticketIn(api, "ON_SITE", { techId });
    const working = await ticketIn(api, "IN_PROGRESS", { techId });
    const waiting = await ticketIn(api, "ON_HOLD", { techId });
    const asking = await ticketIn(api, "APPROVAL_REQUIRED", { techId, approvalFrom: "change" });
    const before = new Map(
      await Promise.all(
        [sent.id, reserved, held].map(async (id) => [id, await api.read("ticket.get", { ticket: id })] as const),
      ),
    );

    const { technician, requeued, kept, receipt } = await signOff(techId);
    assert.deepEqual(
      [technician.drain_reason, technician.drained_at === null, technician.open_tickets],
      [ill.reason, false, 3],
      "work that asks is no load",
    );
    const back = new Map([
      [sent.id, "SCHEDULED"],
      [reserved, "SCHEDULED"],
      [held, "PENDING_CUSTOMER_CONFIRMATION"],
    ]);
    assert.deepEqual(new Map(requeued.map(({ ticket_id, state }) => [ticket_id, state])), back);
    assert.deepEqual(
      new Map(kept.map(({ ticket_id, state }) => [ticket_id, state])),
      new Map([
        [onSite.id, "ON_SITE"],
        [working.id, "IN_PROGRESS"],
        [waiting.id, "ON_HOLD"],
        [asking.id, "APPROVAL_REQUIRED"],
      ]),
    );
    for (const one of requeued) {
      const was = before.get(one.ticket_id) ?? assert.fail();
      const is = await api.read("ticket.get", { ticket: one.ticket_id });
      assert.deepEqual(
        [is.state, is.assigned_tech_id, is.assigned_provider_id, is.version],
        [one.state, null, null, was.version + 1],
      );
      assert.deepEqual(
        [is.scheduled_start, is.scheduled_end],
        [was.scheduled_start, was.scheduled_end],
        "what was promised stays promised",
      );
      assert.deepEqual([one.previous_state, one.scheduled_start], [was.state, was.scheduled_start]);
      const { events } = await api.read("ticket.timeline", { ticket: one.ticket_id });
      const last = events.at(-1) ?? assert.fail();
      assert.deepEqual(
        [last.id, last.tool_name, last.actor_id, last.before_state, last.after_state],
        [one.receipt_id, "roster.sign_off", "dispatcher-1", was.state, one.state],
      );
      const { caused_by, previous_tech_id, reason } = Object(last.payload);
      assert.deepEqual(
        { caused_by, previous_tech_id, reason },
        { caused_by: receipt.receipt_id, previous_tech_id: techId, reason: ill.reason },
      );
      assert.equal((await api.read("receipt.get", { receipt: one.receipt_id })).ticket_id, one.ticket_id);
      const { rows } = await api.owner.query("SELECT subject FROM outbox WHERE audit_event_id = $1", [one.receipt_id]);
      assert.deepEqual(rows, [{ subject: `field.ticket.${one.ticket_id}.roster_sign_off` }]);
    }
    assert.deepEqual(await bookingsOf(techId), ["firm", "firm", "firm", "firm", "released", "released", "released"]);
    for (const { id } of [onSite, working, waiting, asking])
      assert.equal((await api.read("ticket.get", { ticket: id })).assigned_tech_id, techId);

    const released = await api.run("schedule.release", { ticket: held, body: { customer_confirmation_log: hold_id } });
    assert.deepEqual([released.ticket.state, released.ticket.assigned_tech_id], ["SCHEDULED", null]);
    const successor = await addTechnician(api.owner);
    await api.run("assignment.dispatch", { ticket: sent.id, body: { tech_id: successor } });
    assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, []);
  });

  test("schedules anew what has no time ahead: sent past scheduling, or its time is over", async () => {
    const techId = await addTechnician(api.owner);
    const bypassed = await ticketIn(api, "TRIAGED", { priority: "EMERGENCY" });
    await api.run("assignment.dispatch", {
      ticket: bypassed.id,
      body: { tech_id: techId, dispatch_mode: "EMERGENCY_BYPASS" },
    });
    const past = { start: api.clock.in(-180), end: api.clock.in(-120) };
    const missed = await ticketIn(api, "DISPATCHED", { techId, window: past });
    const unsent = await ticketIn(api, "READY_TO_SCHEDULE");
    await api.run("schedule.book", { ticket: unsent.id, body: { tech_id: techId } });
    await api.owner.query("UPDATE tickets SET scheduled_start = $2, scheduled_end = $3 WHERE id = $1", [
      unsent.id,
      past.start,
      past.end,
    ]);
    const { requeued } = await signOff(techId);
    assert.deepEqual(new Set(requeued.map(({ ticket_id }) => ticket_id)), new Set([bypassed.id, missed.id, unsent.id]));
    for (const one of requeued) {
      assert.deepEqual([one.state, one.scheduled_start, one.scheduled_end], ["READY_TO_SCHEDULE", null, null]);
      await api.run("schedule.book", { ticket: one.ticket_id });
    }
  });

  test("names work that waits for an approval, also when its visit has been completed once", async () => {
    const techId = await addTechnician(api.owner);
    const { id } = await ticketIn(api, "COMPLETED_PENDING_VERIFICATION", { techId });
    await api.run("qa.return_work", { ticket: id, body: { reasons: ["The door still sticks"] } });
    await api.run("tech.request_change", {
      as: "tech",
      ticket: id,
      body: { approval_type: "PROPOSAL", reason: "needs a new closer" },
    });
    const { kept, requeued, technician } = await api.run("roster.sign_off", {
      technician: techId,
      body: { reason: "flu" },
    });
    assert.deepEqual([kept, requeued], [[{ ticket_id: id, state: "APPROVAL_REQUIRED" }], []]);
    assert.deepEqual((await api.read("roster.list", { query: `tech_id=${techId}` })).technicians, [technician]);
  });

  test("of somebody without work changes the roster alone", async () => {
    const techId = await addTechnician(api.owner);
    const { requeued, kept } = await signOff(techId);
    assert.deepEqual([requeued, kept], [[], []]);
    const { technician } = await api.run("roster.undrain", { technician: techId, body: {} });
    assert.equal(technician.drained_at, null);
  });

  test("is refused whole to whoever may not see all of the work", async () => {
    const techId = await addTechnician(api.owner);
    await ticketIn(api, "DISPATCHED", { techId });
    await ticketIn(api, "DISPATCHED", { techId, accountId: borealis.id, siteId: borealis.albany });
    const before = await tracesLeft(api.owner);
    const { error } = await api.refuse("roster.sign_off", {
      technician: techId,
      headers: { "x-account-scope": acme.id },
      body: ill,
    });
    assert.deepEqual([error.code, error["target_id"]], ["FORBIDDEN_SCOPE", borealis.id]);
    assert.deepEqual(await tracesLeft(api.owner), before);
  });

  test("racing dispatches leaves nobody sent to work they have signed off from", async () => {
    for (let round = 0; round < 10; round++) {
      const techId = await addTechnician(api.owner);
      const tickets = [];
      for (let n = 0; n < 4; n++) tickets.push((await ticketIn(api, "SCHEDULED")).id);
      const dispatches = tickets.map((ticket) =>
        api.call("assignment.dispatch", { ticket, body: { tech_id: techId } }),
      );
      const [replies, off] = await Promise.all([Promise.all(dispatches), signOff(techId)]);
      for (const reply of replies) assert.ok(reply.status === 200 || /TECH_UNAVAILABLE/.test(reply.text), reply.text);
      const { rows } = await api.owner.query("SELECT id, state FROM tickets WHERE assigned_tech_id = $1", [techId]);
      assert.deepEqual(rows, [], `round ${round}: ${off.requeued.length} went back`);
      assert.ok((await bookingsOf(techId)).every((state) => state === "released"));
    }
  });
});
