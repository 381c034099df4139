// schedule.slots and schedule.book: when somebody able can come, who comes, and of everybody else why not.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { objectsIn, profiles, startTestApi } from "../support/api.ts";
import { addSite, addTechnician, addTimeOff, ana, ben } from "../support/directory.ts";
import { east, siteAt, vanAt, west } from "../support/plan-day.ts";
import { ticketIn } from "../support/ticket-builder.ts";

for (const profile of profiles) {
  describe(`in ${profile}`, async () => {
    const api = await startTestApi({ profile });
    await api.owner.query("DELETE FROM technician_shifts");
    await api.owner.query("DELETE FROM technicians");
    const day = { hours: ["09:00", "12:00"] } as const;
    const able = await addTechnician(api.owner, { name: "Able", ...day });
    const others = {
      INACTIVE: await addTechnician(api.owner, { ...day, active: false }),
      DRAINED: await addTechnician(api.owner, { ...day, drained: true }),
      SKILL_MISSING: await addTechnician(api.owner, { ...day, skills: ["glazing"] }),
      ZONE_MISMATCH: await addTechnician(api.owner, { ...day, zone: "NV" }),
      OFF_SHIFT: await addTechnician(api.owner, { hours: ["13:00", "17:00"] }),
      TIME_OFF: await addTechnician(api.owner, day),
      BOOKED: await addTechnician(api.owner, day),
      NO_SHIFT: await addTechnician(api.owner, { name: "Unknown hours", hours: null }),
    };
    await addTimeOff(api.owner, others.TIME_OFF, "2026-03-03T00:00:00Z", "2026-03-05T00:00:00Z");
    const morning = { start: "2026-03-03T09:00:00.000Z", end: "2026-03-03T12:00:00.000Z" };
    await ticketIn(api, "DISPATCHED", { techId: others.BOOKED, window: morning });
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const span = `earliest=${morning.start}&latest=${morning.end}`;

    test("slots are offered with who comes, and everybody else is named with a reason", async () => {
      const { slots, rejected, generated_at } = await api.read("schedule.slots", {
        as: "customer",
        ticket: id,
        query: `${span}&limit=50`,
      });
      const starts = slots.filter(({ tech_id }) => tech_id === able).map(({ start }) => start.slice(11, 16));
      assert.deepEqual(
        starts,
        ["09:00", "09:15", "09:30", "09:45", "10:00", "10:15", "10:30"],
        "ninety minutes each, on the quarter hour",
      );
      for (const { start, end } of slots) assert.equal(Date.parse(end) - Date.parse(start), 90 * 60_000);
      const { NO_SHIFT, ...certain } = others;
      const expected = Object.entries(profile === "strict" ? others : certain).map(([reason, tech]) => [tech, reason]);
      assert.deepEqual(
        rejected.map(({ tech_id, reason }) => [tech_id, reason]),
        expected.sort(),
      );
      assert.equal(
        slots.some(({ tech_id }) => tech_id === NO_SHIFT),
        profile === "pilot",
      );
      assert.equal(generated_at, api.clock.iso);
    });

    test("slots keep to duration, technician, limit and the time asked about", async () => {
      const ask = (query: string) => api.read("schedule.slots", { ticket: id, query });
      const long = await ask(`${span}&duration_minutes=180&tech_id=${able}`);
      assert.deepEqual(
        long.slots.map(({ start, end }) => [start, end]),
        [[morning.start, morning.end]],
      );
      assert.deepEqual(long.rejected, []);
      assert.equal((await ask(`${span}&limit=3`)).slots.length, 3);
      assert.deepEqual(
        (await ask(`${span}&duration_minutes=181&tech_id=${able}`)).rejected.map(({ reason }) => reason),
        ["OFF_SHIFT"],
      );
      const [soonest] = (await ask(`tech_id=${able}`)).slots;
      assert.equal(soonest?.start, "2026-03-02T09:00:00.000Z", "from now on when nobody says");
      const past = await ask(`earliest=2020-01-01T00:00:00Z&latest=2026-03-02T10:30:00Z&tech_id=${able}`);
      assert.deepEqual(
        past.slots.map(({ start }) => start),
        ["2026-03-02T09:00:00.000Z"],
        "never in the past",
      );
    });

    test("the version of the schedule changes with what was looked at", async () => {
      const version = async () => (await api.read("schedule.slots", { ticket: id, query: span })).schedule_version;
      const before = await version();
      assert.equal(await version(), before);
      const rival = await ticketIn(api, "READY_TO_SCHEDULE");
      await api.run("schedule.book", {
        ticket: rival.id,
        body: { earliest: morning.start, latest: morning.end, tech_id: able },
      });
      assert.notEqual(await version(), before);
      await api.run("schedule.reopen", { ticket: rival.id, body: { reason: "only a test" } });
      assert.equal(await version(), before);
    });

    for (const query of [
      "duration_minutes=4",
      "duration_minutes=1441",
      "limit=51",
      "limit=0",
      "tech_id=ana",
      "earliest=tomorrow",
      `earliest=${morning.end}&latest=${morning.start}`,
      "latest=2030-01-01T00:00:00Z",
      "latest=2020-01-01T00:00:00Z",
      "colour=red",
    ]) {
      test(`?${query} is INVALID_QUERY`, async () => {
        const { status, error } = await api.refuse("schedule.slots", { ticket: id, query });
        assert.deepEqual([status, error.code], [400, "INVALID_QUERY"]);
      });
    }

    test("schedule.book takes the slot that is offered first, and goes by way of a proposal", async () => {
      const {
        slots: [first],
      } = await api.read("schedule.slots", { ticket: id, query: span });
      const { ticket, booking, receipt } = await api.run("schedule.book", {
        as: "agent",
        ticket: id,
        body: { strategy: "earliest", earliest: morning.start, latest: morning.end },
      });
      assert.deepEqual([booking.start, booking.end, booking.technician_id], [first?.start, first?.end, first?.tech_id]);
      assert.deepEqual(
        [ticket.state, ticket.scheduled_start, ticket.scheduled_end, ticket.assigned_tech_id],
        ["SCHEDULED", first?.start, first?.end, first?.tech_id],
      );
      const { rows } = await api.owner.query(
        "SELECT from_state, to_state FROM ticket_state_transitions WHERE audit_event_id = $1 ORDER BY step",
        [receipt.receipt_id],
      );
      assert.deepEqual(rows, [
        { from_state: "READY_TO_SCHEDULE", to_state: "SCHEDULE_PROPOSED" },
        { from_state: "SCHEDULE_PROPOSED", to_state: "SCHEDULED" },
      ]);
    });

    test("schedule.book says of everybody why nobody can come", async () => {
      const rare = await ticketIn(api, "READY_TO_SCHEDULE", { siteId: await addSite(api.owner, { region: "AK" }) });
      const { status, error } = await api.refuse("schedule.book", {
        ticket: rare.id,
        body: { earliest: morning.start, latest: morning.end },
      });
      assert.deepEqual([status, error.code], [409, "NO_FEASIBLE_SLOT"]);
      const rejected = objectsIn(error["rejected"]);
      assert.equal(rejected.length, 9);
      assert.equal(rejected.find((one) => one["tech_id"] === able)?.["reason"], "ZONE_MISMATCH");
      assert.equal((await api.read("ticket.get", { ticket: rare.id })).state, "READY_TO_SCHEDULE");
    });

    test("schedule.book goes by the site's own zone, whatever its region and its taxes are", async () => {
      const county = { region: "Kings County", zone: " ca ", taxRegion: "NV" };
      const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { siteId: await addSite(api.owner, county) });
      const { booking, considered } = await api.run("schedule.book", { ticket: id, body: { tech_id: able } });
      assert.equal(booking.technician_id, able);
      assert.deepEqual(
        considered.rejected.filter(({ reason }) => reason === "ZONE_MISMATCH"),
        [],
      );
    });

    test("schedule.book knows the technician it is asked for", async () => {
      const wanted = await ticketIn(api, "READY_TO_SCHEDULE");
      const stranger = randomUUID();
      const { error } = await api.refuse("schedule.book", { ticket: wanted.id, body: { tech_id: stranger } });
      assert.deepEqual([error.code, error["tech_id"]], ["ASSIGNMENT_NOT_FOUND", stranger]);
      for (const body of [
        { strategy: "cheapest" },
        { earliest: morning.end, latest: morning.start },
        { duration_minutes: 90.5 },
      ]) {
        assert.equal((await api.refuse("schedule.book", { ticket: wanted.id, body })).error.code, "INVALID_REQUEST");
      }
    });
  });
}

