// assignment.transfer: work under way changes hands, and each has their own time taken and their own labour billed.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { addTechnician, ana, type TechnicianRow } from "../support/directory.ts";
import { addAllEvidence, completion, ticketIn } from "../support/ticket-builder.ts";

describe("work under way that goes to a colleague", async () => {
  const api = await startTestApi({ profile: "strict" });
  const underWay = async (state: "IN_PROGRESS" | "ON_HOLD", from: number, to: number) => {
    const techId = await addTechnician(api.owner);
    const window = { start: api.clock.in(from), end: api.clock.in(to) };
    const { id } = await ticketIn(api, "SCHEDULED", { window: { start: api.clock.in(10), end: api.clock.in(100) } });
    await api.run("assignment.dispatch", { ticket: id, body: { tech_id: techId } });
    await api.owner.query("UPDATE tickets SET scheduled_start = $2, scheduled_end = $3 WHERE id = $1", [
      id,
      window.start,
      window.end,
    ]);
    await api.owner.query("UPDATE bookings SET span = tstzrange($2, $3) WHERE ticket_id = $1", [
      id,
      window.start,
      window.end,
    ]);
    await api.run("tech.check_in", { ticket: id, body: { timestamp: api.clock.iso } });
    if (state === "ON_HOLD") await api.run("tech.hold", { ticket: id, body: { reason_code: "parts" } });
    return { id, techId, window };
  };
  const colleague = (row: TechnicianRow = {}) => addTechnician(api.owner, row);
  const because = { reason: "has to fetch the children" };
  const bookingsOf = async (id: string) =>
    (
      await api.owner.query<{ technician_id: string; state: string; start: Date; end: Date }>(
        "SELECT technician_id, state, lower(span) AS start, upper(span) AS end FROM bookings WHERE ticket_id = $1 ORDER BY state",
        [id],
      )
    ).rows;
  const slotsOf = async (tech: string) => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const query = `tech_id=${tech}&duration_minutes=15&latest=${api.clock.in(45)}`;
    return (await api.read("schedule.slots", { ticket: id, query })).slots.length;
  };

  test("is theirs until its planned end, and whoever leaves is free", async () => {
    const { id, techId, window } = await underWay("IN_PROGRESS", -30, 60);
    const tech_id = await colleague();
    const after = await api.run("assignment.transfer", { ticket: id, body: { tech_id, ...because } });
    assert.deepEqual([after.state, after.assigned_tech_id, after.scheduled_end], ["IN_PROGRESS", tech_id, window.end]);
    assert.deepEqual(await bookingsOf(id), [
      { technician_id: techId, state: "done", start: new Date(window.start), end: new Date(window.end) },
      { technician_id: tech_id, state: "firm", start: new Date(api.clock.iso), end: new Date(window.end) },
    ]);
    assert.deepEqual([(await slotsOf(techId)) > 0, await slotsOf(tech_id)], [true, 0]);
  });

  test("takes as long as its kind does, where it runs over already", async () => {
    const { id } = await underWay("IN_PROGRESS", -120, -30);
    const tech_id = await colleague();
    await api.run("assignment.transfer", { ticket: id, body: { tech_id, ...because } });
    const [, firm] = await bookingsOf(id);
    assert.deepEqual([firm?.technician_id, firm?.end], [tech_id, new Date(api.clock.in(90))]);
  });

  test("takes nobody's time while it waits, and theirs when it goes on", async () => {
    const { id } = await underWay("ON_HOLD", -120, -30);
    const tech_id = await colleague();
    const after = await api.run("assignment.transfer", { ticket: id, body: { tech_id, ...because } });
    assert.deepEqual([after.state, after.assigned_tech_id], ["ON_HOLD", tech_id]);
    assert.ok((await slotsOf(tech_id)) > 0);
    await api.run("tech.resume", { ticket: id });
    assert.equal(await slotsOf(tech_id), 0);
  });

  test("is billed for the labour of both, and the history says whose it was", async () => {
    const { id, techId } = await underWay("IN_PROGRESS", -30, 60);
    const tech_id = await colleague();
    const body = { tech_id, ...because, work: { labor_minutes: 45 } };
    const { receipt } = await api.run("assignment.transfer", { ticket: id, body });
    const { events } = await api.read("ticket.timeline", { ticket: id });
    assert.partialDeepStrictEqual(events.find((event) => event.id === receipt.receipt_id)?.payload, {
      previous_tech_id: techId,
      tech_id,
      work: { labor_minutes: 45 },
      ...because,
    });
    await addAllEvidence(api, id);
    await api.run("tech.complete", { as: "tech", ticket: id, body: completion });
    await api.run("qa.verify", { ticket: id, body: { timestamp: api.clock.iso, result: "PASS" } });
    const { invoice } = await api.run("billing.generate_invoice", { as: "finance", ticket: id });
    const labor = invoice.lines.filter(({ kind }) => kind === "labor").map(({ quantity }) => quantity * 60);
    assert.equal(
      labor.reduce((sum, minutes) => sum + minutes, 0),
      45 + completion.work.labor_minutes,
    );
  });

  test("takes the time of whoever has it last, though others have finished their part of it", async () => {
    const { id } = await underWay("ON_HOLD", -120, -30);
    for (let n = 0; n < 2; n++) {
      const tech_id = await colleague();
      await api.run("assignment.transfer", { ticket: id, body: { tech_id, ...because } });
      if (n === 0) continue;
      await api.run("tech.resume", { ticket: id });
      assert.equal(await slotsOf(tech_id), 0);
    }
  });

  test("goes to nobody who cannot do it, is not free, or has it", async () => {
    const { id, techId } = await underWay("IN_PROGRESS", -30, 60);
    const busy = await underWay("IN_PROGRESS", -30, 60);
    const rows: readonly (readonly [string, string, string | undefined])[] = [
      [await colleague({ skills: [] }), "ASSIGNMENT_CAPABILITY_MISMATCH", undefined],
      [await colleague({ zone: "NV" }), "ASSIGNMENT_ZONE_MISMATCH", undefined],
      [await colleague({ drained: true }), "TECH_UNAVAILABLE", "DRAINED"],
      [busy.techId, "TECH_UNAVAILABLE", "BUSY"],
      [techId, "INVALID_REQUEST", undefined],
      [crypto.randomUUID(), "ASSIGNMENT_NOT_FOUND", undefined],
    ];
    for (const [tech_id, code, reason] of rows) {
      const { error } = await api.refuse("assignment.transfer", { ticket: id, body: { tech_id, ...because } });
      assert.deepEqual([error.code, error["reason"]], [code, reason]);
    }
    assert.equal((await api.read("ticket.get", { ticket: id })).assigned_tech_id, techId);
    const sent = await ticketIn(api, "DISPATCHED");
    const { error } = await api.refuse("assignment.transfer", { ticket: sent.id, body: { tech_id: ana, ...because } });
    assert.equal(error.code, "INVALID_STATE_TRANSITION");
  });
});
