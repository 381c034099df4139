// Answers about times tell the site's local time beside UTC, also where a clock goes back.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeCommand } from "../../plugin/src/describe-command.ts";
import { describeReading } from "../../plugin/src/describe-reading.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { toolOf } from "../plugin/chat.ts";
import { startTestApi } from "../support/api.ts";
import { acme, ana, ben, borealis } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

// In Oakland the clock shows 01:00 to 02:00 twice on the first of November 2026; in Albany three hours before.
const twice = { start: "2026-11-01T08:30:00.000Z", end: "2026-11-01T09:30:00.000Z" };
const oakland = { start: "2026-11-01T01:30:00-07:00", end: "2026-11-01T01:30:00-08:00" };
const zone = "America/Los_Angeles";
const scheduled = { scheduled_start_local: oakland.start, scheduled_end_local: oakland.end, timezone: zone };
const inBooking = { start_local: oakland.start, end_local: oakland.end };

describe("the site's local time", async () => {
  const api = await startTestApi();
  const asked = { earliest: twice.start, latest: twice.end, duration_minutes: 60 };

  test("stands beside UTC in every answer on the way to a visit", async () => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const { slots, timezone } = await api.read("schedule.slots", {
      ticket: id,
      query: `earliest=${twice.start}&latest=${twice.end}&duration_minutes=60`,
    });
    assert.equal(timezone, zone);
    assert.partialDeepStrictEqual(slots, [{ ...twice, ...inBooking }]);
    const proposed = await api.run("schedule.propose", { ticket: id, body: { options: [twice] } });
    assert.partialDeepStrictEqual(proposed, scheduled);
    const confirmed = await api.run("schedule.confirm", { ticket: id, body: twice });
    assert.partialDeepStrictEqual(confirmed, { scheduled_start: twice.start, ...scheduled });
    const sent = await api.run("assignment.dispatch", { ticket: id, body: { tech_id: ana } });
    assert.partialDeepStrictEqual(sent, scheduled);
    const later = { start: "2026-11-01T10:30:00.000Z", end: "2026-11-01T11:30:00.000Z" };
    const moved = await api.run("schedule.move", { ticket: id, body: { ...later, reason: "an hour later" } });
    assert.equal(moved.scheduled_start_local, "2026-11-01T02:30:00-08:00");
    assert.equal(moved.booking?.start_local, "2026-11-01T02:30:00-08:00");
  });

  test("is in the booking, what was considered, and what a dispatcher and a technician read later", async () => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const { ticket, booking, considered } = await api.run("schedule.book", {
      ticket: id,
      body: { ...asked, tech_id: ben },
    });
    assert.partialDeepStrictEqual(ticket, scheduled);
    assert.partialDeepStrictEqual(booking, inBooking);
    assert.partialDeepStrictEqual(considered.slots, [inBooking]);
    assert.partialDeepStrictEqual(await api.read("ticket.get", { ticket: id }), scheduled);
    for (const query of [
      "limit=50",
      "q=door",
      `account_id=${ticket.account_id}`,
      "state=SCHEDULED",
      `assigned_tech_id=${ben}`,
    ]) {
      const { tickets } = await api.read("ticket.search", { query });
      const found = tickets.find((one) => one.id === id) ?? assert.fail(`not found by ${query}`);
      assert.partialDeepStrictEqual(found, scheduled);
    }
    const { queue, selected_ticket } = await api.read("dispatcher.cockpit", { query: `ticket_id=${id}` });
    assert.partialDeepStrictEqual(
      queue.find(({ ticket_id }) => ticket_id === id),
      { scheduled_start: twice.start, scheduled_start_local: oakland.start, timezone: zone },
    );
    assert.partialDeepStrictEqual(selected_ticket?.ticket, scheduled);
    const { packet } = await api.read("tech.job_packet", { ticket: id });
    assert.partialDeepStrictEqual(packet.header, { scheduled_window: { ...twice, ...inBooking }, timezone: zone });
  });

  test("is that of the ticket's own site, and of a ticket without a time there is none", async () => {
    const { id, window } = await ticketIn(api, "SCHEDULE_PROPOSED", {
      accountId: borealis.id,
      siteId: borealis.albany,
    });
    const proposed = await api.read("ticket.get", { ticket: id });
    assert.equal(proposed.timezone, "America/New_York");
    assert.equal(Date.parse(proposed.scheduled_start_local ?? ""), Date.parse(window.start));
    const { scheduled_start_local } = await api.run("schedule.reopen", { ticket: id, body: { reason: "another day" } });
    assert.equal(scheduled_start_local, undefined);
    assert.equal((await api.read("ticket.get", { ticket: id })).scheduled_start_local, undefined);
  });

  test("is left null where the site's time zone is none", async () => {
    const { id } = await ticketIn(api, "SCHEDULED", { siteId: acme.dallas });
    await api.owner.query(`UPDATE sites SET timezone = 'Nowhere/Else' WHERE id = $1`, [acme.dallas]);
    const { scheduled_start, scheduled_start_local } = await api.read("ticket.get", { ticket: id });
    assert.notEqual(scheduled_start, null);
    assert.equal(scheduled_start_local, null);
    await api.owner.query(`UPDATE sites SET timezone = 'America/Chicago' WHERE id = $1`, [acme.dallas]);
  });

  test("is told of visits that somebody who is away, or leaves, does not come to", async () => {
    const day = { start: "2026-11-01T00:00:00Z", end: "2026-11-02T00:00:00Z" };
    const { conflicts } = await api.run("roster.time_off", { technician: ben, body: { add: [day] } });
    assert.partialDeepStrictEqual(conflicts, [{ ...twice, ...inBooking, timezone: zone }]);
    const left = await api.run("roster.sign_off", { technician: ben, body: { reason: "has the flu" } });
    assert.partialDeepStrictEqual(left.requeued, [scheduled]);
  });

  test("is told of the work that an emergency could take somebody off", async () => {
    await api.owner.query(`UPDATE technicians SET drained_at = now() WHERE id = $1`, [ben]);
    const window = { start: "2026-11-01T12:00:00.000Z", end: "2026-11-01T13:00:00.000Z" };
    const other = await ticketIn(api, "DISPATCHED", { window });
    const { id } = await ticketIn(api, "SCHEDULE_PROPOSED", { priority: "EMERGENCY", window });
    const { bump = [] } = await api.run("assignment.recommend", { ticket: id, body: { service_type: "DEFAULT" } });
    assert.partialDeepStrictEqual(bump, [
      { ticket_id: other.id, scheduled_start_local: "2026-11-01T04:00:00-08:00", timezone: zone },
    ]);
  });

  test("is what a chat reads", async () => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const query = "earliest=2026-11-02T08:30:00.000Z&latest=2026-11-02T09:30:00.000Z&duration_minutes=60";
    const shown = "(at the site 2026-11-02T00:30:00-08:00 to 2026-11-02T01:30:00-08:00)";
    const words = (body: object): JsonObject => (isObject(body) ? body : assert.fail());
    const slots = await api.read("schedule.slots", { ticket: id, query });
    assert.ok(describeReading("schedule.slots", words(slots), ["dispatcher"]).includes(shown));
    const body = { earliest: "2026-11-02T08:30:00.000Z", latest: "2026-11-02T09:30:00.000Z", duration_minutes: 60 };
    const booked = await api.run("schedule.book", { ticket: id, body });
    const told = describeCommand(toolOf("schedule.book"), words(booked), false, ["dispatcher"]);
    assert.equal(told.split(shown).length - 1, 2, "of the ticket and of the booking");
    const ticket = words(await api.read("ticket.get", { ticket: id }));
    assert.ok(describeReading("ticket.get", ticket, ["dispatcher"]).includes(shown));
    const cockpit = words(await api.read("dispatcher.cockpit", {}));
    assert.ok(
      describeReading("dispatcher.cockpit", cockpit, ["dispatcher"]).includes(
        "(at the site 2026-11-02T00:30:00-08:00)",
      ),
    );
    const packet = words(await api.read("tech.job_packet", { ticket: id }));
    assert.ok(describeReading("tech.job_packet", packet, ["tech"]).includes(shown));
  });
});