test("the end of a shift is no end where the next follows at once, however short the time that is asked about", async (t) => {
  const api = await startTestApi({ t });
  const van = await vanAt(api, "West Van", west, ["00:00", "08:00"]);
  const shift = { weekdays: [1, 2, 3, 4, 5, 6, 7], time_zone: "UTC" };
  const shifts = [
    { ...shift, start_time: "00:00", end_time: "08:00" },
    { ...shift, start_time: "08:00", end_time: "16:00" },
  ];
  await api.run("roster.set_shifts", { technician: van, body: { shifts } });
  const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { siteId: await siteAt(api, east) });
  const [start, end] = ["2026-03-03T06:30:00.000Z", "2026-03-03T08:00:00.000Z"];
  const offered = await api.read("schedule.slots", {
    ticket: id,
    query: `tech_id=${van}&earliest=${start}&latest=2026-03-04T00:00:00Z`,
  });
  assert.equal(offered.slots[0]?.start, start, "the drive home may come after 08:00");
  const { booking } = await api.run("schedule.book", {
    ticket: id,
    body: { tech_id: van, earliest: start, latest: end },
  });
  assert.deepEqual([booking.start, booking.end], [start, end]);
  const { rejected } = await api.run("assignment.recommend", { ticket: id, body: { service_type: "DEFAULT" } });
  assert.deepEqual(
    rejected.filter(({ tech_id }) => tech_id === van),
    [],
  );
});

test("strategies weigh the drive against the wait", async (t) => {
  const api = await startTestApi({ t });
  // Ana is at the site at noon; Ben lives an hour away and is free at once.
  await api.owner.query("UPDATE technicians SET home_lat = 37.8, home_lon = -122.27 WHERE id = $1", [ana]);
  await api.owner.query("UPDATE technicians SET home_lat = 38.2, home_lon = -122.27 WHERE id = $1", [ben]);
  await api.owner.query("UPDATE technician_shifts SET starts = '12:00', ends = '20:00' WHERE technician_id = $1", [
    ana,
  ]);
  const booked = async (strategy: string) => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const { booking } = await api.run("schedule.book", { ticket: id, body: { strategy } });
    await api.run("schedule.reopen", { ticket: id, body: { reason: "only a test" } });
    return booking.technician_id;
  };
  assert.deepEqual([await booked("earliest"), await booked("least_travel"), await booked("best")], [ben, ana, ana]);
});
