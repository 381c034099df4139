// plan.optimize and plan.apply through HTTP: an evident improvement is found, explained, and carried out whole with a receipt
// for each ticket; what may not move stays.

import { aggregates } from "../../dispatch/aggregates.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { profiles, startTestApi, type TestApi } from "../support/api.ts";
import { acme, borealis } from "../support/directory.ts";
import { at, bookedAt, crossedDay, day, east, emptyRoster, siteAt, vanAt, west } from "../support/plan-day.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { tracesLeft } from "../support/traces-left.ts";

const optimize = (api: TestApi, more: object = {}) =>
  api.run("plan.optimize", { body: { day, iterations: 500, ...more } });

describe("a day on which each van is booked on the other's side of town", () => {
  for (const profile of profiles)
    test(`is mended by a plan, which is applied with a receipt for each ticket, in ${profile}`, async (t) => {
      const api = await startTestApi({ t, profile });
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
      assert.equal(
        (await api.read("ticket.get", { ticket: westTicket })).assigned_tech_id,
        eastVan,
        "a proposal changes nothing",
      );

      const applied = await api.run("plan.apply", { plan: plan.id });
      assert.equal(applied.plan.status, "APPLIED");
      assert.equal(applied.moved.length, 2);
      for (const one of applied.moved) {
        const ticket = await api.read("ticket.get", { ticket: one.ticket_id });
        assert.deepEqual(
          [ticket.state, ticket.assigned_tech_id, ticket.scheduled_start],
          ["SCHEDULED", one.tech_id, at("10:00")],
        );
        const proof = await api.read("receipt.get", { receipt: one.receipt_id });
        assert.deepEqual([proof.ticket_id, proof.tool_name], [one.ticket_id, "plan.apply"]);
        const { events } = await api.read("ticket.timeline", { ticket: one.ticket_id });
        assert.equal(Object(events.at(-1)?.payload)["caused_by"], applied.receipt.receipt_id);
      }
      const { rows } = await api.owner.query(
        "SELECT technician_id, ticket_id FROM bookings WHERE state = 'firm' ORDER BY technician_id = $1 DESC",
        [westVan],
      );
      assert.deepEqual(rows, [
        { technician_id: westVan, ticket_id: westTicket },
        { technician_id: eastVan, ticket_id: eastTicket },
      ]);
      assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, []);
      assert.equal((await optimize(api)).plan.moves.length, 0, "the day cannot be mended twice");
    });

  test("leaves to a person what was booked twice while nobody knew the hours", async (t) => {
    const api = await startTestApi({ t });
    await emptyRoster(api);
    const van = await vanAt(api, "West Van", west);
    const hours = (await api.read("roster.list", { query: `tech_id=${van}` })).technicians[0]?.shifts ?? [];
    await api.run("roster.set_shifts", { technician: van, body: { shifts: [] } });
    const site = await siteAt(api, west);
    for (const _ of ["one", "another"]) await bookedAt(api, site, van, "10:00");
    await api.run("roster.set_shifts", { technician: van, body: { shifts: hours } });
    await ticketIn(api, "READY_TO_SCHEDULE", { siteId: site });
    const { plan } = await optimize(api);
    assert.deepEqual(
      plan.stays.map(({ reason, count }) => [reason, count]),
      [["OUTSIDE_HOURS", 2]],
    );
    const [move, ...others] = plan.moves;
    assert.ok(
      move && others.length === 0 && (move.to.end <= at("10:00") || move.to.start >= at("11:30")),
      "beside both",
    );
  });

  test("gives the same proposal for the same seed and number of steps, and reads back as it was answered", async (t) => {
    const api = await startTestApi({ t });
    await crossedDay(api);
    const { plan: first } = await optimize(api, { seed: 7 });
    api.clock.advance(1);
    const { plan: second } = await optimize(api, { seed: 7 });
    const apart = { id: "", created_at: "", expires_at: "" };
    assert.deepEqual({ ...second, ...apart }, { ...first, ...apart });
    assert.deepEqual(
      [first.search?.seed, first.search?.iterations, first.search?.stopped, first.search?.seconds],
      [7, 500, "budget", null],
    );
    assert.deepEqual((await api.read("plan.get", { plan: first.id })).plan, first);
    const { rows } = await api.owner.query(
      "SELECT plan->>'input_sha256' AS sha, plan->>'solver' AS solver FROM plans WHERE id = $1",
      [first.id],
    );
    assert.deepEqual(rows, [{ sha: first.search?.input_sha256, solver: first.search?.solver }]);
    const { plans } = await api.read("plan.list", { query: `status=PROPOSED&day=${day}` });
    assert.deepEqual(
      plans.map(({ id, moved }) => [id, moved]),
      [
        [second.id, 2],
        [first.id, 2],
      ],
    );
    assert.ok((plans[0]?.saves_minutes ?? 0) > 150);
  });

  test("is left alone where what a customer, a person or a pause holds may not move", async (t) => {
    const api = await startTestApi({ t });
    const { eastVan, westVan, westTicket, eastTicket } = await crossedDay(api);
    await api.run("ops.autonomy.pause", { body: { scope_type: "TICKET", ticket_id: westTicket } });
    const hold = {
      hold_reason: "CUSTOMER_PENDING",
      confirmation_window: { start: api.clock.iso, end: api.clock.in(600) },
    };
    await api.run("schedule.hold", { ticket: eastTicket, body: hold });
    const { plan } = await optimize(api);
    assert.deepEqual(plan.moves, []);
    assert.deepEqual(
      new Map(plan.stays.map(({ reason, count }) => [reason, count])),
      new Map([
        ["PAUSED", 1],
        ["HELD", 1],
      ]),
    );

    await api.run("ops.autonomy.rollback", { body: { scope_type: "TICKET", ticket_id: westTicket } });
    await api.run("assignment.dispatch", { ticket: westTicket, body: { tech_id: eastVan } });
    const later = (await optimize(api)).plan;
    assert.deepEqual(later.moves, []);
    assert.deepEqual(
      new Map(later.stays.map(({ reason, count }) => [reason, count])),
      new Map([
        ["UNDER_WAY", 1],
        ["HELD", 1],
      ]),
    );
    assert.equal((await api.read("ticket.get", { ticket: eastTicket })).assigned_tech_id, westVan);
  });
});

describe("what a plan may move", () => {
  test("goes where its site is open, and stays where it is not", async (t) => {
    const api = await startTestApi({ t });
    await emptyRoster(api);
    const van = await vanAt(api, "Van", west);
    const openFrom = async (start_time: string) => {
      const site = await siteAt(api, west);
      const hours = JSON.stringify([{ weekdays: [3], start_time, end_time: "16:00" }]);
      await api.owner.query(`UPDATE sites SET hours = $2 WHERE id = $1`, [site, hours]);
      return site;
    };
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { siteId: await openFrom("14:10") });
    const shut = await openFrom("15:30");
    await ticketIn(api, "READY_TO_SCHEDULE", { siteId: shut });
    const site = await openFrom("08:00");
    const booked = await bookedAt(api, site, van, "10:00");
    await api.owner.query(`UPDATE sites SET hours = (SELECT hours FROM sites WHERE id = $2) WHERE id = $1`, [
      site,
      shut,
    ]);
    const { plan } = await optimize(api);
    assert.deepEqual(
      plan.moves.map((move) => [move.ticket_id, move.to.start]),
      [[id, at("14:10")]],
    );
    assert.deepEqual(
      plan.stays.map(({ reason, count }) => [reason, count]),
      [["SITE_CLOSED", 2]],
    );
    assert.equal((await api.read("ticket.get", { ticket: booked })).scheduled_start, at("10:00"));
  });

  test("is the technician alone where the customer confirmed the time", async (t) => {
    const api = await startTestApi({ t });
    await emptyRoster(api);
    const [far, near] = [await vanAt(api, "Far", west), await vanAt(api, "Near", east)];
    const site = await siteAt(api, east);
    const window = { start: at("10:00"), end: at("11:00") };
    const { id: confirmed } = await ticketIn(api, "SCHEDULED", { siteId: site, window });
    // The near van is booked by the desk just then: it can make room by moving its own visit, the confirmed time cannot.
    const other = await bookedAt(api, site, near, "10:00");
    await api.run("assignment.dispatch", {
      ticket: (await ticketIn(api, "SCHEDULED", { siteId: await siteAt(api, west), window })).id,
      body: { tech_id: far },
    });
    const { plan } = await optimize(api);
    const moves = new Map(plan.moves.map((move) => [move.ticket_id, move]));
    const given = moves.get(confirmed) ?? assert.fail("nobody is sent");
    assert.deepEqual(
      [given.from?.tech_id, given.from?.start, given.to.tech_id, given.to.start],
      [null, at("10:00"), near, at("10:00")],
    );
    assert.equal(given.reason, "Gives the agreed time a technician; nobody was to come.");
    const moved = moves.get(other) ?? assert.fail("no room is made");
    assert.notEqual(moved.to.start, at("10:00"));
    assert.equal(moved.reason, `Makes room for other work, ticket ${given.number}.`);
    assert.equal(given.number, (await api.read("ticket.get", { ticket: confirmed })).number);
    await api.run("plan.apply", { plan: plan.id });
    assert.deepEqual((await optimize(api, { move_within_minutes: 0 })).plan.moves, []);
    const ticket = await api.read("ticket.get", { ticket: confirmed });
    assert.deepEqual([ticket.state, ticket.assigned_tech_id, ticket.scheduled_start], ["SCHEDULED", near, at("10:00")]);
  });

  test("is a desk's time by so much as the caller allows", async (t) => {
    const api = await startTestApi({ t });
    await emptyRoster(api);
    const only = await vanAt(api, "Only", east, ["08:00", "12:00"]);
    const site = await siteAt(api, east);
    // In the middle of the shift, so that nothing else fits before or behind it.
    const booked = await bookedAt(api, site, only, "09:15");
    const { id: waiting } = await ticketIn(api, "READY_TO_SCHEDULE", {
      siteId: site,
      incidentType: "CANNOT_SECURE_ENTRY",
      priority: "EMERGENCY",
    });
    const { plan: fixed } = await optimize(api, { move_within_minutes: 0 });
    const { number: emergency } = await api.read("ticket.get", { ticket: waiting });
    assert.deepEqual(
      [fixed.moves, fixed.unserved.map(({ ticket_id, number }) => [ticket_id, number])],
      [[], [[waiting, emergency]]],
    );
    const { plan } = await optimize(api, { move_within_minutes: 120 });
    assert.deepEqual(plan.unserved, []);
    const moved = plan.moves.find(({ ticket_id }) => ticket_id === booked) ?? assert.fail();
    assert.equal(moved.reason, `Makes room for an emergency, ticket ${emergency}.`);
    const { moved: applied } = await api.run("plan.apply", { plan: plan.id });
    const placed = applied.find(({ ticket_id }) => ticket_id === waiting);
    assert.equal(placed?.number, emergency);
    assert.deepEqual(
      [placed?.previous_state, placed?.state, placed?.tech_id],
      ["READY_TO_SCHEDULE", "SCHEDULED", only],
    );
    const { rows } = await api.owner.query(
      "SELECT from_state, to_state FROM ticket_state_transitions WHERE audit_event_id = $1 ORDER BY step",
      [placed?.receipt_id],
    );
    assert.deepEqual(rows, [
      { from_state: "READY_TO_SCHEDULE", to_state: "SCHEDULE_PROPOSED" },
      { from_state: "SCHEDULE_PROPOSED", to_state: "SCHEDULED" },
    ]);
    assert.deepEqual((await verifyAudit(api.desk.db, aggregates)).faults, []);
  });

  test("is work of the asked zone and technicians; the others are named with the reason", async (t) => {
    const api = await startTestApi({ t });
    const { westVan, eastVan } = await crossedDay(api);
    await api.run("roster.drain", { technician: eastVan, body: { reason: "the van is in the workshop" } });
    const { plan } = await optimize(api);
    assert.deepEqual(plan.moves, []);
    assert.deepEqual(
      plan.left_out.filter(({ tech_id }) => tech_id === eastVan).map(({ reason }) => reason),
      ["DRAINED"],
    );
    assert.deepEqual((await optimize(api, { tech_ids: [westVan] })).plan.left_out, []);
    const ofZone = (await optimize(api, { zone: "CA" })).plan.after;
    assert.ok(ofZone && ofZone.served > 0);
    await api.owner.query("UPDATE sites SET region = 'Some County', zone = ' ca '");
    assert.deepEqual(
      (await optimize(api, { zone: "CA" })).plan.after,
      ofZone,
      "a site's own zone counts, not its region",
    );
    assert.deepEqual((await optimize(api, { zone: "NV" })).plan.after, {
      served: 0,
      unserved: 0,
      late: 0,
      travel_minutes: 0,
      overtime_minutes: 0,
      cost: 0,
    });
    const { error } = await api.refuse("plan.optimize", { body: { day, tech_ids: [acme.id] } });
    assert.deepEqual([error.code, error["tech_id"]], ["TECHNICIAN_NOT_FOUND", acme.id]);
  });

  test("is what the caller may see, and so is the plan", async (t) => {
    const api = await startTestApi({ t });
    await emptyRoster(api);
    const [westVan, eastVan] = [await vanAt(api, "West Van", west), await vanAt(api, "East Van", east)];
    const foreign = await bookedAt(api, await siteAt(api, west, borealis.id), eastVan, "10:00", borealis.id);
    await bookedAt(api, await siteAt(api, east), westVan, "10:00");
    const ours = { headers: { "x-account-scope": acme.id } };
    const { plan } = await api.run("plan.optimize", { ...ours, body: { day, iterations: 500 } });
    assert.deepEqual([plan.moves, plan.stays.map(({ reason, count }) => [reason, count])], [[], [["OUT_OF_SCOPE", 1]]]);
    const whole = (await optimize(api)).plan;
    assert.equal(whole.moves.length, 2);
    assert.ok(whole.moves.some(({ ticket_id }) => ticket_id === foreign));
    const before = await tracesLeft(api.owner);
    for (const tool of ["plan.get", "plan.apply", "plan.cancel"] as const) {
      assert.equal((await api.refuse(tool, { ...ours, plan: whole.id })).error.code, "FORBIDDEN_SCOPE");
    }
    assert.deepEqual(
      (await api.read("plan.list", ours)).plans.map(({ id }) => id),
      [plan.id],
    );
    assert.deepEqual(await tracesLeft(api.owner), before);
  });
});
